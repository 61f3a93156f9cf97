/** What a resting order may cost, and markets as the margin rules see them. */
import { type MarketOf, notional, notionalShare } from '@holdfast/risk';
import type { Ppm, Quote, Ticks } from '@holdfast/units';
import { marketOf } from './state.ts';
import type { MarketParams, MarketState, State } from './types.ts';
import { freshContext } from './valuation.ts';

/** Looks contexts up in a state. Assumes: a market has a price, or nobody has a position in it. */
export function contexts(state: State): MarketOf {
  return (id) => freshContext(marketOf(state, id));
}

/**
 * Ticks per lot by which a limit is worse than the mark price, no further than fills may go.
 */
export function adverseTicks(
  market: MarketState,
  isBuy: boolean,
  limit: number,
  band: { readonly low: number; readonly high: number },
): number {
  const worst = isBuy ? Math.min(limit, band.high) : Math.max(limit, band.low);
  return Math.max(isBuy ? worst - market.mark : market.mark - worst, 0);
}

/** Quote units that an order's fees and adverse price could cost if all of it filled. */
export function reserveOf(
  params: MarketParams,
  price: Ticks,
  remaining: number,
  adverse: number,
): Quote {
  const feePpm = Math.max(params.takerFeePpm, params.makerFeePpm) as Ppm;
  const paid = notionalShare(remaining, price, params.tickValue, feePpm);
  if (adverse === 0) return paid;
  return (paid + notional(remaining, adverse as Ticks, params.tickValue)) as Quote;
}
