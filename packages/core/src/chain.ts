/** Commands that carry what happened on chain, other than our own batches. */
import { wholeScope } from '@holdfast/order';
import {
  type AccountId,
  firstFundAccount,
  firstUserAccount,
  type Hex,
  lots,
  q32Bits,
  reject,
  type Seq,
} from '@holdfast/units';
import { reserveOf } from './amounts.ts';
import { watchLifts } from './auction/call.ts';
import { breakerLevel } from './limits.ts';
import { shedAll } from './report.ts';
import { cancel, cancelEvery, laneOf, restingOf, trimReduceOnly } from './resting.ts';
import { shedRisk } from './shed.ts';
import {
  accountOf,
  type Context,
  createAccount,
  createBook,
  createMarket,
  credit,
  emit,
  emitRejected,
  marketOf,
  move,
  noOwner,
  sortedIds,
  sortedKeys,
} from './state.ts';
import type { AccountState, CommandOf, CommandType, EventBody, MarketState } from './types.ts';

type Cause = Extract<EventBody, { readonly type: 'account' }>['cause'];

/** Emits an account as it is now. */
export function emitAccount(ctx: Context, account: AccountState, cause: Cause): void {
  emit(ctx, {
    type: 'account',
    account: account.id,
    cause,
    cashQ32: account.cash,
    sizes: sortedKeys(account.positions).map((id) => [id, lots(account.positions.get(id) ?? 0)]),
  });
}

/** The account of a command, or undefined after a rejection. */
export function known(ctx: Context, command: CommandType, id: AccountId): AccountState | undefined {
  const account = ctx.state.accounts.get(id);
  if (account === undefined) {
    const why = reject('AccountUnknown', `account ${id} is not open`, { account: id });
    emitRejected(ctx, command, why, id);
  }
  return account;
}

/**
 * Opens an account. A reorg may give an id to another owner: an empty account starts afresh then;
 * one with cash or positions keeps its owner (AccountExists). The same owner again: no-op.
 */
export function openAccount(ctx: Context, command: CommandOf<'open'>): void {
  const { state } = ctx;
  const { account: id } = command;
  const owner = command.owner.toLowerCase() as Hex;
  const old = state.accounts.get(id);
  if (old !== undefined && old.owner === owner) return;
  const isHeld = old !== undefined && (old.cash !== 0n || old.positions.size > 0);
  if (id < firstUserAccount || id >= firstFundAccount || isHeld) {
    emitRejected(
      ctx,
      'open',
      reject('AccountExists', `account ${id} is open`, { account: id }),
      id,
    );
    return;
  }
  if (old !== undefined) cancelEvery(ctx, old, 'OwnerReplaced');
  const account = createAccount(state, id, owner);
  state.accounts.set(id, account);
  emitAccount(ctx, account, 'open');
}

/** The insurance fund of a market is there from the first movement on; nobody opens it. */
function ensureFund({ state }: Context, id: AccountId): void {
  if (id < firstFundAccount || state.accounts.has(id)) return;
  state.accounts.set(id, createAccount(state, id, noOwner));
}

export function applyExternal(ctx: Context, command: CommandOf<'external'>): void {
  const { state } = ctx;
  ensureFund(ctx, command.account);
  const account = known(ctx, 'external', command.account);
  if (account === undefined) return;
  const unlisted = command.sizes.find(([id]) => !state.markets.has(id));
  if (unlisted !== undefined) {
    const why = reject('MarketUnknown', `market ${unlisted[0]} is not listed`, {
      market: unlisted[0],
    });
    emitRejected(ctx, 'external', why, account.id);
    return;
  }
  const outward = command.cause === 'deposit' || command.cause === 'withdraw';
  const owed = command.liabilityDelta ?? (outward ? command.cashDelta >> q32Bits : 0n);
  credit(ctx, account, command.cashDelta);
  const suspended = (owed << q32Bits) - command.cashDelta;
  state.liabilities += owed;
  state.suspense.cash += suspended;
  ctx.cashDrift += suspended - (owed << q32Bits);
  for (const [id, delta] of command.sizes) {
    const market = marketOf(state, id);
    move(ctx, account, market, delta);
    suspendSize(ctx, id, -delta);
    trimReduceOnly(ctx, account, market);
  }
  emitAccount(ctx, account, command.cause);
  shedRisk(ctx, account);
}

/** Size that left one account and has not arrived at the other. */
function suspendSize(ctx: Context, id: Parameters<typeof marketOf>[1], delta: number): void {
  const { sizes } = ctx.state.suspense;
  const after = (sizes.get(id) ?? 0) + delta;
  if (after === 0) sizes.delete(id);
  else sizes.set(id, after);
  ctx.sizeDrift.set(id, (ctx.sizeDrift.get(id) ?? 0) + delta);
}

export function setSession(ctx: Context, command: CommandOf<'session'>): void {
  const account = known(ctx, 'session', command.account);
  if (account === undefined) return;
  const key = command.key.toLowerCase() as Hex;
  if (command.expiry === 0) account.sessions.delete(key);
  else {
    const { expiry, scope = wholeScope } = command;
    account.sessions.set(key, { expiry, scope });
  }
  emitAccount(ctx, account, 'session');
}

/** Kills every order of a lane with a seq up to the given one, those not yet seen included. */
export function killLane(ctx: Context, command: CommandOf<'laneCancelled'>): void {
  const account = known(ctx, 'laneCancelled', command.account);
  if (account === undefined) return;
  const lane = laneOf(account, command.lane);
  if (command.seq > lane.seq) raiseLane(account, command.lane, command.seq, ctx);
  else if (lane.resting !== undefined && lane.resting.order.seq <= command.seq) {
    cancel(ctx, lane.resting, 'LaneCancelled');
  }
  const { account: id, lane: number, seq: upTo } = command;
  emit(ctx, { type: 'laneCancelled', account: id, lane: number, upTo });
}

/** Moves a lane on to an unused seq: whatever rests there dies. */
export function raiseLane(
  account: AccountState,
  number: Parameters<typeof laneOf>[1],
  seq: Seq,
  ctx: Context,
  clientId?: string | undefined,
): void {
  const lane = laneOf(account, number);
  if (lane.resting !== undefined) cancel(ctx, lane.resting, 'LaneCancelled', clientId);
  lane.seq = seq;
  lane.filled = lots(0);
}

export function setEpoch(ctx: Context, command: CommandOf<'epoch'>): void {
  const account = known(ctx, 'epoch', command.account);
  if (account === undefined) return;
  account.epoch = command.epoch;
  for (const resting of restingOf(account)) {
    if (resting.order.epoch !== account.epoch) cancel(ctx, resting, 'AllCancelled');
  }
  emitAccount(ctx, account, 'epoch');
}

/** The owner's own initial margin: what it no longer covers is cancelled. */
export function setLeverage(ctx: Context, command: CommandOf<'leverage'>): void {
  const account = known(ctx, 'leverage', command.account);
  if (account === undefined) return;
  account.userPpm = command.initialPpm;
  emitAccount(ctx, account, 'leverage');
  shedRisk(ctx, account);
}

export function setParams(ctx: Context, { market: id, params }: CommandOf<'params'>): void {
  const { state } = ctx;
  const market = state.markets.get(id);
  if (market === undefined) {
    state.markets.set(id, createMarket(id, params, createBook(state.config.book)));
  } else if (market.params.tickValue !== params.tickValue) {
    const why = reject('TickValueImmutable', `the tick value of market ${id} cannot change`, {
      found: params.tickValue,
      required: market.params.tickValue,
    });
    emitRejected(ctx, 'params', why);
    return;
  } else {
    market.params = params;
    for (const each of sortedIds(state.resting)) rereserve(accountOf(state, each), market);
  }
  emit(ctx, { type: 'params', market: id, params });
  shedAll(ctx);
}

/** Reserves follow the fees of the new parameters. */
function rereserve(account: AccountState, market: MarketState): void {
  for (const resting of restingOf(account)) {
    const { order, remaining, adverse } = resting;
    if (order.market !== market.id) continue;
    account.reserved -= resting.reserve;
    resting.reserve = reserveOf(market.params, order.price, remaining, adverse);
    account.reserved += resting.reserve;
  }
}

/** Level 3 leaves only reduce-only orders; levels 1 and 2 stop growth when orders meet. */
export function setBreaker(ctx: Context, { scope, level, until }: CommandOf<'breaker'>): void {
  const { state } = ctx;
  if (level === 0) state.breakers.delete(scope);
  else state.breakers.set(scope, { level, until });
  emit(ctx, { type: 'breaker', scope, level, until });
  for (const id of sortedIds(state.resting)) {
    for (const resting of restingOf(accountOf(state, id))) {
      const { reduceOnly, market } = resting.order;
      if (!reduceOnly && breakerLevel(state, marketOf(state, market)) >= 3) {
        cancel(ctx, resting, 'BreakerTripped');
      }
    }
  }
  watchLifts(ctx);
}

export function setDeadman(ctx: Context, { account: id, until }: CommandOf<'deadman'>): void {
  const account = known(ctx, 'deadman', id);
  if (account === undefined) return;
  account.deadman = until;
  if (until > ctx.state.at) ctx.state.armed.add(id);
  else ctx.state.armed.delete(id);
  if (until !== 0 && until <= ctx.state.at) {
    account.deadman = 0 as typeof until;
    cancelEvery(ctx, account, 'Deadman');
  } else if (until !== 0) ctx.state.nextDeadman = Math.min(ctx.state.nextDeadman, until);
  emitAccount(ctx, account, 'deadman');
}

/** Who is barred keeps its orders: what they would add to a position is cut when they meet. */
export function setBar(ctx: Context, { account, until }: CommandOf<'bar'>): void {
  const { state } = ctx;
  for (const [id, end] of state.barred) if (end <= state.at) state.barred.delete(id);
  if (until > state.at) state.barred.set(account, until);
  else state.barred.delete(account);
  emit(ctx, { type: 'bar', account, until });
}
