/** Whole-number division with the direction in the name, and the 32 fractional bits of cash. */
import { invariant } from './errors.ts';
import { type CashQ32, cashQ32, type Quote, quote } from './types.ts';

/** Fractional bits of {@link CashQ32}. */
export const q32Bits = 32n;

/** a / b toward minus infinity. @throws AssertionError if b is not positive */
export function floorDiv(a: bigint, b: bigint): bigint {
  invariant(b > 0n, 'floorDiv by a divisor that is not positive');
  const down = a / b;
  return a < 0n && down * b !== a ? down - 1n : down;
}

/** a / b toward plus infinity. @throws AssertionError if b is not positive */
export function ceilDiv(a: bigint, b: bigint): bigint {
  invariant(b > 0n, 'ceilDiv by a divisor that is not positive');
  const down = a / b;
  return a > 0n && down * b !== a ? down + 1n : down;
}

/** a / b toward zero. @throws AssertionError if b is not positive */
export function truncDiv(a: bigint, b: bigint): bigint {
  invariant(b > 0n, 'truncDiv by a divisor that is not positive');
  return a / b;
}

/** Absolute value. */
export function absBig(a: bigint): bigint {
  return a < 0n ? -a : a;
}

/** The smaller of two. */
export function minBig(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The larger of two. */
export function maxBig(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Whole quote units as Q32, exact. @throws AssertionError if it leaves int128 */
export function toQ32(amount: Quote): CashQ32 {
  return cashQ32(amount << q32Bits);
}

/** Q32 as whole quote units, rounded down (against the holder, for negative amounts too). */
export function floorQ32(amount: CashQ32): Quote {
  return quote(amount >> q32Bits);
}
