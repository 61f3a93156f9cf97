/** What governance decides about a market. */
import type { Lots, Ppm } from '@holdfast/units';

/** A market's parameters: the same tuple as `Parameters.MarketParams` on chain. */
export type MarketParams = {
  /** Quote units of one lot at one tick, uint48. */
  readonly tickValue: number;
  readonly initialPpm: Ppm;
  readonly maintenancePpm: Ppm;
  readonly takerFeePpm: Ppm;
  readonly makerFeePpm: Ppm;
  readonly priceAgeSecondsMax: number;
  /** Largest move of the index price per report. */
  readonly bandPpm: Ppm;
  /** Largest distance of a fill from the index price. */
  readonly fillBandPpm: Ppm;
  /** Per day. */
  readonly fundingRatePpmMax: Ppm;
  /** Σ longs, lots. */
  readonly openInterestMax: Lots;
  /** Part of the cap above which initial margin grows with open interest. */
  readonly openInterestLowPpm: Ppm;
  /** Part of the cap at which initial margin is the whole notional. */
  readonly openInterestHighPpm: Ppm;
  /** Initial margin added for holding all of the open interest. */
  readonly concentrationPpm: Ppm;
  /** Largest initial margin that concentration alone demands. */
  readonly concentrationCapPpm: Ppm;
  /** 1: an account that trades this market holds nothing else. */
  readonly isolated: number;
  /** Largest distance of the mark price from the index price. */
  readonly markClampPpm: Ppm;
  /** Longest time without a report for which funding is charged. */
  readonly fundingGapSecondsMax: number;
  /** Largest part of a position liquidated, and of open interest resolved, in one block. */
  readonly liquidationPartPpm: Ppm;
  /** Largest part of an insurance fund that is drawn in any hour. */
  readonly coverSharePpm: Ppm;
  /** Largest position that the backstop takes over, lots. */
  readonly backstopLotsMax: Lots;
};
