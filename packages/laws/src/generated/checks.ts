// Generated from packages/laws by `npm run docs`. Do not edit.
import { absBig } from '@holdfast/units';

const hash = /^0x[0-9a-f]{64}$/;
const power64 = 2n ** 64n;
const power95 = 2n ** 95n;
const power96 = 2n ** 96n;
const power112 = 2n ** 112n;
const power127 = 2n ** 127n;
const power128 = 2n ** 128n;
const power135 = 2n ** 135n;
const power150 = 2n ** 150n;
const int128 = (x: bigint) => x >= -power127 && x < power127;
const int136 = (x: bigint) => x >= -power135 && x < power135;
const int54 = (x: number) => Number.isInteger(x) && x >= -9_007_199_254_740_992 && x <= 9_007_199_254_740_991;
const int96 = (x: bigint) => x >= -power95 && x < power95;
const uint112 = (x: bigint) => x >= 0n && x < power112;
const uint127 = (x: bigint) => x >= 0n && x < power127;
const uint128 = (x: bigint) => x >= 0n && x < power128;
const uint150 = (x: bigint) => x >= 0n && x < power150;
const uint16 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 65_535;
const uint24 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 16_777_215;
const uint32 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 4_294_967_295;
const uint40 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 1_099_511_627_775;
const uint48 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 281_474_976_710_655;
const uint53 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 9_007_199_254_740_991;
const uint64 = (x: bigint) => x >= 0n && x < power64;
const uint8 = (x: number) => Number.isInteger(x) && x >= 0 && x <= 255;
const uint96 = (x: bigint) => x >= 0n && x < power96;

/** One account, reserved ones included. */
export type AccountState = {
  /** cash, quote units with 32 fractional bits */
  readonly cashQ32: bigint;
};
const fitsAccountState = (x: AccountState): boolean =>
  int128(x.cashQ32);

/** One position of one account. */
export type PositionState = {
  /** market id */
  readonly market: number;
  /** lots, signed */
  readonly size: number;
};
const fitsPositionState = (x: PositionState): boolean =>
  uint8(x.market) && int54(x.size);

/** One listed market. */
export type MarketState = {
  /** market id */
  readonly market: number;
  /** lots, as the venue states it */
  readonly openInterest: number;
};
const fitsMarketState = (x: MarketState): boolean =>
  uint8(x.market) && uint53(x.openInterest);

/** The parameters of a market, each as wide as a word. An unlisted market is all zero. */
export type MarketLimits = {
  /** quote units of one lot at one tick */
  readonly tickValue: number;
  /** initial margin */
  readonly initialPpm: number;
  /** maintenance margin */
  readonly maintenancePpm: number;
  /** fee of the taker */
  readonly takerFeePpm: number;
  /** fee of the maker */
  readonly makerFeePpm: number;
  /** oldest usable price */
  readonly priceAgeSecondsMax: number;
  /** largest step of a price per report */
  readonly bandPpm: number;
  /** largest distance of a fill from the price */
  readonly fillBandPpm: number;
  /** largest funding rate per day */
  readonly fundingRatePpmMax: number;
  /** cap of open interest, lots */
  readonly openInterestMax: number;
  /** part of the cap where initial margin begins to grow */
  readonly openInterestLowPpm: number;
  /** part of the cap where initial margin is everything */
  readonly openInterestHighPpm: number;
  /** initial margin added for all of the open interest */
  readonly concentrationPpm: number;
  /** largest initial margin for concentration */
  readonly concentrationCapPpm: number;
  /** 1: nothing else may be held beside it */
  readonly isolated: number;
  /** largest distance of the mark from the index */
  readonly markClampPpm: number;
  /** longest gap that funding is charged for */
  readonly fundingGapSecondsMax: number;
  /** largest part liquidated in one block */
  readonly liquidationPartPpm: number;
  /** largest part of the fund for one account */
  readonly coverSharePpm: number;
  /** largest position of the backstop, lots */
  readonly backstopLotsMax: number;
};
const fitsMarketLimits = (x: MarketLimits): boolean =>
  uint48(x.tickValue)
      && uint24(x.initialPpm)
      && uint24(x.maintenancePpm)
      && uint16(x.takerFeePpm)
      && uint16(x.makerFeePpm)
      && uint16(x.priceAgeSecondsMax)
      && uint24(x.bandPpm)
      && uint24(x.fillBandPpm)
      && uint24(x.fundingRatePpmMax)
      && uint40(x.openInterestMax)
      && uint24(x.openInterestLowPpm)
      && uint24(x.openInterestHighPpm)
      && uint24(x.concentrationPpm)
      && uint24(x.concentrationCapPpm)
      && uint8(x.isolated)
      && uint24(x.markClampPpm)
      && uint16(x.fundingGapSecondsMax)
      && uint24(x.liquidationPartPpm)
      && uint24(x.coverSharePpm)
      && uint40(x.backstopLotsMax);

/**
 * L01. The cash of all accounts adds up to exactly what the vault owes.
 *
 * Assumes: The list holds every account, the insurance fund and the fee account included.
 */
export function collateralConserved(i: {
  /** every account */
  readonly accounts: readonly AccountState[];
  /** what the vault owes, quote units */
  readonly liabilities: bigint;
}): boolean {
  const fits = i.accounts.every(fitsAccountState) && uint96(i.liabilities);
  if (!fits) return false;
  return i.accounts.reduce((total, a) => total + a.cashQ32, 0n) === i.liabilities * 4_294_967_296n;
}

/**
 * L02. The tokens in the vault are worth at least what it owes to accounts and what is queued.
 *
 * Assumes: The balance is read from the token itself, rounded down to quote units.
 */
export function vaultCovers(i: {
  /** tokens held by the vault, quote units */
  readonly balance: bigint;
  /** what the vault owes to accounts, quote units */
  readonly liabilities: bigint;
  /** withdrawals that have left their accounts and wait, quote units */
  readonly queued: bigint;
}): boolean {
  const fits = uint128(i.balance) && uint96(i.liabilities) && uint96(i.queued);
  if (!fits) return false;
  return i.liabilities + i.queued <= i.balance;
}

/**
 * L03. An operation changes the sum of all cash by exactly the change of the liabilities.
 *
 * Assumes: The change of cash is summed over every account that the operation touched.
 */
export function conserved(i: {
  /** change of the sum of cash, Q32 */
  readonly cashDeltaQ32: bigint;
  /** change of what the vault owes, quote units */
  readonly liabilitiesDelta: bigint;
}): boolean {
  const fits = int136(i.cashDeltaQ32) && int96(i.liabilitiesDelta);
  if (!fits) return false;
  return i.cashDeltaQ32 === i.liabilitiesDelta * 4_294_967_296n;
}

/**
 * L04. The positions of each market add up to zero, and each is in a listed market.
 *
 * Assumes: The lists hold every position and every market.
 */
export function netPositionZero(i: {
  /** every position of every account */
  readonly positions: readonly PositionState[];
  /** every listed market */
  readonly markets: readonly MarketState[];
}): boolean {
  const fits = i.positions.every(fitsPositionState) && i.markets.every(fitsMarketState);
  if (!fits) return false;
  return i.markets.every((m) =>
        i.positions.reduce((total, p) => total + (p.market === m.market ? BigInt(p.size) : 0n), 0n) === 0n
      )
      && i.positions.every((p) => i.markets.some((m) => p.market === m.market));
}

/**
 * L05. The open interest of each market is the sum of its long positions.
 *
 * Assumes: The lists hold every position and every market.
 */
export function openInterestIsLongs(i: {
  /** every position of every account */
  readonly positions: readonly PositionState[];
  /** every listed market */
  readonly markets: readonly MarketState[];
}): boolean {
  const fits = i.positions.every(fitsPositionState) && i.markets.every(fitsMarketState);
  if (!fits) return false;
  return i.markets.every((m) =>
        i.positions.reduce((total, p) => total + (p.market === m.market ? BigInt(Math.max(p.size, 0)) : 0n), 0n) === BigInt(m.openInterest)
      );
}

/**
 * L06. Open interest does not grow above the cap of its market.
 *
 * Assumes: Before and after are taken around one whole batch.
 */
export function openInterestWithin(i: {
  /** lots */
  readonly openInterestBefore: number;
  /** lots */
  readonly openInterestAfter: number;
  /** lots */
  readonly openInterestMax: number;
}): boolean {
  const fits = uint53(i.openInterestBefore)
      && uint53(i.openInterestAfter)
      && uint53(i.openInterestMax);
  if (!fits) return false;
  return i.openInterestAfter <= i.openInterestMax || i.openInterestAfter <= i.openInterestBefore;
}

/**
 * L07. A touched account ends at or above initial margin, or no position grew or flipped,
 * maintenance did not rise and equity per maintenance did not fall.
 *
 * Assumes: Before and after are valued at the same price and funding index.
 */
export function healthyOrHealthier(i: {
  /** equity before, quote units, rounded down */
  readonly equityBefore: bigint;
  /** maintenance requirement before, quote units, rounded up */
  readonly maintenanceBefore: bigint;
  /** equity after, quote units, rounded down */
  readonly equityAfter: bigint;
  /** initial requirement after, quote units, rounded up */
  readonly initialAfter: bigint;
  /** maintenance requirement after, quote units, rounded up */
  readonly maintenanceAfter: bigint;
  /** whether any position grew or flipped */
  readonly grew: boolean;
}): boolean {
  const fits = int128(i.equityBefore)
      && uint128(i.maintenanceBefore)
      && int128(i.equityAfter)
      && uint128(i.initialAfter)
      && uint128(i.maintenanceAfter);
  if (!fits) return false;
  return i.initialAfter <= i.equityAfter
      || (
          !i.grew
          && i.maintenanceAfter <= i.maintenanceBefore
          && i.equityBefore * i.maintenanceAfter <= i.equityAfter * i.maintenanceBefore
          && (i.maintenanceBefore !== 0n || i.equityBefore <= i.equityAfter)
      );
}

/**
 * L08. A price that moves value exists, is not too old and not from the future.
 *
 * Assumes: The price was accepted under L09 and L10.
 */
export function priceValid(i: {
  /** ticks */
  readonly price: number;
  /** time of the report, seconds */
  readonly priceTime: number;
  /** time of the block, or of the venue, seconds */
  readonly nowTime: number;
  /** oldest usable price */
  readonly ageSecondsMax: number;
  /** how far a report may be ahead */
  readonly skewSecondsMax: number;
}): boolean {
  const fits = uint32(i.price)
      && uint40(i.priceTime)
      && uint40(i.nowTime)
      && uint32(i.ageSecondsMax)
      && uint32(i.skewSecondsMax);
  if (!fits) return false;
  return 0 < i.price
      && i.nowTime <= i.priceTime + i.ageSecondsMax
      && i.priceTime <= i.nowTime + i.skewSecondsMax;
}

/**
 * L09. Round and time of a report are above the last ones, and its time is about now.
 *
 * Assumes: Round and time before are zero when there was no report yet.
 */
export function reportAdvances(i: {
  /** last round */
  readonly roundBefore: number;
  /** round of the report */
  readonly round: number;
  /** time of the last report, seconds */
  readonly timeBefore: number;
  /** time of the report, seconds */
  readonly time: number;
  /** time of the block, seconds */
  readonly nowTime: number;
  /** largest distance of a report from now */
  readonly skewSecondsMax: number;
}): boolean {
  const fits = uint32(i.roundBefore)
      && uint32(i.round)
      && uint40(i.timeBefore)
      && uint40(i.time)
      && uint40(i.nowTime)
      && uint32(i.skewSecondsMax);
  if (!fits) return false;
  return i.roundBefore < i.round
      && i.timeBefore < i.time
      && Math.abs(i.nowTime - i.time) <= i.skewSecondsMax;
}

/**
 * L10. A price differs from its reference by at most the band.
 *
 * Assumes: For a report the reference is the last price (the first price of a market has none and
 * is not asked); for a fill it is the price now; for a mark it is the index price of the same
 * report, and the band is its clamp.
 */
export function withinBand(i: {
  /** ticks */
  readonly price: number;
  /** ticks */
  readonly referencePrice: number;
  /** width of the band on each side */
  readonly bandPpm: number;
}): boolean {
  const fits = uint32(i.price) && uint32(i.referencePrice) && uint24(i.bandPpm);
  if (!fits) return false;
  return 0 < i.price
      && BigInt(Math.abs(i.price - i.referencePrice) * 1_000_000)
          <= BigInt(i.bandPpm) * BigInt(i.referencePrice);
}

/**
 * L11. The sequence of a lane never falls, its filled size never falls under one sequence, and
 * filled never exceeds the size of the order.
 *
 * Assumes: The size is that of the signed order with the sequence after.
 */
export function laneLawful(i: {
  /** sequence stored in the lane */
  readonly seqBefore: number;
  /** lots stored in the lane */
  readonly filledBefore: number;
  /** sequence of the order */
  readonly seqAfter: number;
  /** lots filled with this operation included */
  readonly filledAfter: number;
  /** lots of the signed order */
  readonly size: number;
}): boolean {
  const fits = uint32(i.seqBefore)
      && uint40(i.filledBefore)
      && uint32(i.seqAfter)
      && uint40(i.filledAfter)
      && uint40(i.size);
  if (!fits) return false;
  return 0 < i.seqAfter
      && i.seqBefore <= i.seqAfter
      && (i.seqBefore !== i.seqAfter || i.filledBefore <= i.filledAfter)
      && i.filledAfter <= i.size;
}

/**
 * L12. A buyer pays at most, and a seller receives at least, the limit that it signed.
 *
 * Assumes: It is asked once for each of the two orders of a fill.
 */
export function fillWithin(i: {
  /** side of the order */
  readonly isBuy: boolean;
  /** limit price of the order, ticks */
  readonly limit: number;
  /** price of the fill, ticks */
  readonly price: number;
}): boolean {
  const fits = uint32(i.limit) && uint32(i.price);
  if (!fits) return false;
  return 0 < i.price && (i.isBuy ? i.price <= i.limit : i.limit <= i.price);
}

/**
 * L13. The position neither grew nor flipped.
 *
 * Assumes: Asked for reduce-only orders, and for every account while a breaker is tripped.
 */
export function reduceOnlyHeld(i: {
  /** lots, signed */
  readonly sizeBefore: number;
  /** lots, signed */
  readonly sizeAfter: number;
}): boolean {
  const fits = int54(i.sizeBefore) && int54(i.sizeAfter);
  if (!fits) return false;
  return 0 <= i.sizeBefore
      ? (0 <= i.sizeAfter && i.sizeAfter <= i.sizeBefore)
      : (i.sizeBefore <= i.sizeAfter && i.sizeAfter <= 0);
}

/**
 * L14. What leaves in the last hour and in the last day is within both caps.
 *
 * Assumes: Outflow is gross, in the same unit as the caps; caps come from the trailing minimum.
 */
export function outflowWithin(i: {
  /** about to leave */
  readonly amount: bigint;
  /** left in the last hour */
  readonly hourUsed: bigint;
  /** cap of an hour */
  readonly hourMax: bigint;
  /** left in the last day */
  readonly dayUsed: bigint;
  /** cap of a day */
  readonly dayMax: bigint;
}): boolean {
  const fits = uint128(i.amount)
      && uint128(i.hourUsed)
      && uint128(i.hourMax)
      && uint128(i.dayUsed)
      && uint128(i.dayMax);
  if (!fits) return false;
  return i.hourUsed + i.amount <= i.hourMax && i.dayUsed + i.amount <= i.dayMax;
}

/**
 * L15. A batch has the next number and names the head that it extends.
 *
 * Assumes: Head and last number are what the clearing house stores.
 */
export function batchContiguous(i: {
  /** number of the batch */
  readonly number: bigint;
  /** number of the last settled batch */
  readonly numberLast: bigint;
  /** head that the batch names */
  readonly previous: string;
  /** head that is stored */
  readonly head: string;
}): boolean {
  const fits = uint64(i.number)
      && uint64(i.numberLast)
      && hash.test(i.previous)
      && hash.test(i.head);
  if (!fits) return false;
  return i.number === i.numberLast + 1n && i.previous === i.head;
}

/**
 * L16. Guardians set no level below the one in force or above 3, for a bounded time, and the new
 * entry lasts longer than the one that it replaces.
 *
 * Assumes: Level before is the effective one; until before is 0 if nothing is replaced.
 */
export function breakerTightens(i: {
  /** effective level */
  readonly levelBefore: number;
  /** level asked for */
  readonly levelAfter: number;
  /** expiry of the entry that is replaced, seconds */
  readonly untilBefore: number;
  /** expiry of the new entry, seconds */
  readonly untilAfter: number;
  /** time of the block, seconds */
  readonly nowTime: number;
  /** longest entry */
  readonly secondsMax: number;
}): boolean {
  const fits = uint8(i.levelBefore)
      && uint8(i.levelAfter)
      && uint40(i.untilBefore)
      && uint40(i.untilAfter)
      && uint40(i.nowTime)
      && uint32(i.secondsMax);
  if (!fits) return false;
  return 0 < i.levelAfter
      && i.levelBefore <= i.levelAfter
      && i.levelAfter <= 3
      && i.nowTime < i.untilAfter
      && i.untilAfter <= i.nowTime + i.secondsMax
      && i.untilBefore < i.untilAfter;
}

/**
 * L17. No parameter of a market leaves the bounds that are fixed in code.
 *
 * Assumes: Asked for every tuple before it is stored or scheduled.
 */
export function parametersBounded(i: {
  /** The parameters of a market, each as wide as a word. An unlisted market is all zero. */
  readonly limits: MarketLimits;
}): boolean {
  const fits = fitsMarketLimits(i.limits);
  if (!fits) return false;
  return 0 < i.limits.tickValue
      && 10_000 <= i.limits.initialPpm
      && i.limits.initialPpm <= 1_000_000
      && 5_000 <= i.limits.maintenancePpm
      && i.limits.maintenancePpm * 10 <= i.limits.initialPpm * 8
      && i.limits.takerFeePpm <= 10_000
      && i.limits.makerFeePpm <= 10_000
      && 1 <= i.limits.priceAgeSecondsMax
      && i.limits.priceAgeSecondsMax <= 7_200
      && 1 <= i.limits.bandPpm
      && i.limits.bandPpm <= 500_000
      && 1 <= i.limits.fillBandPpm
      && i.limits.fillBandPpm <= 500_000
      && i.limits.fundingRatePpmMax <= 300_000
      && i.limits.openInterestLowPpm <= i.limits.openInterestHighPpm
      && i.limits.openInterestHighPpm <= 1_000_000
      && i.limits.concentrationPpm <= 1_000_000
      && i.limits.concentrationCapPpm <= 1_000_000
      && i.limits.isolated <= 1
      && 1_000 <= i.limits.markClampPpm
      && i.limits.markClampPpm <= 100_000
      && i.limits.markClampPpm <= i.limits.initialPpm - i.limits.maintenancePpm
      && i.limits.fundingGapSecondsMax <= 7_200
      && 10_000 <= i.limits.liquidationPartPpm
      && i.limits.liquidationPartPpm <= 1_000_000
      && i.limits.coverSharePpm <= 1_000_000;
}

/**
 * L18. A change that loosens any field, moves maintenance or lists a market applies only inside its
 * window after the delay; a listed market keeps its tick value and its isolation.
 *
 * Assumes: Proposed time is 0 for a change that was not scheduled.
 */
export function parameterChangeLawful(i: {
  /** The parameters of a market, each as wide as a word. An unlisted market is all zero. */
  readonly current: MarketLimits;
  /** The parameters of a market, each as wide as a word. An unlisted market is all zero. */
  readonly next: MarketLimits;
  /** when it was scheduled, seconds */
  readonly proposedTime: number;
  /** wait before it may apply */
  readonly delaySeconds: number;
  /** how long it may then apply */
  readonly windowSeconds: number;
  /** time of the block, seconds */
  readonly nowTime: number;
}): boolean {
  const fits = fitsMarketLimits(i.current)
      && fitsMarketLimits(i.next)
      && uint40(i.proposedTime)
      && uint32(i.delaySeconds)
      && uint32(i.windowSeconds)
      && uint40(i.nowTime);
  if (!fits) return false;
  return (
          i.current.tickValue === 0
          || (
              i.current.tickValue === i.next.tickValue
              && i.current.isolated === i.next.isolated
          )
      )
      && (
          (
              0 < i.current.tickValue
              && i.current.initialPpm <= i.next.initialPpm
              && i.current.maintenancePpm === i.next.maintenancePpm
              && i.next.takerFeePpm <= i.current.takerFeePpm
              && i.next.makerFeePpm <= i.current.makerFeePpm
              && i.next.priceAgeSecondsMax <= i.current.priceAgeSecondsMax
              && i.next.bandPpm <= i.current.bandPpm
              && i.next.fillBandPpm <= i.current.fillBandPpm
              && i.next.fundingRatePpmMax <= i.current.fundingRatePpmMax
              && i.next.openInterestMax <= i.current.openInterestMax
              && i.next.openInterestLowPpm <= i.current.openInterestLowPpm
              && i.next.openInterestHighPpm <= i.current.openInterestHighPpm
              && (
                  i.current.openInterestHighPpm
                      <= i.current.openInterestLowPpm
                  || i.next.openInterestLowPpm < i.next.openInterestHighPpm
              )
              && i.current.concentrationPpm <= i.next.concentrationPpm
              && i.current.concentrationCapPpm <= i.next.concentrationCapPpm
              && i.next.markClampPpm <= i.current.markClampPpm
              && i.next.fundingGapSecondsMax <= i.current.fundingGapSecondsMax
              && i.current.liquidationPartPpm === i.next.liquidationPartPpm
              && i.next.coverSharePpm <= i.current.coverSharePpm
              && i.next.backstopLotsMax <= i.current.backstopLotsMax
          )
          || (
              0 < i.proposedTime
              && i.proposedTime + i.delaySeconds <= i.nowTime
              && i.nowTime <= i.proposedTime + i.delaySeconds + i.windowSeconds
          )
      );
}

/**
 * L19. A funding index moves by at most the largest rate for the time elapsed, and not at all over
 * a gap.
 *
 * Assumes: Price is the index price that the report brought; the time is since the last step, and
 * beyond the longest gap none of it counts.
 */
export function fundingWithin(i: {
  /** funding index before, quote × 2^32 per lot */
  readonly indexBefore: bigint;
  /** funding index after */
  readonly indexAfter: bigint;
  /** ticks */
  readonly price: number;
  /** quote units of one lot at one tick */
  readonly tickValue: number;
  /** largest rate per day */
  readonly ratePpmMax: number;
  /** since the last step */
  readonly elapsedSeconds: number;
  /** longest time that is charged */
  readonly gapSecondsMax: number;
}): boolean {
  const fits = int96(i.indexBefore)
      && int96(i.indexAfter)
      && uint32(i.price)
      && uint48(i.tickValue)
      && uint24(i.ratePpmMax)
      && uint40(i.elapsedSeconds)
      && uint16(i.gapSecondsMax);
  if (!fits) return false;
  return (i.elapsedSeconds <= i.gapSecondsMax || i.indexAfter === i.indexBefore)
      && absBig(i.indexAfter - i.indexBefore) * 86_400_000_000n
          <= BigInt(i.price) * BigInt(i.tickValue) * 4_294_967_296n * (BigInt(i.ratePpmMax) * BigInt(i.elapsedSeconds));
}

/**
 * L20. Only an account below maintenance loses positions to others; it loses no more than the
 * penalty and discount, the penalty is at most 1.5 % of the notional, the discount at most one and
 * a half times its maintenance margin, and its health does not fall.
 *
 * Assumes: Before and after are valued at the same price; what insurance paid counts in after.
 */
export function liquidationLawful(i: {
  /** equity before, quote units, rounded down */
  readonly equityBefore: bigint;
  /** maintenance requirement before, quote units, rounded up */
  readonly maintenanceBefore: bigint;
  /** equity after, quote units, rounded down */
  readonly equityAfter: bigint;
  /** maintenance requirement after, quote units, rounded up */
  readonly maintenanceAfter: bigint;
  /** penalty taken, quote units */
  readonly penalty: bigint;
  /** given up against the mark price, quote units */
  readonly discount: bigint;
  /** notional of the lots moved, quote units */
  readonly notional: bigint;
  /** maintenance margin of their market */
  readonly maintenancePpm: number;
}): boolean {
  const fits = int128(i.equityBefore)
      && uint128(i.maintenanceBefore)
      && int128(i.equityAfter)
      && uint128(i.maintenanceAfter)
      && uint96(i.penalty)
      && uint96(i.discount)
      && uint112(i.notional)
      && uint24(i.maintenancePpm);
  if (!fits) return false;
  return i.equityBefore < i.maintenanceBefore
      && i.maintenanceAfter <= i.maintenanceBefore
      && i.equityBefore <= i.equityAfter + i.penalty + i.discount
      && i.penalty * 1_000_000n <= i.notional * 15_000n
      && i.discount * 2_000_000n <= i.notional * BigInt(i.maintenancePpm) * 3n
      && i.equityBefore * i.maintenanceAfter <= i.equityAfter * i.maintenanceBefore
      && (i.equityBefore <= i.equityAfter || 0n < i.equityBefore);
}

/**
 * L21. A fee is the notional times its rate, rounded up to a whole quote unit.
 *
 * Assumes: The rate is that of the side of the order (maker or taker) in its market.
 */
export function feesWithin(i: {
  /** fee taken, quote units */
  readonly fee: bigint;
  /** notional of the fill, quote units */
  readonly notional: bigint;
  /** rate */
  readonly feePpm: number;
}): boolean {
  const fits = uint96(i.fee) && uint112(i.notional) && uint24(i.feePpm);
  if (!fits) return false;
  return i.notional * BigInt(i.feePpm) <= i.fee * 1_000_000n
      && i.fee * 1_000_000n < i.notional * BigInt(i.feePpm) + 1_000_000n;
}

/**
 * L22. A forced request is executed in its turn: by the sequencer, or by anyone once its deadline
 * has passed, which is also when it may step aside for want of a price. From then on it is always
 * its turn.
 *
 * Assumes: Deadline is that of the request with this number, and aside whether it stepped out.
 */
export function forcedInTurn(i: {
  /** request to be executed */
  readonly number: bigint;
  /** last one executed */
  readonly done: bigint;
  /** requests made */
  readonly count: bigint;
  /** deadline of the request, seconds */
  readonly deadline: number;
  /** time of the block, seconds */
  readonly nowTime: number;
  /** whether the sequencer executes */
  readonly bySequencer: boolean;
  /** whether it was set aside */
  readonly aside: boolean;
}): boolean {
  const fits = uint64(i.number)
      && uint64(i.done)
      && uint64(i.count)
      && uint40(i.deadline)
      && uint40(i.nowTime);
  if (!fits) return false;
  return (
          (i.number === i.done + 1n && i.number <= i.count)
          || (i.aside && i.number <= i.done)
      )
      && (i.bySequencer || i.deadline < i.nowTime);
}

/**
 * L23. The venue is frozen only while the next forced request is overdue by more than the grace, or
 * one aside by more than the grace and the longer term of these, or when no report has been
 * accepted for longer than the silence.
 *
 * Assumes: Report time is 0 before the first report; the deadline aside is the oldest one.
 */
export function freezeLawful(i: {
  /** whether a forced request waits */
  readonly waiting: boolean;
  /** deadline of the next request, seconds */
  readonly deadline: number;
  /** whether one waits aside */
  readonly aside: boolean;
  /** deadline of the oldest one aside, seconds */
  readonly asideDeadline: number;
  /** how long it may be overdue */
  readonly graceSeconds: number;
  /** how much longer one aside may be */
  readonly asideSeconds: number;
  /** time of the last accepted report, seconds */
  readonly reportTime: number;
  /** how long reports may stay away */
  readonly silenceSeconds: number;
  /** time of the block, seconds */
  readonly nowTime: number;
}): boolean {
  const fits = uint40(i.deadline)
      && uint40(i.asideDeadline)
      && uint32(i.graceSeconds)
      && uint32(i.asideSeconds)
      && uint40(i.reportTime)
      && uint32(i.silenceSeconds)
      && uint40(i.nowTime);
  if (!fits) return false;
  return (i.waiting && i.deadline + i.graceSeconds < i.nowTime)
      || (i.aside && i.asideDeadline + i.graceSeconds + i.asideSeconds < i.nowTime)
      || (0 < i.reportTime && i.reportTime + i.silenceSeconds < i.nowTime);
}

/**
 * L24. What an exit pays is the largest whole amount that exceeds neither the claim nor its share
 * of the pool in proportion to all claims.
 *
 * Assumes: Claims is the sum of all claims, of which this is one.
 */
export function exitShared(i: {
  /** paid, quote units */
  readonly paid: bigint;
  /** claim of the account, quote × 2^32 */
  readonly claim: bigint;
  /** sum of all claims, quote × 2^32 */
  readonly claims: bigint;
  /** what there is for them, quote units */
  readonly pool: bigint;
}): boolean {
  const fits = uint96(i.paid) && uint127(i.claim) && uint150(i.claims) && uint96(i.pool);
  if (!fits) return false;
  return i.paid * 4_294_967_296n <= i.claim
      && i.paid * i.claims <= i.claim * i.pool
      && (
          i.claim < (i.paid + 1n) * 4_294_967_296n
          || i.claim * i.pool < (i.paid + 1n) * i.claims
      );
}

/**
 * L25. A steward moves a field never looser than the anchor, no further out than its band, and by
 * no more than its step for the time since the last move, rounded up.
 *
 * Assumes: Asked for each field of the tuple. The band is the largest part of the anchor where
 * tighter is higher, else the smallest. A raise of the maintenance margin was announced.
 */
export function stewardStep(i: {
  /** as governance set it */
  readonly anchor: number;
  /** in force */
  readonly current: number;
  /** asked for */
  readonly next: number;
  /** whether tighter is higher */
  readonly rises: boolean;
  /** end of the band, part of the anchor */
  readonly bandPpm: number;
  /** largest step tighter in an hour, part of the value in force */
  readonly tightenPpm: number;
  /** largest step looser in an hour, part of the value in force */
  readonly loosenPpm: number;
  /** time that counts for the step */
  readonly elapsedSeconds: number;
}): boolean {
  const fits = uint40(i.anchor)
      && uint40(i.current)
      && uint40(i.next)
      && uint24(i.bandPpm)
      && uint24(i.tightenPpm)
      && uint24(i.loosenPpm)
      && uint32(i.elapsedSeconds);
  if (!fits) return false;
  return (
          i.rises
          && i.anchor <= i.next
          && (
              BigInt(i.next) * 1_000_000n
                  <= BigInt(i.anchor) * BigInt(i.bandPpm)
              || i.next <= i.current
          )
          && BigInt(i.next) * 3_600_000_000n
              < BigInt(i.current + 1) * 3_600_000_000n + BigInt(i.current) * BigInt(i.tightenPpm) * BigInt(i.elapsedSeconds)
          && BigInt(i.current) * 3_600_000_000n
              < BigInt(i.next + 1) * 3_600_000_000n + BigInt(i.current) * BigInt(i.loosenPpm) * BigInt(i.elapsedSeconds)
      )
      || (
          !i.rises
          && i.next <= i.anchor
          && (
              BigInt(i.anchor) * BigInt(i.bandPpm)
                  <= BigInt(i.next) * 1_000_000n
              || i.current <= i.next
          )
          && BigInt(i.next) * 3_600_000_000n
              < BigInt(i.current + 1) * 3_600_000_000n + BigInt(i.current) * BigInt(i.loosenPpm) * BigInt(i.elapsedSeconds)
          && BigInt(i.current) * 3_600_000_000n
              < BigInt(i.next + 1) * 3_600_000_000n + BigInt(i.current) * BigInt(i.tightenPpm) * BigInt(i.elapsedSeconds)
      );
}

/**
 * L26. In one block at most a part of the open interest of a market goes through the waterfall, and
 * one position beyond it that is larger than half of that part.
 *
 * Assumes: Open interest is that before the first resolution of the block.
 */
export function resolvedInPart(i: {
  /** lots that leave the account */
  readonly lots: number;
  /** lots resolved in the block before */
  readonly moved: number;
  /** whether one larger than half of the part was among them */
  readonly large: boolean;
  /** lots open before the first of them */
  readonly openInterest: number;
  /** largest part that is liquidated in one block */
  readonly partPpm: number;
}): boolean {
  const fits = uint53(i.lots) && uint53(i.moved) && uint53(i.openInterest) && uint24(i.partPpm);
  if (!fits) return false;
  return (BigInt(i.moved) + BigInt(i.lots)) * 1_000_000n
          <= BigInt(i.openInterest) * BigInt(i.partPpm)
      || (
          !i.large
          && BigInt(i.openInterest) * BigInt(i.partPpm) < BigInt(i.lots) * 2_000_000n
      );
}

/** Every law by name. */
export const checks = {
  collateralConserved,
  vaultCovers,
  conserved,
  netPositionZero,
  openInterestIsLongs,
  openInterestWithin,
  healthyOrHealthier,
  priceValid,
  reportAdvances,
  withinBand,
  laneLawful,
  fillWithin,
  reduceOnlyHeld,
  outflowWithin,
  batchContiguous,
  breakerTightens,
  parametersBounded,
  parameterChangeLawful,
  fundingWithin,
  liquidationLawful,
  feesWithin,
  forcedInTurn,
  freezeLawful,
  exitShared,
  stewardStep,
  resolvedInPart,
} as const;
