/**
 * The end of a call: all fills at one price. Rounds: clear the sums, give the lots out in
 * price-time priority, pair both sides, judge each fill as continuous matching does. An order that
 * may not stand is cancelled, everything is taken back, and the next round begins without it.
 * The round in which all stand is written. Each round but the last cancels an order, so they end;
 * and a round asks whoever its price reaches until all lots are given out, so there are few.
 */
import { invariant } from '@holdfast/units';
import type { Resting } from '../book/book.ts';
import type { FillTerms } from '../fill.ts';
import { reverseFill } from '../fill.ts';
import { interestRange } from '../interest.ts';
import { crosses } from '../limits.ts';
import { meet, record } from '../match.ts';
import { cancel, shrink, unrest } from '../resting.ts';
import { accountOf, type Context } from '../state.ts';
import type { AccountState, MarketState } from '../types.ts';
import { type Clearing, clear } from './clear.ts';

/** Lots of one order in the auction. */
type Share = { readonly resting: Resting; left: number };

/** One side's shares, and the order that follows if one of them may not stand. */
type Queue = { readonly shares: Share[]; at: number; next: Resting | undefined };

type Fill = { readonly maker: Resting; readonly taker: Resting; readonly terms: FillTerms };

type Round = {
  readonly market: MarketState;
  readonly price: number;
  readonly fills: Fill[];
  /** Orders that may not stand, and why. */
  readonly dropped: Map<Resting, string>;
};

/** What the orders that rest would come to now; nobody's margin is asked. */
export function indication({ book, price }: MarketState): Clearing | undefined {
  const bid = book.best(true)?.order.price ?? 0;
  const ask = book.best(false)?.order.price ?? Number.MAX_SAFE_INTEGER;
  return clear(book.buckets(true, ask), book.buckets(false, bid), price);
}

/**
 * Clears a market's book. Assumes: its price is fresh and no breaker holds it; no account has
 * orders on both sides that cross.
 *
 * @param found is told what trades, before its fills are; undefined: nothing crosses
 * @returns the accounts that it touched
 */
export function uncross(
  ctx: Context,
  market: MarketState,
  found: (clearing: Clearing | undefined) => void,
): Set<AccountState> {
  for (;;) {
    const clearing = indication(market);
    if (clearing === undefined) {
      found(undefined);
      return new Set();
    }
    const { interestLow, interestHigh } = market;
    const round = play(ctx, market, clearing);
    if (round.dropped.size === 0) {
      const traded = round.fills.reduce((sum, { terms }) => sum + terms.lots, 0);
      invariant(traded === clearing.lots, `an auction filled ${traded} of ${clearing.lots} lots`);
      found(clearing);
      return write(ctx, market, round.fills);
    }
    for (const { terms } of round.fills.reverse()) reverseFill(ctx, market, terms);
    market.interestLow = interestLow;
    market.interestHigh = interestHigh;
    for (const [resting, reason] of round.dropped) cancel(ctx, resting, reason);
  }
}

/** One round: fills are applied to accounts; the book is not touched. */
function play(ctx: Context, market: MarketState, { price, lots }: Clearing): Round {
  const round: Round = { market, price, fills: [], dropped: new Map() };
  const buys = queue(market, true, price, lots);
  const sells = queue(market, false, price, lots);
  for (;;) {
    const buy = buys.shares[buys.at];
    const sell = sells.shares[sells.at];
    if (buy === undefined || sell === undefined) return round;
    const bad = pair(ctx, round, buy, sell);
    if (bad === undefined) {
      if (buy.left === 0) buys.at += 1;
      if (sell.left === 0) sells.at += 1;
    } else skip(round, bad === buy.resting ? buys : sells);
  }
}

/**
 * The first `lots` of a side in price-time priority. Reduce-only orders are paired first: together
 * they fit into their account's position, and its other orders cannot take that away before.
 */
function queue(market: MarketState, isBuy: boolean, price: number, lots: number): Queue {
  const made: Queue = { shares: [], at: 0, next: market.book.best(isBuy) };
  pull(market, made, price, lots);
  made.shares.sort(
    (a, b) => Number(b.resting.order.reduceOnly) - Number(a.resting.order.reduceOnly),
  );
  return made;
}

/** Takes up to `lots` more of those that follow in priority, as far as the price is theirs. */
function pull({ book }: MarketState, queue: Queue, price: number, lots: number): void {
  let left = lots;
  while (left > 0 && queue.next !== undefined) {
    const resting = queue.next;
    if (!crosses(resting.order.isBuy, resting.order.price, price)) return;
    const taken = Math.min(left, resting.remaining);
    queue.shares.push({ resting, left: taken });
    left -= taken;
    queue.next = book.next(resting);
  }
}

/** Goes on without a share; those that follow on its side take its lots. */
function skip({ market, price }: Round, queue: Queue): void {
  const { left } = queue.shares[queue.at] as Share;
  queue.at += 1;
  pull(market, queue, price, left);
}

/**
 * One fill at the round's price; the order that was there first is the maker. A post-only order
 * never takes that way: nothing crossed it when it came.
 *
 * @returns the order that may not stand, if one may not
 */
function pair(
  ctx: Context,
  { market, price, fills, dropped }: Round,
  buy: Share,
  sell: Share,
): Resting | undefined {
  const [maker, taker] =
    buy.resting.placed < sell.resting.placed
      ? [buy.resting, sell.resting]
      : [sell.resting, buy.resting];
  const account = accountOf(ctx.state, taker.order.account);
  const wanted = Math.min(buy.left, sell.left);
  const met = meet(ctx, market, account, taker, maker, wanted, price as Resting['order']['price']);
  if (typeof met === 'string') {
    dropped.set(taker, met);
    return taker;
  }
  if (met.terms === undefined) {
    // Of a round that is taken back in any case: what was in its way may be gone in the next.
    if (met.drop !== 'ReduceOnlyBroken') dropped.set(maker, met.drop as string);
    return maker;
  }
  fills.push({ maker, taker, terms: met.terms });
  buy.left -= met.terms.lots;
  sell.left -= met.terms.lots;
  // A batch may end behind any of these fills: the next begins at the open interest there.
  const { low, high } = interestRange(market);
  market.interestLow = low;
  market.interestHigh = high;
  return undefined;
}

/** Writes the fills into book, lanes and history. */
function write(ctx: Context, market: MarketState, fills: readonly Fill[]): Set<AccountState> {
  const touched = new Set<AccountState>();
  for (const { maker, taker, terms } of fills) {
    record(ctx, market, maker, taker, terms);
    for (const resting of [maker, taker]) {
      const account = accountOf(ctx.state, resting.order.account);
      touched.add(account);
      invariant(resting.remaining >= terms.lots, 'an auction gave an order more than it has');
      if (resting.remaining === terms.lots) unrest(ctx, account, resting);
      else shrink(ctx, account, resting, terms.lots);
    }
  }
  return touched;
}
