/** Walk-forward: each half-year is forecast by what was learnt before it, and never after. */
import { realized } from './features.ts';
import { excursion, flooredMargin, type MarginBasis, marginBasis, stepped } from './margin.ts';
import { ewma, type Fitted, har, harx, type VolatilityModel } from './model.ts';
import type { Panel } from './panel.ts';
import { createTally, type MarginScore, type MarginTally, meanScore, qlike } from './scores.ts';

/** One row of the table of forecasts. */
export interface ForecastRow {
  readonly model: string;
  readonly qlike: number;
  /** Against HAR, as a part of it; negative is better. */
  readonly againstHar: number;
  /** Folds in which it was better than HAR. */
  readonly foldsBetter: number;
}

/** One row of the table of margins. */
export interface MarginRow extends MarginScore {
  readonly method: string;
}

export interface Backtest {
  readonly folds: number;
  /** Forecasts out of sample, of each model. */
  readonly forecasts: number;
  readonly models: readonly ForecastRow[];
  readonly margins: readonly MarginRow[];
}

export interface BacktestOptions {
  /** Assets whose margins are simulated; all of the panel are forecast. */
  readonly marginAssets: readonly string[];
  /** Bars of a fold; half a year of hours unless told. */
  readonly foldBars?: number | undefined;
  /** Every how many bars a forecast is judged, and a row learnt. */
  readonly stride?: number | undefined;
  /** Told as each fold is done. */
  readonly onFold?: ((fold: number, of: number) => void) | undefined;
}

const halfYear = 4_380;
const secondsOfDay = 86_400;
/** Quantile of a normal distribution at the coverage, two-sided. */
const normalMultiple = 2.807;

/** The models that are compared; HAR first, which the others are measured against. */
export const contenders: readonly VolatilityModel[] = [har, ewma(), harx];

const methods = ['static', 'ewma-normal', 'fhs', 'fhs-floor', 'fhs-floor-steps'] as const;
type Method = (typeof methods)[number];
type Tallies = Record<Method, MarginTally>;

interface MarginState {
  readonly tallies: Tallies;
  last?: number;
}

/** Forecasts of one fold: the sum of losses and their number, by model. */
function judgeFold(
  panel: Panel,
  fitted: readonly Fitted[],
  from: number,
  to: number,
  stride: number,
): { sums: number[]; count: number } {
  const sums = fitted.map(() => 0);
  let count = 0;
  for (let asset = 0; asset < panel.assets.length; asset += 1) {
    for (let at = from; at < to; at += stride) {
      const seen = realized(panel, asset, at);
      if (!(seen > 0)) continue;
      const forecasts = fitted.map((model) => model.variance(panel, asset, at));
      if (forecasts.some((each) => each === undefined)) continue;
      count += 1;
      forecasts.forEach((each, i) => {
        sums[i]! += qlike(seen, each!);
      });
    }
  }
  return { sums, count };
}

function marginsOfFold(
  panel: Panel,
  [slow, model]: readonly [Fitted, Fitted],
  asset: number,
  [from, to]: readonly [number, number],
  state: MarginState,
): void {
  const basis: MarginBasis | undefined = marginBasis(panel, model, asset, from, 2_000);
  if (basis === undefined) return;
  for (let at = from; at < to; at += 1) {
    const loss = excursion(panel, asset, at);
    const variance = model.variance(panel, asset, at);
    const smooth = slow.variance(panel, asset, at);
    if (Number.isNaN(loss) || variance === undefined || smooth === undefined) continue;
    const target = flooredMargin(basis, variance);
    state.last = state.last === undefined ? target : stepped(state.last, target);
    const day = Math.floor((panel.start + at * panel.stepSeconds) / secondsOfDay);
    const margins: Record<Method, number> = {
      static: basis.fixed,
      'ewma-normal': normalMultiple * Math.sqrt(smooth),
      fhs: basis.multiple * Math.sqrt(variance),
      'fhs-floor': target,
      'fhs-floor-steps': state.last,
    };
    for (const method of methods) state.tallies[method].add(margins[method], loss, day);
  }
}

/**
 * Judges all models and margins on a panel of hourly bars. The first fold is only learnt from.
 *
 * @throws Error when there are fewer than two folds, or a model cannot be fitted
 */
export function backtest(panel: Panel, options: BacktestOptions): Backtest {
  const { foldBars = halfYear, stride = 3 } = options;
  const folds = Math.floor(panel.length / foldBars) - 1;
  if (folds < 1) throw new Error(`a backtest needs ${2 * foldBars} bars, not ${panel.length}`);
  const assets = options.marginAssets.map((name) => panel.assets.indexOf(name));
  const states: MarginState[] = assets.map(() => ({
    tallies: Object.fromEntries(methods.map((each) => [each, createTally()])) as Tallies,
  }));
  const totals = contenders.map(() => 0);
  const better = contenders.map(() => 0);
  let forecasts = 0;
  for (let fold = 1; fold <= folds; fold += 1) {
    const from = fold * foldBars;
    const to = from + foldBars;
    const fitted = contenders.map((model) => {
      const found = model.fit(panel, from, stride);
      if (found === undefined) throw new Error(`${model.name}: too few bars before fold ${fold}`);
      return found;
    });
    const { sums, count } = judgeFold(panel, fitted, from, to, stride);
    forecasts += count;
    sums.forEach((sum, i) => {
      totals[i]! += sum;
      if (sum < sums[0]!) better[i]! += 1;
    });
    const pair = [fitted[1]!, fitted[2]!] as const;
    assets.forEach((asset, i) => {
      if (asset >= 0) marginsOfFold(panel, pair, asset, [from, to], states[i]!);
    });
    options.onFold?.(fold, folds);
  }
  const models = contenders.map(({ name }, i) => ({
    model: name,
    qlike: totals[i]! / forecasts,
    againstHar: totals[i]! / totals[0]! - 1,
    foldsBetter: better[i]!,
  }));
  const known = states.filter((state) => state.last !== undefined);
  const margins = methods.map((method) => ({
    method,
    ...meanScore(known.map(({ tallies }) => tallies[method].score())),
  }));
  return { folds, forecasts, models, margins };
}
