/** The settler's bookkeeping: batches sealed, confirmed with the chain's indexes, or unwound. */

import type { SignedOrder } from '@holdfast/order';
import { indexCorrection } from '@holdfast/risk';
import { type FundingIndex, invariant, type Lots, type MarketId, reject } from '@holdfast/units';
import { emitAccount } from './chain.ts';
import { reverseFill, termsOf } from './fill.ts';
import { narrowInterest } from './interest.ts';
import { cancel, cancelEvery, trimReduceOnly } from './resting.ts';
import { shedRisk } from './shed.ts';
import {
  accountOf,
  type Context,
  credit,
  emit,
  emitRejected,
  marketOf,
  sortedKeys,
} from './state.ts';
import type {
  AccountState,
  BatchState,
  CommandOf,
  MarketState,
  State,
  UnconfirmedFill,
} from './types.ts';

function fillOf(state: State, id: number): UnconfirmedFill {
  const fill = state.unconfirmed.get(id);
  invariant(fill !== undefined, `fill ${id} is not unconfirmed`);
  return fill;
}

/** Seals a batch. A batch of the same number replaces the one before (it was cut smaller). */
export function sealBatch(ctx: Context, command: CommandOf<'batch'>): void {
  const { state } = ctx;
  const { number, fillIds, reportRound } = command;
  const missing = fillIds.find((id) => !state.unconfirmed.has(id));
  if (missing !== undefined) {
    const why = reject('FillUnknown', `fill ${missing} is not unconfirmed`, { fill: missing });
    emitRejected(ctx, 'batch', why);
    return;
  }
  openBatch(state, number);
  for (const id of fillIds) {
    const fill = fillOf(state, id);
    if (fill.batch !== null) dropFromBatch(state, fill.batch, id);
    fill.batch = number;
  }
  state.batches.set(number, { number, fillIds, reportRound });
  emit(ctx, { type: 'batch', number, fillIds });
}

function openBatch(state: State, number: number): void {
  for (const id of state.batches.get(number)?.fillIds ?? []) {
    const fill = state.unconfirmed.get(id);
    if (fill !== undefined) fill.batch = null;
  }
  state.batches.delete(number);
}

function dropFromBatch(state: State, number: number, id: number): void {
  const batch = state.batches.get(number);
  if (batch === undefined) return;
  const fillIds = batch.fillIds.filter((other) => other !== id);
  if (fillIds.length === 0) state.batches.delete(number);
  else state.batches.set(number, { ...batch, fillIds });
}

/**
 * The chain has accepted a batch, or a report alone, at its own funding indexes. The difference d
 * between its index and the one that we assumed for the same round is a constant of the market
 * from then on: the index moves by d, and so do the assumptions of all fills in flight, with
 * their cash. Fills of the batch are final after that.
 */
export function confirmBatch(ctx: Context, command: CommandOf<'confirmed'>): void {
  const { state } = ctx;
  const { number, indexes } = command;
  const batch = number === null ? undefined : state.batches.get(number);
  if (number !== null && batch === undefined) {
    const why = reject('BatchUnknown', `batch ${number} is not sealed`, { number });
    emitRejected(ctx, 'confirmed', why);
    return;
  }
  const touched = new Set<AccountState>();
  for (const [id, chain] of indexes) {
    const market = state.markets.get(id);
    if (market === undefined) continue;
    const round = command.round ?? batch?.reportRound ?? null;
    const assumed = assumedIndex(state, market, round, batch);
    if (assumed !== undefined) rebase(ctx, market, (chain - assumed) as FundingIndex, touched);
    correctBatch(ctx, market, chain, batch, touched);
  }
  for (const id of batch?.fillIds ?? []) state.unconfirmed.delete(id);
  if (batch !== undefined) state.batches.delete(batch.number);
  narrowInterest(state);
  emit(ctx, { type: 'confirmed', number, fillIds: batch?.fillIds ?? [] });
  for (const account of inOrder(touched)) {
    emitAccount(ctx, account, 'confirmed');
    shedRisk(ctx, account);
  }
}

const inOrder = (touched: ReadonlySet<AccountState>): AccountState[] =>
  [...touched].sort((a, b) => a.id - b.id);

/** Our index after a round; failing that, what the batch's last fill in the market assumed. */
function assumedIndex(
  state: State,
  market: MarketState,
  round: number | null,
  batch: BatchState | undefined,
): FundingIndex | undefined {
  const known = market.indexes.find((entry) => entry.round === round);
  if (known !== undefined) return known.index;
  const fills = (batch?.fillIds ?? []).map((id) => fillOf(state, id));
  return fills.findLast((fill) => fill.market === market.id)?.index;
}

/** Moves a market's index, its history and all fills in flight by d. */
function rebase(
  ctx: Context,
  market: MarketState,
  d: FundingIndex,
  touched: Set<AccountState>,
): void {
  if (d === 0n) return;
  market.index = (market.index + d) as FundingIndex;
  for (const entry of market.indexes) entry.index = (entry.index + d) as FundingIndex;
  for (const fill of ctx.state.unconfirmed.values()) {
    if (fill.market === market.id) correct(ctx, fill, (fill.index + d) as FundingIndex, touched);
  }
}

/** Fills of the batch that were made in an earlier round were booked at the batch's index too. */
function correctBatch(
  ctx: Context,
  market: MarketState,
  chain: FundingIndex,
  batch: BatchState | undefined,
  touched: Set<AccountState>,
): void {
  for (const id of batch?.fillIds ?? []) {
    const fill = fillOf(ctx.state, id);
    if (fill.market === market.id && fill.index !== chain) correct(ctx, fill, chain, touched);
  }
}

function correct(
  ctx: Context,
  fill: UnconfirmedFill,
  index: FundingIndex,
  touched: Set<AccountState>,
): void {
  for (const { account: id, isBuy } of [fill.maker, fill.taker]) {
    const account = accountOf(ctx.state, id);
    credit(ctx, account, indexCorrection(isBuy ? fill.lots : -fill.lots, index, fill.index));
    touched.add(account);
  }
  fill.index = index;
}

/** Reverses fills that the chain refused, newest first, and cancels what rests of their orders. */
export function unwind(ctx: Context, command: CommandOf<'unwind'>): void {
  const { state } = ctx;
  const { fillIds, reason, culprits } = command;
  const missing = fillIds.find((id) => !state.unconfirmed.has(id));
  if (missing !== undefined || new Set(fillIds).size !== fillIds.length) {
    const why = reject('FillUnknown', 'a fill is not unconfirmed, or named twice', {
      fill: missing ?? 'twice',
    });
    emitRejected(ctx, 'unwind', why);
    return;
  }
  const touched = new Map<AccountState, Set<MarketId>>();
  const orders: SignedOrder[] = [];
  for (const id of [...fillIds].sort((a, b) => b - a)) {
    const fill = fillOf(state, id);
    reverseUnconfirmed(ctx, fill);
    for (const order of [fill.maker, fill.taker]) {
      orders.push(order);
      const account = accountOf(state, order.account);
      touched.set(account, (touched.get(account) ?? new Set()).add(order.market));
    }
  }
  narrowInterest(state);
  emit(ctx, { type: 'unwound', fillIds, reason });
  if (culprits === undefined) cancelRests(ctx, orders);
  for (const id of culprits ?? []) {
    const account = state.accounts.get(id);
    if (account !== undefined) cancelEvery(ctx, account, 'Unwound');
  }
  for (const account of inOrder(new Set(touched.keys()))) {
    const markets = touched.get(account) ?? new Set();
    for (const id of sortedKeys(new Map([...markets].map((each) => [each, 0])))) {
      trimReduceOnly(ctx, account, marketOf(state, id));
    }
    emitAccount(ctx, account, 'unwound');
    shedRisk(ctx, account);
  }
}

function reverseUnconfirmed(ctx: Context, fill: UnconfirmedFill): void {
  const { state } = ctx;
  const market = marketOf(state, fill.market);
  reverseFill(ctx, market, termsOf(market, fill));
  for (const order of [fill.maker, fill.taker]) {
    const lane = accountOf(state, order.account).lanes.get(order.lane);
    if (lane !== undefined && lane.seq === order.seq) {
      lane.filled = (lane.filled - fill.lots) as Lots;
      invariant(lane.filled >= 0, 'a lane unwound more than it had filled');
    }
  }
  if (fill.batch !== null) dropFromBatch(state, fill.batch, fill.id);
  state.unconfirmed.delete(fill.id);
}

/** What rests of the unwound orders: the chain would refuse it again. */
function cancelRests(ctx: Context, orders: readonly SignedOrder[]): void {
  for (const order of orders) {
    const resting = accountOf(ctx.state, order.account).lanes.get(order.lane)?.resting;
    if (resting !== undefined && resting.order.seq === order.seq) cancel(ctx, resting, 'Unwound');
  }
}
