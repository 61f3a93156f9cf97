/** The mark price that the venue accepts: the twin of the library `Marks`. */
import { type Ppm, ppmOne, type Ticks } from '@holdfast/units';

/** Largest move of the mark against the index per report: 1 %. */
export const markSlewPpm = 10_000;
const ticksMax = 2 ** 32 - 1;

/** What the report before left: its index price, 0 for none, and the mark that was accepted. */
export interface MarkBefore {
  readonly price: Ticks;
  readonly mark: Ticks;
}

/**
 * The mark nearest to `reported` that lies within 1 % (at least a tick) of the mark before as the
 * index carried it, and within the clamp of the index; where both cannot be, the clamp wins.
 * @param before mark and index accepted before, undefined or of price 0 at the first report.
 * @param index index price of the same report.
 */
export function acceptMark(
  reported: number,
  before: MarkBefore | undefined,
  index: Ticks,
  clampPpm: Ppm,
): Ticks {
  if (!before?.price) return near(reported, index, span(index, clampPpm)) as Ticks;
  const carried = carry(before, index);
  const slewed = near(reported, carried, Math.max(span(carried, markSlewPpm), 1));
  return near(slewed, index, span(index, clampPpm)) as Ticks;
}

/** ⌊mark · index / index before⌋: the mark before, moved as the index has. */
function carry({ mark, price }: MarkBefore, index: Ticks): number {
  const carried = (BigInt(mark) * BigInt(index)) / BigInt(price);
  return Number(carried < ticksMax ? carried : ticksMax);
}

/** ⌊ticks · ppm / 10^6⌋: below 2^56, hence exact only as a bigint. */
const span = (ticks: number, ppm: number): number =>
  Number((BigInt(ticks) * BigInt(ppm)) / BigInt(ppmOne));

const near = (wanted: number, centre: number, width: number): number =>
  Math.min(Math.max(wanted, Math.max(centre - width, 1)), Math.min(centre + width, ticksMax));
