/**
 * Regressors of a volatility forecast. HAR: Corsi, "A Simple Approximate Long-Memory Model of
 * Realized Volatility" (2009), in logarithms; HAR-X adds the market, the first asset, Parkinson's
 * range (1980) and the semivariance of falls.
 */
import type { Measure, Panel } from './panel.ts';

/** Horizon of a forecast, bars. */
export const horizonBars = 24;

/** A change of a basis point in a bar: below it nothing is measured. */
const floor = 1e-8;

/** One regressor: the logarithm of a mean over a window. */
export interface Regressor {
  readonly measure: Measure;
  /** Whose: the asset itself, all assets, or the first of the panel. */
  readonly of: 'own' | 'market' | 'first';
  readonly window: number;
}

const make = (measure: Measure, of: Regressor['of'], ...windows: number[]): Regressor[] =>
  windows.map((window) => ({ measure, of, window }));

/** Own variance over 1, 24, 168 and 720 bars. */
export const harRegressors: readonly Regressor[] = make('squares', 'own', 1, 24, 168, 720);

/** Twelve: the four of HAR, then market, first asset (BTC), range and falls, two windows each. */
export const harxRegressors: readonly Regressor[] = [
  ...harRegressors,
  ...make('squares', 'market', 1, 24),
  ...make('squares', 'first', 1, 24),
  ...make('ranges', 'own', 1, 24),
  ...make('falls', 'own', 24, 168),
];

/** The regressors of an asset with the bars up to and including `at`; NaN where one is missing. */
export function regress(
  panel: Panel,
  regressors: readonly Regressor[],
  asset: number,
  at: number,
): Float64Array {
  const row = new Float64Array(regressors.length);
  regressors.forEach(({ measure, of, window }, i) => {
    const whose = of === 'own' ? asset : of === 'market' ? -1 : 0;
    row[i] = Math.log(panel.mean(measure, whose, at, window) + floor);
  });
  return row;
}

/** Variance per bar over the horizon that follows `at`; NaN when it is not all there. */
export const realized = (panel: Panel, asset: number, at: number): number =>
  panel.mean('squares', asset, at + horizonBars, horizonBars);
