/** What a model of volatility is, and the models there are; a learned one takes the same place. */
import {
  harRegressors,
  harxRegressors,
  horizonBars,
  type Regressor,
  realized,
  regress,
} from './features.ts';
import { createNormal, predict } from './linear.ts';
import type { Panel } from './panel.ts';

/** A model after it has seen the past. */
export interface Fitted {
  readonly name: string;
  /** Everything that it knows, so that a hash names it. */
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  /**
   * Variance per bar over the next horizon, seen with the bars up to and including `at`.
   *
   * @returns undefined where too little is known
   */
  variance(panel: Panel, asset: number, at: number): number | undefined;
}

/** A kind of model. */
export interface VolatilityModel {
  readonly name: string;
  /**
   * Learns from the bars before `until`.
   *
   * @param stride every how many bars a row is taken
   * @returns undefined when they are too few
   */
  fit(panel: Panel, until: number, stride?: number): Fitted | undefined;
}

type Row = readonly [x: Float64Array, y: number];

function rowsOf(
  panel: Panel,
  regressors: readonly Regressor[],
  until: number,
  stride: number,
): Row[] {
  const rows: Row[] = [];
  for (let asset = 0; asset < panel.assets.length; asset += 1) {
    for (let at = 0; at + horizonBars < until; at += stride) {
      const y = realized(panel, asset, at);
      // A NaN is above nothing.
      if (!(y > 0)) continue;
      const x = regress(panel, regressors, asset, at);
      if (!x.some(Number.isNaN)) rows.push([x, y]);
    }
  }
  return rows;
}

/** A regression in logarithms, scaled so that forecasts are right on average. */
function regression(name: string, regressors: readonly Regressor[]): VolatilityModel {
  return {
    name,
    fit(panel, until, stride = 3) {
      const rows = rowsOf(panel, regressors, until, stride);
      const normal = createNormal(regressors.length);
      for (const [x, y] of rows) normal.add(x, Math.log(y));
      const found = normal.solve();
      if (found === undefined) return undefined;
      const scale = rows.reduce((sum, [x, y]) => sum + y / Math.exp(predict(found, x)), 0);
      const parameters = { coefficients: found, scale: [scale / rows.length] };
      return fittedRegression(name, regressors, parameters);
    },
  };
}

function fittedRegression(
  name: string,
  regressors: readonly Regressor[],
  parameters: { readonly coefficients: readonly number[]; readonly scale: readonly number[] },
): Fitted {
  const [scale] = parameters.scale as [number];
  return {
    name,
    parameters,
    variance(panel, asset, at) {
      const x = regress(panel, regressors, asset, at);
      const variance = Math.exp(predict(parameters.coefficients, x)) * scale;
      return Number.isFinite(variance) ? variance : undefined;
    },
  };
}

/** Logarithms of own variance over four windows. */
export const har: VolatilityModel = regression('har', harRegressors);

/** HAR with the market, the first asset, range and falls. */
export const harx: VolatilityModel = regression('har-x', harxRegressors);

/** An exponential average of squared returns; needs no past to learn from, and few bars. */
export function ewma(decay = 0.985, barsMin = 48): VolatilityModel {
  const fitted: Fitted = {
    name: 'ewma',
    parameters: { decay: [decay], barsMin: [barsMin] },
    variance(panel, asset, at) {
      const window = Math.min(at, Math.ceil(Math.log(1e-3) / Math.log(decay)));
      let [sum, weight, count] = [0, 0, 0];
      for (let back = 0; back < window; back += 1) {
        const square = panel.mean('squares', asset, at - back, 1);
        if (Number.isNaN(square)) continue;
        sum += square * decay ** back;
        weight += decay ** back;
        count += 1;
      }
      return count < barsMin || sum === 0 ? undefined : sum / weight;
    },
  };
  return { name: 'ewma', fit: () => fitted };
}
