/**
 * Margins by filtered historical simulation: what a position lost in one bar, in units of the
 * volatility that was forecast then, times the volatility forecast now. Barone-Adesi, Giannopoulos
 * and Vosper (1999); the floor is that of Regulation (EU) 153/2013, article 28 (1) (c).
 */
import { quantile } from './linear.ts';
import type { Fitted } from './model.ts';
import type { Panel } from './panel.ts';

/** Part of the losses that a margin covers. */
export const coverage = 0.995;

/**
 * The worst that either side lost in the bar after `at`, as a part of the close.
 *
 * @returns NaN when a bar is missing
 */
export function excursion(panel: Panel, asset: number, at: number): number {
  const close = panel.close[asset]![at]!;
  const [high, low] = [panel.high[asset]![at + 1]!, panel.low[asset]![at + 1]!];
  return Math.max(high / close - 1, 1 - low / close);
}

/** What an asset's past says of its margins. */
export interface MarginBasis {
  /** Quantile of losses in units of the forecast volatility. */
  readonly multiple: number;
  /** Volatility per bar of the whole past. */
  readonly longRun: number;
  /** Quantile of losses as they were. */
  readonly fixed: number;
  readonly rows: number;
}

/**
 * Learns from the bars before `until`.
 *
 * @returns undefined with fewer rows than `rowsMin`
 */
export function marginBasis(
  panel: Panel,
  fitted: Fitted,
  asset: number,
  until: number,
  rowsMin = 200,
): MarginBasis | undefined {
  const losses: number[] = [];
  const scaled: number[] = [];
  for (let at = 0; at + 1 < until; at += 1) {
    const loss = excursion(panel, asset, at);
    if (Number.isNaN(loss)) continue;
    losses.push(loss);
    const variance = fitted.variance(panel, asset, at);
    if (variance !== undefined) scaled.push(loss / Math.sqrt(variance));
  }
  if (scaled.length < rowsMin) return undefined;
  const all = panel.mean('squares', asset, until - 1, losses.length);
  const squares = Number.isNaN(all) ? meanSquare(panel, asset, until) : all;
  return {
    multiple: quantile(scaled, coverage),
    longRun: Math.sqrt(squares),
    fixed: quantile(losses, coverage),
    rows: scaled.length,
  };
}

function meanSquare(panel: Panel, asset: number, until: number): number {
  let [sum, count] = [0, 0];
  for (let at = 0; at < until; at += 1) {
    const square = panel.mean('squares', asset, at, 1);
    if (Number.isNaN(square)) continue;
    sum += square;
    count += 1;
  }
  return sum / count;
}

/** Margin as a part of the notional; at least what the long-run volatility asks for. */
export const flooredMargin = (basis: MarginBasis, variance: number): number =>
  basis.multiple * Math.max(Math.sqrt(variance), basis.longRun);

/** Largest changes of a margin in an hour, as parts of it. */
export const stepUp = 0.1;
export const stepDown = 0.005;

/** A margin that goes to its target by bounded steps. */
export function stepped(before: number, target: number, hours = 1): number {
  const high = before * (1 + stepUp * hours);
  const low = before * (1 - Math.min(1, stepDown * hours));
  return Math.min(high, Math.max(low, target));
}
