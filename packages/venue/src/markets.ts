import type { VenueMarket } from '@holdfast/host';
import { tickValueOf } from '@holdfast/units';

/** What makes a demonstration market; the rest of its parameters are common. */
interface MarketShape {
  id: number;
  symbol: string;
  tickSize: string;
  lotSize: string;
  openInterestMax: number;
}

const shapes: readonly MarketShape[] = [
  { id: 0, symbol: 'BTC-USD', tickSize: '0.1', lotSize: '0.001', openInterestMax: 5_000_000 },
  { id: 1, symbol: 'ETH-USD', tickSize: '0.01', lotSize: '0.01', openInterestMax: 10_000_000 },
  { id: 2, symbol: 'SOL-USD', tickSize: '0.001', lotSize: '0.1', openInterestMax: 20_000_000 },
  { id: 3, symbol: 'DOGE-USD', tickSize: '0.00001', lotSize: '10', openInterestMax: 200_000_000 },
];

/** Symbols of the demonstration markets. */
export const demoSymbols: readonly string[] = shapes.map((shape) => shape.symbol);

/** Times of a venue in venue seconds; wider when time is compressed, inside the hard bounds. */
export interface VenueTimes {
  roundSeconds: number;
  priceAgeSecondsMax: number;
  quietSeconds: number;
  gapSecondsMax: number;
}

const ageSecondsBound = 7200;

/**
 * Wall-clock habits (a report every 2 s, stale after 60 s, quiet after 15 s) as venue seconds at a
 * speed. Beyond speed 120 the hard bound of 7200 s on a price's age holds them back.
 */
export function timesAt(speed: number): VenueTimes {
  const scaled = (wallSeconds: number, low: number): number =>
    Math.min(ageSecondsBound, Math.max(low, Math.ceil(wallSeconds * speed)));
  return {
    roundSeconds: scaled(2, 1),
    priceAgeSecondsMax: scaled(60, 5),
    quietSeconds: scaled(15, 1),
    gapSecondsMax: scaled(30, 5),
  };
}

/** The demonstration markets with these symbols, ids ascending. */
export function demoMarkets(symbols: readonly string[], speed: number): VenueMarket[] {
  const chosen = shapes.filter((shape) => symbols.includes(shape.symbol));
  return chosen.map((shape) => ({
    ...shape,
    tickValue: tickValueOf(shape.tickSize, shape.lotSize),
    initialPpm: 50_000,
    maintenancePpm: 30_000,
    takerFeePpm: 450,
    makerFeePpm: 150,
    priceAgeSecondsMax: timesAt(speed).priceAgeSecondsMax,
    bandPpm: 100_000,
    fillBandPpm: 50_000,
    fundingRatePpmMax: 120_000,
    openInterestLowPpm: 500_000,
    openInterestHighPpm: 1_000_000,
    concentrationPpm: 100_000,
    concentrationCapPpm: 200_000,
    isolated: 0,
    markClampPpm: 20_000,
    fundingGapSecondsMax: timesAt(speed).gapSecondsMax,
    liquidationPartPpm: 250_000,
    coverSharePpm: 250_000,
    backstopLotsMax: Math.floor(shape.openInterestMax / 10),
  }));
}
