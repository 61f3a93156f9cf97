/**
 * What an account's margin is made of, a part per market, and the sums of the parts. A part is
 * computed again only where its position, its open orders or what its market says has changed, so
 * an order costs about as much with sixteen positions as with one. All of it follows from the
 * state: no snapshot holds it, and {@link checkLaws} holds it against the whole computation.
 */
import {
  initialOf,
  type MarketContext,
  marketContext,
  positionTerms,
  worstOpenSize,
} from '@holdfast/risk';
import type { Ticks } from '@holdfast/units';
import { interestRange } from './interest.ts';
import { marketOf } from './state.ts';
import { type Part, type Sums, sumsOf, type Valued } from './sums.ts';
import type { AccountState, MarketState, State } from './types.ts';

/** Makes a market's context from its parameters and its state. */
export function freshContext(market: MarketState): MarketContext {
  const { mark, index, params } = market;
  return marketContext(params, {
    price: mark as Ticks,
    index,
    openInterest: interestRange(market),
  });
}

/** Whether margin is the same under both. A market's tick value never changes. */
function isSame(a: MarketContext, b: MarketContext): boolean {
  return (
    a.price === b.price &&
    a.index === b.index &&
    a.initialPpm === b.initialPpm &&
    a.maintenancePpm === b.maintenancePpm &&
    a.marketPpm === b.marketPpm &&
    a.concentrationPpm === b.concentrationPpm &&
    a.concentrationCapPpm === b.concentrationCapPpm &&
    // Shares of the open interest count only where there is a price on them.
    (a.concentrationPpm === 0 || a.openInterest === b.openInterest)
  );
}

/** A market's context, made anew only where the market has changed. */
export function valued(market: MarketState): Valued {
  const { mark, index, params, openInterest } = market;
  const low = Math.min(market.interestLow, openInterest);
  const high = Math.max(market.interestHigh, openInterest);
  const last = market.valued;
  if (
    last !== undefined &&
    last.mark === mark &&
    last.low === low &&
    last.high === high &&
    last.index === index &&
    last.params === params
  ) {
    return last;
  }
  const context = freshContext(market);
  const before = last?.stamp ?? 0;
  const stamp = last !== undefined && isSame(last.context, context) ? before : before + 1;
  const next: Valued = { context, stamp, mark, index, params, low, high };
  market.valued = next;
  return next;
}

/** Computes a part again, and moves the sums by what that changes. */
function renew(account: AccountState, sums: Sums, part: Part, { context, stamp }: Valued): void {
  const size = account.positions.get(part.id) ?? 0;
  if (part.stamp !== stamp || part.size !== size) {
    const { worthQ32, initial, maintenance } = positionTerms(context, size, sums.userPpm);
    sums.worth += worthQ32 - part.worth;
    sums.initial += initial - part.initial;
    sums.maintenance += maintenance - part.maintenance;
    part.worth = worthQ32;
    part.initial = initial;
    part.maintenance = maintenance;
  }
  const open = account.open.get(part.id);
  const largest = open === undefined ? 0 : worstOpenSize(size, open);
  const worst =
    largest <= Math.abs(size) ? part.initial : initialOf(context, largest, sums.userPpm);
  sums.worst += worst - part.worst;
  part.worst = worst;
  part.size = size;
  part.stamp = stamp;
  part.isStale = false;
}

/** The account's sums at the prices and indexes in force. */
export function refresh(state: State, account: AccountState): Sums {
  if (account.sums?.userPpm !== account.userPpm) account.sums = sumsOf(account);
  const { sums } = account as { sums: Sums };
  for (const part of sums.parts) {
    part.market ??= marketOf(state, part.id);
    const now = valued(part.market);
    if (part.isStale || part.stamp !== now.stamp) renew(account, sums, part, now);
  }
  return sums;
}
