/** How good forecasts and margins were. */

/** Patton's loss of a variance forecast (2011): 0 when exact, the same for any unit. */
export const qlike = (realized: number, forecast: number): number =>
  realized / forecast - Math.log(realized / forecast) - 1;

/** How margins of one asset did over time. */
export interface MarginScore {
  /** Part of the bars whose loss exceeded the margin. */
  readonly breaches: number;
  /** Mean margin, part of the notional. */
  readonly mean: number;
  /** Largest margin over the smallest: how procyclical it is. */
  readonly peakToTrough: number;
  /** Breaches in the worst day. */
  readonly worstDay: number;
}

/** Collects what a {@link MarginScore} is made of. */
export interface MarginTally {
  add(margin: number, loss: number, day: number): void;
  score(): MarginScore;
}

export function createTally(): MarginTally {
  let [count, sum, breaches] = [0, 0, 0];
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  const days = new Map<number, number>();
  return {
    add(margin, loss, day) {
      count += 1;
      sum += margin;
      [low, high] = [Math.min(low, margin), Math.max(high, margin)];
      if (loss <= margin) return;
      breaches += 1;
      days.set(day, (days.get(day) ?? 0) + 1);
    },
    score: () => ({
      breaches: breaches / count,
      mean: sum / count,
      peakToTrough: high / low,
      worstDay: Math.max(0, ...days.values()),
    }),
  };
}

/** The mean of each number over several assets. */
export function meanScore(scores: readonly MarginScore[]): MarginScore {
  const mean = (field: keyof MarginScore): number =>
    scores.reduce((sum, each) => sum + each[field], 0) / scores.length;
  return {
    breaches: mean('breaches'),
    mean: mean('mean'),
    peakToTrough: mean('peakToTrough'),
    worstDay: mean('worstDay'),
  };
}
