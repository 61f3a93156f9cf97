/** Prices without a source: for tests, and to try a backtest where there is no recording. */
import type { Bar } from './panel.ts';

/** A generator of numbers in [0, 1), the same for the same seed (Mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Normal numbers by Box and Muller's transformation. */
export function normalOf(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * Hourly bars of assets whose volatility is common in part, slow and fast, with jumps: what models
 * of volatility are meant for.
 */
export function syntheticSeries(
  assets: readonly string[],
  hours: number,
  seed: number,
): Map<string, Bar[]> {
  const random = randomOf(seed);
  const normal = normalOf(random);
  const series = new Map(assets.map((name) => [name, [] as Bar[]]));
  const state = assets.map((_name, i) => ({ price: 100 * (i + 1), slow: 0, fast: 0 }));
  let common = 0;
  for (let hour = 0; hour < hours; hour += 1) {
    common = 0.995 * common + 0.1 * normal();
    const shared = normal();
    assets.forEach((name, i) => {
      const own = state[i]!;
      own.slow = 0.998 * own.slow + 0.04 * normal();
      own.fast = 0.9 * own.fast + 0.2 * normal();
      const sigma = 0.006 * Math.exp(0.5 * common + 0.5 * own.slow + 0.5 * own.fast);
      const jump = random() < 0.002 ? 4 * normal() : 0;
      const open = own.price;
      own.price *= Math.exp(sigma * (0.6 * shared + 0.8 * normal() + jump));
      const [up, down] = [Math.abs(normal()), Math.abs(normal())];
      series.get(name)!.push({
        ts: 1_546_300_800 + hour * 3_600,
        high: Math.max(open, own.price) * Math.exp(0.4 * sigma * up),
        low: Math.min(open, own.price) * Math.exp(-0.4 * sigma * down),
        close: own.price,
      });
    });
  }
  return series;
}
