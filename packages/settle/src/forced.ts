/**
 * Serves the queue of forced requests with the sequencer's key, in order, as soon as they are
 * there: a request that is missed lets anybody freeze the venue. A close needs an account that
 * takes the position over; without one it is left to keepers, who may act after its deadline. What
 * waits for a price is set aside after its deadline, and keepers execute it from then on.
 */
import { clearingHouseAbi, forcedQueueAbi } from '@holdfast/abi';
import type { Logger } from '@holdfast/host';
import { type ForcedEntry, forcedKinds } from '@holdfast/order';
import type { Hex } from '@holdfast/units';
import { type Abi, decodeFunctionResult, encodeFunctionData } from 'viem';
import type { Hold } from './options.ts';
import { type Block, type Chain, isRevert } from './rpc.ts';
import type { Inflight, Sendable, Submitter } from './submitter.ts';

/** What the node says of the queue. */
export type ForcedStatus = {
  /** Next request and how many were made. */
  readonly next: number;
  readonly count: number;
  /** Second after which anyone may execute the next one; 0: none waits. */
  readonly deadline: number;
  /** The first that wait, in order. */
  readonly waiting: readonly ForcedEntry[];
  /** The oldest that wait aside for a price: anyone executes them. */
  readonly aside: readonly ForcedEntry[];
  /** Why the next one is not executed. */
  readonly hold: Hold | null;
};

export type ForcedDeps = {
  readonly chain: Pick<Chain, 'call' | 'estimateGas'>;
  readonly submitter: Submitter;
  readonly logger: Logger;
  readonly count: (name: string, by?: number) => void;
  readonly clearingHouse: Hex;
  /** Account that takes over positions, owned by the sequencer or with a session for it. */
  readonly taker: number | undefined;
  /** Bytes of the newest report that the chain does not have yet. */
  readonly report: () => Hex | undefined;
};

export type ForcedDesk = ForcedDeps & {
  /** Undefined: not asked yet; null: this clearing house has none. */
  queue: Hex | null | undefined;
  seen: Hex | undefined;
  /** The last trouble that was logged: each is said once. */
  said: string;
  status: ForcedStatus;
  inflight: Inflight<Sendable> | undefined;
};

const nothing: ForcedStatus = {
  next: 1,
  count: 0,
  deadline: 0,
  waiting: [],
  aside: [],
  hold: null,
};
/** Requests read at a time. */
const rowsMax = 32;
const lotsMax = 2n ** 56n - 1n;

export function createForcedDesk(deps: ForcedDeps): ForcedDesk {
  return {
    ...deps,
    queue: undefined,
    seen: undefined,
    said: '',
    status: nothing,
    inflight: undefined,
  };
}

/** A view's answer, or undefined when the contract refuses it. */
async function view(
  d: ForcedDesk,
  to: Hex,
  abi: Abi,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<unknown> {
  const data = encodeFunctionData({ abi, functionName, args });
  const answer = await d.chain.call({ to, data }, 'latest');
  if (isRevert(answer)) return undefined;
  return decodeFunctionResult({ abi, functionName, data: answer });
}

async function findQueue(d: ForcedDesk): Promise<Hex | null> {
  const abi = clearingHouseAbi as Abi;
  return ((await view(d, d.clearingHouse, abi, 'forcedQueue')) as Hex | undefined) ?? null;
}

type RawRow = Omit<ForcedEntry, 'number' | 'kind'> & { readonly kind: number };

async function look(d: ForcedDesk, queue: Hex): Promise<void> {
  const abi = forcedQueueAbi as Abi;
  const state = (await view(d, queue, abi, 'state')) as readonly [bigint, bigint, number];
  const [next, count, deadline] = state.map(Number) as [number, number, number];
  const entry = async (number: number): Promise<ForcedEntry> => {
    const raw = (await view(d, queue, abi, 'requestOf', [BigInt(number)])) as RawRow;
    return { ...raw, number, kind: forcedKinds[raw.kind] ?? 'none' };
  };
  const waiting: ForcedEntry[] = [];
  for (let number = next; number <= count && waiting.length < rowsMax; number++) {
    waiting.push(await entry(number));
  }
  const after = async (number: bigint) =>
    (await view(d, queue, abi, 'asideAfter', [number])) as bigint;
  const aside: ForcedEntry[] = [];
  for (let at = await after(0n); at !== 0n && aside.length < rowsMax; at = await after(at)) {
    aside.push(await entry(Number(at)));
  }
  d.status = { next, count, deadline, waiting, aside, hold: null };
}

/** Calldata of `executeForced`. */
export function encodeForced(number: number, taker: number, report: Hex): Hex {
  const args = [BigInt(number), taker, lotsMax, report] as const;
  return encodeFunctionData({ abi: clearingHouseAbi, functionName: 'executeForced', args });
}

/** Calldata of `setAsideForced`. */
export function encodeAside(number: number, report: Hex): Hex {
  const args = [BigInt(number), report] as const;
  return encodeFunctionData({ abi: clearingHouseAbi, functionName: 'setAsideForced', args });
}

function holdOn(d: ForcedDesk, row: ForcedEntry, hold: Hold): void {
  d.status = { ...d.status, hold };
  const { number, account, kind, deadline } = row;
  const trouble = `${number} ${hold.code}`;
  if (d.said === trouble) return;
  d.said = trouble;
  d.logger.warn({ number, account, kind, deadline, ...hold }, 'a forced request waits');
}

/** @returns why the chain refuses it; undefined once it is on its way */
async function attempt(
  d: ForcedDesk,
  { number, account, kind }: ForcedEntry,
  calldata: Hex,
  head: Block,
): Promise<Hold | undefined> {
  const estimate = await d.chain.estimateGas(d.submitter.request(calldata));
  if (isRevert(estimate)) return { code: estimate.code, message: estimate.message };
  const gas = Math.ceil(estimate * 1.25) + 50_000;
  d.inflight = await d.submitter.submit({ calldata }, gas, head);
  d.count('settle_forced_sent');
  d.logger.info({ number, account, kind }, 'forced request sent');
  return undefined;
}

/** @returns whether a transaction is on its way */
async function execute(d: ForcedDesk, row: ForcedEntry, head: Block): Promise<boolean> {
  const reports = ['0x', d.report()].filter((each): each is Hex => each !== undefined);
  let hold: Hold = { code: 'PriceStale', message: 'no newer report is at hand' };
  for (const report of reports) {
    const refusal = await attempt(d, row, encodeForced(row.number, d.taker ?? 0, report), head);
    if (refusal === undefined) return true;
    hold = refusal;
    if (hold.code !== 'PriceStale') break;
  }
  if (hold.code === 'PriceStale' && row.deadline < head.time) {
    const refusal = await attempt(d, row, encodeAside(row.number, reports.at(-1) ?? '0x'), head);
    if (refusal === undefined) return true;
  }
  const noTaker = row.kind === 'close' && d.taker === undefined && hold.code === 'NotOwner';
  const left = 'no account takes positions over (--forced-taker); keepers do after the deadline';
  holdOn(d, row, noTaker ? { code: 'TakerMissing', message: left } : hold);
  return false;
}

/**
 * One look at the queue for each new block, and the next request on its way if one waits.
 *
 * @returns whether a transaction of ours is in flight, so that no other may be sent
 */
export async function serveForced(d: ForcedDesk, head: Block): Promise<boolean> {
  if (d.inflight !== undefined) {
    const outcome = await d.submitter.watch(d.inflight, head);
    if (outcome.kind === 'waiting') return true;
    d.inflight = undefined;
    d.seen = undefined;
  }
  if (d.seen === head.hash) return false;
  d.queue ??= await findQueue(d);
  if (d.queue === null) return false;
  await look(d, d.queue);
  d.seen = head.hash;
  const [row] = d.status.waiting;
  return row !== undefined && execute(d, row, head);
}
