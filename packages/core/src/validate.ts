/** Judges an order before it may match: each check names the contract's error where one exists. */
import { type Order, validateOrderShape } from '@holdfast/order';
import { type Rejection, reject } from '@holdfast/units';
import type { Resting } from './book/book.ts';
import {
  barredUntil,
  breakerLevel,
  crosses,
  fillBand,
  isFresh,
  judgeIsolation,
  mayRest,
  positionsMax,
  priceAge,
  spendToken,
  staleMarket,
} from './limits.ts';
import { freeMargin, onlyReduces } from './margin.ts';
import { hold, release } from './resting.ts';
import { sizeOf } from './state.ts';
import { isAlive } from './time.ts';
import type { AccountState, MarketState, State } from './types.ts';

/** The order's account and market, or why it has none. Costs a token if both exist. */
export function locate(
  state: State,
  order: Order,
): { account: AccountState; market: MarketState } | Rejection {
  const misshapen = validateOrderShape(order);
  if (misshapen !== undefined) return misshapen;
  const account = state.accounts.get(order.account);
  if (account === undefined) {
    return reject('AccountUnknown', `account ${order.account} is not open`, {
      account: order.account,
    });
  }
  const limited = spendToken(state, account);
  if (limited !== undefined) return limited;
  const market = state.markets.get(order.market);
  if (market === undefined) {
    return reject('MarketUnknown', `market ${order.market} is not listed`, {
      market: order.market,
    });
  }
  return { account, market };
}

/** Whether the order is alive: epoch, expiry, lane. */
export function judgeLife(
  state: State,
  account: AccountState,
  order: Order,
): Rejection | undefined {
  if (order.epoch !== account.epoch) {
    return reject('EpochWrong', `the account is in epoch ${account.epoch}: sign the order anew`, {
      found: order.epoch,
      required: account.epoch,
    });
  }
  if (!isAlive(state, order.expiry)) {
    return reject('OrderExpired', 'the order expires before it could settle: give it longer', {
      found: order.expiry,
      required: state.at + state.config.expiryMarginSeconds + 1,
    });
  }
  const used = account.lanes.get(order.lane)?.seq ?? 0;
  if (order.seq <= used) {
    return reject('SeqStale', `lane ${order.lane} has used seq ${used}: take a higher one`, {
      found: order.seq,
      required: used + 1,
    });
  }
  return undefined;
}

/** Whether prices allow trading at all: in this market and in all that value the account. */
export function judgePrices(
  state: State,
  account: AccountState,
  market: MarketState,
): Rejection | undefined {
  const stale = isFresh(state, market) ? staleMarket(state, account) : market;
  if (stale === undefined) return undefined;
  const { age, ageMax } = priceAge(state, stale);
  return reject('PriceStale', `the price of market ${stale.id} is too old: wait for a report`, {
    market: stale.id,
    found: age,
    required: ageMax,
  });
}

/** Lots by which reduce-only orders may still reduce, the one being replaced not counted. */
export function reducible(account: AccountState, market: MarketState, isBuy: boolean): number {
  const size = sizeOf(account, market.id);
  const sums = account.open.get(market.id);
  const taken = isBuy ? (sums?.reduceBuys ?? 0) : (sums?.reduceSells ?? 0);
  return Math.max((isBuy ? -size : size) - taken, 0);
}

/**
 * The judgements that need the order's lots in the open sums. Assumes: the replaced order is
 * released. Leaves the sums as they were.
 */
export function judgeRisk(
  state: State,
  account: AccountState,
  market: MarketState,
  incoming: Resting,
): Rejection | undefined {
  const { order } = incoming;
  if (!mayRest(account, market)) {
    return reject('PositionsTooMany', `an account has at most ${positionsMax} markets`, {
      required: positionsMax,
    });
  }
  // Orders count: each could become a position.
  const lonely =
    judgeIsolation(state, market, account.positions.keys()) ??
    judgeIsolation(state, market, account.open.keys());
  hold(account, incoming);
  const reduces = order.reduceOnly || onlyReduces(account, market, order.isBuy);
  const free = reduces ? 0n : freeMargin(state, account);
  release(account, incoming);
  if (lonely !== undefined && !reduces) return lonely;
  const level = breakerLevel(state, market);
  if (level >= 3 ? !order.reduceOnly : level >= 1 && !reduces) {
    const cure = level >= 3 ? 'only orders flagged reduce-only' : 'only orders that reduce';
    return reject('BreakerTripped', `the breaker is at level ${level}: ${cure}`, { level });
  }
  const until = reduces ? undefined : barredUntil(state, account.id);
  if (until !== undefined) {
    return reject('AccountBarred', `until ${until} the account takes orders that reduce alone`, {
      until,
    });
  }
  if (free < 0n) {
    return reject('MarginShort', `the order needs ${-free} quote units more margin`, {
      short: (-free).toString(),
    });
  }
  return undefined;
}

/** Post-only: may rest inside the band, and nothing on the other side crosses it. */
export function judgePostOnly(
  market: MarketState,
  incoming: Resting,
  replaced: Resting | undefined,
): Rejection | undefined {
  const { order } = incoming;
  let opposite = market.book.best(!order.isBuy);
  if (opposite !== undefined && opposite === replaced) opposite = market.book.next(opposite);
  if (opposite !== undefined && crosses(order.isBuy, order.price, opposite.order.price)) {
    return reject('PostOnlyCrosses', `the order would take ${opposite.order.price}`, {
      found: order.price,
      required: opposite.order.price,
    });
  }
  return judgeBand(market, order);
}

/** A limit beyond the band on its aggressive side could never fill at its own price. */
export function judgeBand(market: MarketState, order: Order): Rejection | undefined {
  const { low, high } = fillBand(market);
  if (order.isBuy ? order.price <= high : order.price >= low) return undefined;
  return reject('OutsideBand', `a fill is possible only within ${low} to ${high}`, {
    found: order.price,
    required: order.isBuy ? high : low,
  });
}
