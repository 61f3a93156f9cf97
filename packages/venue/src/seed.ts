/** What a demonstration puts into a venue that was just deployed. */
import { backstopAbi, clearingHouseAbi, testTokenAbi, treasuryAbi } from '@holdfast/abi';
import type { ChainReader, ChainWriter, Venue } from '@holdfast/host';
import { EnvironmentError, invariant } from '@holdfast/units';
import { type Abi, type Address, parseEventLogs, toFunctionSelector } from 'viem';

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

/** Puts in force what {@link seedTreasury} proposed, once its delay is over. */
export async function openTreasury(
  reader: ChainReader,
  writer: ChainWriter,
  contracts: Venue['contracts'],
  treasury: Address,
): Promise<void> {
  await sendAll(reader, writer, [
    [treasury, treasuryAbi, 'applyLimit', [contracts.token]],
    [treasury, treasuryAbi, 'applyCall', [contracts.clearingHouse, withdraw]],
  ]);
}
