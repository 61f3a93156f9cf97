import type { VenueMarket } from '@holdfast/host';

const risk = {
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000_000,
  openInterestLowPpm: 1_000_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 0,
  concentrationCapPpm: 0,
  isolated: 0,
  markClampPpm: 50_000,
  fundingGapSecondsMax: 7_200,
  liquidationPartPpm: 1_000_000,
  coverSharePpm: 1_000_000,
  backstopLotsMax: 0,
  tickValue: 100,
};

export const btc: VenueMarket = {
  id: 0,
  symbol: 'BTC-USD',
  tickSize: '0.1',
  lotSize: '0.001',
  ...risk,
};
export const doge: VenueMarket = {
  id: 3,
  symbol: 'DOGE-USD',
  tickSize: '0.00001',
  lotSize: '10',
  ...risk,
};
