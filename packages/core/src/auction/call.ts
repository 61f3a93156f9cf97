/**
 * When a market collects orders and when the call ends. By its policy a call begins at a market's
 * first price, at the first price after an outage, and when a breaker has ended: the moments at
 * which a continuous book would belong to whoever is first. Anything in here is decided by commands
 * and venue time alone.
 */
import { type Rejection, reject, type Seconds } from '@holdfast/units';
import { breakerLevel, isFresh } from '../limits.ts';
import { settleTouched } from '../shed.ts';
import { type Context, emit, emitRejected, marketOf, sortedKeys } from '../state.ts';
import type { AuctionPolicy, CallCause, CommandOf, MarketState, State } from '../types.ts';
import { plan } from './keep.ts';
import { uncross } from './uncross.ts';

/** Longest call, seconds: a mistyped one must not shut a market. */
export const callSecondsMax = 86_400;

/** The policy that counts for a market: its own, else the venue's. */
export function policyOf({ auctions }: State, { id }: MarketState): AuctionPolicy | undefined {
  return auctions.get(1 + id) ?? auctions.get(0);
}

/** Begins a call if the market's policy wants one for this cause; one that runs goes on longer. */
export function beginCall(ctx: Context, market: MarketState, cause: CallCause): void {
  const policy = policyOf(ctx.state, market);
  const seconds = (cause === 'opening' ? policy?.openSeconds : policy?.reopenSeconds) ?? 0;
  if (seconds > 0) callUntil(ctx, market, Math.max(ctx.state.at + seconds, endOf(market)), cause);
}

const endOf = ({ call }: MarketState): number => call?.until ?? 0;

function callUntil(ctx: Context, market: MarketState, until: number, cause: CallCause): void {
  market.call = { until: until as Seconds, cause };
  emit(ctx, { type: 'call', market: market.id, ...market.call });
  plan(ctx.state);
}

/** Whether a market may trade at all: its price is fresh and no breaker holds it. */
function blockedBy(state: State, market: MarketState): Rejection | undefined {
  if (!isFresh(state, market)) {
    return reject('PriceStale', `the price of market ${market.id} is too old: the call goes on`, {
      market: market.id,
    });
  }
  const level = breakerLevel(state, market);
  if (level === 0) return undefined;
  return reject('BreakerTripped', `the breaker is at level ${level}: the call goes on`, { level });
}

/** Ends the calls whose time has come, where the market may trade. */
export function endCalls(ctx: Context): void {
  const { state } = ctx;
  for (const id of sortedKeys(state.markets)) {
    const market = marketOf(state, id);
    if (market.call === undefined || market.call.until > state.at) continue;
    if (blockedBy(state, market) === undefined) endCall(ctx, market);
  }
  plan(state);
}

function endCall(ctx: Context, market: MarketState): void {
  market.call = undefined;
  const touched = uncross(ctx, market, (clearing) => {
    const none = { price: 0, lots: 0, bid: 0, offered: 0 };
    emit(ctx, { type: 'auction', market: market.id, ...(clearing ?? none) });
  });
  settleTouched(ctx, market, touched);
}

/** Sees which breakers have ended, and what begins then. */
export function watchLifts(ctx: Context): void {
  const { state } = ctx;
  for (const id of sortedKeys(state.markets)) {
    const market = marketOf(state, id);
    const tripped = breakerLevel(state, market) > 0;
    if (market.tripped && !tripped) beginCall(ctx, market, 'breaker');
    market.tripped = tripped;
  }
  // A call without a policy may have waited for the breaker alone.
  endCalls(ctx);
}

/** Command: policy of a scope. Rejection: AuctionWrong. */
export function setPolicy(ctx: Context, { scope, policy }: CommandOf<'auctions'>): void {
  const { state } = ctx;
  const wrong = Object.values(policy ?? {}).find((seconds) => !isDuration(seconds));
  if (wrong !== undefined) {
    emitRejected(ctx, 'auctions', wrongDuration(wrong));
    return;
  }
  if (policy === null) state.auctions.delete(scope);
  else state.auctions.set(scope, policy);
  emit(ctx, { type: 'auctions', scope, policy });
  for (const market of state.markets.values()) market.tripped = breakerLevel(state, market) > 0;
  plan(state);
}

const isDuration = (seconds: number): boolean =>
  Number.isInteger(seconds) && seconds >= 0 && seconds <= callSecondsMax;

const wrongDuration = (found: number): Rejection =>
  reject('AuctionWrong', `a call of ${found} seconds is not 0 to ${callSecondsMax}`, {
    found,
    required: callSecondsMax,
  });

/**
 * Command: the operator begins a call or sets its end. Rejections: MarketUnknown, AuctionWrong and,
 * where it should end at once, CallMissing, PriceStale, BreakerTripped.
 */
export function callMarket(ctx: Context, { market: id, seconds }: CommandOf<'call'>): void {
  const { state } = ctx;
  const market = state.markets.get(id);
  const wrong = market === undefined ? unlisted(id) : judgeCall(state, market, seconds);
  if (market === undefined || wrong !== undefined) {
    emitRejected(ctx, 'call', wrong as Rejection);
    return;
  }
  if (seconds > 0) {
    callUntil(ctx, market, state.at + seconds, 'operator');
    return;
  }
  endCall(ctx, market);
  plan(state);
}

const unlisted = (id: number): Rejection =>
  reject('MarketUnknown', `market ${id} is not listed`, { market: id });

function judgeCall(state: State, market: MarketState, seconds: number): Rejection | undefined {
  if (!isDuration(seconds)) return wrongDuration(seconds);
  if (seconds > 0) return undefined;
  if (market.call === undefined) {
    return reject('CallMissing', `market ${market.id} trades continuously`, { market: market.id });
  }
  return blockedBy(state, market);
}
