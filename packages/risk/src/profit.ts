/**
 * Unrealised profit: how much of it may leave before it is realised. To the unit of the contracts'
 * `Profit` library; amounts are whole quote units, prices ticks, every rounding is against the
 * account. The rule is the venue's own: docs/MARGIN.md, Withdrawals.
 */
import { ceilDiv, ppmOne } from '@holdfast/units';

/** The price at which `lots` (positive when long) are worth less: index or mark, ticks. */
export const worsePrice = (lots: number, index: number, mark: number): number =>
  lots > 0 === index < mark ? index : mark;

/**
 * What a position is worth less at the aged price than at another, quote units:
 * max(0, lots · (price − aged) · tickValue).
 *
 * @param lots positive when long
 * @param price the worse of index and mark price, ticks
 * @param aged aged price, ticks rounded down; 0: there is none yet
 * @param tickValue quote units of one lot at one tick
 */
export function agedLoss(lots: number, price: number, aged: number, tickValue: number): bigint {
  if (aged === 0) return 0n;
  // The aged price is rounded down, which would favour a short.
  const up = lots < 0 && aged > price ? 1 : 0;
  const loss = BigInt(lots) * BigInt(price - aged - up) * BigInt(tickValue);
  return loss > 0n ? loss : 0n;
}

/**
 * The part of a profit that does not count: ⌈max(0, worth − principal) · ppm / 10^6⌉, quote units.
 *
 * @param worth equity at the worse prices
 * @param principal what the owner put in less what it took out; below 0 when it took out profit
 */
export const haircut = (worth: bigint, principal: bigint, ppm: number): bigint =>
  worth <= principal ? 0n : ceilDiv((worth - principal) * BigInt(ppm), BigInt(ppmOne));
