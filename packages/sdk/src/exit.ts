/**
 * Leaving a venue with nothing but an RPC, the clearing house's address and a key: what the chain
 * says about the queue of forced requests, the freeze and the reckoning, and every call of them.
 */
import { clearingHouseAbi, forcedQueueAbi } from '@holdfast/abi';
import { createChainReader, createClock } from '@holdfast/host';
import { type ForcedEntry, forcedKinds } from '@holdfast/order';
import { EnvironmentError, type Hex, isRejection, type Rejection } from '@holdfast/units';
import { type Abi, BaseError, parseAbi } from 'viem';
import { type ChainActions, type ContractCall, createChain, type Done } from './chain.ts';
import type { VenueInfo } from './info.ts';
import type { Signer } from './signer.ts';

/** Where a venue is when nobody answers for it any more. */
export type ExitPlace = { readonly rpcUrl: string; readonly clearingHouse: Hex };

export type ExitAccount = {
  readonly account: number;
  /** Quote units, rounded down, at the chain's last prices. */
  readonly equity: bigint;
  /** Cash, quote Q32. */
  readonly cashQ32: bigint;
  readonly positions: readonly { readonly market: number; readonly size: number }[];
  /** What `exit` pays, token units; 0 before the reckoning is done. */
  readonly claim: bigint;
};

export type ExitStatus = {
  /** Time of the chain. */
  readonly time: number;
  /** 0 while the venue runs. */
  readonly frozenTime: number;
  readonly queue: {
    readonly address: Hex;
    readonly next: number;
    readonly count: number;
    readonly deadlineSeconds: number;
    readonly graceSeconds: number;
    /** How much longer than deadline and grace one that is aside waits before it freezes. */
    readonly asideSeconds: number;
    readonly feeWei: bigint;
  };
  /** Requests that wait, in order; of a long queue the first ones and all of the accounts. */
  readonly waiting: readonly ForcedEntry[];
  /** Requests aside, which wait for a price alone, the oldest first: anyone executes them. */
  readonly aside: readonly ForcedEntry[];
  /** From when anyone may freeze the venue as things stand; undefined: nothing leads there. */
  readonly freezeFrom: number | undefined;
  readonly reckoning: {
    readonly next: number;
    readonly count: number;
    readonly claimsQ32: bigint;
    readonly pool: bigint;
    readonly done: boolean;
  };
  readonly accounts: readonly ExitAccount[];
  /** Fees that the address may collect, wei. */
  readonly owed: bigint;
};

/** Amount of a request that means all that is free, or the whole position. */
export const everything = 2n ** 88n - 1n;
/** Law freezeLawful: seconds without a report after which anyone may freeze. */
const silenceSeconds = 7 * 86_400;
const priceMax = 2 ** 32 - 1;
const scanAtOnce = 64;

const placeAbi = parseAbi([
  'function vault() view returns (address)',
  'function oracle() view returns (address)',
  'function token() view returns (address)',
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
  'function last() view returns (uint32 round, uint40 time)',
]);

/**
 * What a client needs to know, asked of the chain alone.
 * @throws EnvironmentError ChainFailed, VenueUnknown when no venue is at the address
 */
export async function findOnChain({ rpcUrl, clearingHouse }: ExitPlace): Promise<VenueInfo> {
  const plain = createChainReader({ rpcUrl, chainId: 1 });
  const read = <T>(address: Hex, functionName: string) =>
    plain.readContract({
      address,
      abi: placeAbi,
      functionName: functionName as never,
    }) as Promise<T>;
  try {
    const chainId = await plain.getChainId();
    if ((await plain.getCode({ address: clearingHouse })) === undefined) {
      const message = `there is no contract at ${clearingHouse} on ${rpcUrl}`;
      throw new EnvironmentError('VenueUnknown', message);
    }
    const [vault, oracle, block] = await Promise.all([
      read<Hex>(clearingHouse, 'vault'),
      read<Hex>(clearingHouse, 'oracle'),
      plain.getBlock(),
    ]);
    const address = await read<Hex>(vault, 'token');
    const [symbol, decimals] = await Promise.all([
      read<string>(address, 'symbol'),
      read<number>(address, 'decimals'),
    ]);
    const venueEpoch = Number(block.timestamp);
    return {
      chainId,
      rpcUrl,
      nodeUrl: '',
      clearingHouse,
      node: undefined,
      token: { address, symbol, decimals },
      vault,
      oracle,
      markets: [],
      clock: createClock({ wallEpochMs: Date.now(), venueEpoch, speed: 1 }),
      blockMs: 1000,
      deployBlock: 0,
    };
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    const why = cause instanceof BaseError ? cause.shortMessage : String(cause);
    throw new EnvironmentError('ChainFailed', `${rpcUrl}: ${why}`, { retry: true, cause });
  }
}

export type Exit = Awaited<ReturnType<typeof createExit>>;

type Context = { readonly info: VenueInfo; readonly chain: ChainActions; readonly queue: Hex };

const houseCall = (c: Context, functionName: string, args: readonly unknown[]): ContractCall => ({
  address: c.info.clearingHouse,
  abi: clearingHouseAbi as Abi,
  functionName,
  args,
});
const queueCall = (c: Context, functionName: string, args: readonly unknown[]): ContractCall => ({
  address: c.queue,
  abi: forcedQueueAbi as Abi,
  functionName,
  args,
});

const ask = <T>(c: Context, call: ContractCall) => c.chain.ask(call) as Promise<T>;

type RawRequest = Omit<ForcedEntry, 'number' | 'kind'> & { readonly kind: number };

async function requestOf(c: Context, number: number): Promise<ForcedEntry> {
  const raw = await ask<RawRequest>(c, queueCall(c, 'requestOf', [BigInt(number)]));
  return { ...raw, number, kind: forcedKinds[raw.kind] ?? 'none' };
}

/** The requests that wait, read in parallel groups. */
async function waitingOf(c: Context, next: number, count: number): Promise<ForcedEntry[]> {
  const found: ForcedEntry[] = [];
  for (let from = next; from <= count; from += scanAtOnce) {
    const length = Math.min(scanAtOnce, count - from + 1);
    const group = Array.from({ length }, (_, i) => requestOf(c, from + i));
    found.push(...(await Promise.all(group)));
  }
  // After a freeze a request whose fee was given back is gone from the middle of the queue.
  return found.filter(({ kind }) => kind !== 'none');
}

/** Those aside, one after another from the oldest. */
async function asideOf(c: Context): Promise<ForcedEntry[]> {
  const after = (number: bigint) => ask<bigint>(c, queueCall(c, 'asideAfter', [number]));
  const found: ForcedEntry[] = [];
  for (let at = await after(0n); at !== 0n; at = await after(at)) {
    found.push(await requestOf(c, Number(at)));
  }
  return found;
}

async function accountOf(c: Context, id: number): Promise<ExitAccount> {
  const account = await c.chain.account(id);
  if (isRejection(account)) throw new EnvironmentError(account.code, account.message);
  const { equity, cashQ32, positions } = account;
  const call = houseCall(c, 'claimOf', [id]);
  const [, claim] = await ask<[bigint, bigint]>(c, call);
  return { account: id, equity, cashQ32, positions, claim };
}

/** Owners one by one, for an RPC that does not give old logs. */
async function scanOwners(c: Context, owner: Hex): Promise<number[]> {
  const count = Number(await ask<number>(c, houseCall(c, 'accountsCount', [])));
  const found: number[] = [];
  for (let from = 2; from < count; from += scanAtOnce) {
    const ids = Array.from({ length: Math.min(scanAtOnce, count - from) }, (_, i) => from + i);
    const owners = await Promise.all(ids.map((id) => ask<Hex>(c, houseCall(c, 'ownerOf', [id]))));
    found.push(...ids.filter((_, i) => owners[i]?.toLowerCase() === owner.toLowerCase()));
  }
  return found;
}

async function accountsOf(c: Context, owner: Hex): Promise<number[]> {
  try {
    return await c.chain.accountsOf(owner);
  } catch {
    return scanOwners(c, owner);
  }
}

type Terms = ExitStatus['queue'];

async function termsOf(c: Context): Promise<Terms> {
  const [state, deadline, grace, aside, feeWei] = await Promise.all([
    ask<[bigint, bigint, number]>(c, queueCall(c, 'state', [])),
    ask<number>(c, queueCall(c, 'deadlineSeconds', [])),
    ask<number>(c, queueCall(c, 'graceSeconds', [])),
    ask<number>(c, queueCall(c, 'asideSeconds', [])),
    ask<bigint>(c, queueCall(c, 'feeWei', [])),
  ]);
  const [next, count] = state.map(Number) as [number, number];
  const times = { deadlineSeconds: Number(deadline), graceSeconds: Number(grace) };
  return { address: c.queue, next, count, ...times, asideSeconds: Number(aside), feeWei };
}

/** @param ids the accounts to look at */
async function statusOf(c: Context, owner: Hex, ids: readonly number[]): Promise<ExitStatus> {
  const reader = createChainReader({ rpcUrl: c.info.rpcUrl as string, chainId: c.info.chainId });
  const oracleCall = { address: c.info.oracle, abi: placeAbi as Abi, functionName: 'last' };
  const [queue, frozen, reckoned, last, owed, block] = await Promise.all([
    termsOf(c),
    ask<number>(c, houseCall(c, 'frozenTime', [])),
    ask<[bigint, bigint, bigint, bigint, boolean]>(c, houseCall(c, 'reckoning', [])),
    ask<[number, number]>(c, { ...oracleCall, args: [] }),
    ask<bigint>(c, queueCall(c, 'owed', [owner])),
    reader.getBlock(),
  ]);
  const waiting = await waitingOf(c, queue.next, queue.count);
  const aside = await asideOf(c);
  const accounts = await Promise.all(ids.map((id) => accountOf(c, id)));
  const [next, count, claimsQ32, pool, done] = reckoned;
  const overdue = waiting[0] && waiting[0].deadline + queue.graceSeconds + 1;
  const term = queue.graceSeconds + queue.asideSeconds + 1;
  const overdueAside = aside[0] && aside[0].deadline + term;
  const silent = Number(last[1]) === 0 ? undefined : Number(last[1]) + silenceSeconds + 1;
  const moments = [overdue, overdueAside, silent].filter((each) => each !== undefined);
  return {
    time: Number(block.timestamp),
    frozenTime: Number(frozen),
    queue,
    waiting,
    aside,
    freezeFrom: moments.length === 0 ? undefined : Math.min(...moments),
    reckoning: { next: Number(next), count: Number(count), claimsQ32, pool, done },
    accounts,
    owed,
  };
}

/**
 * The way out of a venue.
 *
 * @param venue its place, or what is known of it
 * @param signer the owner's key; without it only `status` works
 */
export async function createExit(venue: ExitPlace | VenueInfo, signer: Signer | undefined) {
  const info = 'oracle' in venue ? venue : await findOnChain(venue);
  const chain = createChain(info, signer);
  const unknown = { info, chain, queue: info.clearingHouse };
  const queue = await ask<Hex>(unknown, houseCall(unknown, 'forcedQueue', []));
  const c: Context = { info, chain, queue };
  const fee = () => ask<bigint>(c, queueCall(c, 'feeWei', []));
  const act = (functionName: string, ...args: unknown[]): Promise<Done | Rejection> =>
    chain.call(houseCall(c, functionName, args));
  const request = async (functionName: string, ...args: unknown[]) =>
    chain.call({ ...queueCall(c, functionName, args), value: await fee() });

  return {
    info,
    chain,
    queue,
    /** Accounts of an owner, from logs, or one by one where an RPC gives none. */
    accountsOf: (owner: Hex) => accountsOf(c, owner),
    status: (owner: Hex, accounts: readonly number[]) => statusOf(c, owner, accounts),
    /** Queues the closing of a position. @param limit worst price, ticks; none: any within 1 % */
    requestClose: (
      id: number,
      market: number,
      isLong: boolean,
      lots = everything,
      limit?: number,
    ) => request('requestClose', id, market, isLong, lots, limit ?? (isLong ? 0 : priceMax)),
    /** @param amount quote units; all that is free then if none is given */
    requestWithdraw: (id: number, to: Hex, nonce: bigint, amount = everything) =>
      request('requestWithdraw', id, amount, to, nonce),
    /** Withdraws at once, without the queue; an account without positions needs no price. */
    withdrawNow: (id: number, quote: bigint, to: Hex) =>
      act('withdraw', id, quote * 10n ** BigInt(Math.max(0, info.token.decimals - 6)), to, '0x'),
    requestCancelAll: (id: number) => request('requestCancelAll', id),
    /** @param taker account of the signer that takes a close over @param lots at most */
    execute: (number: number, taker = 0, lots = 2n ** 56n - 1n, report: Hex = '0x') =>
      act('executeForced', BigInt(number), taker, lots, report),
    /** Lets a request that only a price stops step out of the line. */
    setAside: (number: number, report: Hex = '0x') => act('setAsideForced', BigInt(number), report),
    freeze: () => act('freeze'),
    reckon: (count: number) => act('reckon', BigInt(count)),
    exit: (id: number, to: Hex) => act('exit', id, to),
    /** Gives the fee of a request that the freeze made void back to its owner. */
    refund: (number: number) => chain.call(queueCall(c, 'refund', [BigInt(number)])),
    collect: (to: Hex) => chain.call(queueCall(c, 'collect', [to])),
  };
}
