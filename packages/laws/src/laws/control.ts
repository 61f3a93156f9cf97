/** Laws on prices, funding, outflow, breakers and parameters. */
import { int, type Law, type RecordType, uint } from '../law.ts';
import { abs, add, and, eq, le, lt, mul, or, sub } from '../term.ts';

const million = 1_000_000;
const time = (text: string) => uint(40, `${text}, seconds`);

const limits: RecordType = {
  kind: 'record',
  name: 'MarketLimits',
  doc: 'The parameters of a market, each as wide as a word. An unlisted market is all zero.',
  fields: {
    tickValue: uint(48, 'quote units of one lot at one tick'),
    initialPpm: uint(24, 'initial margin'),
    maintenancePpm: uint(24, 'maintenance margin'),
    takerFeePpm: uint(16, 'fee of the taker'),
    makerFeePpm: uint(16, 'fee of the maker'),
    priceAgeSecondsMax: uint(16, 'oldest usable price'),
    bandPpm: uint(24, 'largest step of a price per report'),
    fillBandPpm: uint(24, 'largest distance of a fill from the price'),
    fundingRatePpmMax: uint(24, 'largest funding rate per day'),
    openInterestMax: uint(40, 'cap of open interest, lots'),
    openInterestLowPpm: uint(24, 'part of the cap where initial margin begins to grow'),
    openInterestHighPpm: uint(24, 'part of the cap where initial margin is everything'),
    concentrationPpm: uint(24, 'initial margin added for all of the open interest'),
    concentrationCapPpm: uint(24, 'largest initial margin for concentration'),
    isolated: uint(8, '1: nothing else may be held beside it'),
    markClampPpm: uint(24, 'largest distance of the mark from the index'),
    fundingGapSecondsMax: uint(16, 'longest gap that funding is charged for'),
    liquidationPartPpm: uint(24, 'largest part liquidated in one block'),
    coverSharePpm: uint(24, 'largest part of the fund for one account'),
    backstopLotsMax: uint(40, 'largest position of the backstop, lots'),
  },
};

const demo = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 900_000,
  concentrationPpm: 200_000,
  concentrationCapPpm: 300_000,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 30,
  liquidationPartPpm: 100_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 10_000,
};

const parts = (low: number, high: number) => ({
  openInterestLowPpm: low,
  openInterestHighPpm: high,
});
const within = (field: string, low: number, high: number) =>
  and(le(low, `limits.${field}`), le(`limits.${field}`, high));
const raised = (field: string) => le(`current.${field}`, `next.${field}`);
const lowered = (field: string) => le(`next.${field}`, `current.${field}`);

// Maintenance waits both ways: raised at once it would liquidate accounts that were healthy.
const notLooser = and(
  lt(0, 'current.tickValue'),
  raised('initialPpm'),
  eq('current.maintenancePpm', 'next.maintenancePpm'),
  lowered('takerFeePpm'),
  lowered('makerFeePpm'),
  lowered('priceAgeSecondsMax'),
  lowered('bandPpm'),
  lowered('fillBandPpm'),
  lowered('fundingRatePpmMax'),
  lowered('openInterestMax'),
  lowered('openInterestLowPpm'),
  lowered('openInterestHighPpm'),
  // Equal parts switch the term off: lowering the high one onto the low one would loosen.
  or(
    le('current.openInterestHighPpm', 'current.openInterestLowPpm'),
    lt('next.openInterestLowPpm', 'next.openInterestHighPpm'),
  ),
  raised('concentrationPpm'),
  raised('concentrationCapPpm'),
  lowered('markClampPpm'),
  lowered('fundingGapSecondsMax'),
  eq('current.liquidationPartPpm', 'next.liquidationPartPpm'),
  lowered('coverSharePpm'),
  lowered('backstopLotsMax'),
);

const readyTime = add('proposedTime', 'delaySeconds');
const waited = and(
  lt(0, 'proposedTime'),
  le(readyTime, 'nowTime'),
  le('nowTime', add(readyTime, 'windowSeconds')),
);

export const controlLaws: readonly Law[] = [
  {
    id: 'L08',
    name: 'priceValid',
    title: 'Prices are valid for the action',
    statement: 'A price that moves value exists, is not too old and not from the future.',
    assumes: 'The price was accepted under L09 and L10.',
    inputs: {
      price: uint(32, 'ticks'),
      priceTime: time('time of the report'),
      nowTime: time('time of the block, or of the venue'),
      ageSecondsMax: uint(32, 'oldest usable price'),
      skewSecondsMax: uint(32, 'how far a report may be ahead'),
    },
    predicate: and(
      lt(0, 'price'),
      le('nowTime', add('priceTime', 'ageSecondsMax')),
      le('priceTime', add('nowTime', 'skewSecondsMax')),
    ),
    example: { price: 9, priceTime: 100, nowTime: 130, ageSecondsMax: 60, skewSecondsMax: 5 },
  },
  {
    id: 'L09',
    name: 'reportAdvances',
    title: 'Reports advance',
    statement: 'Round and time of a report are above the last ones, and its time is about now.',
    assumes: 'Round and time before are zero when there was no report yet.',
    inputs: {
      roundBefore: uint(32, 'last round'),
      round: uint(32, 'round of the report'),
      timeBefore: time('time of the last report'),
      time: time('time of the report'),
      nowTime: time('time of the block'),
      skewSecondsMax: uint(32, 'largest distance of a report from now'),
    },
    predicate: and(
      lt('roundBefore', 'round'),
      lt('timeBefore', 'time'),
      le(abs(sub('nowTime', 'time')), 'skewSecondsMax'),
    ),
    example: {
      roundBefore: 3,
      round: 5,
      timeBefore: 100,
      time: 110,
      nowTime: 112,
      skewSecondsMax: 30,
    },
  },
  {
    id: 'L10',
    name: 'withinBand',
    title: 'Prices stay in their band',
    statement: 'A price differs from its reference by at most the band.',
    assumes:
      'For a report the reference is the last price (the first price of a market has none and is ' +
      'not asked); for a fill it is the price now; for a mark it is the index price of the same ' +
      'report, and the band is its clamp.',
    inputs: {
      price: uint(32, 'ticks'),
      referencePrice: uint(32, 'ticks'),
      bandPpm: uint(24, 'width of the band on each side'),
    },
    predicate: and(
      lt(0, 'price'),
      le(mul(abs(sub('price', 'referencePrice')), million), mul('bandPpm', 'referencePrice')),
    ),
    example: { price: 1_050, referencePrice: 1_000, bandPpm: 50_000 },
  },
  {
    id: 'L14',
    name: 'outflowWithin',
    title: 'Outflow stays in both windows',
    statement: 'What leaves in the last hour and in the last day is within both caps.',
    assumes: 'Outflow is gross, in the same unit as the caps; caps come from the trailing minimum.',
    inputs: {
      amount: uint(128, 'about to leave'),
      hourUsed: uint(128, 'left in the last hour'),
      hourMax: uint(128, 'cap of an hour'),
      dayUsed: uint(128, 'left in the last day'),
      dayMax: uint(128, 'cap of a day'),
    },
    predicate: and(
      le(add('hourUsed', 'amount'), 'hourMax'),
      le(add('dayUsed', 'amount'), 'dayMax'),
    ),
    example: { amount: 10n, hourUsed: 5n, hourMax: 20n, dayUsed: 50n, dayMax: 100n },
  },
  {
    id: 'L16',
    name: 'breakerTightens',
    title: 'A guardian can only tighten',
    statement:
      'Guardians set no level below the one in force or above 3, for a bounded time, and the new ' +
      'entry lasts longer than the one that it replaces.',
    assumes: 'Level before is the effective one; until before is 0 if nothing is replaced.',
    inputs: {
      levelBefore: uint(8, 'effective level'),
      levelAfter: uint(8, 'level asked for'),
      untilBefore: time('expiry of the entry that is replaced'),
      untilAfter: time('expiry of the new entry'),
      nowTime: time('time of the block'),
      secondsMax: uint(32, 'longest entry'),
    },
    predicate: and(
      lt(0, 'levelAfter'),
      le('levelBefore', 'levelAfter'),
      le('levelAfter', 3),
      lt('nowTime', 'untilAfter'),
      le('untilAfter', add('nowTime', 'secondsMax')),
      lt('untilBefore', 'untilAfter'),
    ),
    example: {
      levelBefore: 0,
      levelAfter: 2,
      untilBefore: 0,
      untilAfter: 160,
      nowTime: 100,
      secondsMax: 86_400,
    },
  },
  {
    id: 'L17',
    name: 'parametersBounded',
    title: 'Parameters stay in hard bounds',
    statement: 'No parameter of a market leaves the bounds that are fixed in code.',
    assumes: 'Asked for every tuple before it is stored or scheduled.',
    inputs: { limits },
    predicate: and(
      lt(0, 'limits.tickValue'),
      within('initialPpm', 10_000, million),
      le(5_000, 'limits.maintenancePpm'),
      le(mul('limits.maintenancePpm', 10), mul('limits.initialPpm', 8)),
      le('limits.takerFeePpm', 10_000),
      le('limits.makerFeePpm', 10_000),
      within('priceAgeSecondsMax', 1, 7_200),
      within('bandPpm', 1, 500_000),
      within('fillBandPpm', 1, 500_000),
      le('limits.fundingRatePpmMax', 300_000),
      le('limits.openInterestLowPpm', 'limits.openInterestHighPpm'),
      le('limits.openInterestHighPpm', million),
      le('limits.concentrationPpm', million),
      le('limits.concentrationCapPpm', million),
      le('limits.isolated', 1),
      within('markClampPpm', 1_000, 100_000),
      le('limits.markClampPpm', sub('limits.initialPpm', 'limits.maintenancePpm')),
      le('limits.fundingGapSecondsMax', 7_200),
      within('liquidationPartPpm', 10_000, million),
      le('limits.coverSharePpm', million),
    ),
    example: { limits: demo },
    edges: [
      { limits: { ...demo, initialPpm: 10_000, maintenancePpm: 5_000, markClampPpm: 1_000 } },
    ],
  },
  {
    id: 'L18',
    name: 'parameterChangeLawful',
    title: 'Loosening waits',
    statement:
      'A change that loosens any field, moves maintenance or lists a market applies only inside ' +
      'its window after the delay; a listed market keeps its tick value and its isolation.',
    assumes: 'Proposed time is 0 for a change that was not scheduled.',
    inputs: {
      current: limits,
      next: limits,
      proposedTime: time('when it was scheduled'),
      delaySeconds: uint(32, 'wait before it may apply'),
      windowSeconds: uint(32, 'how long it may then apply'),
      nowTime: time('time of the block'),
    },
    predicate: and(
      or(
        eq('current.tickValue', 0),
        and(eq('current.tickValue', 'next.tickValue'), eq('current.isolated', 'next.isolated')),
      ),
      or(notLooser, waited),
    ),
    example: {
      current: demo,
      next: { ...demo, initialPpm: 60_000, bandPpm: 90_000 },
      proposedTime: 0,
      delaySeconds: 3_600,
      windowSeconds: 86_400,
      nowTime: 1_000_000,
    },
    edges: [
      { current: { ...demo, ...parts(900_000, 900_000) }, next: { ...demo, ...parts(9, 9) } },
      { current: demo, next: { ...demo, ...parts(500_000, 500_000) } },
    ].map((change) => ({
      ...change,
      proposedTime: 0,
      delaySeconds: 3_600,
      windowSeconds: 86_400,
      nowTime: 1_000_000,
    })),
    // Nothing unsigned is below zero.
    equalMutants: ['current.tickValue = 0 as ≤'],
  },
  {
    id: 'L19',
    name: 'fundingWithin',
    title: 'Funding steps are bounded',
    statement:
      'A funding index moves by at most the largest rate for the time elapsed, and not at all ' +
      'over a gap.',
    assumes:
      'Price is the index price that the report brought; the time is since the last step, and ' +
      'beyond the longest gap none of it counts.',
    inputs: {
      indexBefore: int(96, 'funding index before, quote × 2^32 per lot'),
      indexAfter: int(96, 'funding index after'),
      price: uint(32, 'ticks'),
      tickValue: uint(48, 'quote units of one lot at one tick'),
      ratePpmMax: uint(24, 'largest rate per day'),
      elapsedSeconds: uint(40, 'since the last step'),
      gapSecondsMax: uint(16, 'longest time that is charged'),
    },
    predicate: and(
      or(le('elapsedSeconds', 'gapSecondsMax'), eq('indexAfter', 'indexBefore')),
      le(
        mul(abs(sub('indexAfter', 'indexBefore')), 86_400n * 1_000_000n),
        mul(mul(mul('price', 'tickValue'), 2n ** 32n), mul('ratePpmMax', 'elapsedSeconds')),
      ),
    ),
    example: {
      indexBefore: 0n,
      indexAfter: 1_000n,
      price: 650_000,
      tickValue: 100,
      ratePpmMax: 120_000,
      elapsedSeconds: 60,
      gapSecondsMax: 60,
    },
  },
];
