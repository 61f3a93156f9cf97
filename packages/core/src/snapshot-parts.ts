/** Parts of a snapshot that are values of other modules: config, parameters, orders, fills. */
import type { SignedOrder, TimeInForce } from '@holdfast/order';
import {
  type AccountId,
  type Epoch,
  type FundingIndex,
  type Lane,
  type Lots,
  type MarketId,
  type Ppm,
  type Quote,
  type Round,
  type Seconds,
  type Seq,
  ticks,
} from '@holdfast/units';
import type { Reader, Writer } from './codec.ts';
import type { CoreConfig, MarketParams, UnconfirmedFill } from './types.ts';

export function writeConfig(w: Writer, config: CoreConfig): void {
  w.flag(config.book === 'ladder');
  w.uint(5, config.expiryMarginSeconds);
  w.uint(5, config.priceAgeMarginSeconds);
  w.uint(5, config.reportSkewSecondsMax);
  w.int(config.rateLimit.burst);
  w.int(config.rateLimit.perSecond);
  w.big(config.rateLimit.quotePerToken);
  w.uint(2, config.markets.length);
  for (const { id, params } of config.markets) {
    w.uint(1, id);
    writeParams(w, params);
  }
}

export function readConfig(r: Reader): CoreConfig {
  return {
    book: r.flag() ? 'ladder' : 'naive',
    expiryMarginSeconds: r.uint(5),
    priceAgeMarginSeconds: r.uint(5),
    reportSkewSecondsMax: r.uint(5),
    rateLimit: { burst: r.int(), perSecond: r.int(), quotePerToken: r.big() },
    markets: Array.from({ length: r.uint(2) }, () => ({
      id: r.uint(1) as MarketId,
      params: readParams(r),
    })),
  };
}

export function writeParams(w: Writer, params: MarketParams): void {
  w.uint(6, params.tickValue);
  w.uint(3, params.initialPpm);
  w.uint(3, params.maintenancePpm);
  w.uint(3, params.takerFeePpm);
  w.uint(3, params.makerFeePpm);
  w.uint(5, params.priceAgeSecondsMax);
  w.uint(3, params.bandPpm);
  w.uint(3, params.fillBandPpm);
  w.uint(3, params.fundingRatePpmMax);
  w.int(params.openInterestMax);
  w.uint(3, params.openInterestLowPpm);
  w.uint(3, params.openInterestHighPpm);
  w.uint(3, params.concentrationPpm);
  w.uint(3, params.concentrationCapPpm);
  w.uint(3, params.isolated);
  w.uint(3, params.markClampPpm);
  w.uint(3, params.fundingGapSecondsMax);
  w.uint(3, params.liquidationPartPpm);
  w.uint(3, params.coverSharePpm);
  w.int(params.backstopLotsMax);
}

export function readParams(r: Reader): MarketParams {
  return {
    tickValue: r.uint(6),
    initialPpm: r.uint(3) as Ppm,
    maintenancePpm: r.uint(3) as Ppm,
    takerFeePpm: r.uint(3) as Ppm,
    makerFeePpm: r.uint(3) as Ppm,
    priceAgeSecondsMax: r.uint(5),
    bandPpm: r.uint(3) as Ppm,
    fillBandPpm: r.uint(3) as Ppm,
    fundingRatePpmMax: r.uint(3) as Ppm,
    openInterestMax: r.int() as Lots,
    openInterestLowPpm: r.uint(3) as Ppm,
    openInterestHighPpm: r.uint(3) as Ppm,
    concentrationPpm: r.uint(3) as Ppm,
    concentrationCapPpm: r.uint(3) as Ppm,
    isolated: r.uint(3),
    markClampPpm: r.uint(3) as Ppm,
    fundingGapSecondsMax: r.uint(3),
    liquidationPartPpm: r.uint(3) as Ppm,
    coverSharePpm: r.uint(3) as Ppm,
    backstopLotsMax: r.int() as Lots,
  };
}

/** All fields and the signature: the settler needs it again. */
export function writeOrder(w: Writer, order: SignedOrder): void {
  w.uint(4, order.account);
  w.uint(1, order.market);
  w.flag(order.isBuy);
  w.uint(5, order.size);
  w.uint(4, order.price);
  w.uint(1, order.timeInForce);
  w.flag(order.reduceOnly);
  w.flag(order.postOnly);
  w.uint(5, order.expiry);
  w.uint(2, order.lane);
  w.uint(4, order.seq);
  w.uint(4, order.epoch);
  const { signature } = order;
  const plain = signature instanceof Uint8Array;
  w.flag(plain);
  w.bytes(plain ? signature : signature.bytes);
}

export function readOrder(r: Reader): SignedOrder {
  const order = {
    account: r.uint(4) as AccountId,
    market: r.uint(1) as MarketId,
    isBuy: r.flag(),
    size: r.uint(5) as Lots,
    price: ticks(r.uint(4)),
    timeInForce: r.uint(1) as TimeInForce,
    reduceOnly: r.flag(),
    postOnly: r.flag(),
    expiry: r.uint(5) as Seconds,
    lane: r.uint(2) as Lane,
    seq: r.uint(4) as Seq,
    epoch: r.uint(4) as Epoch,
  };
  const plain = r.flag();
  const bytes = r.bytes();
  return { ...order, signature: plain ? bytes : { contract: true as const, bytes } };
}

export function writeFill(w: Writer, fill: UnconfirmedFill): void {
  w.int(fill.id);
  w.uint(1, fill.market);
  w.uint(4, fill.price);
  w.uint(5, fill.lots);
  writeOrder(w, fill.maker);
  writeOrder(w, fill.taker);
  w.big(fill.makerFee);
  w.big(fill.takerFee);
  w.big(fill.index);
  w.uint(4, fill.round);
  w.uint(5, fill.at);
  w.int(fill.batch ?? -1);
}

export function readFill(r: Reader): UnconfirmedFill {
  const fill = {
    id: r.int(),
    market: r.uint(1) as MarketId,
    price: ticks(r.uint(4)),
    lots: r.uint(5) as Lots,
    maker: readOrder(r),
    taker: readOrder(r),
    makerFee: r.big() as Quote,
    takerFee: r.big() as Quote,
    index: r.big() as FundingIndex,
    round: r.uint(4) as Round,
    at: r.uint(5) as Seconds,
  };
  const batch = r.int();
  return { ...fill, batch: batch < 0 ? null : batch };
}
