/** The report command: accept as the chain would, accrue funding, then see who can still stand. */
import {
  acceptReport,
  clampRate,
  fundingDelta,
  type MarketPrice,
  type OracleState,
} from '@holdfast/oracle';
import { type FundingIndex, isRejection, type MarketId, type Ticks } from '@holdfast/units';
import { beginCall, endCalls } from './auction/call.ts';
import { fillBand, isFresh } from './limits.ts';
import { cancel } from './resting.ts';
import { shedRisk } from './shed.ts';
import { accountOf, type Context, emit, marketOf, sortedIds } from './state.ts';
import type { CallCause, CommandOf, MarketState, State } from './types.ts';

/** Rounds whose index is remembered per market: more than batches can be in flight. */
const indexesMax = 64;

function oracleOf(state: State): OracleState {
  const prices = new Map<MarketId, MarketPrice>();
  for (const { id, price, mark, priceTime, priceRound } of state.markets.values()) {
    if (price === 0) continue;
    const last = { price: price as Ticks, mark: mark as Ticks };
    prices.set(id, { ...last, time: priceTime, round: priceRound });
  }
  return { round: state.round, time: state.reportTime, prices };
}

/** Applies a report, or rejects it with the oracle's code. */
export function takeReport(ctx: Context, { report }: CommandOf<'report'>): void {
  const { state } = ctx;
  const params = {
    reportSkewSecondsMax: state.config.reportSkewSecondsMax,
    bandPpm: (id: MarketId) => state.markets.get(id)?.params.bandPpm,
    markClampPpm: (id: MarketId) => marketOf(state, id).params.markClampPpm,
  };
  const judged = acceptReport(oracleOf(state), report, params, state.at);
  if (isRejection(judged)) {
    emit(ctx, { type: 'rejected', command: 'report', ...judged });
    return;
  }
  state.round = report.round;
  state.reportTime = report.time;
  const awaited: [MarketState, CallCause][] = [];
  const quotes = report.quotes.map(({ market: id, price, rate }) => {
    const market = marketOf(state, id);
    if (!isFresh(state, market)) {
      awaited.push([market, market.price === 0 ? 'opening' : 'prices']);
    }
    market.rate = clampRate(rate, market.params.fundingRatePpmMax);
    market.price = price;
    const mark = (judged.state.prices.get(id) as MarketPrice).mark;
    market.mark = mark;
    market.priceTime = report.time;
    market.priceRound = report.round;
    accrue(market, report.round);
    return { market: id, price, mark, rate: market.rate, index: market.index };
  });
  emit(ctx, { type: 'report', round: report.round, time: report.time, quotes });
  for (const { market } of report.quotes) dropUnfillable(ctx, marketOf(state, market));
  shedAll(ctx);
  for (const [market, cause] of awaited) beginCall(ctx, market, cause);
  endCalls(ctx);
}

/** Funding of the time since the last report, at the new price and rate. */
function accrue(market: MarketState, round: State['round']): void {
  const delta = fundingDelta({
    rate: market.rate,
    fundingRatePpmMax: market.params.fundingRatePpmMax,
    price: market.price as Ticks,
    tickValue: market.params.tickValue,
    elapsedSeconds: market.fundingTime === 0 ? 0 : market.priceTime - market.fundingTime,
    gapSecondsMax: market.params.fundingGapSecondsMax,
  });
  market.index = (market.index + delta) as FundingIndex;
  market.fundingTime = market.priceTime;
  market.indexes.push({ round, index: market.index });
  if (market.indexes.length > indexesMax) market.indexes.shift();
}

/** Cancels orders whose own price has become impossible: bids above, asks below the band. */
function dropUnfillable(ctx: Context, market: MarketState): void {
  const { low, high } = fillBand(market);
  for (const isBuy of [true, false]) {
    let best = market.book.best(isBuy);
    while (best !== undefined && (isBuy ? best.order.price > high : best.order.price < low)) {
      cancel(ctx, best, 'OutsideBand');
      best = market.book.best(isBuy);
    }
  }
}

/** Accounts with open orders that became short of margin lose risk-increasing ones. */
export function shedAll(ctx: Context): void {
  for (const id of sortedIds(ctx.state.resting)) shedRisk(ctx, accountOf(ctx.state, id));
}
