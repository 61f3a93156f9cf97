/** The vault's two outflow windows and its trailing minimum: twins of `OutflowRing`. Pure. */
import type { LevelRow, Tables } from './tables.ts';
import { venueRow } from './tables.ts';

const bucketSeconds = 300;
const bucketsOfHour = 12;
const bucketsOfDay = 24;
const halfSeconds = 43_200;
const amountMax = 2n ** 56n - 1n;
const million = 1_000_000n;

/** Budgets that a vault was deployed with, quote units and ppm. */
export type Budgets = {
  readonly hourFloorQuote: bigint;
  readonly dayFloorQuote: bigint;
  readonly hourPpm: bigint;
  readonly dayPpm: bigint;
};

export const bucketOf = (time: number): number => Math.floor(time / bucketSeconds);
export const hourOf = (time: number): number => Math.floor(bucketOf(time) / bucketsOfHour);

const clip = (amount: bigint): bigint => (amount > amountMax ? amountMax : amount);

/** The level moved on to `time`; `held` is what the vault owes with what is queued. */
export function shifted(level: LevelRow, held: bigint, time: number): LevelRow {
  const half = Math.floor(time / halfSeconds);
  const steps = half <= level.half ? 0 : half - level.half;
  if (steps === 0) return level;
  const now = clip(held);
  const low2 = steps === 1 ? level.low1 : steps === 2 ? level.low0 : now;
  return { low0: now, low1: steps === 1 ? level.low0 : now, low2, half };
}

/** The least that was held over the last 24 hours and up to 12 more. */
export function lowOf({ low0, low1, low2 }: LevelRow): bigint {
  const low = low0 < low1 ? low0 : low1;
  return low < low2 ? low : low2;
}

function sum(rows: ReadonlyMap<number, bigint>, to: number, size: number): bigint {
  let total = 0n;
  for (let bucket = to - size; bucket <= to; bucket += 1) total += rows.get(bucket) ?? 0n;
  return total;
}

const budget = (floor: bigint, ppm: bigint, low: bigint): bigint => {
  const share = (low * ppm) / million;
  return clip(share > floor ? share : floor);
};

/** What left in both windows up to `time`, and what may leave in them. */
export function windowsAt(tables: Tables, budgets: Budgets, time: number) {
  const { level, liabilities, queued } = venueRow(tables);
  const low = lowOf(shifted(level, liabilities + queued, time));
  return {
    low,
    hourUsed: sum(tables.outflow5, bucketOf(time), bucketsOfHour),
    dayUsed: sum(tables.outflow60, hourOf(time), bucketsOfDay),
    hourMax: budget(budgets.hourFloorQuote, budgets.hourPpm, low),
    dayMax: budget(budgets.dayFloorQuote, budgets.dayPpm, low),
  };
}
