/** What a demonstration puts into a venue that was just deployed. */
import {
  backstopAbi,
  breakerAbi,
  clearingHouseAbi,
  testTokenAbi,
  treasuryAbi,
} from '@holdfast/abi';
import {
  type ChainAccess,
  type ChainReader,
  type ChainWriter,
  createChainReader,
  createChainWriter,
  type Venue,
} from '@holdfast/host';
import { EnvironmentError, invariant } from '@holdfast/units';
import {
  type Abi,
  type Address,
  type LocalAccount,
  parseEventLogs,
  toFunctionSelector,
} from 'viem';

type Call = readonly [address: Address, abi: unknown, functionName: string, args: unknown[]];

/** Enough for each of these; they are sent before those that they need are mined. */
const gas = 2_000_000n;

/** Sends all at once, in order. Assumes that nothing else sends from this account meanwhile. */
async function sendAll(reader: ChainReader, writer: ChainWriter, calls: readonly Call[]) {
  const { address: from } = writer.account;
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' });
  const sent: `0x${string}`[] = [];
  for (const [i, [address, abi, functionName, args]] of calls.entries()) {
    const call = { address, abi: abi as Abi, functionName, args, gas, nonce: nonce + i };
    sent.push(await writer.writeContract(call as never));
  }
  const receipts = await Promise.all(
    sent.map((hash) => reader.waitForTransactionReceipt({ hash, timeout: 60_000 })),
  );
  const failed = receipts.findIndex(({ status }) => status !== 'success');
  if (failed < 0) return receipts;
  const message = `preparing the venue: ${calls[failed]?.[2]} failed`;
  throw new EnvironmentError('DeployFailed', message, { retry: false });
}

/** Opens the backstop's pool for ordinary markets and puts test tokens behind it. */
export async function seedBackstop(
  reader: ChainReader,
  writer: ChainWriter,
  contracts: Venue['contracts'],
  amount: bigint,
): Promise<void> {
  const { backstop, token } = contracts;
  invariant(backstop !== undefined, 'a venue without a backstop cannot seed it');
  await sendAll(reader, writer, [
    [backstop, backstopAbi, 'openPool', [0]],
    [token, testTokenAbi, 'mint', [writer.account.address, amount]],
    [token, testTokenAbi, 'approve', [backstop, amount]],
    [backstop, backstopAbi, 'deposit', [0, amount]],
  ]);
}

/** Limits of a demonstration's treasury and what it holds, token units. */
export interface TreasurySeed {
  small: bigint;
  day: bigint;
  held: bigint;
}

const withdraw = toFunctionSelector('withdraw(uint32,uint256,address,bytes)');

/**
 * Proposes the treasury's limits and its one call that is no transfer, a withdrawal from its own
 * account; opens that account, and gives it test tokens.
 *
 * @param governor writes for the governor
 * @returns the account
 */
export async function seedTreasury(
  reader: ChainReader,
  governor: ChainWriter,
  contracts: Venue['contracts'],
  treasury: Address,
  { small, day, held }: TreasurySeed,
): Promise<number> {
  const { clearingHouse, token } = contracts;
  const receipts = await sendAll(reader, governor, [
    [treasury, treasuryAbi, 'proposeLimit', [token, small, day]],
    [treasury, treasuryAbi, 'proposeCall', [clearingHouse, withdraw]],
    [token, testTokenAbi, 'mint', [treasury, held]],
    [clearingHouse, clearingHouseAbi, 'openAccount', [treasury]],
  ]);
  const logs = receipts.flatMap((each) => each.logs);
  const [opened] = parseEventLogs({ abi: clearingHouseAbi, eventName: 'AccountOpened', logs });
  invariant(opened !== undefined, 'the clearing house opened no account');
  return Number(opened.args.account);
}

type ChainTime = { readonly timestamp: bigint };
type Opening = { readonly call: Call; readonly readyAt: number };

/**
 * What {@link seedTreasury} proposed and is not in force, because the start that was to apply it
 * broke off. Once the token is listed, a call that waits may be the governor's, and has its time.
 */
async function openingsOf(
  reader: ChainReader,
  { clearingHouse, token }: Venue['contracts'],
  treasury: Address,
): Promise<Opening[]> {
  const ask = (functionName: string, ...args: unknown[]) =>
    reader.readContract({ address: treasury, abi: treasuryAbi, functionName, args } as never);
  const call = [clearingHouse, withdraw] as const;
  const [limit, pending, isAllowed, callReadyAt, { timestamp }] = (await Promise.all([
    ask('limits', token),
    ask('pendingLimit', token),
    ask('isAllowed', ...call),
    ask('callReadyAt', ...call),
    reader.getBlock(),
  ])) as [[bigint, bigint, number], [bigint, bigint, number], boolean, number, ChainTime];
  const isListed = limit[2] !== 0;
  const limitAt = isListed ? 0 : pending[2];
  const isOurs = !isListed || callReadyAt <= Number(timestamp);
  const all: Opening[] = [
    { call: [treasury, treasuryAbi, 'applyLimit', [token]], readyAt: limitAt },
    {
      call: [treasury, treasuryAbi, 'applyCall', [...call]],
      readyAt: isAllowed || !isOurs ? 0 : callReadyAt,
    },
  ];
  return all.filter(({ readyAt }) => readyAt !== 0);
}

/** How long a treasury that was never opened has still to wait, chain seconds; 0: no more. */
export async function treasuryWait(
  reader: ChainReader,
  contracts: Venue['contracts'],
  treasury: Address,
): Promise<number> {
  const openings = await openingsOf(reader, contracts, treasury);
  const now = Number((await reader.getBlock()).timestamp);
  return Math.max(0, ...openings.map(({ readyAt }) => readyAt - now));
}

/**
 * Puts in force what {@link seedTreasury} proposed, once its delay is over; whatever is in force
 * already is left as it is.
 */
export async function openTreasury(
  reader: ChainReader,
  writer: ChainWriter,
  contracts: Venue['contracts'],
  treasury: Address,
): Promise<void> {
  const openings = await openingsOf(reader, contracts, treasury);
  await sendAll(
    reader,
    writer,
    openings.map(({ call }) => call),
  );
}

/** A beat of a guardian: time that passed at once is no silence of all of them. */
export async function sayAlive(
  access: ChainAccess,
  guardian: LocalAccount,
  { contracts }: Pick<Venue, 'contracts'>,
): Promise<void> {
  const writer = createChainWriter(access, guardian);
  const hash = await writer.writeContract({
    address: contracts.breaker,
    abi: breakerAbi,
    functionName: 'beat',
  });
  await createChainReader(access).waitForTransactionReceipt({ hash, timeout: 60_000 });
}
