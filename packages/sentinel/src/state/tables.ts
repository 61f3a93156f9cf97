/**
 * The venue's state as tables that remember what they overwrite: a block is taken back to the unit,
 * and the state before it can still be read.
 */
import type { Hex } from '@holdfast/units';
import type {
  AccountView,
  BreakerEntry,
  ForcedView,
  MarketParameters,
  MarketView,
  QueuedView,
} from '../rule.ts';

/** The live order of a lane. */
export type LaneRow = { readonly seq: number; readonly filled: number };

/** A change of parameters that waits. */
export type ProposalRow = { readonly params: MarketParameters; readonly readyAt: number };

/** Where a steward is with a market: the twin of `StewardCourse`, seconds and ppm. */
export type CourseRow = {
  readonly movedAt: number;
  readonly inputTime: number;
  readonly expiresAt: number;
  readonly decayedAt: number;
  readonly noticePpm: number;
  readonly noticeReadyAt: number;
};

export const emptyCourse: CourseRow = {
  movedAt: 0,
  inputTime: 0,
  expiresAt: 0,
  decayedAt: 0,
  noticePpm: 0,
  noticeReadyAt: 0,
};

/** The trailing minimum of what the vault holds: the twin of `OutflowRing.Level`, quote units. */
export type LevelRow = {
  readonly low0: bigint;
  readonly low1: bigint;
  readonly low2: bigint;
  readonly half: number;
};

/** What exists once. Replaced, never changed. */
export type VenueRow = {
  readonly liabilities: bigint;
  readonly queued: bigint;
  readonly level: LevelRow;
  readonly gatedUntil: number;
  readonly forcedDone: bigint;
  readonly forcedCount: bigint;
  readonly batchNumber: number;
  readonly batchHead: Hex;
  readonly round: number;
  readonly reportTime: number;
  readonly sequencer: string;
  readonly governor: string;
  /** Who may steer; the zero address for nobody. */
  readonly steward: string;
  readonly quietSeconds: number;
  readonly reportSkewSecondsMax: number;
  readonly profitHaircutPpm: number;
  readonly insolvency: bigint;
  readonly frozenTime: number;
  /** Claims and pool of a frozen venue once it is reckoned. */
  readonly claimsQ32: bigint;
  readonly pool: bigint;
  readonly guardians: ReadonlySet<string>;
};

/** All tables. */
export type Tables = {
  readonly accounts: Map<number, AccountView>;
  readonly markets: Map<number, MarketView>;
  /** By account · 2^16 + lane. */
  readonly lanes: Map<number, LaneRow>;
  readonly queue: Map<bigint, QueuedView>;
  readonly forced: Map<bigint, ForcedView>;
  readonly breaker: Map<number, BreakerEntry>;
  readonly proposals: Map<number, ProposalRow>;
  /** By market. */
  readonly courses: Map<number, CourseRow>;
  readonly backstops: Map<number, number>;
  /** What left, quote units: by 5 minutes since the epoch, and by hours. */
  readonly outflow5: Map<number, bigint>;
  readonly outflow60: Map<number, bigint>;
  /** One row, key 0. */
  readonly venue: Map<0, VenueRow>;
};

export type TableName = keyof Tables;
type Key<T extends TableName> = Tables[T] extends Map<infer K, unknown> ? K : never;
type Row<T extends TableName> = Tables[T] extends Map<unknown, infer V> ? V : never;

/** A row before it was overwritten; undefined: it was not there. */
export type UndoEntry = {
  readonly table: TableName;
  readonly key: number | bigint;
  readonly before: unknown;
};
/** Oldest first. */
export type Undo = UndoEntry[];

const zeroHash = `0x${'00'.repeat(32)}` as const;
export const zeroAddress = `0x${'00'.repeat(20)}`;

const emptyVenue: VenueRow = {
  liabilities: 0n,
  queued: 0n,
  level: { low0: 0n, low1: 0n, low2: 0n, half: 0 },
  gatedUntil: 0,
  forcedDone: 0n,
  forcedCount: 0n,
  batchNumber: 0,
  batchHead: zeroHash,
  round: 0,
  reportTime: 0,
  sequencer: zeroAddress,
  governor: zeroAddress,
  steward: zeroAddress,
  quietSeconds: 0,
  reportSkewSecondsMax: 0,
  profitHaircutPpm: 0,
  insolvency: 0n,
  frozenTime: 0,
  claimsQ32: 0n,
  pool: 0n,
  guardians: new Set(),
};

/** An account that nothing has happened to. */
export const blankAccount = (account: number, owner = zeroAddress): AccountView => ({
  account,
  owner,
  cashQ32: 0n,
  positions: new Map(),
  epoch: 0,
  userPpm: 0,
});

/** The state right before the venue's first log. */
export function emptyTables(): Tables {
  return {
    accounts: new Map([0, 1].map((id) => [id, blankAccount(id)])),
    markets: new Map(),
    lanes: new Map(),
    queue: new Map(),
    forced: new Map(),
    breaker: new Map(),
    proposals: new Map(),
    courses: new Map(),
    backstops: new Map(),
    outflow5: new Map(),
    outflow60: new Map(),
    venue: new Map([[0, emptyVenue]]),
  };
}

export const venueRow = (tables: Tables): VenueRow => tables.venue.get(0) as VenueRow;

/** The forced request that has been aside for longest. */
export function oldestAside(tables: Tables): ForcedView | undefined {
  const { forcedDone } = venueRow(tables);
  let oldest: ForcedView | undefined;
  for (const row of tables.forced.values()) {
    if (row.number > forcedDone) continue;
    if (oldest === undefined || row.number < oldest.number) oldest = row;
  }
  return oldest;
}

export const laneKey = (account: number, lane: number): number => account * 65_536 + lane;

/** Writes rows and notes what they were. */
export interface Writer {
  readonly tables: Tables;
  readonly undo: Undo;
}

/** Puts a row; undefined takes it away. */
export function put<T extends TableName>(
  { tables, undo }: Writer,
  table: T,
  key: Key<T>,
  row: Row<T> | undefined,
): void {
  const rows = tables[table] as Map<unknown, unknown>;
  undo.push({ table, key: key as number | bigint, before: rows.get(key) });
  if (row === undefined) rows.delete(key);
  else rows.set(key, row);
}

/** Changes fields of the one row. */
export function change(writer: Writer, fields: Partial<VenueRow>): void {
  put(writer, 'venue', 0, { ...venueRow(writer.tables), ...fields });
}

/** Puts back what was overwritten, newest first. */
export function takeBack(tables: Tables, undo: readonly UndoEntry[]): void {
  for (let i = undo.length - 1; i >= 0; i -= 1) {
    const { table, key, before } = undo[i] as UndoEntry;
    const rows = tables[table] as Map<unknown, unknown>;
    if (before === undefined) rows.delete(key);
    else rows.set(key, before);
  }
}

/** A table as it was before some entries: reads through to the one that goes on changing. */
class Before<K, V> implements ReadonlyMap<K, V> {
  readonly #now: ReadonlyMap<K, V>;
  readonly #was: ReadonlyMap<K, V | undefined>;
  readonly size: number;
  readonly [Symbol.toStringTag] = 'Map';

  constructor(now: ReadonlyMap<K, V>, was: ReadonlyMap<K, V | undefined>) {
    this.#now = now;
    this.#was = was;
    let size = now.size;
    for (const [key, row] of was) size += Number(row !== undefined) - Number(now.has(key));
    this.size = size;
  }

  get(key: K): V | undefined {
    return this.#was.has(key) ? this.#was.get(key) : this.#now.get(key);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): MapIterator<[K, V]> {
    for (const [key, row] of this.#now) if (!this.#was.has(key)) yield [key, row];
    for (const [key, row] of this.#was) if (row !== undefined) yield [key, row];
    return undefined;
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key;
    return undefined;
  }

  *values(): MapIterator<V> {
    for (const [, row] of this.entries()) yield row;
    return undefined;
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, row] of this.entries()) visit(row, key, this);
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
}

/** The tables before these entries, to be read while the tables are not changed further. */
export function before(tables: Tables, undo: readonly UndoEntry[]): Tables {
  const was = new Map<TableName, Map<unknown, unknown>>();
  for (const { table, key, before: row } of undo) {
    const rows = was.get(table) ?? new Map<unknown, unknown>();
    was.set(table, rows);
    // The first entry of a key is what it was at the beginning.
    if (!rows.has(key)) rows.set(key, row);
  }
  const view = Object.entries(tables).map(([name, rows]) => {
    const changed = was.get(name as TableName);
    return [
      name,
      changed === undefined ? rows : new Before(rows as Map<unknown, unknown>, changed),
    ];
  });
  return Object.fromEntries(view) as Tables;
}
