/** What happens to the open orders of an account that has become short of margin. */
import { notional, shareUp } from '@holdfast/risk';
import type { Ticks } from '@holdfast/units';
import type { Resting } from './book/book.ts';
import { freeMargin, sideExposure } from './margin.ts';
import { cancel, restingOf, trimReduceOnly } from './resting.ts';
import { accountOf, type Context, marketOf, sizeOf } from './state.ts';
import type { AccountState, MarketState, State } from './types.ts';

/**
 * Cancels risk-increasing orders of an account short of margin, those with the largest requirement
 * first, until it is not short or none is left.
 */
export function shedRisk(ctx: Context, account: AccountState): void {
  const { state } = ctx;
  if (account.openCount === 0 || freeMargin(state, account) >= 0n) return;
  const ranked = restingOf(account)
    .filter(({ order }) => !order.reduceOnly)
    .map((resting) => ({ resting, weight: weightOf(state, resting) }))
    .sort((a, b) =>
      a.weight === b.weight ? b.resting.placed - a.resting.placed : a.weight < b.weight ? 1 : -1,
    );
  for (const { resting } of ranked) {
    const { order } = resting;
    const market = marketOf(state, order.market);
    const size = Math.abs(sizeOf(account, market.id));
    if (sideExposure(account, market, order.isBuy) <= size) continue;
    cancel(ctx, resting, 'MarginShort');
    if (freeMargin(state, account) >= 0n) return;
  }
}

function weightOf(state: State, { order, remaining, reserve }: Resting): bigint {
  const { params, mark } = marketOf(state, order.market);
  const amount = notional(remaining, mark as Ticks, params.tickValue);
  return shareUp(amount, params.initialPpm) + reserve;
}

/** After fills: reduce-only orders stay inside positions, open orders inside margin. */
export function settleTouched(
  ctx: Context,
  market: MarketState,
  touched: ReadonlySet<AccountState>,
): void {
  const ids = [...touched].map(({ id }) => id).sort((a, b) => a - b);
  for (const id of ids) {
    const account = accountOf(ctx.state, id);
    trimReduceOnly(ctx, account, market);
    shedRisk(ctx, account);
  }
}
