/**
 * What the venue is to reach, read off the rows of one run of `npm run bench`. Numbers and reasons
 * where one falls short stand in docs/PERFORMANCE.md under "Targets".
 */
import type { Measure } from '@holdfast/units/measure';

type Target = {
  readonly target: string;
  /** Name of the row; of a list, the last that was measured. */
  readonly of: string | readonly string[];
  /** Name of the row that it is divided by; without it the ratio of the row itself is taken. */
  readonly by?: string;
  /** The figure is to be at most so many times the reference, where the target names a number. */
  readonly ratioMax?: number;
};

const shapes = (unit: string, counts: readonly number[]): string[] =>
  counts.map((count) => `${count.toLocaleString('en')} ${unit}: an order`);

const targets: readonly Target[] = [
  {
    target: 'whole path, of one recover (checks are 86 % of the limit)',
    of: 'an order, whole path, all threads',
    ratioMax: 1 / 0.86,
  },
  { target: 'check of an order, of one recover', of: 'whole check of an order, native' },
  {
    target: 'shared ring, of messages, batches of 64',
    of: 'to a thread by a shared ring, batches of 64',
  },
  { target: '10,000 live orders, of the naive book', of: 'apply, ladder book' },
  {
    target: 'price of an auction by bucket sums, of trying every tick',
    of: 'price of an auction, bucket sums',
  },
  {
    target: 'margin in constant time, of a plain account',
    of: 'an order: 16 positions, 256 markets, 10,000 open orders',
    by: 'an order: 1 position, 1 market, 1 open order',
  },
  {
    target: 'journal, of 1 µs CPU an event',
    of: 'encode, hash and checksum, record',
    by: '1000',
    ratioMax: 1,
  },
  {
    target: 'accounts from 100 upwards, an order of one among 100',
    of: shapes('accounts', [1_000, 10_000, 100_000, 1_000_000]),
    by: '100 accounts: an order',
  },
  {
    target: 'markets from 1 to 256, an order of one in 1',
    of: shapes('markets', [256]),
    by: '1 markets: an order',
  },
  { target: 'gas of a fill in 100, of the floor', of: 'settle, 100 fills' },
];

/** A target beside what this run measured; no figure: the run left its benches out. */
export type Reached = {
  readonly target: string;
  readonly figure?: number;
  readonly unit?: string;
  readonly ratio?: number;
  readonly ratioMax?: number;
  readonly isMet?: boolean;
  readonly row?: string;
};

function reach({ target, of, by, ratioMax }: Target, rows: readonly Measure[]): Reached {
  const find = (name: string): Measure | undefined => rows.find((row) => row.name === name);
  const limit = ratioMax === undefined ? {} : { ratioMax };
  const row = [of].flat().map(find).findLast(Boolean);
  if (row === undefined) return { target, ...limit };
  const divisor = by === undefined ? undefined : (find(by)?.value ?? Number(by));
  const ratio = divisor === undefined ? row.ratio : row.value / divisor;
  const found = { target, figure: row.value, unit: row.unit, row: row.name, ...limit };
  if (ratio === undefined || Number.isNaN(ratio)) return found;
  return { ...found, ratio, ...(ratioMax === undefined ? {} : { isMet: ratio <= ratioMax }) };
}

/** Every target, in order. */
export const reachTargets = (rows: readonly Measure[]): Reached[] =>
  targets.map((target) => reach(target, rows));
