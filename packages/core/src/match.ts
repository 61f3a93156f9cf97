/**
 * Matching in three steps. Walk: go through the opposite side in priority; each fill is applied to
 * both accounts, judged, and reversed again if it may not stand. Judge: the order as a whole (fill
 * or kill). Commit: the book, the lanes and the events follow. The book is not touched before.
 */

import { orderHash } from '@holdfast/order';
import { type Lots, lots } from '@holdfast/units';
import type { Resting } from './book/book.ts';
import { applyFill, type FillTerms, fillTerms, reverseFill } from './fill.ts';
import {
  breakerLevel,
  crosses,
  earnTokens,
  fillBand,
  growthBan,
  judgeIsolation,
  mayHold,
  staleMarket,
} from './limits.ts';
import { growsBy, holdsMargin } from './margin.ts';
import { cancel, laneOf, shrink, unrest } from './resting.ts';
import { accountOf, type Context, emit, sizeOf } from './state.ts';
import type { AccountState, FillSide, MarketState, State } from './types.ts';

/** One maker met on the walk: what fills (0 possible) and why the rest of it dies, if it does. */
export type Step = {
  readonly maker: Resting;
  readonly terms: FillTerms | undefined;
  readonly drop: string | undefined;
};

/** Why the walk ended: everything filled, nothing more crosses, or the taker may not go on. */
export type WalkEnd = 'Filled' | 'Uncrossed' | string;

export type Walk = { readonly steps: Step[]; readonly end: WalkEnd; readonly left: number };

/** Walks the book for a taker. Accounts change; undo with {@link unwalk} or {@link commit} it. */
export function walk(ctx: Context, market: MarketState, taker: Resting): Walk {
  const { order } = taker;
  const steps: Step[] = [];
  const band = fillBand(market);
  const account = accountOf(ctx.state, order.account);
  let left = taker.remaining;
  let maker = market.book.best(!order.isBuy);
  while (left > 0) {
    if (maker === undefined) return { steps, end: 'Uncrossed', left };
    const { price, account: makerId } = maker.order;
    if (!crosses(order.isBuy, order.price, price)) return { steps, end: 'Uncrossed', left };
    if (order.isBuy ? price > band.high : price < band.low) {
      return { steps, end: 'OutsideBand', left };
    }
    if (makerId === order.account) steps.push({ maker, terms: undefined, drop: 'SelfTrade' });
    else if (price > band.high || price < band.low) {
      steps.push({ maker, terms: undefined, drop: 'OutsideBand' });
    } else {
      const met = meet(ctx, market, account, taker, maker, left);
      if (typeof met === 'string') return { steps, end: met, left };
      steps.push(met);
      left -= met.terms?.lots ?? 0;
    }
    maker = market.book.next(maker);
  }
  return { steps, end: 'Filled', left };
}

/** Tries one maker. A step, or the reason why the taker may not go on. */
export function meet(
  ctx: Context,
  market: MarketState,
  account: AccountState,
  taker: Resting,
  maker: Resting,
  left: number,
  price = maker.order.price,
): Step | string {
  const { state } = ctx;
  const other = accountOf(state, maker.order.account);
  const wanted = Math.min(left, maker.remaining);
  const tripped = breakerLevel(state, market) > 0;
  const ban = growthBan(state, tripped, other.id);
  const cut = clampToReduce(other, maker, wanted, ban !== undefined);
  const drop = cut < wanted ? (ban ?? 'ReduceOnlyBroken') : undefined;
  if (cut === 0) return { maker, terms: undefined, drop };
  if (staleMarket(state, other) !== undefined) {
    return { maker, terms: undefined, drop: 'PriceStale' };
  }
  const terms = fillTerms(market, maker.order, taker.order, lots(cut), price);
  const denied = growthBan(state, tripped, account.id);
  if (denied !== undefined && growsBy(sizeOf(account, market.id), terms.taker.sizeDelta)) {
    return denied;
  }
  const openBefore = market.openInterest;
  if (!mayHold(other, market)) return { maker, terms: undefined, drop: 'PositionsTooMany' };
  if (!mayHold(account, market)) return 'PositionsTooMany';
  if (!isAlone(state, other, market)) return { maker, terms: undefined, drop: 'IsolatedMarket' };
  if (!isAlone(state, account, market)) return 'IsolatedMarket';
  applyFill(ctx, market, terms);
  if (market.openInterest > openBefore && market.openInterest > market.params.openInterestMax) {
    reverseFill(ctx, market, terms);
    return 'OpenInterestCapped';
  }
  if (!holdsMargin(ctx, market, other, terms, terms.maker.sizeDelta)) {
    reverseFill(ctx, market, terms);
    return { maker, terms: undefined, drop: 'MarginShort' };
  }
  if (!holdsMargin(ctx, market, account, terms, terms.taker.sizeDelta)) {
    reverseFill(ctx, market, terms);
    return 'MarginShort';
  }
  return { maker, terms, drop };
}

/** Whether a fill leaves an account alone in an isolated market, or outside of all of them. */
function isAlone(state: State, { positions }: AccountState, market: MarketState): boolean {
  return positions.has(market.id) || !judgeIsolation(state, market, positions.keys());
}

/** Lots of a maker that may fill if it may only reduce its position. */
function clampToReduce(
  account: AccountState,
  maker: Resting,
  wanted: number,
  isBanned: boolean,
): number {
  const { reduceOnly, isBuy, market } = maker.order;
  if (!reduceOnly && !isBanned) return wanted;
  const size = sizeOf(account, market);
  return Math.min(wanted, Math.max(isBuy ? -size : size, 0));
}

/** Reverses every fill of a walk exactly. */
export function unwalk(ctx: Context, market: MarketState, { steps }: Walk): void {
  for (let i = steps.length - 1; i >= 0; i--) {
    const terms = steps[i]?.terms;
    if (terms !== undefined) reverseFill(ctx, market, terms);
  }
}

/** Writes a walk into book, lanes and history, with its events. Returns the accounts touched. */
export function commit(
  ctx: Context,
  market: MarketState,
  taker: Resting,
  { steps }: Walk,
): Set<AccountState> {
  const touched = new Set<AccountState>();
  for (const { maker, terms, drop } of steps) {
    const account = accountOf(ctx.state, maker.order.account);
    if (terms !== undefined) {
      record(ctx, market, maker, taker, terms);
      touched.add(account);
      if (maker.remaining === terms.lots) unrest(ctx, account, maker);
      else shrink(ctx, account, maker, terms.lots);
    }
    if (drop !== undefined && isResting(account, maker)) cancel(ctx, maker, drop);
  }
  return touched;
}

const isResting = (account: AccountState, maker: Resting): boolean =>
  laneOf(account, maker.order.lane).resting === maker;

/** One fill into lanes, limits, the list of unconfirmed fills and the events. */
export function record(
  ctx: Context,
  market: MarketState,
  maker: Resting,
  taker: Resting,
  terms: FillTerms,
): void {
  const { state } = ctx;
  state.fills += 1;
  const shared = {
    id: state.fills,
    market: market.id,
    price: terms.price,
    lots: terms.lots,
    makerFee: terms.maker.fee,
    takerFee: terms.taker.fee,
    index: terms.index,
    round: state.round,
    at: state.at,
  };
  const makerSide = fillSide(ctx, market, maker, terms, terms.maker.sizeDelta);
  const takerSide = fillSide(ctx, market, taker, terms, terms.taker.sizeDelta);
  state.unconfirmed.set(shared.id, {
    ...shared,
    maker: maker.order,
    taker: taker.order,
    batch: null,
  });
  emit(ctx, { type: 'fill', ...shared, maker: makerSide, taker: takerSide });
}

function fillSide(
  ctx: Context,
  market: MarketState,
  resting: Resting,
  terms: FillTerms,
  delta: number,
): FillSide {
  const { order } = resting;
  const account = accountOf(ctx.state, order.account);
  const lane = laneOf(account, order.lane);
  lane.filled = (lane.filled + terms.lots) as Lots;
  earnTokens(ctx.state, account, terms.notional);
  // The whole walk is applied by now, so growth is judged by where the account ended.
  if (Math.sign(sizeOf(account, market.id)) === Math.sign(delta)) {
    account.grewRound = ctx.state.round;
  }
  resting.hash ??= orderHash(order);
  return {
    account: order.account,
    lane: order.lane,
    seq: order.seq,
    hash: resting.hash,
    isBuy: order.isBuy,
    filled: lane.filled,
  };
}
