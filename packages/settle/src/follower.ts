/**
 * Follows the chain block by block, by hash. A parent that does not fit means a reorganisation:
 * the ledger is taken back to the common ancestor, by undo for the last blocks whose hashes are in
 * memory, else by building the mirror again from the first log.
 */
import { EnvironmentError, type Hex, invariant } from '@holdfast/units';
import type { BlockEntry, BlockHead, CoreView, Landing, Ledger } from './books.ts';
import { decodeLog, reportOfCall, type Sources } from './decode.ts';
import type { Draft } from './effects.ts';
import type { ChainEvent, PlacedEvent } from './events.ts';
import { applyBlock, rollback } from './ledger.ts';
import { applyEvent, emptyMirror, type Mirror } from './mirror.ts';
import type { Block, Chain, RawLog } from './rpc.ts';
import type { StoreRecord } from './store.ts';

/** Blocks whose hashes are kept in memory. */
export const ringMax = 128;
const rangeMax = 2_000;
const shortPollsMax = 8;

export type FollowerDeps = {
  readonly chain: Chain;
  readonly sources: Sources;
  readonly deployBlock: number;
  readonly ledger: Ledger;
  readonly core: () => CoreView;
  /** Writes the record, then tells the core. */
  readonly commit: (record: StoreRecord, drafts: readonly Draft[]) => Promise<void>;
  /** Batches that a reorganisation took off the chain, ascending. */
  readonly onVanished: (landings: readonly Landing[]) => void;
  readonly onLanded: (landing: Landing, transaction: Hex) => void;
  readonly onReorg: (depth: number, deep: boolean) => void;
};

/** A block by number and hash. */
export type Mark = { readonly number: number; readonly hash: Hex };
/** Where the follower stands. */
export type Follower = FollowerDeps & {
  /** The last blocks, ascending. */
  ring: Mark[];
  /** The newest block that was seen. */
  latest: Block | undefined;
  /** Polls in a row at which the chain was shorter than our branch. */
  shortFor: number;
  readonly addresses: readonly Hex[];
};

/** A follower without a position: see {@link position}. */
export function createFollower(deps: FollowerDeps): Follower {
  const addresses = Object.values(deps.sources);
  return { ...deps, ring: [], latest: undefined, shortFor: 0, addresses };
}

/** The last block that was followed. */
export function tip(f: Follower): Mark {
  const mark = f.ring[f.ring.length - 1];
  invariant(mark !== undefined, 'the follower has no position yet');
  return mark;
}

function advanceTo(f: Follower, { number, hash }: Mark): void {
  f.ring.push({ number, hash });
  if (f.ring.length > ringMax) f.ring.shift();
}

/** Groups logs of a range by block, ascending. */
function byBlock(logs: readonly RawLog[]): [number, RawLog[]][] {
  const groups = new Map<number, RawLog[]>();
  for (const log of logs) {
    const group = groups.get(log.blockNumber) ?? [];
    groups.set(log.blockNumber, group);
    group.push(log);
  }
  for (const group of groups.values()) group.sort((a, b) => a.logIndex - b.logIndex);
  return [...groups].sort((a, b) => a[0] - b[0]);
}

async function place(f: Follower, log: RawLog, event: ChainEvent): Promise<PlacedEvent> {
  const placed = { event, transaction: log.transactionHash, logIndex: log.logIndex };
  if (event.type !== 'Refreshed' || event.round <= f.core().round) return placed;
  const input = await f.chain.input(log.transactionHash);
  const report = input === undefined ? undefined : reportOfCall(input);
  return report === undefined ? placed : { ...placed, report };
}

async function takeBlock(f: Follower, head: BlockHead, logs: readonly RawLog[]): Promise<void> {
  const events: PlacedEvent[] = [];
  for (const log of logs) {
    const event = decodeLog(f.sources, log);
    if (event !== undefined) events.push(await place(f, log, event));
  }
  if (events.length === 0) return;
  const { entry, drafts } = applyBlock(f.ledger, f.core(), head, events);
  const { undos: _, ...stored } = entry;
  await f.commit({ kind: 'block', entry: stored, drafts }, drafts);
  for (const landing of entry.landings) {
    const from = events.find(({ event: e }) => e.type === 'Settled' && e.head === landing.head);
    f.onLanded(landing, from?.transaction ?? '0x');
  }
}

/** Logs of (from, to] in chunks; an endpoint that finds a chunk too large gets smaller ones. */
async function* ranges(f: Follower, from: number, to: number): AsyncGenerator<RawLog[]> {
  let width = rangeMax;
  for (let at = from + 1; at <= to; ) {
    const end = Math.min(at + width - 1, to);
    let logs: RawLog[];
    try {
      logs = await f.chain.logsRange(f.addresses, at, end);
    } catch (error) {
      const tooLarge = error instanceof EnvironmentError && error.code === 'RpcRefused';
      if (!tooLarge || width === 1) throw error;
      width = Math.max(1, width >> 2);
      continue;
    }
    at = end + 1;
    yield logs;
  }
}

/** The mirror as the logs up to `height` make it. */
export async function rebuild(f: Follower, height: number): Promise<Mirror> {
  const mirror = emptyMirror();
  for await (const logs of ranges(f, f.deployBlock - 1, height)) {
    for (const log of byBlock(logs).flatMap(([, group]) => group)) {
      const event = decodeLog(f.sources, log);
      if (event !== undefined) applyEvent(mirror, event);
    }
  }
  return mirror;
}

async function isCanonical(f: Follower, mark: Mark): Promise<boolean> {
  return (await f.chain.block(mark.number))?.hash === mark.hash;
}

/** Stands at a block without looking at what is in it. */
export async function position(f: Follower, height: number): Promise<void> {
  const block = await f.chain.block(height);
  if (block === undefined) {
    throw new EnvironmentError('RpcRefused', `the chain has no block ${height}`, { retry: true });
  }
  f.ring = [];
  advanceTo(f, block);
}

/**
 * The height up to which ledger and chain agree: the last entry that the chain still has.
 *
 * @throws EnvironmentError ReorgTooDeep when not even the oldest entry is there
 */
export async function ancestor(f: Follower): Promise<number> {
  const { blocks, pruned } = f.ledger;
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await isCanonical(f, blocks[middle] as BlockEntry)) low = middle + 1;
    else high = middle;
  }
  const last = blocks[low - 1] ?? pruned;
  if (last === undefined) return Math.max(0, f.deployBlock - 1);
  if (low > 0 || (await isCanonical(f, last))) return last.number;
  throw new EnvironmentError(
    'ReorgTooDeep',
    `the chain no longer has block ${last.number} (${last.hash}), the oldest that can be undone: ` +
      'is this another chain, or one that was started from a very old state?',
  );
}

async function deepRollback(f: Follower): Promise<void> {
  const height = await ancestor(f);
  const depth = tip(f).number - height;
  const rebuilt = await rebuild(f, height);
  const { drafts, vanished } = rollback(f.ledger, height, rebuilt);
  f.onReorg(depth, true);
  await f.commit({ kind: 'rollback', height, drafts }, drafts);
  f.onVanished(vanished);
  await position(f, height);
}

async function reorganise(f: Follower): Promise<void> {
  const before = tip(f).number;
  let kept = f.ring.length;
  while (kept > 0 && !(await isCanonical(f, f.ring[kept - 1] as Mark))) kept -= 1;
  const common = f.ring[kept - 1];
  const gone = f.ledger.blocks.filter((entry) => entry.number > (common?.number ?? -1));
  if (common === undefined || gone.some((entry) => entry.undos.length === 0)) {
    return deepRollback(f);
  }
  const { drafts, vanished } = rollback(f.ledger, common.number);
  f.ring = f.ring.slice(0, kept);
  f.onReorg(before - common.number, false);
  if (gone.length > 0) {
    await f.commit({ kind: 'rollback', height: common.number, drafts }, drafts);
  }
  f.onVanished(vanished);
}

/** Old blocks in large steps: they are too deep to be reorganised while we read them. */
async function catchUp(f: Follower, to: number): Promise<void> {
  for await (const logs of ranges(f, tip(f).number, to)) {
    for (const [number, group] of byBlock(logs)) {
      const hash = (group[0] as RawLog).blockHash;
      await takeBlock(f, { number, hash, parent: '0x', time: 0 }, group);
      advanceTo(f, { number, hash });
    }
  }
  await position(f, to);
}

async function step(f: Follower, number: number): Promise<'next' | 'reorg' | 'end'> {
  const block = await f.chain.block(number);
  if (block === undefined) return 'end';
  if (block.parent !== tip(f).hash) return 'reorg';
  const logs = await f.chain.logsOf(f.addresses, block.hash);
  await takeBlock(
    f,
    block,
    logs.sort((a, b) => a.logIndex - b.logIndex),
  );
  advanceTo(f, block);
  return 'next';
}

/**
 * Whether the chain no longer has our tip. A head that is merely lower, on our own branch, may be
 * an endpoint that lags; it must say so several times before we believe it.
 */
function wentBack(f: Follower, head: Block): boolean {
  if (head.number >= tip(f).number) {
    f.shortFor = 0;
    return head.number === tip(f).number && head.hash !== tip(f).hash;
  }
  const ours = f.ring.some((mark) => mark.number === head.number && mark.hash === head.hash);
  f.shortFor = ours ? f.shortFor + 1 : shortPollsMax;
  if (f.shortFor < shortPollsMax) return false;
  f.shortFor = 0;
  return true;
}

/** Follows the chain to its head. @returns blocks taken */
export async function advance(f: Follower): Promise<number> {
  const head = await f.chain.block('latest');
  if (head === undefined) throw new EnvironmentError('RpcRefused', 'no head', { retry: true });
  f.latest = head;
  if (wentBack(f, head)) await reorganise(f);
  if (head.number - tip(f).number > ringMax) await catchUp(f, head.number - ringMax);
  let taken = 0;
  while (tip(f).number < head.number) {
    const outcome = await step(f, tip(f).number + 1);
    if (outcome === 'end') break;
    if (outcome === 'reorg') await reorganise(f);
    else taken += 1;
  }
  return taken;
}
