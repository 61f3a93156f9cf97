/** What a state keeps of auctions: when the next one is due, and its bytes in a snapshot. */
import type { Seconds } from '@holdfast/units';
import type { Reader, Writer } from '../codec.ts';
import { sortedKeys } from '../state.ts';
import type { CallCause, MarketState, State } from '../types.ts';

const never = Number.MAX_SAFE_INTEGER;
const causes: readonly CallCause[] = ['opening', 'prices', 'breaker', 'operator'];

/** Whether no auction was asked for: then nothing of them is kept. */
export function isIdle({ auctions, markets }: State): boolean {
  if (auctions.size > 0) return false;
  for (const { call } of markets.values()) if (call !== undefined) return false;
  return true;
}

/**
 * Says anew when venue time alone will begin or end a call. Where auctions are not in use, nothing
 * is due and nobody remembers breakers.
 */
export function plan(state: State): void {
  state.nextCall = never;
  state.nextLift = never;
  if (isIdle(state)) {
    for (const market of state.markets.values()) market.tripped = false;
    return;
  }
  for (const { call } of state.markets.values()) {
    // One that is due and still runs waits for a price or a breaker, not for time.
    if (call !== undefined && call.until > state.at) {
      state.nextCall = Math.min(state.nextCall, call.until);
    }
  }
  for (const { until } of state.breakers.values()) {
    if (until > state.at) state.nextLift = Math.min(state.nextLift, until);
  }
}

export function writeAuctions(w: Writer, { auctions, markets }: State): void {
  const scopes = sortedKeys(auctions);
  w.uint(4, scopes.length);
  for (const scope of scopes) {
    const policy = auctions.get(scope);
    w.uint(3, scope);
    w.uint(3, policy?.openSeconds ?? 0);
    w.uint(3, policy?.reopenSeconds ?? 0);
  }
  for (const id of sortedKeys(markets)) {
    const { tripped, call } = markets.get(id) as MarketState;
    w.flag(tripped);
    w.uint(5, call?.until ?? 0);
    w.uint(1, call === undefined ? 0 : 1 + causes.indexOf(call.cause));
  }
}

export function readAuctions(r: Reader, state: State): void {
  for (let left = r.uint(4); left > 0; left--) {
    const scope = r.uint(3);
    state.auctions.set(scope, { openSeconds: r.uint(3), reopenSeconds: r.uint(3) });
  }
  for (const id of sortedKeys(state.markets)) {
    const market = state.markets.get(id) as MarketState;
    market.tripped = r.flag();
    const until = r.uint(5) as Seconds;
    const cause = r.uint(1);
    if (cause > 0) market.call = { until, cause: causes[cause - 1] as CallCause };
  }
  plan(state);
}
