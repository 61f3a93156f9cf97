import type { VenueMarket } from '@holdfast/host';
import { gaussian, seedOf, smoothNoise, uniform } from './noise.ts';
import type { PriceSource, SourcePrice } from './source.ts';

interface WalkShape {
  /** Price around which the walk lives, quote per base unit. */
  base: number;
  /** Standard deviation of the log price over one second. */
  sigma: number;
}

const shapes: Readonly<Record<string, WalkShape>> = {
  'BTC-USD': { base: 100_000, sigma: 0.00016 },
  'ETH-USD': { base: 3_500, sigma: 0.0002 },
  'SOL-USD': { base: 180, sigma: 0.0003 },
  'DOGE-USD': { base: 0.22, sigma: 0.00035 },
};
const defaultShape: WalkShape = { base: 100, sigma: 0.0003 };

/** Octave periods: 4 s to 2^22 s (48 days). */
const octaves = Array.from({ length: 21 }, (_, i) => 2 ** (i + 2));
/** Makes the summed octaves move like a walk of the given sigma: about 7 c² = 1. */
const octaveScale = 0.38;
const jumpWindowSeconds = 900;
const jumpChance = 0.12;
const jumpLogMax = 0.06;
const jumpDecaySeconds = 5400;
const jumpWindowsBack = 40;

/** Log of jumps that happened lately, each decaying: the market overshoots and comes back. */
function jumps(seed: number, time: number, sigma: number): number {
  const current = Math.floor(time / jumpWindowSeconds);
  let sum = 0;
  for (let window = current - jumpWindowsBack; window <= current; window += 1) {
    if (uniform(seed, window, 101) > jumpChance) continue;
    const at = (window + uniform(seed, window, 102)) * jumpWindowSeconds;
    if (at > time) continue;
    const raw = gaussian(seed, window, 103) * sigma * 60;
    const size = Math.max(-jumpLogMax, Math.min(jumpLogMax, raw));
    sum += size * Math.exp((at - time) / jumpDecaySeconds);
  }
  return sum;
}

/** Log of the price relative to its base at a venue time. */
export function walkLog(seed: number, time: number, sigma: number): number {
  let sum = jumps(seed, time, sigma);
  octaves.forEach((period, octave) => {
    sum += octaveScale * sigma * Math.sqrt(period) * smoothNoise(seed, time, period, octave);
  });
  return sum;
}

/** How far the simulated perpetual of another venue is above the index: about 0.03 %, slow. */
export function simulatedBasis(seed: number, time: number): number {
  return (3 * smoothNoise(seed, time, 3_600, 201) + 1) / 1e4;
}

/**
 * A geometric walk with jumps for each market, the same in every process: a function of the seed
 * and the venue time. Markets share a common factor, as real ones do.
 *
 * @param seed any text
 */
export function simulatedSource(seed: string, markets: readonly VenueMarket[]): PriceSource {
  const common = seedOf(`${seed}/common`);
  return {
    name: 'simulated',
    pricesAt: async (time) => {
      const prices = new Map<string, SourcePrice>();
      const shared = walkLog(common, time, 1);
      for (const { symbol } of markets) {
        const { base, sigma } = shapes[symbol] ?? defaultShape;
        const own = walkLog(seedOf(`${seed}/${symbol}`), time, sigma * 0.7);
        const log = own + shared * sigma * 0.7;
        const price8 = Math.round(base * Math.exp(log) * 1e8);
        const basis = simulatedBasis(seedOf(`${seed}/${symbol}/basis`), time);
        prices.set(symbol, { price8, perps8: [Math.round(price8 * (1 + basis))] });
      }
      return prices;
    },
    close: async () => undefined,
  };
}
