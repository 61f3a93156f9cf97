/** pool lapse, recall, exit: leaving a pool whose operator is gone. The chain alone is asked. */
import { iConfidentialPoolAbi, iForcedQueueAbi, iProofRegistryAbi } from '@holdfast/abi';
import { EnvironmentError, formatDecimal, type Hex, isRejection } from '@holdfast/units';
import { type Abi, parseAbi } from 'viem';
import { Refused } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import type { Session } from '../session.ts';
import { hasOpening, keptOpening, leafFromChain } from './pool-member.ts';
import { type PoolOptions, placeOf, poolOn, send } from './pool-place.ts';

export async function lapse(s: Session, options: PoolOptions): Promise<Result> {
  const { info } = await poolOn(s, placeOf(s, options));
  const done = await send(s, info, 'pool', 'lapse', []);
  return { data: done, text: 'the pool is wound up', next: 'holdfast pool recall' };
}

const houseAbi = parseAbi([
  'function forcedQueue() view returns (address)',
  'function frozenTime() view returns (uint40)',
]);

/** Asks the venue to close all and to pay the pool; of a frozen venue, takes what it owes. */
export async function recall(s: Session, options: PoolOptions): Promise<Result> {
  const { info, reader } = await poolOn(s, placeOf(s, options));
  const house = { address: info.clearingHouse, abi: houseAbi } as const;
  if ((await reader.readContract({ ...house, functionName: 'frozenTime' })) !== 0) {
    const done = await send(s, info, 'pool', 'recallFrozen', []);
    return { data: done, text: 'the venue’s exit is paid to the pool', next: 'holdfast pool exit' };
  }
  const queue = await reader.readContract({ ...house, functionName: 'forcedQueue' });
  const fee = await reader.readContract({
    address: queue,
    abi: iForcedQueueAbi,
    functionName: 'feeWei',
  });
  const client = await s.client('read');
  const account = await client.chain().account(info.account);
  if (isRejection(account)) throw new EnvironmentError(account.code, account.message);
  const requests = BigInt(account.positions.length + 1);
  const done = await send(s, info, 'pool', 'recall', [], fee * requests);
  return {
    data: { ...done, requests: Number(requests) },
    text: `${requests} requests are in the venue’s queue`,
    next: 'holdfast pool exit',
  };
}

/** Shows the leaf of the newest proven epoch, once, and collects what has come in. */
export async function exit(s: Session, options: PoolOptions): Promise<Result> {
  const place = placeOf(s, options);
  const { info, reader } = await poolOn(s, place);
  const { address } = await s.signer();
  const pool = { address: info.pool, abi: iConfidentialPoolAbi } as const;
  const registry = { address: info.registry, abi: iProofRegistryAbi } as const;
  const number = await reader.readContract({ ...pool, functionName: 'numberOf', args: [address] });
  const shown = await reader.getContractEvents({
    ...pool,
    eventName: 'ExitProven',
    args: { number },
    fromBlock: BigInt(info.deployBlock),
  });
  if (shown.length === 0) {
    const [proven] = await reader.readContract({ ...registry, functionName: 'provenLast' });
    const kept = proven === 0 ? undefined : await leafOf(s, options, place.pool, address, proven);
    await send(s, info, 'pool', 'proveExit', [
      kept?.snapshot ?? emptySnapshot,
      kept === undefined ? emptyOpening : openingArgs(kept.opening),
    ]);
  }
  const before = await reader.readContract({ ...pool, functionName: 'exitOf', args: [number] });
  const client = await s.client('sign');
  const call = { address: info.pool, abi: iConfidentialPoolAbi as Abi, functionName: 'collect' };
  const collected = await client.chain().call({ ...call, args: [address] });
  if (isRejection(collected)) {
    if (collected.code !== 'NothingOwed') throw new Refused(collected);
    const text = 'your part is known; nothing more has come in: the venue’s queue has its deadline';
    return { data: { number, paid: '0', weightQ32: `${before[0]}` }, text };
  }
  const after = await reader.readContract({ ...pool, functionName: 'exitOf', args: [number] });
  const { token } = await s.info();
  const paid = formatDecimal(after[1] - before[1], token.decimals);
  return {
    data: { number, paid, weightQ32: `${after[0]}` },
    text: pairs([
      ['paid', `${paid} ${token.symbol}`],
      ['so far', `${formatDecimal(after[1], token.decimals)} ${token.symbol}`],
    ]),
  };
}

/**
 * The kept leaf, else the one that the chain and the member's record lead to. None, for a member
 * that joined after the newest proven epoch: its part is what it put in.
 */
async function leafOf(s: Session, options: PoolOptions, pool: Hex, member: Hex, epoch: number) {
  if (hasOpening(s, pool, member, epoch)) return keptOpening(s, pool, member, epoch);
  try {
    await leafFromChain(s, options);
  } catch (error) {
    if (error instanceof Refused && error.rejection.code === 'EpochMissing') return undefined;
    throw error;
  }
  return keptOpening(s, pool, member, epoch);
}

const zeros = Array.from({ length: 16 }, () => 0n);
const emptySnapshot = {
  number: 0,
  blockNumber: 0n,
  blockHash: `0x${'00'.repeat(32)}`,
  time: 0,
  round: 0,
  account: 0,
  memberCount: 0,
  chunkMembers: 0,
  flow: 0,
  netQuote: 0n,
  context: zeros,
  totalCash: 0n,
  totalSizes: zeros,
};
const emptyOpening = { salt: 0n, cash: 0n, sizes: zeros, siblings: [] };

const openingArgs = ({ salt, cash, sizes, siblings }: Record<string, unknown>) => ({
  salt,
  cash,
  sizes,
  siblings,
});
