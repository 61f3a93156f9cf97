/** Read-only views: market data, accounts, what the settler has to settle. */
import type { Health } from '@holdfast/risk';
import type { AccountId, MarketId, Quote } from '@holdfast/units';
import { indication } from './auction/uncross.ts';
import type { Level, Resting } from './book/book.ts';
import { breakerLevel, isFresh } from './limits.ts';
import { freeMargin, healthOf } from './margin.ts';
import { restingOf } from './resting.ts';
import type { AccountState, Call, MarketState, State, UnconfirmedFill } from './types.ts';

/** An account and what it is worth at the prices in force. */
export type AccountView = Health & {
  readonly account: AccountState;
  /** Σ reserves of resting orders. */
  readonly reserved: Quote;
  /** Equity free for new risk, open orders at their worst counted; may be negative. */
  readonly free: Quote;
};

/** A market's state, without its book and its call. */
export type MarketView = Omit<MarketState, 'book' | 'indexes' | 'valued' | 'call' | 'tripped'> & {
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
  const {
    book: _book,
    indexes: _indexes,
    valued: _valued,
    call: _call,
    tripped: _tripped,
    ...rest
  } = market;
  return {
    ...rest,
    ...bestPrices(state, id),
    fresh: isFresh(state, market),
    breakerLevel: breakerLevel(state, market),
  };
}

/** How a market that collects orders stands. */
export type CallView = Call & {
  /** What would trade if the call ended now: ticks and lots, 0 if nothing crosses. */
  readonly price: number;
  readonly lots: number;
  /** Lots bid for and offered at that price. */
  readonly bid: number;
  readonly offered: number;
};

/** The call of a market and its indicative price; undefined while matching is continuous. */
export function callView(state: State, id: MarketId): CallView | undefined {
  const market = state.markets.get(id);
  if (market?.call === undefined) return undefined;
  const found = indication(market) ?? { price: 0, lots: 0, bid: 0, offered: 0 };
  return { ...market.call, ...found };
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
