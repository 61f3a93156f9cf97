/**
 * At which open interest the chain will judge what the core judges now.
 *
 * The chain judges a batch at the open interest before it; the core cannot know where its fills
 * will be cut into batches. But every batch begins between what the chain has confirmed and now, so
 * the core keeps the lowest and the highest open interest on that way, and judges with whichever is
 * worse for the account: the open-interest term with the highest, the concentration term with the
 * lowest. So an order that the core took is refused on chain only in an ordinary race: when
 * something else (a liquidation, say) moved the open interest in between.
 */
import type { MarketId } from '@holdfast/units';
import { accountOf, type Context, sizeOf } from './state.ts';
import type { MarketState, State } from './types.ts';

/** The open interests at which a fill that is judged now may be judged on chain. */
export const interestRange = (
  market: MarketState,
): { readonly low: number; readonly high: number } => ({
  low: Math.min(market.interestLow, market.openInterest),
  high: Math.max(market.interestHigh, market.openInterest),
});

/** Takes up the open interest that a command has left: only then can a batch begin there. */
export function widenInterest({ state, sizeDrift }: Context): void {
  for (const id of sizeDrift.keys()) {
    const market = state.markets.get(id);
    if (market === undefined) continue;
    const { low, high } = interestRange(market);
    market.interestLow = low;
    market.interestHigh = high;
  }
}

/**
 * After the chain has taken or refused fills: goes back over those that are left, newest first, and
 * keeps the lowest and highest open interest on the way.
 */
export function narrowInterest(state: State): void {
  const longs = new Map<MarketId, number>();
  for (const market of state.markets.values()) {
    longs.set(market.id, market.openInterest);
    market.interestLow = market.openInterest;
    market.interestHigh = market.openInterest;
  }
  const sizes = new Map<string, number>();
  for (const fill of [...state.unconfirmed.values()].reverse()) {
    const market = state.markets.get(fill.market);
    if (market === undefined) continue;
    let interest = longs.get(fill.market) ?? 0;
    for (const { account, isBuy } of [fill.maker, fill.taker]) {
      const key = `${account}:${fill.market}`;
      const after = sizes.get(key) ?? sizeOf(accountOf(state, account), fill.market);
      const before = after - (isBuy ? fill.lots : -fill.lots);
      sizes.set(key, before);
      interest += Math.max(before, 0) - Math.max(after, 0);
    }
    longs.set(fill.market, interest);
    market.interestLow = Math.min(market.interestLow, interest);
    market.interestHigh = Math.max(market.interestHigh, interest);
  }
}
