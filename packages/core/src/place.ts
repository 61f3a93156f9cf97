/** The order command: locate → judge → walk → commit → rest. */
import { FOK, GTC, type SignedOrder } from '@holdfast/order';
import { crowdMost } from '@holdfast/risk';
import { isRejection, type Lots, lots, type Rejection, reject } from '@holdfast/units';
import { adverseTicks, reserveOf } from './amounts.ts';
import { type Resting, refOf } from './book/book.ts';
import { collecting, crosses, fillBand } from './limits.ts';
import { commit, unwalk, type Walk, walk } from './match.ts';
import { cancel, hold, laneOf, release, rest, restingOf } from './resting.ts';
import { settleTouched } from './shed.ts';
import { type Context, emit } from './state.ts';
import type { AccountState, Call, CommandOf, MarketState } from './types.ts';
import {
  judgeBand,
  judgeLife,
  judgePostOnly,
  judgePrices,
  judgeRisk,
  locate,
  reducible,
} from './validate.ts';

/** An order as it would rest, cut to what a reduce-only order may reduce. */
function draft(
  ctx: Context,
  account: AccountState,
  market: MarketState,
  order: SignedOrder,
): Resting | Rejection {
  const room = order.reduceOnly ? reducible(account, market, order.isBuy) : order.size;
  if (room === 0) {
    return reject('ReduceOnlyBroken', 'there is no position left for the order to reduce');
  }
  const remaining = Math.min(order.size, room);
  const adverse = adverseTicks(market, order.isBuy, order.price, fillBand(market));
  return {
    order,
    placed: ctx.state.placed + 1,
    remaining,
    adverse,
    reserve: reserveOf(market.params, order.price, remaining, adverse),
    hash: undefined,
    slot: -1,
  };
}

/** Judges an order while the one that it replaces is out of the sums. */
function judge(
  ctx: Context,
  account: AccountState,
  market: MarketState,
  order: SignedOrder,
  replaced: Resting | undefined,
): Resting | Rejection {
  const unfit = judgePrices(ctx.state, account, market);
  if (unfit !== undefined) return unfit;
  const incoming = draft(ctx, account, market, order);
  if (isRejection(incoming)) return incoming;
  return (
    judgeRisk(ctx.state, account, market, incoming) ??
    (order.postOnly ? judgePostOnly(market, incoming, replaced) : undefined) ??
    (market.call === undefined ? undefined : judgeCollected(market, market.call, order)) ??
    incoming
  );
}

/** Applies an order command. A rejected order changes nothing but its account's token bucket. */
export function placeOrder(ctx: Context, command: CommandOf<'order'>): void {
  const { order, clientId } = command;
  const refused = tryPlace(ctx, command);
  if (refused === undefined) return;
  emit(ctx, {
    type: 'rejected',
    command: 'order',
    account: order.account,
    lane: order.lane,
    seq: order.seq,
    ...refused,
    ...named(clientId),
  });
}

const named = (clientId: string | undefined): { clientId?: string } =>
  clientId === undefined ? {} : { clientId };

/**
 * The fills of a fill-or-kill order settle in one batch, which may not add too much open interest
 * at once if they are several.
 */
function judgeCrowd(market: MarketState, { steps }: Walk, before: number): Rejection | undefined {
  const found = market.openInterest;
  const required = crowdMost(market.params, before);
  const count = steps.filter(({ terms }) => terms !== undefined).length;
  if (count < 2 || found <= required) return undefined;
  return reject('OpenInterestExceeded', `several fills would add ${found - before} lots at once`, {
    found,
    required,
  });
}

function tryPlace(ctx: Context, command: CommandOf<'order'>): Rejection | undefined {
  const { order, clientId } = command;
  const { state } = ctx;
  const place = locate(state, order);
  if (isRejection(place)) return place;
  const { account, market } = place;
  const dead = judgeLife(state, account, order);
  if (dead !== undefined) return dead;
  const replaced = account.lanes.get(order.lane)?.resting;
  if (replaced !== undefined) release(account, replaced);
  const incoming = judge(ctx, account, market, order, replaced);
  if (replaced !== undefined) hold(account, replaced);
  if (isRejection(incoming)) return incoming;
  incoming.hash = command.hash;
  const { openInterest } = market;
  const walked: Walk =
    market.call === undefined
      ? walk(ctx, market, incoming)
      : { steps: [], end: 'Uncrossed', left: incoming.remaining };
  const filled = incoming.remaining - walked.left;
  if (order.timeInForce === FOK && filled < order.size) {
    unwalk(ctx, market, walked);
    return reject('FillOrKillShort', `only ${filled} of ${order.size} lots could fill now`, {
      found: filled,
      required: order.size,
    });
  }
  const crowded = order.timeInForce === FOK && judgeCrowd(market, walked, openInterest);
  if (crowded) {
    unwalk(ctx, market, walked);
    return crowded;
  }
  if (replaced !== undefined) cancel(ctx, replaced, 'Replaced');
  settlePlacement(ctx, account, market, incoming, walked, clientId);
  if (market.call !== undefined) cancelCrossed(ctx, account, incoming);
  return undefined;
}

/** A call takes only orders that can wait for its end, at prices at which they could fill. */
function judgeCollected(
  market: MarketState,
  call: Call,
  order: SignedOrder,
): Rejection | undefined {
  if (order.timeInForce !== GTC) return collecting(market, call);
  return judgeBand(market, order);
}

/** No account trades with itself in an auction: as ever, its older orders give way. */
function cancelCrossed(ctx: Context, account: AccountState, { order }: Resting): void {
  const open = account.open.get(order.market);
  if (open === undefined) return;
  const other = order.isBuy ? open.sells + open.reduceSells : open.buys + open.reduceBuys;
  if (other === 0) return;
  for (const old of restingOf(account)) {
    if (old.order.market !== order.market || old.order.isBuy === order.isBuy) continue;
    if (crosses(order.isBuy, order.price, old.order.price)) cancel(ctx, old, 'SelfTrade');
  }
}

/** Why what is left of a walked order may not rest, or undefined if it may. */
function restDenied(market: MarketState, order: SignedOrder, walked: Walk): string | undefined {
  if (walked.end !== 'Uncrossed') return walked.end;
  if (order.timeInForce !== GTC) return 'ImmediateOrCancel';
  return judgeBand(market, order)?.code;
}

/** What a walked order leaves: lane, book, history, what rests, and what its fills touched. */
export function settlePlacement(
  ctx: Context,
  account: AccountState,
  market: MarketState,
  incoming: Resting,
  walked: Walk,
  clientId: string | undefined,
): void {
  const { state } = ctx;
  const { order } = incoming;
  const filled = incoming.remaining - walked.left;
  const denied = walked.left > 0 ? restDenied(market, order, walked) : undefined;
  const resting = denied === undefined ? walked.left : 0;
  state.placed = incoming.placed;
  const lane = laneOf(account, order.lane);
  lane.seq = order.seq;
  lane.filled = 0 as Lots;
  emit(ctx, {
    type: 'accepted',
    command: 'order',
    ...refOf(order),
    resting: lots(resting),
    filled: lots(filled),
    ...named(clientId),
  });
  const touched = commit(ctx, market, incoming, walked);
  incoming.remaining = walked.left;
  incoming.reserve = reserveOf(market.params, order.price, walked.left, incoming.adverse);
  if (resting > 0) rest(ctx, account, incoming);
  else if (walked.left > 0) {
    emit(ctx, {
      type: 'cancelled',
      ...refOf(order),
      lots: lots(walked.left),
      remaining: lots(0),
      reason: denied as string,
      ...named(clientId),
    });
  }
  if (filled > 0) touched.add(account);
  settleTouched(ctx, market, touched);
}
