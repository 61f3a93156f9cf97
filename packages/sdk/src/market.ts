/** Markets in human units. Nothing here rounds: what does not fit is a rejection. */
import type { VenueMarket } from '@holdfast/host';
import {
  formatDecimal,
  formatPrice,
  formatSize,
  isRejection,
  type Lots,
  type MarketId,
  parseDecimal,
  parsePrice,
  parseSize,
  type Quote,
  quoteDecimals,
  type Rejection,
  reject,
  type Ticks,
  tryOrderSize,
} from '@holdfast/units';

/** A market as venue.json and the node describe it. */
export type Market = Omit<VenueMarket, 'id'> & { readonly id: MarketId };

/** A call: orders are collected, and nothing matches before its end. */
export type MarketCall = {
  /** When it may end, venue time; it goes on under a breaker or without a fresh price. */
  readonly until: number;
  readonly cause: 'opening' | 'prices' | 'breaker' | 'operator';
  /** What would trade if it ended now: ticks, lots; 0 if nothing crosses. */
  readonly price: number;
  readonly lots: number;
  /** Lots bid for and offered at that price. */
  readonly bid: number;
  readonly offered: number;
};

/** What the node adds to a market: where it is now. */
export type LiveMarket = Market & {
  /** Index price, ticks; 0 before the first report. */
  readonly indexPrice: number;
  /** Mark price, ticks: what positions are valued at; 0 before the first report. */
  readonly markPrice: number;
  readonly priceTime: number;
  readonly fundingRatePpmPerDay: number;
  readonly fundingIndex: bigint;
  /** Σ longs, lots. */
  readonly openInterest: number;
  /** How orders match: at once, or all at one price when a call ends. Absent: an older node. */
  readonly phase?: 'continuous' | 'call';
  readonly call?: MarketCall;
};

/** Finds a market by symbol (any case, `BTC` for `BTC-USD` if only one begins so) or id. */
export function marketBy(markets: readonly Market[], name: string | number): Market | Rejection {
  const key = String(name).toUpperCase();
  const exact = markets.find((m) => m.symbol.toUpperCase() === key || String(m.id) === key);
  if (exact) return exact;
  const begins = markets.filter((m) => m.symbol.toUpperCase().startsWith(`${key}-`));
  const known = markets.map((m) => m.symbol).join(', ');
  return begins.length === 1
    ? (begins[0] as Market)
    : reject('MarketUnknown', `there is no market ${name}; there are ${known}`);
}

/** A positive human size as lots of an order. */
export function sizeToLots(market: Market, size: string): Lots | Rejection {
  const parsed = parseSize(size, market.lotSize);
  if (isRejection(parsed)) return parsed;
  const least = `at least ${market.lotSize} ${market.symbol.split('-')[0]}`;
  return tryOrderSize(parsed) ?? reject('SizeOutOfRange', `size ${size} is not possible: ${least}`);
}

/** A human price as ticks. */
export const priceToTicks = (market: Market, price: string): Ticks | Rejection =>
  parsePrice(price, market.tickSize);

/** Ticks as a human price; '-' for 0, which stands for no price. */
export const showPrice = (market: Market, price: number): string =>
  price === 0 ? '-' : formatPrice(price as Ticks, market.tickSize);

/** Lots as a human size, signed. */
export const showSize = (market: Market, lots: number): string =>
  formatSize(lots as Lots, market.lotSize);

/** Quote units as a decimal text: '12.5'. */
export const showQuote = (amount: bigint): string => formatDecimal(amount, quoteDecimals);

/** An auction in one line: when it ends, and what it would come to. */
export function showCall(market: Market, call: Omit<MarketCall, 'cause'>, nowTime: number): string {
  const left = call.until - nowTime;
  const ends = left > 0 ? `ends in ${left} s` : 'waits for a price or a breaker';
  if (call.lots === 0) return `auction ${ends}; nothing crosses yet`;
  const over = call.bid - call.offered;
  const side = over > 0 ? 'bid' : 'offered';
  const rest = over === 0 ? '' : `, ${showSize(market, Math.abs(over))} more ${side}`;
  const what = `${showSize(market, call.lots)} at ${showPrice(market, call.price)}`;
  return `auction ${ends}; now ${what}${rest}`;
}

/** A human amount as quote units. */
export const parseQuote = (text: string): Quote | Rejection =>
  parseDecimal(text, quoteDecimals) as Quote | Rejection;

/** A positive human amount as token units. */
export function parseTokens(text: string, decimals: number): bigint | Rejection {
  const amount = parseDecimal(text, decimals);
  if (isRejection(amount) || amount > 0n) return amount;
  return reject('AmountNotWhole', `amount ${text} is not positive`);
}
