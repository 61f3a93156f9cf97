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
import type { MarketId, Ppm, Ticks } from '@holdfast/units';
import { interestRange } from './interest.ts';
import { marketOf } from './state.ts';
import type { AccountState, MarketParams, MarketState, State } from './types.ts';

/** A market's context, what it was made of, and a number that grows when margin would change. */
export type Valued = {
  readonly context: MarketContext;
  readonly stamp: number;
  readonly mark: number;
  readonly index: bigint;
  readonly params: MarketParams;
  readonly low: number;
  readonly high: number;
};

type Part = {
  readonly id: MarketId;
  /** Looked up when the part is first computed. */
  market: MarketState | undefined;
  /** Whether the position or the open orders may have changed since it was computed. */
  isStale: boolean;
  /** Stamp of the market's context and size that it was computed for. */
  stamp: number;
  size: number;
  /** size · unit, quote Q32. */
  worth: bigint;
  initial: bigint;
  maintenance: bigint;
  /** Initial requirement if the open orders fill in the worst sequence. */
  worst: bigint;
};

/** The parts of an account and their sums; see {@link Part}. */
export type Sums = {
  parts: Part[];
  /** The owner's own margin that they were computed with. */
  userPpm: Ppm;
  worth: bigint;
  initial: bigint;
  maintenance: bigint;
  worst: bigint;
};

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

/** Parts above which those without position and orders are dropped: twice what can be in use. */
const partsMax = 32;

const partOf = (id: MarketId): Part => ({
  id,
  market: undefined,
  isStale: true,
  stamp: -1,
  size: 0,
  worth: 0n,
  initial: 0n,
  maintenance: 0n,
  worst: 0n,
});

function sumsOf(account: AccountState): Sums {
  const ids = new Set([...account.positions.keys(), ...account.open.keys()]);
  const parts = [...ids].map(partOf);
  const { userPpm } = account;
  return { parts, userPpm, worth: 0n, initial: 0n, maintenance: 0n, worst: 0n };
}

/** To be called when a position or an open sum of the account in a market has changed. */
export function touch(account: AccountState, id: MarketId): void {
  const { sums } = account;
  if (sums === undefined) return;
  for (const part of sums.parts) {
    if (part.id !== id) continue;
    part.isStale = true;
    return;
  }
  if (sums.parts.length < partsMax) sums.parts.push(partOf(id));
  else account.sums = undefined;
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
