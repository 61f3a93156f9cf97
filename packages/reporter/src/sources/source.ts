import type { VenueMarket } from '@holdfast/host';
import { invariant, isRejection, parseDecimal } from '@holdfast/units';

/** What a source says of one market at one moment. */
export interface SourcePrice {
  /** Price in 10^-8 quote per base unit, a whole safe number: finer than any tick. */
  price8: number;
  /** Prices of the same perpetual at other venues, in the same unit; empty when none is known. */
  perps8: readonly number[];
}

/** Anything that knows prices. */
export interface PriceSource {
  readonly name: string;
  /** Prices by market symbol at a venue time (seconds); a market that it cannot say is absent. */
  pricesAt(time: number): Promise<ReadonlyMap<string, SourcePrice>>;
  close(): Promise<void>;
}

/** Decimals of `price8`. */
export const priceDecimals = 8;

/** 10^-8 units of one tick of a market. */
export function tick8(market: VenueMarket): number {
  const step = parseDecimal(market.tickSize, priceDecimals);
  invariant(!isRejection(step), `tickSize ${market.tickSize} is finer than 10^-8`);
  return Number(step);
}

/** A price in whole ticks, nearest, at least 1. */
export function toTicks(price8: number, market: VenueMarket): number {
  return Math.max(1, Math.round(price8 / tick8(market)));
}
