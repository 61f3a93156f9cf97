/** What the chain does with a verified report: acceptance, band, mark and the funding step. */
import { reportAdvances, withinBand as withinBandLaw } from '@holdfast/laws';
import {
  type FundingIndex,
  fundingIndex,
  type MarketId,
  maxBig,
  type Ppm,
  type PpmPerDay,
  ppmOne,
  type Rejection,
  type Round,
  reject,
  type Seconds,
  type Ticks,
  truncDiv,
} from '@holdfast/units';
import { acceptMark } from './mark.ts';
import type { Observation } from './types.ts';

const secondsPerDay = 86_400;

/** Last accepted price of a market. */
export type MarketPrice = {
  /** Index price. */
  readonly price: Ticks;
  /** Mark price, as accepted. */
  readonly mark: Ticks;
  readonly time: Seconds;
  readonly round: Round;
};

/** The twin of the Oracle contract's storage, but for the aged price: see {@link ageStep}. */
export type OracleState = {
  readonly round: Round;
  readonly time: Seconds;
  readonly prices: ReadonlyMap<MarketId, MarketPrice>;
};

export type AcceptParams = {
  readonly reportSkewSecondsMax: number;
  /** Largest move per update; undefined: the market is not listed. */
  readonly bandPpm: (market: MarketId) => Ppm | undefined;
  /** Largest distance of the mark from the index. Assumes: the market is listed. */
  readonly markClampPpm: (market: MarketId) => Ppm;
};

/** The oracle before its first report. */
export const emptyOracle: OracleState = {
  round: 0 as Round,
  time: 0 as Seconds,
  prices: new Map(),
};

/** Largest move in ticks: floor(previous · band). */
const moveMax = (previous: Ticks, bandPpm: Ppm): number =>
  Number((BigInt(previous) * BigInt(bandPpm)) / BigInt(ppmOne));

/** Law L10: price > 0 and |price − previous| ≤ band · previous. */
export const withinBand = (price: Ticks, previous: Ticks, bandPpm: Ppm): boolean =>
  withinBandLaw({ price, referencePrice: previous, bandPpm });

/** The price nearest to `price` that the band around `previous` allows; at least 1 tick. */
export function clampToBand(price: Ticks, previous: Ticks | undefined, bandPpm: Ppm): Ticks {
  if (previous === undefined) return price;
  const move = moveMax(previous, bandPpm);
  const low = Math.max(previous - move, 1);
  const high = Math.min(previous + move, 2 ** 32 - 1);
  return Math.min(Math.max(price, low), high) as Ticks;
}

/**
 * Judges and applies a report whose quorum is verified, exactly as the Oracle contract does.
 * @param now venue time, seconds.
 * @returns the state after, or a rejection `RoundNotNewer`, `TimeNotNewer`, `ReportStale`,
 * `ReportAhead`, `MarketUnlisted`, `PriceZero` or `PriceOutsideBand`; then nothing of the
 * report counts.
 */
export function acceptReport(
  state: OracleState,
  report: Observation,
  params: AcceptParams,
  now: Seconds,
): { readonly state: OracleState } | Rejection {
  const late = judgeTime(state, report, params.reportSkewSecondsMax, now);
  if (late) return late;
  const { round, time } = report;
  const prices = new Map(state.prices);
  for (const { market, price, mark } of report.quotes) {
    const bandPpm = params.bandPpm(market);
    if (bandPpm === undefined) {
      return reject('MarketUnlisted', `there is no market ${market}`, { market });
    }
    if (price === 0) return reject('PriceZero', `market ${market} has price 0`, { market });
    const last = state.prices.get(market);
    const previous = last?.price;
    if (previous !== undefined && !withinBand(price, previous, bandPpm)) {
      return reject('PriceOutsideBand', `market ${market} moved further than its band`, {
        market,
        found: price,
        previous,
        bandPpm,
      });
    }
    const accepted = acceptMark(mark, last, price, params.markClampPpm(market));
    prices.set(market, { price, mark: accepted, time, round });
  }
  return { state: { round, time, prices } };
}

/** Law L09, and which part of it is broken. */
function judgeTime(
  state: OracleState,
  { round, time }: Observation,
  skewSecondsMax: number,
  now: Seconds,
): Rejection | undefined {
  const before = { roundBefore: state.round, timeBefore: state.time };
  if (reportAdvances({ ...before, round, time, nowTime: now, skewSecondsMax })) return undefined;
  if (round <= state.round) {
    return reject('RoundNotNewer', `round ${round} is not after ${state.round}`, {
      found: round,
      required: state.round + 1,
    });
  }
  if (time <= state.time) {
    return reject('TimeNotNewer', `time ${time} is not after ${state.time}`, {
      found: time,
      required: state.time + 1,
    });
  }
  const found = Math.abs(now - time);
  const allowed = `${skewSecondsMax} s are allowed`;
  const data = { found, required: skewSecondsMax };
  return time < now
    ? reject('ReportStale', `the report is ${found} s old, ${allowed}`, data)
    : reject('ReportAhead', `the report is ${found} s ahead, ${allowed}`, data);
}

/** Rate within ± the market's maximum, ppm per day. */
export const clampRate = (rate: PpmPerDay, ratePpmMax: Ppm): PpmPerDay =>
  Math.min(Math.max(rate, -ratePpmMax), ratePpmMax) as PpmPerDay;

/** What a funding step depends on. */
export type FundingStep = {
  readonly rate: PpmPerDay;
  readonly fundingRatePpmMax: Ppm;
  readonly price: Ticks;
  /** Quote units of one lot at one tick. */
  readonly tickValue: number;
  /** Seconds since the last step. */
  readonly elapsedSeconds: number;
  /** Longest time that is charged: a longer step charges nothing. */
  readonly gapSecondsMax: number;
};

/**
 * Change of the funding index, quote per lot Q32:
 * rate · price · tickValue · 2^32 · elapsed / (10^6 · 86400), truncated toward zero, with the rate
 * clamped to the market's maximum; 0 over a gap, whose rate nobody observed.
 */
export function fundingDelta(step: FundingStep): FundingIndex {
  const { elapsedSeconds, gapSecondsMax } = step;
  const elapsed = elapsedSeconds > gapSecondsMax ? 0n : BigInt(elapsedSeconds);
  const rate = BigInt(clampRate(step.rate, step.fundingRatePpmMax));
  const value = (BigInt(step.price) * BigInt(step.tickValue)) << 32n;
  const perDay = BigInt(ppmOne) * BigInt(secondsPerDay);
  return fundingIndex(truncDiv(rate * value * maxBig(elapsed, 0n), perDay));
}
