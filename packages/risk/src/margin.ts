/**
 * Equity and margin requirements, to the unit of the contracts' `Margin` library. Quote amounts
 * are whole quote units; Q32 amounts have 32 fractional bits more.
 */
import {
  absBig,
  type CashQ32,
  ceilDiv,
  type FundingIndex,
  type Lots,
  type MarketId,
  type Ppm,
  ppmOne,
  type Quote,
  q32Bits,
  type Ticks,
} from '@holdfast/units';

/** What a market contributes to a valuation. */
export type MarketContext = {
  /** Index price. */
  readonly price: Ticks;
  /** Cumulative funding of one lot, quote Q32. */
  readonly index: FundingIndex;
  /** Quote units of one lot at one tick. */
  readonly tickValue: number;
  readonly initialPpm: Ppm;
  readonly maintenancePpm: Ppm;
};

/** An account as the margin rules see it. */
export type RiskAccount = {
  readonly cash: CashQ32;
  readonly positions: ReadonlyMap<MarketId, Lots>;
};

/** Finds a market's context. Assumes: it knows every market in which a position exists. */
export type MarketOf = (market: MarketId) => MarketContext;

/** Equity and requirements, whole quote units. */
export type Health = {
  readonly equity: Quote;
  readonly initial: Quote;
  readonly maintenance: Quote;
};

/** Lots that wait in the book, per side. */
export type OpenOrders = { readonly buys: number; readonly sells: number };

/** |size| · price · tickValue, exact. */
export const notional = (size: number, price: Ticks, tickValue: number): Quote =>
  (absBig(BigInt(size)) * BigInt(price) * BigInt(tickValue)) as Quote;

/** ⌈amount · ppm / 10^6⌉: shares that an account owes are rounded against it. */
export const shareUp = (amount: Quote, ppm: number): Quote =>
  ceilDiv(amount * BigInt(ppm), BigInt(ppmOne)) as Quote;

/** ⌈notional · feePpm / 10^6⌉. */
export const fee = (amount: Quote, feePpm: Ppm): Quote => shareUp(amount, feePpm);

/** Worth of one lot, quote Q32: (price · tickValue << 32) − index. */
export const unitQ32 = (market: Pick<MarketContext, 'price' | 'index' | 'tickValue'>): bigint =>
  ((BigInt(market.price) * BigInt(market.tickValue)) << q32Bits) - market.index;

/** cash + Σ size · unit, exact. */
export function equityQ32(account: RiskAccount, marketOf: MarketOf): bigint {
  let sum: bigint = account.cash;
  for (const [market, size] of account.positions) sum += BigInt(size) * unitQ32(marketOf(market));
  return sum;
}

/** Equity in whole quote units, rounded down. */
export const equity = (account: RiskAccount, marketOf: MarketOf): Quote =>
  (equityQ32(account, marketOf) >> q32Bits) as Quote;

/** Equity (floor), initial and maintenance requirement (ceil per position, summed). */
export function health(account: RiskAccount, marketOf: MarketOf): Health {
  let worth: bigint = account.cash;
  let initial = 0n;
  let maintenance = 0n;
  for (const [id, size] of account.positions) {
    const market = marketOf(id);
    const amount = notional(size, market.price, market.tickValue);
    worth += BigInt(size) * unitQ32(market);
    initial += shareUp(amount, market.initialPpm);
    maintenance += shareUp(amount, market.maintenancePpm);
  }
  return {
    equity: (worth >> q32Bits) as Quote,
    initial: initial as Quote,
    maintenance: maintenance as Quote,
  };
}

/** Largest position that open orders can lead to: max(Σbuys + s, Σsells − s, 0), lots. */
export const worstOpenSize = (size: number, open: OpenOrders): number =>
  Math.max(open.buys + size, open.sells - size, 0);

/**
 * Initial requirement when every open order may fill in the worst sequence: the larger of the
 * position's own and that of {@link worstOpenSize}, at index prices, summed over markets.
 */
export function initialWithOrders(
  account: RiskAccount,
  open: ReadonlyMap<MarketId, OpenOrders>,
  marketOf: MarketOf,
): Quote {
  let sum = 0n;
  for (const id of new Set([...account.positions.keys(), ...open.keys()])) {
    const market = marketOf(id);
    const size = account.positions.get(id) ?? 0;
    const worst = worstOpenSize(size, open.get(id) ?? { buys: 0, sells: 0 });
    const amount = notional(Math.max(worst, Math.abs(size)), market.price, market.tickValue);
    sum += shareUp(amount, market.initialPpm);
  }
  return sum as Quote;
}

/**
 * What an order can lose against the index at once if it fills whole at its limit: the part of
 * the limit on the wrong side of the index, and the fee. Whole quote units, never negative.
 */
export function orderLossMax(
  order: { readonly isBuy: boolean; readonly size: number; readonly price: Ticks },
  market: Pick<MarketContext, 'price' | 'tickValue'>,
  feePpm: Ppm,
): Quote {
  const worse = order.isBuy ? order.price - market.price : market.price - order.price;
  const slip = BigInt(Math.max(worse, 0)) * BigInt(order.size) * BigInt(market.tickValue);
  return (slip + fee(notional(order.size, order.price, market.tickValue), feePpm)) as Quote;
}

/** Whether a position grows or changes its sign. */
export function grows(before: number, after: number): boolean {
  if (after === 0) return false;
  return before < 0 !== after < 0 || Math.abs(after) > Math.abs(before);
}

/** Whether a position opens, grows or flips in any market of `after`. */
export function grewAny(
  before: ReadonlyMap<MarketId, Lots>,
  after: ReadonlyMap<MarketId, Lots>,
): boolean {
  for (const [market, size] of after) if (grows(before.get(market) ?? 0, size)) return true;
  return false;
}
