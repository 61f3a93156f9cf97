import { availableParallelism } from 'node:os';
import type { CoreConfig, MarketParams } from '@holdfast/core';
import type { Venue } from '@holdfast/host';
import { lots, marketId, ppm } from '@holdfast/units';
import type { HubOptions } from './edge/hub.ts';
import type { AuctionSettings, JournalSettings } from './settings.ts';

/** What an operator may set besides the venue file. */
export type NodeOptions = {
  /** Folder of the journal, unless `journal` says where it is. */
  readonly journalDir: string;
  readonly journal?: JournalSettings | undefined;
  readonly threads: number;
  /** `portable` where the native addon does not load: correct, some thirty times slower. */
  readonly verifier: 'native' | 'portable';
  /** Commands between snapshots. */
  readonly snapshotEvery: number;
  /** Where gateways come, and their keys. */
  readonly gateways?: HubOptions | undefined;
  /** Account that takes over the positions of forced closes. */
  readonly forcedTaker?: number | undefined;
  /** Which markets open and reopen by auction; default: none. */
  readonly auctions?: AuctionSettings | undefined;
  /** Socket for the operator's commands; none: there are none. */
  readonly control?: string | undefined;
};

export const nodeDefaults: Omit<NodeOptions, 'journalDir'> = {
  threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
  verifier: 'native',
  snapshotEvery: 50_000,
};

function paramsOf(market: Venue['markets'][number]): MarketParams {
  return {
    tickValue: market.tickValue,
    initialPpm: ppm(market.initialPpm),
    maintenancePpm: ppm(market.maintenancePpm),
    takerFeePpm: ppm(market.takerFeePpm),
    makerFeePpm: ppm(market.makerFeePpm),
    priceAgeSecondsMax: market.priceAgeSecondsMax,
    bandPpm: ppm(market.bandPpm),
    fillBandPpm: ppm(market.fillBandPpm),
    fundingRatePpmMax: ppm(market.fundingRatePpmMax),
    openInterestMax: lots(market.openInterestMax),
    openInterestLowPpm: ppm(market.openInterestLowPpm),
    openInterestHighPpm: ppm(market.openInterestHighPpm),
    concentrationPpm: ppm(market.concentrationPpm),
    concentrationCapPpm: ppm(market.concentrationCapPpm),
    isolated: market.isolated,
    markClampPpm: ppm(market.markClampPpm),
    fundingGapSecondsMax: market.fundingGapSecondsMax,
    liquidationPartPpm: ppm(market.liquidationPartPpm),
    coverSharePpm: ppm(market.coverSharePpm),
    backstopLotsMax: lots(market.backstopLotsMax),
  };
}

/** Wall seconds between a match and the block that settles it, at the most, in ordinary times. */
const SETTLE_WALL_SECONDS = 5;

/**
 * The core's configuration. Settlement takes wall time, so under compressed time the margins that
 * keep matched orders alive until they settle are longer in venue seconds.
 */
export function coreConfig(venue: Venue): CoreConfig {
  const settleSeconds = Math.ceil(SETTLE_WALL_SECONDS * venue.clock.speed);
  const ages = venue.markets.map((market) => market.priceAgeSecondsMax);
  return {
    book: 'ladder',
    expiryMarginSeconds: settleSeconds,
    priceAgeMarginSeconds: Math.min(settleSeconds, Math.floor(Math.min(...ages) / 3)),
    reportSkewSecondsMax: Math.max(...ages),
    rateLimit: { burst: 2000, perSecond: 200, quotePerToken: 100_000_000n },
    markets: venue.markets.map((market) => ({
      id: marketId(market.id),
      params: paramsOf(market),
    })),
  };
}
