/** Follows the chain into the book: reads logs block by block, and anew after a reorganisation. */
import { iConfidentialPoolAbi, iProofRegistryAbi } from '@holdfast/abi';
import type { ChainReader } from '@holdfast/host';
import { decodeLog, type RawLog } from '@holdfast/settle';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { decodeEventLog } from 'viem';
import { applyEvent, type Book, emptyBook, isShared, operatorNumber, sumsFault } from './book.ts';
import { createReader, type OwnerOf, type PoolSources } from './events.ts';

/** What the chain fixed when an epoch was opened, as `submitChunk` takes it. */
export type Snapshot = {
  readonly number: number;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly time: number;
  readonly round: number;
  readonly account: number;
  readonly memberCount: number;
  readonly chunkMembers: number;
  readonly flow: number;
  readonly netQuote: bigint;
  readonly context: readonly bigint[];
  readonly totalCash: bigint;
  readonly totalSizes: readonly bigint[];
};

/** What a member held when an epoch was opened. */
export type Held = {
  readonly address: string;
  readonly key: bigint;
  readonly cash: bigint;
  readonly sizes: readonly bigint[];
};

export type ChunkOnChain = {
  readonly root: bigint;
  readonly sums: bigint;
  readonly leaves: readonly bigint[];
};

export type Epoch = {
  readonly id: bigint;
  readonly snapshot: Snapshot;
  readonly members: readonly Held[];
  /** Chunks that are proven, each with the leaves of its places. */
  readonly chunks: Map<number, ChunkOnChain>;
  isProven: boolean;
};

export type Followed = {
  book: Book;
  /** Lots that the chain has settled, by `lane:seq` of the omnibus account. */
  filled: Map<string, number>;
  epochs: Map<number, Epoch>;
  freshUntil: number;
  lapsedTime: number;
  /** Blocks in which the account changed without orders, so that members shared what only the
   * whole book knows. */
  shared: number[];
  /** What the operator put in for other members, quote units. */
  coveredQuote: bigint;
  /** Last block that was read. */
  block: number;
  blockHash: Hex;
};

export type FollowPlace = PoolSources & {
  readonly registry: Hex;
  readonly operator: Hex;
  readonly deployBlock: number;
  /** Markets in the order of their slots. */
  readonly markets: readonly number[];
  /** Blocks that must lie on top before a block is read. */
  readonly confirmations: number;
};

const rangeBlocks = 2_000;
const slots = 16;

const fresh = (p: FollowPlace): Followed => ({
  book: emptyBook(),
  filled: new Map(),
  epochs: new Map(),
  freshUntil: 0,
  lapsedTime: 0,
  shared: [],
  coveredQuote: 0n,
  block: p.deployBlock - 1,
  blockHash: '0x',
});

function heldBy(book: Book, markets: readonly number[], count: number): Held[] {
  return book.members.slice(0, count).map(({ address, key, cash, sizes }) => ({
    address,
    key,
    cash,
    sizes: Array.from({ length: slots }, (_, slot) => {
      const market = markets[slot];
      return BigInt(market === undefined ? 0 : (sizes.get(market) ?? 0));
    }),
  }));
}

function registryLog(p: FollowPlace, at: Followed, log: RawLog): void {
  const topics = log.topics as [Hex, ...Hex[]];
  const { eventName, args } = decodeEventLog({ abi: iProofRegistryAbi, data: log.data, topics });
  if (eventName === 'EpochOpened') {
    const snapshot = args.snapshot as Snapshot;
    const members = heldBy(at.book, p.markets, snapshot.memberCount);
    const made = { id: args.id, snapshot, members, chunks: new Map(), isProven: false };
    at.epochs.set(args.number, made);
  } else if (eventName === 'ChunkProven') {
    const { root, sums, index, leaves } = args;
    at.epochs.get(args.number)?.chunks.set(index, { root, sums, leaves });
  } else if (eventName === 'EpochProven') {
    const epoch = at.epochs.get(args.number);
    if (epoch) epoch.isProven = true;
    at.freshUntil = args.freshUntil;
  }
}

/** Counts what was settled, and notices the end. */
function sideLog(p: FollowPlace, at: Followed, log: RawLog): void {
  if (log.address === p.clearingHouse) {
    const event = decodeLog(p, log);
    if (event?.type !== 'Settled') return;
    for (const { account, lane, seq, filledAfter } of event.orders) {
      if (account === p.account) at.filled.set(`${lane}:${seq}`, filledAfter);
    }
  } else if (log.address === p.pool) {
    const topics = log.topics as [Hex, ...Hex[]];
    const read = decodeEventLog({ abi: iConfidentialPoolAbi, data: log.data, topics });
    if (read.eventName === 'Lapsed') at.lapsedTime = read.args.time;
    if (read.eventName !== 'MemberDeposited' || read.args.number === operatorNumber) return;
    if (read.args.from.toLowerCase() === p.operator) at.coveredQuote += read.args.quote;
  }
}

function byTransaction(logs: readonly RawLog[]): RawLog[][] {
  const groups: RawLog[][] = [];
  for (const log of logs) {
    const last = groups.at(-1);
    if (last?.[0]?.transactionHash === log.transactionHash) last.push(log);
    else groups.push([log]);
  }
  return groups;
}

/** Calldata of the batches that the omnibus account is in, by transaction. */
async function inputs(
  reader: ChainReader,
  p: FollowPlace,
  groups: readonly RawLog[][],
): Promise<Map<Hex, Hex>> {
  const found = new Map<Hex, Hex>();
  const isOwn = (log: RawLog): boolean => {
    if (log.address !== p.clearingHouse) return false;
    const event = decodeLog(p, log);
    if (event?.type !== 'Settled') return false;
    return event.accounts.some(({ account }) => account === p.account);
  };
  for (const group of groups.filter((logs) => logs.some(isOwn))) {
    const hash = group[0]?.transactionHash as Hex;
    found.set(hash, (await reader.getTransaction({ hash })).input);
  }
  return found;
}

/** Reads the chain into a book, as far as it goes. */
export function createFollower(reader: ChainReader, p: FollowPlace, ownerOf: OwnerOf) {
  let at = fresh(p);
  let logs = createReader(p, ownerOf);

  async function read(from: number, to: number): Promise<void> {
    const address = [p.pool, p.registry, p.vault, p.clearingHouse, p.parameters];
    const raw = await reader.getLogs({
      address,
      fromBlock: BigInt(from),
      toBlock: BigInt(to),
    });
    const list: RawLog[] = raw.map((log) => ({
      address: log.address.toLowerCase() as Hex,
      topics: log.topics,
      data: log.data,
      transactionHash: log.transactionHash,
      logIndex: log.logIndex,
      blockNumber: Number(log.blockNumber),
      blockHash: log.blockHash,
    }));
    const groups = byTransaction(list);
    const calldata = await inputs(reader, p, groups);
    for (const group of groups) {
      const others = group.filter(({ address: of }) => of !== p.registry);
      const input = (): Hex => calldata.get(group[0]?.transactionHash as Hex) as Hex;
      for (const event of logs.eventsOf(others, input)) {
        if (isShared(at.book, event)) at.shared.push(group[0]?.blockNumber ?? 0);
        applyEvent(at.book, event);
      }
      for (const log of group) {
        if (log.address === p.registry) registryLog(p, at, log);
        else sideLog(p, at, log);
      }
    }
    const fault = sumsFault(at.book);
    if (fault) throw new EnvironmentError('BookDiffers', `after block ${to}: ${fault}`);
    // With the book, before anything else runs: who reads the one reads the other.
    at.block = to;
  }

  async function advance(isAnew: boolean, upTo: number): Promise<Followed> {
    const known = at.block >= p.deployBlock && at.blockHash !== '0x';
    const still =
      known &&
      (await reader
        .getBlock({ blockNumber: BigInt(at.block) })
        .then(({ hash }) => hash === at.blockHash)
        .catch(() => false));
    if (isAnew || (known && !still)) {
      at = fresh(p);
      logs = createReader(p, ownerOf);
    }
    const newest = Number(await reader.getBlockNumber({ cacheTime: 0 })) - p.confirmations;
    const head = Math.min(newest, upTo);
    while (at.block < head) await read(at.block + 1, Math.min(at.block + rangeBlocks, head));
    if (at.block >= p.deployBlock) {
      at.blockHash = (await reader.getBlock({ blockNumber: BigInt(at.block) })).hash as Hex;
    }
    return at;
  }

  /** One after the other: two at once would read the same blocks twice into one book. */
  let turn: Promise<unknown> = Promise.resolve();
  return {
    state: (): Followed => at,
    /**
     * Reads what is new, up to a block when told. After a reorganisation, or when told, all of it
     * again.
     */
    advance(isAnew = false, upTo = Number.MAX_SAFE_INTEGER): Promise<Followed> {
      const next = turn.then(() => advance(isAnew, upTo));
      turn = next.catch(() => undefined);
      return next;
    },
  };
}

export type Follower = ReturnType<typeof createFollower>;
