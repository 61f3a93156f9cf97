/**
 * The book stage of liquidation: the protocol sells of an account below maintenance what a keeper
 * could take over, at a price that is no worse, and only what the book takes at once.
 */
import { isProtocol, protocolLane, protocolOrder, type SignedOrder } from '@holdfast/order';
import { seizureTerms, speedLots } from '@holdfast/risk';
import {
  type AccountId,
  isRejection,
  type Lots,
  type MarketId,
  type Rejection,
  reject,
  type Seconds,
  type Seq,
  type Ticks,
} from '@holdfast/units';
import { contexts } from './amounts.ts';
import type { Resting } from './book/book.ts';
import { breakerLevel, collecting } from './limits.ts';
import { walk } from './match.ts';
import { settlePlacement } from './place.ts';
import { cancelEvery } from './resting.ts';
import { type Context, emitRejected, sizeOf } from './state.ts';
import type { AccountState, CommandOf, MarketState, State } from './types.ts';
import { judgePrices } from './validate.ts';

/** Highest level of the breaker at which the chain takes positions off accounts. */
const levelMax = 1;
/** Seconds until the chain must have the order: it never rests, but the chain may be slow. */
const lifeSeconds = 86_400;

/** What a seizure finds when it may go on. */
type Aim = { account: AccountState; market: MarketState; order: SignedOrder };

/** Whether the protocol has sold of an account what the chain has not confirmed yet. */
function isPending(state: State, id: AccountId): boolean {
  for (const { taker } of state.unconfirmed.values()) {
    if (taker.account === id && isProtocol(taker)) return true;
  }
  return false;
}

/**
 * The order with which the protocol would sell of a position now.
 *
 * @returns the order, or why there is none: `AccountUnknown`, `MarketUnknown`, `BreakerTripped`,
 * `CallRunning`, `PriceStale`, `PositionMissing`, `NotLiquidatable`, `AccountBankrupt`,
 * `SeizurePending`
 */
export function seizureOrder(state: State, id: AccountId, marketId: MarketId): Aim | Rejection {
  const account = state.accounts.get(id);
  const market = state.markets.get(marketId);
  if (account === undefined) return reject('AccountUnknown', `account ${id} is not open`);
  if (market === undefined) return reject('MarketUnknown', `market ${marketId} is not listed`);
  // Nor for a price in its grace: in whichever market the account would pay for it.
  const held = [...account.positions.keys()].map((other) => state.markets.get(other) ?? market);
  const level = Math.max(...[market, ...held].map((other) => breakerLevel(state, other)));
  if (level > levelMax) {
    return reject('BreakerTripped', `the breaker is at level ${level}`, { level });
  }
  if (market.call !== undefined) return collecting(market, market.call);
  const stale = judgePrices(state, account, market);
  if (stale !== undefined) return stale;
  const size = sizeOf(account, marketId);
  const allowed = speedLots(Math.abs(size), market.params.liquidationPartPpm);
  const terms = seizureTerms(account, marketId, contexts(state), allowed);
  if (isRejection(terms)) return terms;
  // Last, because it looks at all fills in flight and most accounts are healthy.
  if (isPending(state, id)) {
    return reject('SeizurePending', `what was sold of account ${id} is not settled yet`);
  }
  const order = protocolOrder({
    account: id,
    market: marketId,
    isBuy: size < 0,
    size: Math.abs(terms.size) as Lots,
    price: Math.max(terms.limit, 1) as Ticks,
    expiry: (state.at + lifeSeconds) as Seconds,
    seq: ((account.lanes.get(protocolLane)?.seq ?? 0) + 1) as Seq,
    epoch: account.epoch,
  });
  return { account, market, order };
}

/** Sells what the book takes; an account of which it does loses its resting orders. */
export function seize(ctx: Context, command: CommandOf<'seize'>): void {
  const { state } = ctx;
  const aim = seizureOrder(state, command.account, command.market);
  if (isRejection(aim)) {
    emitRejected(ctx, 'seize', aim, command.account);
    return;
  }
  const { account, market, order } = aim;
  const incoming: Resting = {
    order,
    placed: state.placed + 1,
    remaining: order.size,
    adverse: 0,
    reserve: 0n as Resting['reserve'],
    hash: undefined,
    slot: -1,
  };
  const walked = walk(ctx, market, incoming);
  if (walked.left === order.size) {
    const why = reject('NobodyTakes', `nobody in the book takes a lot at ${order.price}`);
    emitRejected(ctx, 'seize', why, account.id);
    return;
  }
  cancelEvery(ctx, account, 'Liquidated');
  settlePlacement(ctx, account, market, incoming, walked, undefined);
}
