/** From what was measured to what a steward should want; the contract's rules bound the way. */

/** A tuple as the contracts know it; see `RiskTuple` in risk. */
export interface WantedTuple {
  readonly initialPpm: number;
  readonly maintenancePpm: number;
  readonly concentrationPpm: number;
  readonly fundingRatePpmMax: number;
  readonly openInterestMax: number;
  readonly backstopLotsMax: number;
}

/** What is known of a market now. */
export interface Measured {
  /** Margin that covers a close-out, part of the notional; see `flooredMargin`. */
  readonly margin: number;
  /** Depth of the book now over what is usual; undefined where it was not seen. */
  readonly depthRatio?: number | undefined;
  /** Part of the open interest that the largest account holds, 0 to 1. */
  readonly topShare: number;
  /**
   * What insurance and backstop hold, over what is lost beyond margin if the price goes twice the
   * margin against the largest position; undefined without positions.
   */
  readonly cover?: number | undefined;
}

const within = (low: number, value: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** A thin book adds at most half to the margin. */
const liquidityMax = 0.5;
/** An account with more than this part of a market makes it dearer. */
const usualShare = 0.25;

/**
 * The tuple that measured risk asks for; never looser than the anchor.
 *
 * Margin: filtered simulation, a long-run floor (both inside `margin`), and liquidity. Caps follow
 * depth and insurance, the price of concentration the largest account. Maintenance margin goes half
 * the way of initial margin. Funding rates stay.
 *
 * @returns undefined when the margin is not a number: whoever asks then proposes nothing
 */
export function wantedTuple(anchor: WantedTuple, seen: Measured): WantedTuple | undefined {
  if (!(seen.margin > 0) || !Number.isFinite(seen.margin)) return undefined;
  const depth = within(0.01, seen.depthRatio ?? 1, 1);
  const cover = within(0.01, seen.cover ?? 1, 1);
  const thin = within(0, 1 / depth - 1, liquidityMax);
  const asked = Math.ceil(seen.margin * (1 + thin) * 1_000_000);
  const initialPpm = within(anchor.initialPpm, asked, 1_000_000);
  const rise = (initialPpm / anchor.initialPpm - 1) / 2;
  const over = within(0, (seen.topShare - usualShare) / (1 - usualShare), 1);
  const part = Math.min(depth, cover);
  return {
    initialPpm,
    maintenancePpm: Math.floor(anchor.maintenancePpm * (1 + rise)),
    concentrationPpm: Math.min(1_000_000, Math.ceil(anchor.concentrationPpm * (1 + 2 * over))),
    fundingRatePpmMax: anchor.fundingRatePpmMax,
    openInterestMax: Math.ceil(anchor.openInterestMax * part),
    backstopLotsMax: Math.ceil(anchor.backstopLotsMax * cover),
  };
}
