/**
 * The funding rate that reporters observe: the average premium of impact prices over the index,
 * sampled once a venue minute (dYdX, Lighter, Derive and Orderly agree on the form).
 */
import { type Ppm, type PpmPerDay, ppmOne, type Ticks, truncDiv } from '@holdfast/units';
import { clampRate } from './accept.ts';

/** Parts per billion in a whole: premiums are finer than ppm, because a day is three rates. */
export const ppbOne = 1_000_000_000;
/** Minutes that the average reaches back: eight hours. */
export const premiumMinutes = 480;
/** Interest per 8 h that the rate leans to: 0.01 %, in ppb. */
export const interestPpb = 100_000;
/** Most that interest moves a rate away from the average premium: 0.05 %, in ppb. */
export const interestClampPpb = 500_000;
/** Largest rate per 8 h, however wide the margins are: 4 %, in ppb. */
export const rateClampPpb = 40_000_000;

/** Mean prices of selling and buying the impact notional, ticks; undefined: a thin side. */
export type ImpactPrices = {
  readonly bid?: Ticks | undefined;
  readonly ask?: Ticks | undefined;
};

/** One minute's premium. */
export type PremiumSample = { readonly minute: number; readonly ppb: number };

const clip = (value: bigint, bound: number): bigint => {
  const limit = BigInt(bound);
  return value > limit ? limit : value < -limit ? -limit : value;
};

/**
 * (max(0, impact bid − index) − max(0, index − impact ask)) / index, ppb truncated toward zero,
 * within ± 100 %. A thin side says nothing.
 * @returns undefined when both sides are thin: then there is no sample.
 */
export function premiumPpb(index: Ticks, { bid, ask }: ImpactPrices): number | undefined {
  if (bid === undefined && ask === undefined) return undefined;
  const above = bid === undefined ? 0 : Math.max(0, bid - index);
  const below = ask === undefined ? 0 : Math.max(0, index - ask);
  const premium = truncDiv(BigInt(above - below) * BigInt(ppbOne), BigInt(index));
  return Number(clip(premium, ppbOne));
}

/** Samples with one more; a minute counts once, and what is too old for the average goes. */
export function addSample(
  samples: readonly PremiumSample[],
  sample: PremiumSample,
): readonly PremiumSample[] {
  const newest = samples.at(-1)?.minute ?? Number.NEGATIVE_INFINITY;
  if (sample.minute <= newest) return samples;
  const kept = samples.filter(({ minute }) => minute > sample.minute - premiumMinutes);
  return [...kept, sample];
}

/**
 * Mean of the samples of the 480 minutes that end with `minute`, ppb truncated toward zero. A
 * minute without a sample is left out: it is neither zero nor what came before it.
 * @returns undefined when there is none.
 */
export function averagePremium(
  samples: readonly PremiumSample[],
  minute: number,
): number | undefined {
  const inside = samples.filter((s) => s.minute > minute - premiumMinutes && s.minute <= minute);
  if (inside.length === 0) return undefined;
  const sum = inside.reduce((total, { ppb }) => total + BigInt(ppb), 0n);
  return Number(truncDiv(sum, BigInt(inside.length)));
}

/** What bounds the rate of a market. */
export type RateBounds = {
  readonly initialPpm: Ppm;
  readonly maintenancePpm: Ppm;
  readonly fundingRatePpmMax: Ppm;
};

/**
 * Rate of 8 h: `avg + clamp(interest − avg, ±0.05 %)`, within ±min(4 %, 6 · (initial −
 * maintenance)); as ppm per day it is three times that, truncated toward zero, and within the
 * market's largest rate. No average: no rate, for nobody observed one.
 */
export function fundingRate(averagePpb: number | undefined, bounds: RateBounds): PpmPerDay {
  if (averagePpb === undefined) return 0 as PpmPerDay;
  const average = BigInt(averagePpb);
  const leaned = average + clip(BigInt(interestPpb) - average, interestClampPpb);
  const margins = 6 * (bounds.initialPpm - bounds.maintenancePpm) * (ppbOne / ppmOne);
  const rate = clip(leaned, Math.min(rateClampPpb, Math.max(margins, 0)));
  const perDay = Number(truncDiv(rate * 3n, BigInt(ppbOne / ppmOne))) as PpmPerDay;
  return clampRate(perDay, bounds.fundingRatePpmMax);
}
