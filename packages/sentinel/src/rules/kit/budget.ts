/** From a false-positive budget to a threshold, by what calibration has measured. */
import { EnvironmentError } from '@holdfast/units';

/** How often benign data measured at least so much. */
export interface Curve {
  /** Time that was measured, in months of 30 days. */
  readonly months: number;
  /** What it was measured on. */
  readonly on: string;
  /**
   * Peaks of episodes, descending: the n-th is what n findings in all that time would have taken.
   * At least one.
   */
  readonly peaks: readonly number[];
}

/**
 * The smallest threshold under which benign data gave no more findings than the budget. It lies a
 * hair above the peak that must not count any more. Beyond the largest peak nothing is known: a
 * budget that asks for that is refused and not guessed at.
 *
 * @param falsePerMonth findings in 30 days on benign data
 * @throws EnvironmentError BudgetUnknown
 */
export function budgetThreshold(
  id: string,
  falsePerMonth: number,
  curve: Curve | undefined,
): number {
  if (curve === undefined) {
    const message = `rule ${id} has a false-positive budget and was never calibrated`;
    throw new EnvironmentError('BudgetUnknown', message);
  }
  const allowed = Math.floor(falsePerMonth * curve.months);
  if (allowed < 1) {
    const least = Math.ceil(1000 / curve.months) / 1000;
    throw new EnvironmentError(
      'BudgetUnknown',
      `rule ${id}: ${falsePerMonth} false findings in 30 days cannot be promised after ` +
        `${curve.months} months of calibration; the least is ${least}`,
    );
  }
  // With `allowed` findings spent, one more would be too many: its peak is just not reached.
  const index = Math.min(allowed, curve.peaks.length) - (allowed < curve.peaks.length ? 0 : 1);
  const peak = curve.peaks[index];
  if (peak === undefined) {
    throw new EnvironmentError('BudgetUnknown', `rule ${id}: its calibration is empty`);
  }
  return peak * 1.000001 + 1e-9;
}
