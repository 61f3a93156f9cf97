/**
 * Deleveraging: who gives up how many lots. To the unit of the contracts' `Deleveraging` library.
 */
import { maxBig, minBig } from '@holdfast/units';

/** Fractional bits of a lever. */
export const leverBits = 16n;
const leverMax = (1n << 40n) - 1n;

/** Leverage as the margin rules see it: ⌊maintenance · 2^16 / equity⌋ + 1. Assumes equity > 0. */
export const leverOf = (equity: bigint, maintenance: bigint): bigint =>
  minBig((maintenance << leverBits) / equity + 1n, leverMax);

/** One listed account. */
export type Counterparty = {
  /** Lots without sign. */
  readonly size: number;
  /** Most lots that it may lose; 0: not eligible. */
  readonly room: number;
  readonly lever: bigint;
};

/**
 * r_j = min(room_j, ⌊need · w_j / Σw⌋) with w = size · lever; what is left goes to the highest
 * lever first, to the earlier one among equals. Σr = min(need, Σroom), exactly.
 *
 * @returns lots by place in the list
 */
export function allocate(need: number, list: readonly Counterparty[]): number[] {
  const weight = ({ size, lever }: Counterparty): bigint => BigInt(size) * lever;
  const total = list.reduce((sum, each) => (each.room === 0 ? sum : sum + weight(each)), 0n);
  const takes = list.map(() => 0);
  if (total === 0n) return takes;
  let rest = need;
  list.forEach((each, i) => {
    if (each.room === 0) return;
    const lots = Math.min(each.room, Number((BigInt(need) * weight(each)) / total));
    takes[i] = lots;
    rest -= lots;
  });
  const rank = [...list.keys()].sort((a, b) => {
    const [x, y] = [list[a]?.lever ?? 0n, list[b]?.lever ?? 0n];
    return x === y ? a - b : x > y ? -1 : 1;
  });
  for (const i of rank) {
    const lots = Math.min(rest, (list[i]?.room ?? 0) - (takes[i] ?? 0));
    takes[i] = (takes[i] ?? 0) + lots;
    rest -= lots;
  }
  return takes;
}

/** Part of the other side that a list must hold, unless it is a crowd. */
export const coveragePpm = 950_000n;
/** A list this long may hold less. */
export const crowd = 512;

/**
 * Most lots that each of a list may lose, or undefined when the list is too short to be lawful.
 *
 * @param sizes lots of those on the other side, 0 for whoever has left it
 * @param openInterest lots of that whole side
 */
export function roomsOf(
  need: number,
  sizes: readonly number[],
  openInterest: number,
): number[] | undefined {
  const listed = sizes.reduce((sum, size) => sum + BigInt(size), 0n);
  if (listed >= (BigInt(openInterest) * coveragePpm) / 1_000_000n) return [...sizes];
  if (sizes.length < crowd) return undefined;
  const whole = BigInt(openInterest);
  return sizes.map((size) => {
    const most = (BigInt(need) * BigInt(size) + whole - 1n) / whole;
    return Number(minBig(most, BigInt(size)));
  });
}

/**
 * Whether a counterparty is no worse for each lot that it gives up `surcharge` ticks beyond the
 * mark price; one unit less, because the requirement of what is left rounds up.
 */
export function isEligible(
  standing: { readonly equity: bigint; readonly maintenance: bigint },
  market: { readonly price: number; readonly tickValue: number; readonly maintenancePpm: number },
  surcharge: bigint,
): boolean {
  if (standing.equity <= 0n) return false;
  if (surcharge === 0n) return true;
  const tickValue = BigInt(market.tickValue);
  const freed = BigInt(market.price) * tickValue * BigInt(market.maintenancePpm);
  return (
    surcharge * tickValue * standing.maintenance * 1_000_000n <=
    standing.equity * maxBig(freed - 1_000_000n, 0n)
  );
}
