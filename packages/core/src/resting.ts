/** Orders that rest: the sums their margin stands on, and how they come, shrink and go. */
import { invariant, type Lane, type Lots, lots, type Seq } from '@holdfast/units';
import { reserveOf } from './amounts.ts';
import { type Resting, refOf } from './book/book.ts';
import { accountOf, type Context, emit, marketOf, sizeOf } from './state.ts';
import { touch } from './sums.ts';
import type { AccountState, LaneState, MarketState, OpenSums } from './types.ts';

/** Adds `amount` lots (negative to take off) of an order to its account's open sums. */
function addOpen(account: AccountState, resting: Resting, amount: number): void {
  const { market, isBuy, reduceOnly } = resting.order;
  let sums = account.open.get(market);
  if (sums === undefined) {
    sums = { buys: 0, sells: 0, reduceBuys: 0, reduceSells: 0 };
    account.open.set(market, sums);
  }
  if (reduceOnly && isBuy) sums.reduceBuys += amount;
  else if (reduceOnly) sums.reduceSells += amount;
  else if (isBuy) sums.buys += amount;
  else sums.sells += amount;
  if (isEmpty(sums)) account.open.delete(market);
  touch(account, market);
}

const isEmpty = ({ buys, sells, reduceBuys, reduceSells }: OpenSums): boolean =>
  buys === 0 && sells === 0 && reduceBuys === 0 && reduceSells === 0;

/** Counts an order's lots and reserve into its account's sums. */
export function hold(account: AccountState, resting: Resting): void {
  addOpen(account, resting, resting.remaining);
  account.reserved += resting.reserve;
  account.openCount += 1;
}

/** Reverse of {@link hold}. */
export function release(account: AccountState, resting: Resting): void {
  addOpen(account, resting, -resting.remaining);
  account.reserved -= resting.reserve;
  account.openCount -= 1;
  invariant(account.reserved >= 0n && account.openCount >= 0, 'open sums went negative');
}

/** Puts an order on its book and its lane. */
export function rest(ctx: Context, account: AccountState, resting: Resting): void {
  const { market, expiry, lane } = resting.order;
  hold(account, resting);
  ctx.state.resting.add(account.id);
  marketOf(ctx.state, market).book.insert(resting);
  laneOf(account, lane).resting = resting;
  ctx.state.nextExpiry = Math.min(ctx.state.nextExpiry, expiry);
}

/** Takes an order off book, sums and lane, whatever the reason. */
export function unrest(ctx: Context, account: AccountState, resting: Resting): void {
  marketOf(ctx.state, resting.order.market).book.remove(resting);
  release(account, resting);
  if (account.openCount === 0) ctx.state.resting.delete(account.id);
  laneOf(account, resting.order.lane).resting = undefined;
}

/** Takes `amount` lots off a resting order; at least one lot stays. */
export function shrink(
  ctx: Context,
  account: AccountState,
  resting: Resting,
  amount: number,
): void {
  const market = marketOf(ctx.state, resting.order.market);
  market.book.shrink(resting, amount);
  addOpen(account, resting, -amount);
  account.reserved -= resting.reserve;
  const { order, remaining, adverse } = resting;
  resting.reserve = reserveOf(market.params, order.price, remaining, adverse);
  account.reserved += resting.reserve;
}

/** Cancels a resting order and says why. */
export function cancel(
  ctx: Context,
  resting: Resting,
  reason: string,
  clientId?: string | undefined,
): void {
  const { order, remaining } = resting;
  unrest(ctx, accountOf(ctx.state, order.account), resting);
  emit(ctx, {
    type: 'cancelled',
    ...refOf(order),
    lots: lots(remaining),
    remaining: lots(0),
    reason,
    ...(clientId === undefined ? {} : { clientId }),
  });
}

/** Cancels everything that an account has resting, oldest first. Returns how many. */
export function cancelEvery(ctx: Context, account: AccountState, reason: string): number {
  const all = restingOf(account);
  for (const resting of all) cancel(ctx, resting, reason);
  return all.length;
}

/** An account's resting orders, oldest first. */
export function restingOf(account: AccountState): Resting[] {
  const out: Resting[] = [];
  if (account.openCount === 0) return out;
  for (const { resting } of account.lanes.values()) {
    if (resting !== undefined) out.push(resting);
  }
  return out.sort((a, b) => a.placed - b.placed);
}

/** The lane's state; a fresh one if the account never used it. */
export function laneOf(account: AccountState, lane: Lane): LaneState {
  let found = account.lanes.get(lane);
  if (found === undefined) {
    found = { seq: 0 as Seq, filled: 0 as Lots, resting: undefined };
    account.lanes.set(lane, found);
  }
  return found;
}

/**
 * Keeps resting reduce-only orders within the position: the newest shrink or die first, those on
 * the side that no longer reduces die all.
 */
export function trimReduceOnly(ctx: Context, account: AccountState, market: MarketState): void {
  const sums = account.open.get(market.id);
  if (sums === undefined) return;
  const size = sizeOf(account, market.id);
  trimSide(ctx, account, market, true, sums.reduceBuys - Math.max(-size, 0));
  trimSide(ctx, account, market, false, sums.reduceSells - Math.max(size, 0));
}

function trimSide(
  ctx: Context,
  account: AccountState,
  market: MarketState,
  isBuy: boolean,
  excess: number,
): void {
  if (excess <= 0) return;
  let left = excess;
  for (const resting of restingOf(account).reverse()) {
    const { order } = resting;
    if (!order.reduceOnly || order.isBuy !== isBuy || order.market !== market.id) continue;
    if (resting.remaining <= left) {
      left -= resting.remaining;
      cancel(ctx, resting, 'ReduceOnlyBroken');
    } else {
      shrink(ctx, account, resting, left);
      emit(ctx, {
        type: 'cancelled',
        ...refOf(order),
        lots: lots(left),
        remaining: lots(resting.remaining),
        reason: 'ReduceOnlyBroken',
      });
      left = 0;
    }
    if (left === 0) return;
  }
}
