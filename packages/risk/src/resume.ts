/**
 * The way back to normal after a halt and after an outage of prices, as `Resume.sol` has it: levels
 * of the breaker by time alone. Times and lengths are seconds.
 */

/** Longest grace, seconds. */
export const graceSecondsMax = 1_800;

const steps = 4;

/** A way back: from `start` on, with a grace of so many seconds; a grace of 0 is none. */
export type Resume = { readonly start: number; readonly grace: number };

/** Nothing to come back from. */
export const noResume: Resume = { start: 0, grace: 0 };

/** A quarter of a grace, rounded up: how long the first and the last step take. */
export function resumeStep(grace: number): number {
  return Math.ceil(grace / steps);
}

/** Seconds at which the level changes, ascending: to 2, to 1, to 0. */
export function resumeMoments({ start, grace }: Resume): readonly number[] {
  if (grace === 0) return [];
  const step = resumeStep(grace);
  return [start + step, start + grace, start + grace + step];
}

/**
 * Level on a way back at `now`: 3 only orders flagged reduce-only, 2 nobody grows, 1 and
 * liquidations are back, 0 everything is.
 */
export function resumeLevel(resume: Resume, now: number): number {
  const [first, second, third] = resumeMoments(resume);
  if (third === undefined || now >= third) return 0;
  if (now >= (second as number)) return 1;
  return now < (first as number) ? 3 : 2;
}

/** The way back from a halt that lasted from `since` until `until`. */
export function resumeAfterHalt(since: number, until: number): Resume {
  return { start: until, grace: Math.min(until - since, graceSecondsMax) };
}

/**
 * The way back that a report starts, or the one before when it ends no outage.
 *
 * @param before the last way back of the market
 * @param last when its price was last reported; 0: never
 * @param time when it is reported now
 * @param ageSecondsMax oldest price that may be used
 */
export function resumeAfterReport(
  before: Resume,
  last: number,
  time: number,
  ageSecondsMax: number,
): Resume {
  const from = last + ageSecondsMax;
  if (last === 0 || time <= from) return before;
  const grace = graceAfterOutage(from, time - from, before.start + before.grace);
  return grace === 0 ? before : { start: time, grace };
}

/** What was left of a grace that was cut short; else no more than was open since the last one. */
function graceAfterOutage(from: number, gap: number, end: number): number {
  if (from < end) return end - from;
  const grace = Math.min(gap, graceSecondsMax);
  return end === 0 ? grace : Math.min(grace, from - end);
}
