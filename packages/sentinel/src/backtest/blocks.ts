/** A range of the chain as the blocks that rules see, read from endpoints that must agree. */
import type { Logger, Venue } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { createEndpoint, type Endpoint } from '../chain/endpoint.ts';
import { type AgreedBlock, createReads, type Reads } from '../chain/reads.ts';
import type { Taken } from '../engine/history.ts';
import { catchUp } from '../engine/sync.ts';
import { type OpenVenue, openVenue } from '../engine/venue.ts';
import { viewOf } from '../engine/view.ts';
import { passBlock } from '../laws/block.ts';
import type { BlockView, TxView } from '../rule.ts';
import { emptyTables } from '../state/tables.ts';

export interface RangeOptions {
  readonly venue: Venue;
  readonly rpcUrls: readonly string[];
  readonly logger: Logger;
  /** First and last block; the venue's first and the head unless told. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Blocks before the first that rules see to learn from. */
  readonly warmup: number;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Range {
  readonly from: number;
  readonly to: number;
  /** First block that rules see. */
  readonly learnsFrom: number;
  blocks(): AsyncGenerator<BlockView>;
}

/** What a range is read with. */
export interface RangeParts {
  readonly venue: OpenVenue;
  readonly reads: Reads;
}

/** Blocks that are asked for at one time. */
const ahead = 48;

const isCall = (venue: OpenVenue, to: string | null | undefined): boolean =>
  typeof to === 'string' && venue.sources.has(to as Hex);

/** Outcome of a transaction that left no log of the venue. */
async function statusOf(by: Endpoint, hash: Hex): Promise<TxView['status']> {
  const receipt = (await by.call('eth_getTransactionReceipt', [hash])) as {
    status?: string;
  } | null;
  return receipt?.status === '0x0' ? 'reverted' : 'success';
}

/** Transactions that called the venue or left logs of it. */
async function txsOf(venue: OpenVenue, { block, logs, by }: AgreedBlock): Promise<TxView[]> {
  const logged = new Set(logs.map(({ transactionHash }) => transactionHash));
  const own = block.transactions.filter(({ hash, to }) => logged.has(hash) || isCall(venue, to));
  return Promise.all(
    own.map(async ({ hash, from, to, input }) => ({
      hash,
      from,
      ...(to ? { to } : {}),
      selector: input.slice(0, 10) as Hex,
      status: logged.has(hash) ? ('success' as const) : await statusOf(by, hash),
    })),
  );
}

async function need(reads: Reads, number: number): Promise<AgreedBlock> {
  const found = await reads.block(number);
  if (found !== undefined) return found;
  throw new EnvironmentError('NoQuorum', `no quorum for block ${number}`, { retry: true });
}

const none: ReadonlyMap<Hex, Hex> = new Map();

async function* walk(
  { venue, reads }: RangeParts,
  { from, to, learnsFrom }: Omit<Range, 'blocks'>,
  options: Pick<RangeOptions, 'progress' | 'signal'>,
): AsyncGenerator<BlockView> {
  const { progress, signal } = options;
  const tables = emptyTables();
  await catchUp({ reads, venue, tables, to: learnsFrom - 1, progress });
  let previous: Pick<Taken, 'time'> = { time: 0 };
  const asked = new Map<number, Promise<AgreedBlock>>();
  for (let number = learnsFrom; number <= to; number += 1) {
    if (signal?.aborted) return;
    for (let next = number; next <= Math.min(to, number + ahead); next += 1) {
      if (asked.has(next)) continue;
      const one = need(reads, next);
      // It is awaited in its turn; until then nobody misses it.
      one.catch(() => undefined);
      asked.set(next, one);
    }
    const agreed = await (asked.get(number) as Promise<AgreedBlock>);
    asked.delete(number);
    const { block, logs } = agreed;
    const passed = passBlock(venue, tables, { time: block.timestamp, logs, inputs: none });
    const taken = {
      number,
      hash: block.hash,
      time: block.timestamp,
      baseFee: block.baseFeePerGas ?? 0n,
      undo: passed.undo,
    };
    const more = {
      parentHash: block.parentHash,
      pending: false,
      txs: await txsOf(venue, agreed),
    };
    yield viewOf(tables, venue.budgets, passed, taken, previous as Taken, more);
    previous = taken;
    if (number % 1000 === 0) progress(`judged block ${number} of ${from} to ${to}`);
  }
}

/** A range of a venue that is open. @throws EnvironmentError RangeWrong, NoQuorum */
export async function rangeOver(
  parts: RangeParts,
  options: Pick<RangeOptions, 'from' | 'to' | 'warmup' | 'progress' | 'signal'>,
): Promise<Range> {
  const { venue, reads } = parts;
  const head = await reads.head();
  if (head === undefined) {
    throw new EnvironmentError('NoQuorum', 'too few endpoints answer', { retry: true });
  }
  const { from = venue.deployBlock, to = head, warmup } = options;
  if (from < venue.deployBlock || from > to || to > head) {
    const there = `the venue has blocks ${venue.deployBlock} to ${head}`;
    throw new EnvironmentError('RangeWrong', `blocks ${from} to ${to} are no range: ${there}`);
  }
  const range = { from, to, learnsFrom: Math.max(venue.deployBlock, from - warmup) };
  return { ...range, blocks: () => walk(parts, range, options) };
}

/**
 * Opens a range.
 *
 * @throws EnvironmentError RangeWrong, ChainWrong, NoQuorum
 */
export async function openRange(options: RangeOptions): Promise<Range> {
  const { rpcUrls, logger } = options;
  const endpoints = rpcUrls.map((url, at) =>
    createEndpoint(url, at, (name, fault, why) => logger.warn({ name, fault, why }, 'endpoint')),
  );
  const venue = await openVenue(options.venue, endpoints);
  const reads = createReads({ endpoints, addresses: [...venue.sources.keys()], logger });
  return rangeOver({ venue, reads }, options);
}
