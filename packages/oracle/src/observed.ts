/** What a reporter takes for the mark: the median of what three markets say. Integers alone. */
import { invariant, type Seconds, type Ticks } from '@holdfast/units';

/** Time constant of the average basis, seconds. */
export const basisSeconds = 150;
/** Most seconds that one look at the book counts for: after a gap it is one look, not many. */
export const basisStepSecondsMax = 30;

/** Average distance of the book's middle from the index. */
export type Basis = {
  /** Ticks × 2^32, signed. */
  readonly valueQ32: bigint;
  /** Time of the last look. */
  readonly time: Seconds;
};

/** Best prices of the venue's own book and its last trade, ticks; what there is of them. */
export type BookPrices = {
  readonly bid?: Ticks | undefined;
  readonly ask?: Ticks | undefined;
  readonly last?: Ticks | undefined;
};

/** A book whose two sides exist and do not cross: any other has no middle. */
function twoSided({ bid, ask }: BookPrices): { bid: Ticks; ask: Ticks } | undefined {
  if (bid === undefined || ask === undefined || bid > ask) return undefined;
  return { bid, ask };
}

/**
 * The basis after a look: `basis + (mid − index − basis) · dt / (150 + dt)`, the move truncated
 * toward zero, dt at most {@link basisStepSecondsMax}. It starts at zero: who has just begun to
 * look believes the index. A one-sided or crossed book changes nothing.
 */
export function basisStep(
  before: Basis | undefined,
  index: Ticks,
  book: BookPrices,
  time: Seconds,
): Basis | undefined {
  const sides = twoSided(book);
  if (sides === undefined) return before;
  if (before === undefined) return { valueQ32: 0n, time };
  if (time <= before.time) return before;
  const elapsed = BigInt(Math.min(time - before.time, basisStepSecondsMax));
  const seen = (BigInt(sides.bid + sides.ask) << 31n) - (BigInt(index) << 32n);
  const move = ((seen - before.valueQ32) * elapsed) / (BigInt(basisSeconds) + elapsed);
  return { valueQ32: before.valueQ32 + move, time };
}

/** The middle of some whole numbers; of an even count the mean of the two middles, rounded down. */
export function middleOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const high = sorted[sorted.length >> 1];
  const low = sorted[(sorted.length - 1) >> 1];
  invariant(low !== undefined && high !== undefined, 'a middle needs a value');
  return Math.floor((low + high) / 2);
}

/** What is known of a market at one moment. */
export type MarkSight = {
  readonly index: Ticks;
  readonly basis: Basis | undefined;
  readonly book: BookPrices;
  /** Prices of the same perpetual elsewhere. */
  readonly perps: readonly Ticks[];
};

/**
 * The median of: index + basis; median(bid, ask, last trade); the middle of the perpetuals
 * elsewhere. Where legs are missing the index is one more, so that no leg is ever alone. The two
 * legs of the own book exist only while it has two sides.
 */
export function observeMark({ index, basis, book, perps }: MarkSight): Ticks {
  const legs: number[] = [];
  const sides = twoSided(book);
  if (sides !== undefined) {
    if (basis !== undefined) legs.push(index + Number(basis.valueQ32 >> 32n));
    const { bid, ask } = sides;
    legs.push(middleOf(book.last === undefined ? [bid, ask] : [bid, ask, book.last]));
  }
  if (perps.length > 0) legs.push(middleOf(perps));
  if (legs.length < 3) legs.push(index);
  return Math.min(Math.max(middleOf(legs), 1), 2 ** 32 - 1) as Ticks;
}
