/**
 * Liquidation: part of a position moves to a keeper at the fillable price, for a penalty. To the
 * unit of the contracts' `Liquidations` library; sources of the formulas are in docs/MARGIN.md.
 *
 * A discount is how far a price is on the taker's side of the mark price, whole ticks: below it
 * when a long is sold, above it when a short is bought back.
 */
import {
  absBig,
  type CashQ32,
  ceilDiv,
  floorDiv,
  type Lots,
  type MarketId,
  maxBig,
  minBig,
  ppmOne,
  type Quote,
  q32Bits,
  type Rejection,
  reject,
} from '@holdfast/units';
import { liquidatable } from './legal.ts';
import {
  health,
  type MarketContext,
  type MarketOf,
  notional,
  type RiskAccount,
  shareUp,
  unitQ32,
} from './margin.ts';

/** Largest penalty, part of the notional: 1.5 %. */
export const penaltyPpmMax = 15_000;
/** Part of the penalty that the keeper gets at first, and at most. */
export const rewardPpm = { min: 100_000, max: 500_000 } as const;
/** Seconds after which the keeper's part no longer grows. */
export const rewardSeconds = 120;
/** An account that was seen unhealthy longer ago counts as not seen. */
export const flagSecondsMax = 3_600;

const million = BigInt(ppmOne);

/** What the formulas need of an account. */
export type Standing = { readonly equity: bigint; readonly maintenance: bigint };
/** What they need of a market. */
export type PricedMarket = Pick<MarketContext, 'price' | 'tickValue' | 'maintenancePpm'>;

/**
 * Part of an account's equity that belongs to a part of its maintenance requirement:
 * ⌊equity · freed / maintenance⌋, negative for a bankrupt account.
 */
export const shareOf = ({ equity, maintenance }: Standing, freed: bigint): bigint =>
  floorDiv(equity * freed, maintenance);

/** Maintenance requirement that `moved` of `size` lots (without sign) set free. */
export function freedBy(market: PricedMarket, size: number, moved: number): bigint {
  const need = (lots: number): bigint =>
    shareUp(notional(lots, market.price, market.tickValue), market.maintenancePpm);
  return need(size) - need(size - moved);
}

/**
 * Discount of the zero price, p₀ = P(1 − g·m·E/MMR), rounded for the account (ceil for longs, floor
 * for shorts): trading there leaves equity per maintenance as it was, or better.
 *
 * @param worth the account's share for these lots, not negative
 */
export const zeroDiscount = (worth: bigint, lots: number, tickValue: number): bigint =>
  worth / (BigInt(lots) * BigInt(tickValue));

/** Ticks by which the zero price of a bankrupt account is on the other side, rounded up. */
export const zeroSurcharge = (loss: bigint, lots: number, tickValue: number): bigint =>
  ceilDiv(loss, BigInt(lots) * BigInt(tickValue));

/** Discount of the fillable price, P · 1.5 · m · clamp(1 − E/MMR, 0, 1), rounded down. */
export function fillDiscount(market: PricedMarket, { equity, maintenance }: Standing): bigint {
  const missing = maintenance - maxBig(equity, 0n);
  const scaled = BigInt(market.price) * BigInt(market.maintenancePpm) * 3n * missing;
  return scaled / (maintenance * 2n * million);
}

/**
 * Lots that bring an account back to 1.1 times maintenance: ⌈(1.1·MMR − E)/(1.1·m − d − φ)⌉ with
 * the discount d and the full penalty φ; all of them when the denominator is not positive.
 */
export function partialLots(
  size: number,
  market: PricedMarket,
  discount: bigint,
  { equity, maintenance }: Standing,
): number {
  const lotValue = BigInt(market.price) * BigInt(market.tickValue);
  const gained = 11n * BigInt(market.maintenancePpm) * lotValue;
  const lost =
    10n * (BigInt(penaltyPpmMax) * lotValue + million * discount * BigInt(market.tickValue));
  if (gained <= lost) return size;
  // One unit of maintenance more, because the requirement of what is left rounds up.
  const missing = 11n * (maintenance + 1n) - 10n * equity;
  return Number(minBig(ceilDiv(missing * million, gained - lost), BigInt(size)));
}

/** Most lots that may go in one block: a part of the position before the first, at least one. */
export const speedLots = (size: number, partPpm: number): number =>
  Math.max(1, Number((BigInt(size) * BigInt(partPpm)) / million));

/** min(⌊1.5 % · notional⌋, what the zero price leaves below the fillable price), quote units. */
export const penaltyOf = (amount: bigint, left: bigint): bigint =>
  minBig((amount * BigInt(penaltyPpmMax)) / million, left);

/** The keeper's part of a penalty, `elapsed` seconds after the account was seen unhealthy. */
export function rewardOf(penalty: bigint, elapsed: number): bigint {
  const time = elapsed > flagSecondsMax ? 0 : Math.min(elapsed, rewardSeconds);
  const span = rewardPpm.max - rewardPpm.min;
  const part = BigInt(rewardPpm.min) + BigInt(span * time) / BigInt(rewardSeconds);
  return (penalty * part) / million;
}

/** Charge per lot, Q32, that brings in `loss` from `lots` or a little more. */
export const levyPerLot = (loss: bigint, lots: bigint): bigint => ceilDiv(loss << q32Bits, lots);

/** What a liquidation does to the three accounts, to the unit of the contract. */
export type LiquidationTerms = {
  /** Lots that move, signed as the position. */
  readonly size: Lots;
  /** Ticks off the mark price in favour of the keeper. */
  readonly discount: bigint;
  /** Price that is paid, ticks. */
  readonly price: number;
  readonly penalty: Quote;
  /** The keeper's part of the penalty. */
  readonly reward: Quote;
  /** Changes of cash; they sum to 0. */
  readonly accountCashDelta: CashQ32;
  readonly keeperCashDelta: CashQ32;
  readonly insuranceCashDelta: CashQ32;
};

/** What else bounds a liquidation. */
export type LiquidationOptions = {
  /** Most lots that the keeper wants; 0: the partial size. */
  readonly lots?: number;
  /** Most lots that the market's part per block leaves. */
  readonly allowed?: number;
  /** Seconds since the account was seen unhealthy; 0: it was not. */
  readonly elapsed?: number;
};

function judged(account: RiskAccount, market: MarketId, marketOf: MarketOf): Standing | Rejection {
  if ((account.positions.get(market) ?? 0) === 0) {
    return reject('PositionMissing', `no position in market ${market}`, { market });
  }
  const now = health(account, marketOf);
  const found = { equity: now.equity.toString(), maintenance: now.maintenance.toString() };
  if (!liquidatable(now)) {
    const message = `equity ${now.equity} is not below maintenance ${now.maintenance}`;
    return reject('NotLiquidatable', message, found);
  }
  if (now.equity < 0n) {
    return reject('AccountBankrupt', `equity ${now.equity}: only the waterfall may act`, found);
  }
  return now;
}

/**
 * Terms on which `account` would lose lots in `market` to a keeper.
 *
 * @returns terms, or a rejection `PositionMissing`, `NotLiquidatable` or `AccountBankrupt`
 */
export function liquidationTerms(
  account: RiskAccount,
  market: MarketId,
  marketOf: MarketOf,
  options: LiquidationOptions = {},
): LiquidationTerms | Rejection {
  const standing = judged(account, market, marketOf);
  if ('code' in standing) return standing;
  const context = marketOf(market);
  const held = account.positions.get(market) ?? 0;
  const size = Math.abs(held);
  const wish = fillDiscount(context, standing);
  const lots = Math.min(
    partialLots(size, context, wish, standing),
    options.lots || size,
    options.allowed ?? size,
  );
  const worth = shareOf(standing, freedBy(context, size, lots));
  const discount = minBig(wish, zeroDiscount(worth, lots, context.tickValue));
  const given = discount * BigInt(lots) * BigInt(context.tickValue);
  const amount = notional(lots, context.price, context.tickValue);
  const penalty = penaltyOf(amount, worth - given);
  const reward = rewardOf(penalty, options.elapsed ?? 0);
  const signed = held > 0 ? lots : -lots;
  const paid = BigInt(signed) * unitQ32(context) - (given << q32Bits);
  return {
    size: signed as Lots,
    discount,
    price: context.price - Math.sign(held) * Number(discount),
    penalty: penalty as Quote,
    reward: reward as Quote,
    accountCashDelta: (paid - (penalty << q32Bits)) as CashQ32,
    keeperCashDelta: ((reward << q32Bits) - paid) as CashQ32,
    insuranceCashDelta: ((penalty - reward) << q32Bits) as CashQ32,
  };
}

/** What the protocol may sell (or buy back) of a position into the book. */
export type SeizureTerms = {
  /** Most lots, signed as the position. */
  readonly size: Lots;
  /** The fillable price: no fill may be worse for the account. */
  readonly limit: number;
};

/**
 * Terms of the book stage: the partial size, at the price that a keeper would get, or better.
 *
 * @param allowed most lots that the market's part per block leaves
 * @returns terms, or a rejection `PositionMissing`, `NotLiquidatable` or `AccountBankrupt`
 */
export function seizureTerms(
  account: RiskAccount,
  market: MarketId,
  marketOf: MarketOf,
  allowed?: number,
): SeizureTerms | Rejection {
  const standing = judged(account, market, marketOf);
  if ('code' in standing) return standing;
  const context = marketOf(market);
  const held = account.positions.get(market) ?? 0;
  const size = Math.abs(held);
  const discount = fillDiscount(context, standing);
  const lots = Math.min(partialLots(size, context, discount, standing), allowed ?? size);
  const side = Math.sign(held);
  return { size: (side * lots) as Lots, limit: context.price - side * Number(discount) };
}

/**
 * Penalty for `lots` of `size` that the protocol has sold, quote units: what a keeper's liquidation
 * would take, from what the fills have left of the account's share.
 *
 * @param lost what the fills brought in less than the mark price, fees included
 */
export function seizurePenalty(
  standing: Standing,
  market: PricedMarket,
  size: number,
  lots: number,
  lost: bigint,
): Quote {
  const left = shareOf(standing, freedBy(market, size, lots)) - lost;
  const amount = notional(lots, market.price, market.tickValue);
  return maxBig(penaltyOf(amount, left), 0n) as Quote;
}

/**
 * Mark price at which the account becomes liquidatable if only this market moves, ticks:
 * p* = P − g(E − MMR) / (|s|(1 − g·m)) (VENUES, Hyperliquid), rounded away from harm.
 * @returns undefined when no positive price does it.
 */
export function liquidationPrice(
  account: RiskAccount,
  market: MarketId,
  marketOf: MarketOf,
): number | undefined {
  const size = account.positions.get(market) ?? 0;
  if (size === 0) return undefined;
  const { equity, maintenance } = health(account, marketOf);
  const { price, tickValue, maintenancePpm } = marketOf(market);
  const side = size > 0 ? 1n : -1n;
  const perTick =
    absBig(BigInt(size)) * BigInt(tickValue) * (million - side * BigInt(maintenancePpm));
  const distance = ((equity - maintenance) * million) / perTick;
  const at = BigInt(price) - side * distance;
  return at > 0n && at < 1n << 32n ? Number(at) : undefined;
}
