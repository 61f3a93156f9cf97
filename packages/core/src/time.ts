/** What the passing of time does before any command: orders expire, dead-man switches fall. */
import { invariant, lots, type Seconds } from '@holdfast/units';
import { endCalls, watchLifts } from './auction/call.ts';
import { type Resting, refOf } from './book/book.ts';
import { cancelEvery, unrest } from './resting.ts';
import { accountOf, type Context, emit, sortedIds } from './state.ts';
import type { State } from './types.ts';

/** Moves venue time to `at`. @throws AssertionError if time would run backwards */
export function advance(ctx: Context, at: Seconds): void {
  const { state } = ctx;
  invariant(at >= state.at, `time runs backwards: ${at} after ${state.at}`);
  state.at = at;
  if (state.nextDeadman <= at) sweepDeadman(ctx);
  if (state.nextExpiry <= at + state.config.expiryMarginSeconds) sweepExpired(ctx);
  if (state.nextLift <= at) watchLifts(ctx);
  if (state.nextCall <= at) endCalls(ctx);
}

/** Whether an order may still be matched: it must outlive its settlement. */
export function isAlive(state: State, expiry: number): boolean {
  return expiry > state.at + state.config.expiryMarginSeconds;
}

function sweepDeadman(ctx: Context): void {
  const { state } = ctx;
  let next = Number.MAX_SAFE_INTEGER;
  for (const id of sortedIds(state.armed)) {
    const account = accountOf(state, id);
    if (account.deadman > state.at) next = Math.min(next, account.deadman);
    else {
      account.deadman = 0 as Seconds;
      state.armed.delete(id);
      cancelEvery(ctx, account, 'Deadman');
    }
  }
  state.nextDeadman = next;
}

function sweepExpired(ctx: Context): void {
  const { state } = ctx;
  const dead: Resting[] = [];
  let next = Number.MAX_SAFE_INTEGER;
  const last = state.at + state.config.expiryMarginSeconds;
  for (const { book } of state.markets.values()) {
    next = Math.min(next, book.expiring(last, dead));
  }
  dead.sort((a, b) => a.placed - b.placed);
  for (const resting of dead) {
    const { order, remaining } = resting;
    unrest(ctx, accountOf(state, order.account), resting);
    emit(ctx, { type: 'expired', ...refOf(order), lots: lots(remaining) });
  }
  state.nextExpiry = next;
}
