/** Read-only views: market data, accounts, what the settler has to settle. */
import type { Health } from '@holdfast/risk';
import type { AccountId, MarketId, Quote } from '@holdfast/units';
import type { Level, Resting } from './book/book.ts';
import { breakerLevel, isFresh } from './limits.ts';
import { freeMargin, healthOf } from './margin.ts';
import { restingOf } from './resting.ts';
import type { AccountState, MarketState, State, UnconfirmedFill } from './types.ts';

/** An account and what it is worth at the prices in force. */
export type AccountView = Health & {
  readonly account: AccountState;
  /** Σ reserves of resting orders. */
  readonly reserved: Quote;
  /** Equity free for new risk, open orders at their worst counted; may be negative. */
  readonly free: Quote;
};

/** A market's state, without its book. */
export type MarketView = Omit<MarketState, 'book' | 'indexes' | 'valued'> & {
  readonly bid: number | undefined;
  readonly ask: number | undefined;
  readonly fresh: boolean;
  readonly breakerLevel: number;
};

/** The best price levels of a market, best first; empty if it is not listed. */
export function depth(
  state: State,
  market: MarketId,
  levels: number,
): { readonly bids: Level[]; readonly asks: Level[] } {
  const book = state.markets.get(market)?.book;
  return { bids: book?.depth(true, levels) ?? [], asks: book?.depth(false, levels) ?? [] };
}

/** Best bid and ask in ticks, where there is one. */
export function bestPrices(
  state: State,
  market: MarketId,
): { readonly bid: number | undefined; readonly ask: number | undefined } {
  const book = state.markets.get(market)?.book;
  return { bid: book?.best(true)?.order.price, ask: book?.best(false)?.order.price };
}

/** A market, or undefined if it is not listed. */
export function marketView(state: State, id: MarketId): MarketView | undefined {
  const market = state.markets.get(id);
  if (market === undefined) return undefined;
  const { book: _book, indexes: _indexes, valued: _valued, ...rest } = market;
  return {
    ...rest,
    ...bestPrices(state, id),
    fresh: isFresh(state, market),
    breakerLevel: breakerLevel(state, market),
  };
}

/** An account, or undefined if it is not open. */
export function accountView(state: State, id: AccountId): AccountView | undefined {
  const account = state.accounts.get(id);
  if (account === undefined) return undefined;
  return {
    ...healthOf(state, account),
    account,
    reserved: account.reserved as Quote,
    free: freeMargin(state, account) as Quote,
  };
}

/** An account's resting orders, oldest first. */
export function ordersOf(state: State, id: AccountId): Resting[] {
  const account = state.accounts.get(id);
  return account === undefined ? [] : restingOf(account);
}

/** Fills that the chain has not confirmed, oldest first, both signed orders included. */
export function unconfirmedFills(state: State): UnconfirmedFill[] {
  return [...state.unconfirmed.values()].sort((a, b) => a.id - b.id);
}
