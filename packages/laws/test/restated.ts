/**
 * Every law once more, by hand and from its sentence, with other means than the term language:
 * division where the law multiplies, tables where it quantifies. Inputs are inside their widths.
 */
import type { LawInput, LawName } from '@holdfast/laws';
import { ceilDiv, floorDiv, maxBig } from '@holdfast/units';

type Positions = LawInput<'netPositionZero'>['positions'];

function totals(positions: Positions, longsOnly: boolean): Map<number, bigint> {
  const byMarket = new Map<number, bigint>();
  for (const { market, size } of positions) {
    if (longsOnly && size < 0) continue;
    byMarket.set(market, (byMarket.get(market) ?? 0n) + BigInt(size));
  }
  return byMarket;
}

/** Health as a fraction: a ≥ b with denominators that may be zero. */
function noLessHealthy(i: {
  equityBefore: bigint;
  maintenanceBefore: bigint;
  equityAfter: bigint;
  maintenanceAfter: bigint;
}): boolean {
  if (i.maintenanceBefore === 0n) return i.equityAfter >= i.equityBefore;
  const least = ceilDiv(i.equityBefore * i.maintenanceAfter, i.maintenanceBefore);
  return i.equityAfter >= least;
}

const hardBounds = {
  tickValue: [1, Number.MAX_SAFE_INTEGER],
  initialPpm: [10_000, 1_000_000],
  maintenancePpm: [5_000, 800_000],
  takerFeePpm: [0, 10_000],
  makerFeePpm: [0, 10_000],
  priceAgeSecondsMax: [1, 7_200],
  bandPpm: [1, 500_000],
  fillBandPpm: [1, 500_000],
  fundingRatePpmMax: [0, 300_000],
  openInterestMax: [0, Number.MAX_SAFE_INTEGER],
  openInterestLowPpm: [0, 1_000_000],
  openInterestHighPpm: [0, 1_000_000],
  concentrationPpm: [0, 1_000_000],
  concentrationCapPpm: [0, 1_000_000],
  isolated: [0, 1],
  markClampPpm: [1_000, 100_000],
  fundingGapSecondsMax: [0, 7_200],
  liquidationPartPpm: [10_000, 1_000_000],
  coverSharePpm: [0, 1_000_000],
  backstopLotsMax: [0, Number.MAX_SAFE_INTEGER],
} as const;

/** −1: lower is tighter, 1: higher is tighter, 0: any change waits. */
const tighter = {
  tickValue: 0,
  initialPpm: 1,
  maintenancePpm: 0,
  takerFeePpm: -1,
  makerFeePpm: -1,
  priceAgeSecondsMax: -1,
  bandPpm: -1,
  fillBandPpm: -1,
  fundingRatePpmMax: -1,
  openInterestMax: -1,
  openInterestLowPpm: -1,
  openInterestHighPpm: -1,
  concentrationPpm: 1,
  concentrationCapPpm: 1,
  isolated: 0,
  markClampPpm: -1,
  fundingGapSecondsMax: -1,
  liquidationPartPpm: 0,
  coverSharePpm: -1,
  backstopLotsMax: -1,
} as const;

type Field = keyof typeof tighter;
const fields = Object.keys(tighter) as Field[];

function changeLawful(i: LawInput<'parameterChangeLawful'>): boolean {
  const listed = i.current.tickValue > 0;
  if (listed && i.current.tickValue !== i.next.tickValue) return false;
  if (listed && i.current.isolated !== i.next.isolated) return false;
  const looser = fields.some((field) => {
    const step = Math.sign(i.next[field] - i.current[field]);
    return step !== 0 && step !== tighter[field];
  });
  const isOn = ({ openInterestLowPpm: low, openInterestHighPpm: high }: typeof i.next) =>
    low < high;
  if (listed && !looser && !(isOn(i.current) && !isOn(i.next))) return true;
  const waited = i.nowTime - i.proposedTime - i.delaySeconds;
  return i.proposedTime > 0 && waited >= 0 && waited <= i.windowSeconds;
}

export const restated: { [N in LawName]: (i: LawInput<N>) => boolean } = {
  collateralConserved: ({ accounts, liabilities }) => {
    let rest = liabilities << 32n;
    for (const { cashQ32 } of accounts) rest -= cashQ32;
    return rest === 0n;
  },
  vaultCovers: (i) => !(i.balance - i.queued < i.liabilities),
  conserved: (i) => i.cashDeltaQ32 - (i.liabilitiesDelta << 32n) === 0n,
  netPositionZero: ({ positions, markets }) => {
    const listed = new Set(markets.map(({ market }) => market));
    const net = totals(positions, false);
    return [...net].every(([market, total]) => listed.has(market) && total === 0n);
  },
  openInterestIsLongs: ({ positions, markets }) => {
    const longs = totals(positions, true);
    return !markets.some((m) => (longs.get(m.market) ?? 0n) !== BigInt(m.openInterest));
  },
  openInterestWithin: (i) =>
    i.openInterestAfter <= Math.max(i.openInterestMax, i.openInterestBefore),
  healthyOrHealthier: (i) => {
    if (i.equityAfter >= i.initialAfter) return true;
    return !i.grew && i.maintenanceAfter <= i.maintenanceBefore && noLessHealthy(i);
  },
  priceValid: (i) => {
    const age = i.nowTime - i.priceTime;
    return i.price !== 0 && (age > 0 ? age <= i.ageSecondsMax : -age <= i.skewSecondsMax);
  },
  reportAdvances: (i) => {
    const earliest = i.nowTime - i.skewSecondsMax;
    const inTime = i.time >= earliest && i.time <= i.nowTime + i.skewSecondsMax;
    return inTime && i.round > i.roundBefore && i.time > i.timeBefore;
  },
  withinBand: (i) => {
    const reference = BigInt(i.referencePrice);
    const reach = floorDiv(reference * BigInt(i.bandPpm), 1_000_000n);
    const price = BigInt(i.price);
    return price >= maxBig(1n, reference - reach) && price <= reference + reach;
  },
  laneLawful: (i) => {
    if (i.seqAfter === 0 || i.filledAfter > i.size) return false;
    return (
      i.seqAfter > i.seqBefore || (i.seqAfter === i.seqBefore && i.filledAfter >= i.filledBefore)
    );
  },
  fillWithin: (i) =>
    i.price >= (i.isBuy ? 1 : Math.max(1, i.limit)) && !(i.isBuy && i.price > i.limit),
  reduceOnlyHeld: (i) =>
    Math.abs(i.sizeAfter) <= Math.abs(i.sizeBefore) &&
    [0, Math.sign(i.sizeBefore)].includes(Math.sign(i.sizeAfter)),
  outflowWithin: (i) => i.amount <= i.hourMax - i.hourUsed && i.amount <= i.dayMax - i.dayUsed,
  batchContiguous: (i) => i.number - i.numberLast === 1n && i.previous === i.head,
  breakerTightens: (i) => {
    const hold = i.untilAfter - i.nowTime;
    if (hold < 1 || hold > i.secondsMax || i.untilAfter <= i.untilBefore) return false;
    return i.levelAfter >= i.levelBefore && [1, 2, 3].includes(i.levelAfter);
  },
  parametersBounded: ({ limits }) => {
    const bounded = fields.every((field) => {
      const [low, high] = hardBounds[field];
      return limits[field] >= low && limits[field] <= high;
    });
    const ordered = limits.openInterestLowPpm <= limits.openInterestHighPpm;
    const marked = limits.maintenancePpm + limits.markClampPpm <= limits.initialPpm;
    const margins = limits.maintenancePpm <= Math.floor((limits.initialPpm * 4) / 5);
    return bounded && ordered && marked && margins;
  },
  parameterChangeLawful: changeLawful,
  stewardStep: (i) => {
    // Signed so that tighter is more, whichever way the field goes.
    const sign = i.rises ? 1n : -1n;
    const [anchor, current, next] = [i.anchor, i.current, i.next].map((x) => sign * BigInt(x));
    const reach = (ppm: number) =>
      -floorDiv(-BigInt(i.current) * BigInt(ppm) * BigInt(i.elapsedSeconds), 3_600_000_000n);
    const moved = next! - current!;
    if (next! < anchor!) return false;
    const isOut = next! * 1_000_000n > anchor! * BigInt(i.bandPpm);
    if (isOut && moved > 0n) return false;
    return moved <= reach(i.tightenPpm) && -moved <= reach(i.loosenPpm);
  },
  fundingWithin: (i) => {
    const counted = i.elapsedSeconds > i.gapSecondsMax ? 0n : BigInt(i.elapsedSeconds);
    const value = (BigInt(i.price) * BigInt(i.tickValue)) << 32n;
    const reach = floorDiv(value * BigInt(i.ratePpmMax) * counted, 86_400n * 1_000_000n);
    const step = i.indexAfter - i.indexBefore;
    return step <= reach && -step <= reach;
  },
  liquidationLawful: (i) => {
    if (i.equityBefore >= i.maintenanceBefore || i.maintenanceAfter > i.maintenanceBefore)
      return false;
    const lost = i.equityBefore - i.equityAfter;
    if (lost > i.penalty + i.discount) return false;
    if (i.penalty > floorDiv(i.notional * 15n, 1_000n)) return false;
    const discountMax = floorDiv(i.notional * BigInt(i.maintenancePpm) * 3n, 2_000_000n);
    if (i.discount > discountMax || (lost > 0n && i.equityBefore <= 0n)) return false;
    return i.equityBefore * i.maintenanceAfter <= i.equityAfter * i.maintenanceBefore;
  },
  forcedInTurn: (i) => {
    const behind = i.number - i.done;
    const isNext = behind === 1n && i.count - i.number >= 0n;
    if (!isNext && !(i.aside && behind <= 0n)) return false;
    return i.bySequencer || i.nowTime - i.deadline >= 1;
  },
  freezeLawful: (i) => {
    const overdue = i.waiting ? i.nowTime - i.deadline : 0;
    if (i.waiting && overdue > i.graceSeconds) return true;
    const late = i.aside ? i.nowTime - i.asideDeadline - i.graceSeconds : 0;
    if (i.aside && late > i.asideSeconds) return true;
    return i.reportTime !== 0 && i.nowTime - i.reportTime > i.silenceSeconds;
  },
  exitShared: (i) => {
    const whole = i.claim >> 32n;
    const share = i.claims === 0n ? whole : floorDiv(i.claim * i.pool, i.claims);
    return i.paid === (share < whole ? share : whole);
  },
  resolvedInPart: (i) => {
    const product = BigInt(i.openInterest) * BigInt(i.partPpm);
    if (BigInt(i.moved) + BigInt(i.lots) <= floorDiv(product, 1_000_000n)) return true;
    return !i.large && BigInt(i.lots) > floorDiv(product, 2_000_000n);
  },
  feesWithin: (i) => i.fee === ceilDiv(i.notional * BigInt(i.feePpm), 1_000_000n),
};
