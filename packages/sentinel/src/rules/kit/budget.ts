/** From a false-positive budget to a threshold, by what calibration has measured. */
import { EnvironmentError } from '@holdfast/units';

/** How often benign data measured at least so much. */
export interface Curve {
  /** Time that was measured, in months of 30 days. */
  readonly months: number;
  /** What it was measured on. */
  readonly on: string;
  /** Levels ascending, each with the episodes that reached it; the last was reached by none. */
  readonly levels: readonly (readonly [level: number, episodes: number])[];
}

/**
 * The smallest level that benign data reached no more often than the budget allows. Beyond what
 * was measured nothing is known: a budget that would need it is refused and not guessed at.
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
  const level = curve.levels.find(([, episodes]) => episodes <= allowed);
  if (level === undefined) {
    throw new EnvironmentError('BudgetUnknown', `rule ${id}: its calibration is empty`);
  }
  return level[0];
}
