import {
  type ChainReader,
  type ChainWriter,
  chainAccess,
  createChainReader,
  createChainWriter,
  type Logger,
  type Venue,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import {
  encodeFunctionData,
  type Hex,
  type LocalAccount,
  parseAbi,
  parseEventLogs,
  type TransactionReceipt,
} from 'viem';

const abi = parseAbi([
  'event AccountOpened(uint32 indexed account, address indexed owner)',
  'function openAccount(address owner) returns (uint32)',
  'function deposit(address token, uint32 account, uint256 amount)',
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount) returns (bool)',
]);

export interface ChainDesk {
  venue: Venue;
  reader: ChainReader;
  writer: ChainWriter;
  logger: Logger;
}

/** The chain as a process of traders uses it. */
export function openChainDesk(venue: Venue, key: LocalAccount, logger: Logger): ChainDesk {
  const access = chainAccess(venue);
  return {
    venue,
    reader: createChainReader(access),
    writer: createChainWriter(access, key),
    logger,
  };
}

interface Call {
  to: Hex;
  data: Hex;
  gas: bigint;
}

/**
 * Sends calls one after the other without waiting for blocks in between, then waits for all.
 *
 * @throws EnvironmentError SetupFailed when one of them was reverted
 */
async function sendAll(desk: ChainDesk, calls: readonly Call[]): Promise<TransactionReceipt[]> {
  const { reader, writer } = desk;
  const { address } = writer.account;
  let nonce = await reader.getTransactionCount({ address, blockTag: 'pending' });
  const hashes: Hex[] = [];
  for (const call of calls) {
    hashes.push(await writer.sendTransaction({ ...call, nonce }));
    nonce += 1;
  }
  const receipts: TransactionReceipt[] = [];
  for (const hash of hashes) {
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 120_000 });
    if (receipt.status !== 'success') {
      throw new EnvironmentError('SetupFailed', `transaction ${hash} was reverted`, {
        retry: true,
      });
    }
    receipts.push(receipt);
  }
  return receipts;
}

/** Accounts of this key, oldest first. */
export async function ownedAccounts(desk: ChainDesk): Promise<number[]> {
  const { venue, reader, writer } = desk;
  const logs = await reader.getContractEvents({
    address: venue.contracts.clearingHouse,
    abi,
    eventName: 'AccountOpened',
    args: { owner: writer.account.address },
    fromBlock: BigInt(venue.deployBlock),
    toBlock: 'latest',
  });
  return logs.map((log) => log.args.account).filter((account) => account !== undefined);
}

/** Opens `count` accounts for this key. */
async function openAccounts(desk: ChainDesk, count: number): Promise<number[]> {
  const { venue, writer } = desk;
  const to = venue.contracts.clearingHouse;
  const args = [writer.account.address] as const;
  const data = encodeFunctionData({ abi, functionName: 'openAccount', args });
  const receipts = await sendAll(
    desk,
    Array.from({ length: count }, () => ({ to, data, gas: 250_000n })),
  );
  const logs = receipts.flatMap((receipt) => receipt.logs);
  const opened = parseEventLogs({ abi, logs, eventName: 'AccountOpened' });
  return opened.map((event) => event.args.account);
}

/** Whole tokens in token units. */
export function tokenUnits(venue: Venue, tokens: number): bigint {
  return BigInt(Math.round(tokens)) * 10n ** BigInt(venue.token.decimals);
}

/** Mints and deposits whole tokens into accounts, all in one go. */
export async function depositAll(
  desk: ChainDesk,
  deposits: readonly { account: number; tokens: number }[],
): Promise<void> {
  if (deposits.length === 0) return;
  const { venue, writer } = desk;
  const { token, vault, clearingHouse } = venue.contracts;
  const amounts = deposits.map(({ tokens }) => tokenUnits(venue, tokens));
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const mint = [writer.account.address, total] as const;
  const calls: Call[] = [
    {
      to: token,
      data: encodeFunctionData({ abi, functionName: 'mint', args: mint }),
      gas: 150_000n,
    },
    {
      to: token,
      data: encodeFunctionData({ abi, functionName: 'approve', args: [vault, total] }),
      gas: 150_000n,
    },
  ];
  deposits.forEach(({ account }, index) => {
    const args = [token, account, amounts[index] as bigint] as const;
    const data = encodeFunctionData({ abi, functionName: 'deposit', args });
    calls.push({ to: clearingHouse, data, gas: 700_000n });
  });
  await sendAll(desk, calls);
}

/**
 * Accounts for `tokens.length` simulated traders: those that this key has already, and new ones,
 * which are funded.
 *
 * @param tokens whole tokens for each, should it be new
 */
export async function prepareAccounts(
  desk: ChainDesk,
  tokens: readonly number[],
): Promise<number[]> {
  const owned = (await ownedAccounts(desk)).slice(0, tokens.length);
  const missing = tokens.length - owned.length;
  if (missing === 0) return owned;
  const opened = await openAccounts(desk, missing);
  const deposits = opened.map((account, i) => ({
    account,
    tokens: tokens[owned.length + i] as number,
  }));
  await depositAll(desk, deposits);
  desk.logger.info({ accounts: opened.length }, 'accounts opened and funded');
  return [...owned, ...opened];
}
