/** What one fill does to one side. */
import type { CashQ32, FundingIndex, Lots, Ppm, Quote, Ticks } from '@holdfast/units';
import { q32Bits } from '@holdfast/units';
import { notionalShare, unitQ32 } from './margin.ts';

/** One side of a fill. */
export type FillSide = {
  readonly isBuy: boolean;
  /** Lots traded, positive. */
  readonly lots: Lots;
  /** Price of the fill. */
  readonly price: Ticks;
  /** Funding index at which it is booked. */
  readonly index: FundingIndex;
  readonly tickValue: number;
  readonly feePpm: Ppm;
};

/** Changes of the side's account; `fee` goes to the fee account. */
export type FillDelta = {
  readonly cashDelta: CashQ32;
  readonly sizeDelta: Lots;
  readonly fee: Quote;
};

/**
 * A buyer's size rises by n and cash falls by n · ((p · tickValue << 32) − I); a seller the
 * opposite; each pays ⌈notional · feePpm / 10^6⌉, which `cashDelta` contains.
 */
export function fillDelta(side: FillSide): FillDelta {
  const signed = side.isBuy ? side.lots : -side.lots;
  const paid = notionalShare(side.lots, side.price, side.tickValue, side.feePpm);
  const cashDelta = -(BigInt(signed) * unitQ32(side)) - (paid << q32Bits);
  return { cashDelta: cashDelta as CashQ32, sizeDelta: signed as Lots, fee: paid };
}

/**
 * Correction of a side's cash when the chain booked its fill at another index than the core did:
 * signed lots · (I_chain − I_assumed), Q32.
 */
export const indexCorrection = (
  signedLots: number,
  chain: FundingIndex,
  assumed: FundingIndex,
): CashQ32 => (BigInt(signedLots) * (chain - assumed)) as CashQ32;

/** Lowest and highest price of a fill: index ∓ ⌊index · fillBandPpm / 10^6⌋, ticks. */
export function fillBand(price: Ticks, fillBandPpm: Ppm): { low: number; high: number } {
  const span = Number((BigInt(price) * BigInt(fillBandPpm)) / 1_000_000n);
  return { low: Math.max(price - span, 1), high: price + span };
}
