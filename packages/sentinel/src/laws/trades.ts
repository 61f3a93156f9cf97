/** Laws on a settled batch and its fills: L06, L11, L12, L10, L15, L21. */
import { fillDelta } from '@holdfast/risk';
import { laneKey, venueRow } from '../state/tables.ts';
import type { BatchFill, BatchOrder, OpenBatch } from './batch.ts';
import { ask, marketAt, num, type Question, type Step, scopeOf } from './questions.ts';

const q32 = 2n ** 32n;
/** Largest size that an order can have, where nobody shows the order. */
const sizeMax = 2 ** 40 - 1;

const nameOf = ({ account, lane, seq }: { account: number; lane: number; seq: number }): string =>
  `order ${account}/${lane}/${seq}`;

/** Law L15. */
function chainQuestion(step: Step): Question {
  const { event, before, batch } = step;
  const was = venueRow(before);
  const previous = batch?.previous ?? was.batchHead;
  const input = {
    number: BigInt(num(event.args.number)),
    numberLast: BigInt(was.batchNumber),
    previous,
    head: was.batchHead,
  };
  return ask(step, 'batchContiguous', input, 0, `batch ${num(event.args.number)}`);
}

/** Law L11 of each lane of the batch. */
function laneQuestions(step: Step): Question[] {
  const { event, before, batch } = step;
  const sizes = new Map(batch?.orders.map((order) => [nameOf(order), order.size]));
  return (event.orders ?? []).map((order) => {
    const was = before.lanes.get(laneKey(order.account, order.lane)) ?? { seq: 0, filled: 0 };
    const input = {
      seqBefore: was.seq,
      filledBefore: was.filled,
      seqAfter: order.seq,
      filledAfter: order.filledAfter,
      size: sizes.get(nameOf(order)) ?? sizeMax,
    };
    return ask(step, 'laneLawful', input, 0, nameOf(order));
  });
}

/** Laws L12 and L10 of a fill. */
function fillQuestions(step: Step, fill: BatchFill): Question[] {
  const { maker, taker, price } = fill;
  const market = marketAt(step.after, maker.market);
  const scope = scopeOf(maker.market);
  const limits = [maker, taker].map((order) => {
    const input = { isBuy: order.isBuy, limit: order.price, price };
    return ask(step, 'fillWithin', input, scope, nameOf(order));
  });
  const bandPpm = market.params.fillBandPpm;
  const input = { price, referencePrice: market.price, bandPpm };
  return [...limits, ask(step, 'withinBand', input, scope, `fill of ${nameOf(taker)}`)];
}

interface Side {
  readonly order: BatchOrder;
  readonly fill: BatchFill;
  readonly isMaker: boolean;
}

function sidesOf(batch: OpenBatch): Map<number, Side[]> {
  const sides = new Map<number, Side[]>();
  const add = (order: BatchOrder, fill: BatchFill, isMaker: boolean) => {
    const list = sides.get(order.account) ?? [];
    list.push({ order, fill, isMaker });
    sides.set(order.account, list);
  };
  for (const fill of batch.fills) {
    add(fill.maker, fill, true);
    add(fill.taker, fill, false);
  }
  return sides;
}

/**
 * Law L21 of each account: the fee of its last fill is what its cash lost beyond all its fills and
 * the fees of the others. So what a batch takes too much from an account, or too little, shows.
 */
function feeQuestions(step: Step, batch: OpenBatch): Question[] {
  const asked: Question[] = [];
  for (const [id, sides] of sidesOf(batch)) {
    const [was, now] = [step.before.accounts.get(id), step.after.accounts.get(id)];
    const last = sides.at(-1);
    if (was === undefined || now === undefined || last === undefined) continue;
    let rest = was.cashQ32 - now.cashQ32;
    let fee = 0n;
    for (const { order, fill, isMaker } of sides) {
      const { params, fundingIndex } = marketAt(step.after, order.market);
      const feePpm = isMaker ? params.makerFeePpm : params.takerFeePpm;
      const terms = { isBuy: order.isBuy, lots: fill.lots, price: fill.price, feePpm };
      const { tickValue } = params;
      const delta = fillDelta({ ...terms, index: fundingIndex, tickValue } as never);
      rest += delta.cashDelta;
      fee = delta.fee;
    }
    const { params } = marketAt(step.after, last.order.market);
    const { lots, price } = last.fill;
    // What is no whole number of quote units is no fee: a width that no fee has says so.
    const charged = rest % q32 === 0n ? fee + rest / q32 : -1n;
    const input = {
      fee: charged < 0n ? 2n ** 96n : charged,
      notional: BigInt(lots) * BigInt(price) * BigInt(params.tickValue),
      feePpm: last.isMaker ? params.makerFeePpm : params.takerFeePpm,
    };
    asked.push(ask(step, 'feesWithin', input, 0, `account ${id}`));
  }
  return asked;
}

/** Law L13 of accounts all of whose orders in a market were reduce-only. */
function reduceQuestions(step: Step, batch: OpenBatch): Question[] {
  const all = new Map<string, BatchOrder[]>();
  for (const order of batch.orders) {
    const key = `${order.account}/${order.market}`;
    all.set(key, [...(all.get(key) ?? []), order]);
  }
  const asked: Question[] = [];
  for (const orders of all.values()) {
    const [first] = orders;
    if (first === undefined || orders.some(({ reduceOnly }) => !reduceOnly)) continue;
    const sizeIn = (tables: Step['before']) =>
      tables.accounts.get(first.account)?.positions.get(first.market) ?? 0;
    const input = { sizeBefore: sizeIn(step.before), sizeAfter: sizeIn(step.after) };
    asked.push(ask(step, 'reduceOnlyHeld', input, scopeOf(first.market), nameOf(first)));
  }
  return asked;
}

/** Questions about a `Settled`. */
export function settledQuestions(step: Step): Question[] {
  const asked = [chainQuestion(step), ...laneQuestions(step)];
  const { batch } = step;
  if (batch === undefined) return asked;
  for (const fill of batch.fills) asked.push(...fillQuestions(step, fill));
  return [...asked, ...feeQuestions(step, batch), ...reduceQuestions(step, batch)];
}

/** Law L06 of each market whose open interest moved. */
export function interestQuestions(step: Step): Question[] {
  const { before, after } = step;
  const asked: Question[] = [];
  for (const [id, row] of after.markets) {
    const openInterestBefore = before.markets.get(id)?.openInterest ?? 0;
    if (openInterestBefore === row.openInterest) continue;
    const openInterestAfter = row.openInterest;
    const { openInterestMax } = row.params;
    const input = { openInterestBefore, openInterestAfter, openInterestMax };
    asked.push(ask(step, 'openInterestWithin', input, scopeOf(id), `market ${id}`));
  }
  return asked;
}
