/** Limits that are not margin: rate, breaker levels, freshness of prices, fill band, positions. */
import { fillBand as bandOf } from '@holdfast/risk';
import { type AccountId, type Rejection, reject, type Seconds, type Ticks } from '@holdfast/units';
import type { AccountState, Bucket, Call, MarketState, RateLimit, State } from './types.ts';

const milli = 1000;

/** Most positions (or markets with resting orders) of one account, as on chain. */
export const positionsMax = 16;

function filledBy(bucket: Readonly<Bucket>, limit: RateLimit, at: State['at']): number {
  const earned = (at - bucket.at) * limit.perSecond * milli;
  return Math.min(bucket.milli + earned, limit.burst * milli);
}

function refill(bucket: Bucket, limit: RateLimit, at: State['at']): void {
  bucket.milli = filledBy(bucket, limit, at);
  bucket.at = at;
}

/** Whether an order at venue time `at` would find a token. Rejection: RateLimited. */
export function mayOrder(
  state: State,
  account: AccountState,
  at: State['at'],
): Rejection | undefined {
  const found = filledBy(account.bucket, state.config.rateLimit, at);
  if (found >= milli) return undefined;
  const text = `account ${account.id} has used up its order rate; wait or trade`;
  return reject('RateLimited', text, { found, required: milli });
}

/** Takes one token. Rejection: RateLimited. */
export function spendToken(state: State, account: AccountState): Rejection | undefined {
  refill(account.bucket, state.config.rateLimit, state.at);
  const limited = mayOrder(state, account, state.at);
  if (limited !== undefined) return limited;
  account.bucket.milli -= milli;
  return undefined;
}

/** Traded volume earns tokens. */
export function earnTokens(state: State, account: AccountState, notional: bigint): void {
  const { bucket } = account;
  const limit = state.config.rateLimit;
  refill(bucket, limit, state.at);
  const volume = bucket.carry + notional;
  const full = limit.burst * milli;
  const wanted = BigInt(Math.max(full - bucket.milli, 0));
  const gained = (volume / limit.quotePerToken) * BigInt(milli);
  bucket.milli = gained >= wanted ? full : bucket.milli + Number(gained);
  bucket.carry = volume % limit.quotePerToken;
}

/** Effective level of a market: the higher of its own and the venue's unexpired entries. */
export function breakerLevel(state: State, market: MarketState): number {
  return Math.max(scopeLevel(state, 0), scopeLevel(state, 1 + market.id));
}

function scopeLevel(state: State, scope: number): number {
  const entry = state.breakers.get(scope);
  return entry !== undefined && state.at < entry.until ? entry.level : 0;
}

/** Until when an account may only reduce, if it may. */
export function barredUntil(state: State, account: AccountId): Seconds | undefined {
  const until = state.barred.size === 0 ? undefined : state.barred.get(account);
  return until !== undefined && state.at < until ? until : undefined;
}

/** Why an account may not grow now, if something says so, in a market whose breaker is known. */
export function growthBan(
  state: State,
  tripped: boolean,
  account: AccountId,
): 'BreakerTripped' | 'AccountBarred' | undefined {
  if (tripped) return 'BreakerTripped';
  return barredUntil(state, account) === undefined ? undefined : 'AccountBarred';
}

/** Age of the price and the most that is allowed; `fresh` says whether it may be traded on. */
export function priceAge(state: State, market: MarketState): { age: number; ageMax: number } {
  const ageMax = market.params.priceAgeSecondsMax - state.config.priceAgeMarginSeconds;
  return {
    age: market.price === 0 ? Number.MAX_SAFE_INTEGER : state.at - market.priceTime,
    ageMax,
  };
}

/** Whether a market has a price and it is not too old. */
export function isFresh(state: State, market: MarketState): boolean {
  const { age, ageMax } = priceAge(state, market);
  return age <= ageMax;
}

/** The first stale market that valuing the account needs: one with a position or orders. */
export function staleMarket(state: State, account: AccountState): MarketState | undefined {
  for (const id of account.positions.keys()) {
    const market = state.markets.get(id);
    if (market !== undefined && !isFresh(state, market)) return market;
  }
  for (const id of account.open.keys()) {
    const market = state.markets.get(id);
    if (market !== undefined && !isFresh(state, market)) return market;
  }
  return undefined;
}

/** Prices that a fill may have: within fillBandPpm of the index price, both ends included. */
export function fillBand({ price, params }: MarketState): { low: number; high: number } {
  return bandOf(price as Ticks, params.fillBandPpm);
}

/** Whether the account may have a position in this market too. */
export function mayHold({ positions }: AccountState, market: MarketState): boolean {
  return positions.has(market.id) || positions.size < positionsMax;
}

/** Whether the account may have orders in this market too: each could become a position. */
export function mayRest(account: AccountState, market: MarketState): boolean {
  const { positions, open } = account;
  if (positions.has(market.id) || open.has(market.id)) return true;
  let used = positions.size;
  for (const id of open.keys()) if (!positions.has(id)) used += 1;
  return used < positionsMax;
}

/**
 * Why an account may not be in this market beside those that it is in: an isolated market is held
 * alone. Rejection: IsolatedMarket.
 *
 * @param others markets that the account is in, this one possibly among them
 */
export function judgeIsolation(
  state: State,
  market: MarketState,
  others: Iterable<MarketState['id']>,
): Rejection | undefined {
  for (const id of others) {
    if (id === market.id) continue;
    const other = state.markets.get(id);
    if (market.params.isolated === 0 && other?.params.isolated !== 1) continue;
    const [lone, beside] = market.params.isolated === 1 ? [market.id, id] : [id, market.id];
    return reject(
      'IsolatedMarket',
      `market ${lone} is isolated: an account in it cannot be in market ${beside} as well`,
      { market: lone, other: beside },
    );
  }
  return undefined;
}

/** Whether a price satisfies a limit on the other side. */
export function crosses(isBuy: boolean, limit: number, price: number): boolean {
  return isBuy ? price <= limit : price >= limit;
}

/** What an order is told that wants to trade at once while its market collects. */
export function collecting({ id }: MarketState, { until }: Call): Rejection {
  const text = `market ${id} collects orders for an auction until ${until}: send one that can wait`;
  return reject('CallRunning', text, { market: id, until });
}
