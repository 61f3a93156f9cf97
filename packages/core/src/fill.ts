/** The money of one fill: exact, additive, reversible. */
import type { Order } from '@holdfast/order';
import { type FillDelta, fillDelta, notional } from '@holdfast/risk';
import {
  type AccountId,
  cashQ32,
  type FundingIndex,
  feeAccount,
  invariant,
  type Lots,
  type Ppm,
  type Quote,
  q32Bits,
  type Ticks,
} from '@holdfast/units';
import { accountOf, type Context, credit, move } from './state.ts';
import type { MarketState, UnconfirmedFill } from './types.ts';

/** Everything that a fill moves. */
export type FillTerms = {
  readonly makerAccount: AccountId;
  readonly takerAccount: AccountId;
  readonly lots: Lots;
  readonly price: Ticks;
  readonly index: FundingIndex;
  readonly notional: bigint;
  readonly maker: FillDelta;
  readonly taker: FillDelta;
};

/** Terms of `lots` at a price, the maker's unless another is given, and the market's index now. */
export function fillTerms(
  market: MarketState,
  maker: Order,
  taker: Order,
  lots: Lots,
  price: Ticks = maker.price,
): FillTerms {
  const { params, index } = market;
  const { tickValue } = params;
  const side = (isBuy: boolean, feePpm: Ppm): FillDelta =>
    fillDelta({ isBuy, lots, price, index, tickValue, feePpm });
  return {
    makerAccount: maker.account,
    takerAccount: taker.account,
    lots,
    price,
    index,
    notional: notional(lots, price, tickValue),
    maker: side(maker.isBuy, params.makerFeePpm),
    taker: side(taker.isBuy, params.takerFeePpm),
  };
}

/** The terms that a fill stands on now: its own fees, its index with later corrections. */
export function termsOf(market: MarketState, fill: UnconfirmedFill): FillTerms {
  const { lots, price, index } = fill;
  const { tickValue } = market.params;
  const side = ({ isBuy }: Order, fee: Quote): FillDelta => {
    const free = fillDelta({ isBuy, lots, price, index, tickValue, feePpm: 0 as Ppm });
    return { ...free, cashDelta: cashQ32(free.cashDelta - (fee << q32Bits)), fee };
  };
  return {
    makerAccount: fill.maker.account,
    takerAccount: fill.taker.account,
    lots,
    price,
    index,
    notional: notional(lots, price, tickValue),
    maker: side(fill.maker, fill.makerFee),
    taker: side(fill.taker, fill.takerFee),
  };
}

/** Moves cash and size of both sides and the fees. */
export function applyFill(ctx: Context, market: MarketState, terms: FillTerms): void {
  moveFill(ctx, market, terms, 1);
}

/** The exact inverse of {@link applyFill}. */
export function reverseFill(ctx: Context, market: MarketState, terms: FillTerms): void {
  moveFill(ctx, market, terms, -1);
}

function moveFill(ctx: Context, market: MarketState, terms: FillTerms, sign: 1 | -1): void {
  const { state } = ctx;
  const { maker, taker } = terms;
  invariant(terms.makerAccount !== terms.takerAccount, 'an account cannot trade with itself');
  const times = BigInt(sign);
  moveSide(ctx, market, terms.makerAccount, maker, sign);
  moveSide(ctx, market, terms.takerAccount, taker, sign);
  credit(ctx, accountOf(state, feeAccount), times * ((maker.fee + taker.fee) << q32Bits));
}

function moveSide(
  ctx: Context,
  market: MarketState,
  id: AccountId,
  delta: FillDelta,
  sign: 1 | -1,
): void {
  const account = accountOf(ctx.state, id);
  credit(ctx, account, BigInt(sign) * delta.cashDelta);
  move(ctx, account, market, sign * delta.sizeDelta);
}
