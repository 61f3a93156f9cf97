/** Bars of several assets on one grid of time, and sums over windows of them. */
import { invariant } from '@holdfast/units';

/** One bar; `ts` is its opening time, Unix seconds. */
export interface Bar {
  readonly ts: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Cumulative sums of one series: entry i is over the bars before i. */
interface Sums {
  readonly squares: Float64Array;
  readonly ranges: Float64Array;
  readonly falls: Float64Array;
  readonly count: Float64Array;
}

/** What a window is averaged over: squared returns, Parkinson's ranges, squared falls. */
export type Measure = 'squares' | 'ranges' | 'falls';

/** Bars on a grid; a bar that is missing is NaN everywhere. */
export interface Panel {
  readonly assets: readonly string[];
  /** Opening time of bar 0, Unix seconds. */
  readonly start: number;
  readonly stepSeconds: number;
  readonly length: number;
  /** By asset and bar. */
  readonly close: readonly Float64Array[];
  readonly high: readonly Float64Array[];
  readonly low: readonly Float64Array[];
  /**
   * Average of a measure over the window of bars that ends with `at`, per bar.
   *
   * @param asset its number; -1: the mean of all assets
   * @returns NaN when more than a fifth of the window is missing
   */
  mean(measure: Measure, asset: number, at: number, window: number): number;
}

const measures = ['squares', 'ranges', 'falls'] as const;

function emptySums(length: number): Sums {
  const make = (): Float64Array => new Float64Array(length + 1);
  return { squares: make(), ranges: make(), falls: make(), count: make() };
}

function sumsOf(close: Float64Array, high: Float64Array, low: Float64Array): Sums {
  const sums = emptySums(close.length);
  for (let i = 0; i < close.length; i += 1) {
    const change = i === 0 ? Number.NaN : Math.log(close[i]! / close[i - 1]!);
    const range = Math.log(high[i]! / low[i]!);
    const isThere = !Number.isNaN(change) && !Number.isNaN(range);
    sums.squares[i + 1] = sums.squares[i]! + (isThere ? change * change : 0);
    sums.ranges[i + 1] = sums.ranges[i]! + (isThere ? (range * range) / (4 * Math.LN2) : 0);
    sums.falls[i + 1] = sums.falls[i]! + (isThere && change < 0 ? change * change : 0);
    sums.count[i + 1] = sums.count[i]! + (isThere ? 1 : 0);
  }
  return sums;
}

/** The mean of all assets that have a bar, bar by bar. */
function marketSums(all: readonly Sums[], length: number): Sums {
  const sums = emptySums(length);
  for (let i = 0; i < length; i += 1) {
    const there = all.filter(({ count }) => count[i + 1]! > count[i]!);
    for (const measure of measures) {
      const total = there.reduce((sum, each) => sum + each[measure][i + 1]! - each[measure][i]!, 0);
      sums[measure][i + 1] = sums[measure][i]! + (there.length === 0 ? 0 : total / there.length);
    }
    sums.count[i + 1] = sums.count[i]! + (there.length === 0 ? 0 : 1);
  }
  return sums;
}

/**
 * Lays bars on a grid.
 *
 * @param series bars by asset, in any order, at whole multiples of the step
 * @throws AssertionError when there are no bars, or a price is not positive
 */
export function createPanel(
  series: ReadonlyMap<string, readonly Bar[]>,
  stepSeconds: number,
): Panel {
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const bars of series.values()) {
    for (const { ts } of bars) [start, end] = [Math.min(start, ts), Math.max(end, ts)];
  }
  invariant(Number.isFinite(start), 'a panel needs bars');
  const length = Math.round((end - start) / stepSeconds) + 1;
  const grid = (bars: readonly Bar[], field: 'close' | 'high' | 'low'): Float64Array => {
    const values = new Float64Array(length).fill(Number.NaN);
    for (const bar of bars) {
      invariant(bar[field] > 0, `a price of ${bar[field]} at ${bar.ts}`);
      values[Math.round((bar.ts - start) / stepSeconds)] = bar[field];
    }
    return values;
  };
  const bars = [...series.values()];
  const [close, high, low] = (['close', 'high', 'low'] as const).map((field) =>
    bars.map((each) => grid(each, field)),
  ) as [Float64Array[], Float64Array[], Float64Array[]];
  const own = close.map((each, i) => sumsOf(each, high[i]!, low[i]!));
  const market = marketSums(own, length);
  return {
    assets: [...series.keys()],
    start,
    stepSeconds,
    length,
    close,
    high,
    low,
    mean(measure, asset, at, window) {
      const sums = asset === -1 ? market : own[asset]!;
      const from = at + 1 - window;
      if (from < 0 || at >= length) return Number.NaN;
      const count = sums.count[at + 1]! - sums.count[from]!;
      if (count < 0.8 * window) return Number.NaN;
      return (sums[measure][at + 1]! - sums[measure][from]!) / count;
    },
  };
}
