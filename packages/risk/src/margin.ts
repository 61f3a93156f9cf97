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
  /** Mark price: what a position is worth, and what margin is asked on. */
  readonly price: Ticks;
  /** Cumulative funding of one lot, quote Q32. */
  readonly index: FundingIndex;
  /** Quote units of one lot at one tick. */
  readonly tickValue: number;
  readonly initialPpm: Ppm;
  readonly maintenancePpm: Ppm;
  /** Initial margin of any position in it: base and open-interest term, see {@link interestPpm}. */
  readonly marketPpm: Ppm;
  /** Σ longs before the operation, of which a position's share is taken, lots. */
  readonly openInterest: number;
  readonly concentrationPpm: Ppm;
  readonly concentrationCapPpm: Ppm;
};

/** The parameters of a market that margin depends on. */
export type MarginParams = Readonly<
  Record<
    | 'tickValue'
    | 'initialPpm'
    | 'maintenancePpm'
    | 'openInterestMax'
    | 'openInterestLowPpm'
    | 'openInterestHighPpm'
    | 'concentrationPpm'
    | 'concentrationCapPpm',
    number
  >
>;

/** An account as the margin rules see it. */
export type RiskAccount = {
  readonly cash: CashQ32;
  readonly positions: ReadonlyMap<MarketId, Lots>;
  /** Initial margin that the owner demands of itself; absent or 0: none. */
  readonly userPpm?: Ppm;
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

/**
 * |size| · price · tickValue as a double: exact where it is a safe integer, since a product that
 * was rounded on the way is larger than one.
 */
const notionalNear = (size: number, price: number, tickValue: number): number =>
  Math.abs(size) * price * tickValue;

/** |size| · price · tickValue, exact. */
export function notional(size: number, price: Ticks, tickValue: number): Quote {
  const near = notionalNear(size, price, tickValue);
  if (near <= Number.MAX_SAFE_INTEGER) return BigInt(near) as Quote;
  return (absBig(BigInt(size)) * BigInt(price) * BigInt(tickValue)) as Quote;
}

/** ⌈amount · ppm / 10^6⌉: shares that an account owes are rounded against it. */
export const shareUp = (amount: Quote, ppm: number): Quote =>
  ceilDiv(amount * BigInt(ppm), BigInt(ppmOne)) as Quote;

/** ⌈notional · feePpm / 10^6⌉. */
export const fee = (amount: Quote, feePpm: Ppm): Quote => shareUp(amount, feePpm);

/**
 * ⌈|size| · price · tickValue · ppm / 10^6⌉: {@link shareUp} of {@link notional}, in doubles as
 * long as every step is a safe integer, which is most of an order's arithmetic.
 */
export function notionalShare(size: number, price: Ticks, tickValue: number, ppm: number): Quote {
  const near = notionalNear(size, price, tickValue);
  if (near <= Number.MAX_SAFE_INTEGER) {
    const rest = near % ppmOne;
    const share = ((near - rest) / ppmOne) * ppm + Math.ceil((rest * ppm) / ppmOne);
    if (share <= Number.MAX_SAFE_INTEGER) return BigInt(share) as Quote;
  }
  return shareUp(notional(size, price, tickValue), ppm);
}

/** Worth of one lot, quote Q32: (price · tickValue << 32) − index. */
export const unitQ32 = (market: Pick<MarketContext, 'price' | 'index' | 'tickValue'>): bigint =>
  ((BigInt(market.price) * BigInt(market.tickValue)) << q32Bits) - market.index;

/**
 * Initial margin of every position in a market, ppm rounded up: the base up to the low part of the
 * cap on open interest, the whole notional from the high part on, a straight line between them
 * (VENUES, dYdX). Both parts equal: the base alone.
 */
export function interestPpm(
  params: Pick<
    MarginParams,
    'initialPpm' | 'openInterestMax' | 'openInterestLowPpm' | 'openInterestHighPpm'
  >,
  openInterest: number,
): Ppm {
  const { initialPpm, openInterestMax, openInterestLowPpm, openInterestHighPpm } = params;
  if (openInterestLowPpm >= openInterestHighPpm) return initialPpm as Ppm;
  const cap = BigInt(openInterestMax);
  const above = BigInt(openInterest) * BigInt(ppmOne) - cap * BigInt(openInterestLowPpm);
  if (above <= 0n) return initialPpm as Ppm;
  const span = cap * BigInt(openInterestHighPpm - openInterestLowPpm);
  if (above >= span) return ppmOne as Ppm;
  return (initialPpm + Number(ceilDiv(BigInt(ppmOne - initialPpm) * above, span))) as Ppm;
}

/** Part of a market's cap that one batch of several fills may add, ppm. */
const crowdStepPpm = 50_000n;

/**
 * The most open interest at which a batch that is judged at `before` may end, lots: a step above
 * it, or above where initial margin starts to grow; no bound where it never does.
 */
export function crowdMost(
  params: Pick<MarginParams, 'openInterestMax' | 'openInterestLowPpm' | 'openInterestHighPpm'>,
  before: number,
): number {
  const { openInterestMax, openInterestLowPpm, openInterestHighPpm } = params;
  if (openInterestLowPpm >= openInterestHighPpm) return Number.MAX_SAFE_INTEGER;
  const cap = BigInt(openInterestMax);
  const from = Number((cap * BigInt(openInterestLowPpm)) / BigInt(ppmOne));
  const step = Number((cap * crowdStepPpm) / BigInt(ppmOne));
  return Math.max(before, from) + Math.max(step, 1);
}

/**
 * Initial margin for a share of the open interest, ppm rounded up: the base and `concentrationPpm`
 * for all of it, no more than the cap (VENUES, Synthetix). The share is never above one: an account
 * that opens an empty market is all of it.
 */
export function concentratedPpm(
  market: Pick<
    MarketContext,
    'initialPpm' | 'openInterest' | 'concentrationPpm' | 'concentrationCapPpm'
  >,
  size: number,
): Ppm {
  const { initialPpm, concentrationPpm, concentrationCapPpm } = market;
  const lots = Math.abs(size);
  if (lots === 0 || concentrationPpm === 0 || concentrationCapPpm <= initialPpm) return initialPpm;
  const whole = Math.max(market.openInterest, lots);
  return Math.min(concentrationCapPpm, initialPpm + partUp(concentrationPpm, lots, whole)) as Ppm;
}

/** ⌈factor · part / whole⌉ of safe integers whose result is one. */
function partUp(factor: number, part: number, whole: number): number {
  const product = factor * part;
  if (product > Number.MAX_SAFE_INTEGER) {
    return Number(ceilDiv(BigInt(factor) * BigInt(part), BigInt(whole)));
  }
  const rest = product % whole;
  return (product - rest) / whole + (rest > 0 ? 1 : 0);
}

/** Initial margin of a position, ppm: the largest of the market's, the owner's and the share's. */
export const initialPpmOf = (market: MarketContext, size: number, userPpm = 0): Ppm =>
  Math.max(market.marketPpm, userPpm, concentratedPpm(market, size)) as Ppm;

/** What decides the initial margin of a position. */
export type MarginTerm = 'base' | 'user' | 'openInterest' | 'concentration';

/** The four terms of a position's initial margin, ppm, and the largest; the first of equals. */
export function marginTerms(
  market: MarketContext,
  size: number,
  userPpm = 0,
): Readonly<Record<MarginTerm, Ppm>> & { readonly binding: MarginTerm; readonly ppm: Ppm } {
  const terms = {
    base: market.initialPpm,
    user: userPpm as Ppm,
    openInterest: market.marketPpm,
    concentration: concentratedPpm(market, size),
  };
  const ppm = initialPpmOf(market, size, userPpm);
  const names = ['base', 'user', 'openInterest', 'concentration'] as const;
  return { ...terms, binding: names.find((name) => terms[name] === ppm) ?? 'base', ppm };
}

/**
 * A market's context from its parameters and its state. Whoever cannot know at which open interest
 * he will be judged gives the range in which it lies: the open-interest term takes the highest, the
 * concentration term the lowest.
 */
export function marketContext(
  params: MarginParams,
  at: {
    readonly price: Ticks;
    readonly index: FundingIndex;
    readonly openInterest: number | { readonly low: number; readonly high: number };
  },
): MarketContext {
  const { price, index, openInterest } = at;
  const range =
    typeof openInterest === 'number' ? { low: openInterest, high: openInterest } : openInterest;
  return {
    price,
    index,
    tickValue: params.tickValue,
    initialPpm: params.initialPpm as Ppm,
    maintenancePpm: params.maintenancePpm as Ppm,
    marketPpm: interestPpm(params, range.high),
    openInterest: range.low,
    concentrationPpm: params.concentrationPpm as Ppm,
    concentrationCapPpm: params.concentrationCapPpm as Ppm,
  };
}

/** A market whose initial margin is its base alone. */
export const baseAlone = (
  market: Omit<
    MarketContext,
    'marketPpm' | 'openInterest' | 'concentrationPpm' | 'concentrationCapPpm'
  >,
): MarketContext => ({
  ...market,
  marketPpm: market.initialPpm,
  openInterest: 0,
  concentrationPpm: 0 as Ppm,
  concentrationCapPpm: 0 as Ppm,
});

/** cash + Σ size · unit, exact. */
export function equityQ32(account: RiskAccount, marketOf: MarketOf): bigint {
  let sum: bigint = account.cash;
  for (const [market, size] of account.positions) sum += BigInt(size) * unitQ32(marketOf(market));
  return sum;
}

/** Equity in whole quote units, rounded down. */
export const equity = (account: RiskAccount, marketOf: MarketOf): Quote =>
  (equityQ32(account, marketOf) >> q32Bits) as Quote;

/** Initial margin of a position, quote units, rounded up. */
export const initialOf = (market: MarketContext, size: number, userPpm?: Ppm): Quote =>
  notionalShare(size, market.price, market.tickValue, initialPpmOf(market, size, userPpm));

/** What one position adds to its account's worth (quote Q32, exact) and requirements (ceil). */
export const positionTerms = (
  market: MarketContext,
  size: number,
  userPpm?: Ppm,
): { readonly worthQ32: bigint; readonly initial: Quote; readonly maintenance: Quote } => ({
  worthQ32: BigInt(size) * unitQ32(market),
  initial: initialOf(market, size, userPpm),
  maintenance: notionalShare(size, market.price, market.tickValue, market.maintenancePpm),
});

/**
 * Equity (floor), initial and maintenance requirement (ceil per position, summed). Maintenance
 * follows from its own parameter alone, so that crowding liquidates nobody.
 */
export function health(account: RiskAccount, marketOf: MarketOf): Health {
  let worth: bigint = account.cash;
  let initial = 0n;
  let maintenance = 0n;
  for (const [id, size] of account.positions) {
    const terms = positionTerms(marketOf(id), size, account.userPpm);
    worth += terms.worthQ32;
    initial += terms.initial;
    maintenance += terms.maintenance;
  }
  return {
    equity: (worth >> q32Bits) as Quote,
    initial: initial as Quote,
    maintenance: maintenance as Quote,
  };
}

/** ⌊2/3 · maintenance⌋: below it the backstop may take over (Hyperliquid). */
export const closeOut = (maintenance: Quote): Quote => ((maintenance * 2n) / 3n) as Quote;

/** Largest position that open orders can lead to: max(Σbuys + s, Σsells − s, 0), lots. */
export const worstOpenSize = (size: number, open: OpenOrders): number =>
  Math.max(open.buys + size, open.sells - size, 0);

/**
 * Initial requirement when every open order may fill in the worst sequence: the larger of the
 * position's own and that of {@link worstOpenSize}, at mark prices, summed over markets.
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
    const largest = Math.max(worst, Math.abs(size));
    sum += initialOf(market, largest, account.userPpm);
  }
  return sum as Quote;
}

/**
 * What an order can lose against the mark at once if it fills whole at its limit: the part of
 * the limit on the wrong side of the mark, and the fee. Whole quote units, never negative.
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

/** Whether an account that is in these markets is in one only, or in no isolated one. */
export function isolationHeld(
  markets: Iterable<MarketId>,
  isIsolated: (market: MarketId) => boolean,
): boolean {
  const all = [...markets];
  return all.length < 2 || !all.some(isIsolated);
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
