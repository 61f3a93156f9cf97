/** The law on a steward's moves. */
import { bool, type Law, uint } from '../law.ts';
import { add, and, le, lt, mul, not, or } from '../term.ts';

const million = 1_000_000;

// In an hour a field moves by at most this part of itself; `next < current + step + 1`.
const hourPpm = 3_600n * 1_000_000n;
const stepOf = (rate: string) => mul(mul('current', rate), 'elapsedSeconds');
const stepUp = (rate: string) =>
  lt(mul('next', hourPpm), add(mul(add('current', 1), hourPpm), stepOf(rate)));
const stepDown = (rate: string) =>
  lt(mul('current', hourPpm), add(mul(add('next', 1), hourPpm), stepOf(rate)));
const stepExample = {
  anchor: 50_000,
  current: 60_000,
  next: 62_000,
  rises: true,
  bandPpm: 3_000_000,
  tightenPpm: 100_000,
  loosenPpm: 5_000,
  elapsedSeconds: 1_200,
};

const large = { ...stepExample, anchor: 900e9, current: 1_000e9 };

export const stewardLaws: readonly Law[] = [
  {
    id: 'L25',
    name: 'stewardStep',
    title: 'A steward moves in a band, by steps',
    statement:
      'A steward moves a field never looser than the anchor, no further out than its band, and ' +
      'by no more than its step for the time since the last move, rounded up.',
    assumes:
      'Asked for each field of the tuple. The band is the largest part of the anchor where ' +
      'tighter is higher, else the smallest. A raise of the maintenance margin was announced.',
    inputs: {
      anchor: uint(40, 'as governance set it'),
      current: uint(40, 'in force'),
      next: uint(40, 'asked for'),
      rises: bool('whether tighter is higher'),
      bandPpm: uint(24, 'end of the band, part of the anchor'),
      tightenPpm: uint(24, 'largest step tighter in an hour, part of the value in force'),
      loosenPpm: uint(24, 'largest step looser in an hour, part of the value in force'),
      elapsedSeconds: uint(32, 'time that counts for the step'),
    },
    predicate: or(
      and(
        'rises',
        le('anchor', 'next'),
        or(le(mul('next', million), mul('anchor', 'bandPpm')), le('next', 'current')),
        stepUp('tightenPpm'),
        stepDown('loosenPpm'),
      ),
      and(
        not('rises'),
        le('next', 'anchor'),
        or(le(mul('anchor', 'bandPpm'), mul('next', million)), le('current', 'next')),
        stepUp('loosenPpm'),
        stepDown('tightenPpm'),
      ),
    ),
    example: stepExample,
    edges: [
      { ...stepExample, next: 61_000 },
      { ...stepExample, rises: false, current: 45_000, next: 44_000, bandPpm: 500_000 },
      { ...stepExample, rises: false, current: 45_000, next: 45_200, bandPpm: 500_000 },
      { ...stepExample, current: 160_000, next: 159_500 },
      { ...stepExample, rises: false, current: 20_000, next: 20_010, bandPpm: 500_000 },
      // Large enough that one hour more or less in a billion is a whole unit.
      { ...large, next: 1_020e9 },
      { ...large, next: 999e9 },
      { ...large, rises: false, anchor: 1_090e9, bandPpm: 500_000, next: 980e9 },
      { ...large, rises: false, anchor: 1_090e9, bandPpm: 500_000, next: 1_001e9 },
    ],
  },
];
