/** The mark price that the venue accepts: the twin of the library `Marks`. */
import { type Ppm, ppmOne, type Ticks } from '@holdfast/units';

/** Largest move of the mark per report: 1 % of the mark before. */
export const markSlewPpm = 10_000;
const ticksMax = 2 ** 32 - 1;

/**
 * The mark nearest to `reported` that lies within 1 % (at least a tick) of the mark before and
 * within the clamp of the index; where both cannot be, the clamp wins.
 * @param before mark accepted before, undefined at the first report.
 * @param index index price of the same report.
 */
export function acceptMark(
  reported: number,
  before: Ticks | undefined,
  index: Ticks,
  clampPpm: Ppm,
): Ticks {
  const slewed =
    before === undefined
      ? reported
      : near(reported, before, Math.max(span(before, markSlewPpm), 1));
  return near(slewed, index, span(index, clampPpm)) as Ticks;
}

/** ⌊ticks · ppm / 10^6⌋: below 2^56, hence exact only as a bigint. */
const span = (ticks: number, ppm: number): number =>
  Number((BigInt(ticks) * BigInt(ppm)) / BigInt(ppmOne));

const near = (wanted: number, centre: number, width: number): number =>
  Math.min(Math.max(wanted, Math.max(centre - width, 1)), Math.min(centre + width, ticksMax));
