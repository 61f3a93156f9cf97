/** Margin as the engine asks it: accounts after a fill, and accounts with open orders at worst. */
import { grows, type Health, healthyOrHealthier } from '@holdfast/risk';
import { type Quote, q32Bits } from '@holdfast/units';
import { applyFill, type FillTerms, reverseFill } from './fill.ts';
import { type Context, sizeOf } from './state.ts';
import type { AccountState, MarketState, State } from './types.ts';
import { refresh } from './valuation.ts';

/** Equity and requirements at the prices and indexes in force, open orders left out. */
export function healthOf(state: State, account: AccountState): Health {
  const { worth, initial, maintenance } = refresh(state, account);
  return {
    equity: ((account.cash + worth) >> q32Bits) as Quote,
    initial: initial as Quote,
    maintenance: maintenance as Quote,
  };
}

/** Whether adding `delta` to a position of `size` opens, grows or flips it. */
export function growsBy(size: number, delta: number): boolean {
  return grows(size, size + delta);
}

/**
 * Whether an account, after a fill of `delta` lots has been applied to it, is at initial margin,
 * or the fill only reduced and left it healthier (law L07 around this one fill).
 *
 * Healthier alone is not enough in a round in which the account has grown before: the chain judges
 * a whole batch at once, so to it the account grew. At initial margin nothing else matters; and
 * reductions that are each healthier are healthier together. So every prefix of a round's fills
 * stands before the chain.
 */
export function holdsMargin(
  ctx: Context,
  market: MarketState,
  account: AccountState,
  terms: FillTerms,
  delta: number,
): boolean {
  const { state } = ctx;
  const after = healthOf(state, account);
  if (after.equity >= after.initial) return true;
  if (growsBy(sizeOf(account, market.id) - delta, delta)) return false;
  if (account.grewRound === state.round) return false;
  reverseFill(ctx, market, terms);
  const before = healthOf(state, account);
  applyFill(ctx, market, terms);
  return healthyOrHealthier(before, after, false);
}

/** Lots that one side could lead to if all its open orders filled and none of the other side. */
export function sideExposure(account: AccountState, market: MarketState, isBuy: boolean): number {
  const sums = account.open.get(market.id);
  const size = sizeOf(account, market.id);
  return isBuy ? (sums?.buys ?? 0) + size : (sums?.sells ?? 0) - size;
}

/**
 * Equity that is free for new risk: equity − initial requirement at the worst sizes − reserves.
 * Negative: the account is short of margin.
 */
export function freeMargin(state: State, account: AccountState): bigint {
  const { worth, worst } = refresh(state, account);
  return ((account.cash + worth) >> q32Bits) - worst - account.reserved;
}

/**
 * Whether an order that is counted in the open sums can only reduce the position, even if all
 * orders of its side fill.
 */
export function onlyReduces(account: AccountState, market: MarketState, isBuy: boolean): boolean {
  const sums = account.open.get(market.id);
  const size = sizeOf(account, market.id);
  if (isBuy) return (sums?.buys ?? 0) + (sums?.reduceBuys ?? 0) <= -size;
  return (sums?.sells ?? 0) + (sums?.reduceSells ?? 0) <= size;
}
