/** What a fixed amount of trading would cost: the prices that funding is made of. */
import type { MarketId, Ticks } from '@holdfast/units';
import { marketOf } from './state.ts';
import type { MarketState, State } from './types.ts';

/**
 * Initial margin whose notional is the impact notional, quote units: 500 quote tokens. It follows
 * the market's margin, so that a market in which positions are small is asked for little depth.
 */
export const impactMarginQuote = 500_000_000n;

/** The book of one market as funding and mark see it; prices in ticks, where there is one. */
export type ImpactView = {
  readonly market: MarketId;
  readonly lots: number;
  readonly bid: Ticks | undefined;
  readonly ask: Ticks | undefined;
  /** Mean price of selling `lots` at once, rounded down. */
  readonly impactBid: Ticks | undefined;
  /** Mean price of buying `lots` at once, rounded up. */
  readonly impactAsk: Ticks | undefined;
};

/** Lots of the impact notional at the index price, at least one. */
export function impactLots({ price, params }: MarketState): number {
  const notional = (impactMarginQuote * 1_000_000n) / BigInt(params.initialPpm);
  const lots = notional / (BigInt(price) * BigInt(params.tickValue));
  return Math.max(1, Number(lots));
}

/** Mean price of the first `lots` of a side; undefined when it has fewer. */
function meanPrice({ book }: MarketState, isBuy: boolean, lots: number): Ticks | undefined {
  let left = lots;
  let sum = 0n;
  for (let at = book.best(isBuy); at !== undefined; at = book.next(at)) {
    const taken = Math.min(at.remaining, left);
    sum += BigInt(at.order.price) * BigInt(taken);
    left -= taken;
    if (left === 0) break;
  }
  if (left > 0) return undefined;
  const total = BigInt(lots);
  // Against the premium on both sides.
  return Number(isBuy ? sum / total : (sum + total - 1n) / total) as Ticks;
}

/**
 * Undefined for a market that is not listed or has no price yet. While it collects orders it has
 * no prices of its own: what is bid in a call binds nobody yet.
 */
export function impactView(state: State, id: MarketId): ImpactView | undefined {
  if ((state.markets.get(id)?.price ?? 0) === 0) return undefined;
  const market = marketOf(state, id);
  const lots = impactLots(market);
  if (market.call !== undefined) {
    const none = { bid: undefined, ask: undefined, impactBid: undefined, impactAsk: undefined };
    return { market: id, lots, ...none };
  }
  return {
    market: id,
    lots,
    bid: market.book.best(true)?.order.price,
    ask: market.book.best(false)?.order.price,
    impactBid: meanPrice(market, true, lots),
    impactAsk: meanPrice(market, false, lots),
  };
}
