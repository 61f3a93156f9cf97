/** The aged price: an average of the index that a short push hardly moves. */
import type { Ticks } from '@holdfast/units';

/** Time constant of the aged price, seconds. */
export const agedSeconds = 14_400;

/**
 * Twin of `Aging.step`: the exponential average of accepted index prices, ticks × 2^32.
 * `aged + (price − aged) · elapsed / (τ + elapsed)`, the move truncated toward zero.
 * @param agedQ32 the average before; 0n: none, then it starts at the price.
 * @param elapsedSeconds since the report before, not negative.
 */
export function ageStep(agedQ32: bigint, price: Ticks, elapsedSeconds: number): bigint {
  const target = BigInt(price) << 32n;
  if (agedQ32 === 0n) return target;
  const elapsed = BigInt(elapsedSeconds);
  return agedQ32 + ((target - agedQ32) * elapsed) / (BigInt(agedSeconds) + elapsed);
}

/** Whole ticks of an aged price, rounded down: what the Oracle contract answers. */
export const agedTicks = (agedQ32: bigint): Ticks => Number(agedQ32 >> 32n) as Ticks;
