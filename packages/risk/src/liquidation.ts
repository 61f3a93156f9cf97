/** Liquidation: one whole position moves to a keeper at the index price, for a penalty. */
import {
  type CashQ32,
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
  equityQ32,
  health,
  type MarketOf,
  notional,
  type RiskAccount,
  shareUp,
  unitQ32,
} from './margin.ts';

/** Largest penalty, part of the notional: 1.5 %. */
export const penaltyPpmMax = 15_000;

/** What a liquidation does to the three accounts, to the unit of the contract. */
export type LiquidationTerms = {
  /** Lots that move, signed. */
  readonly size: Lots;
  readonly penalty: Quote;
  /** Half of the penalty, rounded down. */
  readonly keeperShare: Quote;
  readonly insuranceShare: Quote;
  /** What the fund pays to an account that ends empty and in debt. */
  readonly coveredQ32: CashQ32;
  /** What the fund does not have. */
  readonly shortfallQ32: CashQ32;
  /** Changes of cash; they sum to 0. */
  readonly accountCashDelta: CashQ32;
  readonly keeperCashDelta: CashQ32;
  readonly insuranceCashDelta: CashQ32;
};

/**
 * Terms on which `account` would lose its position in `market`.
 *
 * penalty = min(⌊1.5 % · notional⌋, ⌊E · (MMR − MMR′) / MMR⌋), never below 0: health, the ratio of
 * equity to maintenance, does not fall.
 * @param insuranceCash cash of the insurance fund.
 * @returns terms, or a rejection `PositionMissing` or `NotLiquidatable(equity, maintenance)`.
 */
export function liquidationTerms(
  account: RiskAccount,
  market: MarketId,
  insuranceCash: CashQ32,
  marketOf: MarketOf,
): LiquidationTerms | Rejection {
  const size = account.positions.get(market) ?? 0;
  if (size === 0) return reject('PositionMissing', `no position in market ${market}`, { market });
  const now = health(account, marketOf);
  if (!liquidatable(now)) {
    return reject(
      'NotLiquidatable',
      `equity ${now.equity} is not below maintenance ${now.maintenance}`,
      { equity: now.equity.toString(), maintenance: now.maintenance.toString() },
    );
  }
  const context = marketOf(market);
  const amount = notional(size, context.price, context.tickValue);
  const freed = shareUp(amount, context.maintenancePpm);
  const bound = (maxBig(now.equity, 0n) * freed) / now.maintenance;
  const penalty = minBig((amount * BigInt(penaltyPpmMax)) / BigInt(ppmOne), bound);
  const keeperShare = penalty / 2n;
  const insuranceShare = penalty - keeperShare;
  const debtQ32 = account.positions.size === 1 ? maxBig(-equityQ32(account, marketOf), 0n) : 0n;
  const coveredQ32 = minBig(debtQ32, maxBig(insuranceCash, 0n));
  const valueQ32 = BigInt(size) * unitQ32(context);
  return {
    size: size as Lots,
    penalty: penalty as Quote,
    keeperShare: keeperShare as Quote,
    insuranceShare: insuranceShare as Quote,
    coveredQ32: coveredQ32 as CashQ32,
    shortfallQ32: (debtQ32 - coveredQ32) as CashQ32,
    accountCashDelta: (valueQ32 - (penalty << q32Bits) + coveredQ32) as CashQ32,
    keeperCashDelta: ((keeperShare << q32Bits) - valueQ32) as CashQ32,
    insuranceCashDelta: ((insuranceShare << q32Bits) - coveredQ32) as CashQ32,
  };
}

/** Q32 rounded up to whole quote units, as the event states `covered` and `shortfall`. */
export const quoteUp = (amount: CashQ32): Quote =>
  ((amount + ((1n << q32Bits) - 1n)) >> q32Bits) as Quote;

/**
 * Index price at which the account becomes liquidatable if only this market moves, ticks:
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
    BigInt(Math.abs(size)) * BigInt(tickValue) * (1_000_000n - side * BigInt(maintenancePpm));
  const distance = ((equity - maintenance) * 1_000_000n) / perTick;
  const at = BigInt(price) - side * distance;
  return at > 0n && at < 1n << 32n ? Number(at) : undefined;
}
