/** What may be done to the venue, as plain data: whatever numbers say, an operation is possible. */
import fc from 'fast-check';

/** A seat: a user by number, folded into those that there are. */
type Seat = number;

/** What a captured or careless party tries with a batch. `none`: as it should be. */
export const tricks = [
  'none',
  'another key signs',
  'a stranger settles',
  'the batch comes again',
  'more than signed',
  'beyond the limit',
  'an old epoch',
  'reduce only',
  'in two fills',
] as const;
export type Trick = (typeof tricks)[number];

export type Op =
  | { op: 'deposit'; who: Seat; amount: number }
  | { op: 'withdraw'; who: Seat; amount: number; stolen: boolean }
  | { op: 'withdrawSigned'; who: Seat; amount: number; nonce: number; relayer: Seat }
  | { op: 'transfer'; from: Seat; to: Seat; amount: number }
  | {
      op: 'settle';
      maker: Seat;
      taker: Seat;
      market: number;
      isBuy: boolean;
      /** 0: as many as the poorer of both has margin for. */
      lots: number;
      /** Price against the index, ppm. */
      off: number;
      lane: number;
      /** Sequence against the last of the lane. */
      ahead: number;
      trick: Trick;
      /** It brings a report of the same prices. */
      fresh: boolean;
    }
  | { op: 'cancelLane'; who: Seat; lane: number; ahead: number; stolen: boolean }
  | { op: 'cancelAll'; who: Seat; stolen: boolean }
  /** Moves in ppm of the last price, rates in ppm a day. */
  | { op: 'report'; moves: readonly number[]; basis: number; rate: number; broken: boolean }
  | { op: 'wait'; seconds: number }
  /** Of the accounts in need the first is that of the worst health. */
  | { op: 'flag'; rank: Seat }
  | { op: 'liquidate'; rank: Seat; keeper: Seat; market: number; lots: number }
  | { op: 'resolve'; rank: Seat; market: number }
  | { op: 'unwind'; taker: Seat; market: number; lots: number }
  | { op: 'cover'; who: Seat }
  | { op: 'request'; who: Seat; kind: 'withdraw' | 'close' | 'cancelAll'; amount: number }
  /** `late`: not before anyone may. */
  | { op: 'execute'; taker: Seat; bySequencer: boolean; late: boolean }
  | { op: 'freeze'; late: boolean }
  | { op: 'tighten'; scope: number; level: number; seconds: number; byGuardian: boolean }
  | { op: 'clear'; scope: number; propose: boolean; byGovernor: boolean; late: boolean }
  /** A captured governor asks for a looser or a tighter market, or applies what it asked for. */
  | { op: 'govern'; market: number; maintenancePpm: number; apply: boolean; late: boolean };

const seat = fc.nat({ max: 5 });
const rank = fc.constantFrom(0, 0, 0, 1, 2, 5);
const market = fc.constantFrom(0, 0, 1);
const few = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40 }));
const amount = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(200, 100_000) },
);
const sometimes = (n: number) => fc.nat({ max: n - 1 }).map((x) => x === 0);
const lane = fc.integer({ min: 1, max: 2 });
const near = fc.constantFrom(1, 1, 1, 0, 2, -1);

const settle = fc.record({
  op: fc.constant('settle' as const),
  maker: seat,
  taker: fc.constantFrom(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5),
  market,
  isBuy: fc.boolean(),
  lots: fc.oneof(fc.constant(0), few),
  off: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1_000, -1_000, 30_000, 60_000),
  lane,
  ahead: near,
  trick: fc.oneof(
    { weight: 4, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...tricks) },
    { weight: 1, arbitrary: fc.constant('in two fills' as const) },
  ),
  fresh: fc.boolean(),
});
const step = fc.integer({ min: -15_000, max: 15_000 });
const slide = fc.integer({ min: -70_000, max: 70_000 });
const jump = fc.integer({ min: -290_000, max: 290_000 });
const report = fc.record({
  op: fc.constant('report' as const),
  moves: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(step, step) },
    { weight: 2, arbitrary: fc.tuple(slide, slide) },
    { weight: 1, arbitrary: fc.tuple(step, jump) },
    { weight: 1, arbitrary: fc.tuple(jump, step) },
  ),
  basis: fc.integer({ min: -30_000, max: 30_000 }),
  rate: fc.integer({ min: -300_000, max: 300_000 }),
  broken: sometimes(8),
});

/** Any operation; those that move something are likelier. */
export const anyOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 16, arbitrary: settle },
  { weight: 7, arbitrary: report },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('deposit' as const), who: seat, amount }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('withdraw' as const),
      who: seat,
      amount,
      stolen: sometimes(4),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('withdrawSigned' as const),
      who: seat,
      amount,
      nonce: fc.nat({ max: 3 }),
      relayer: seat,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('transfer' as const), from: seat, to: seat, amount }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('cancelLane' as const),
      who: seat,
      lane,
      ahead: near,
      stolen: sometimes(4),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('cancelAll' as const),
      who: seat,
      stolen: sometimes(4),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('wait' as const),
      seconds: fc.oneof(
        { weight: 12, arbitrary: fc.integer({ min: 1, max: 400 }) },
        { weight: 2, arbitrary: fc.integer({ min: 3_000, max: 8_000 }) },
        { weight: 1, arbitrary: fc.constantFrom(86_400, 172_800, 700_000) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flag' as const), rank }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('liquidate' as const),
      rank,
      keeper: fc.constantFrom(0, 1, 1, 2, 2, 3, 3, 5),
      market,
      lots: fc.oneof(fc.constant(0), few),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('resolve' as const), rank, market }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('unwind' as const),
      taker: seat,
      market,
      lots: few,
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('cover' as const), who: seat }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('request' as const),
      who: seat,
      kind: fc.constantFrom('withdraw' as const, 'close' as const, 'cancelAll' as const),
      amount,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('execute' as const),
      taker: seat,
      bySequencer: fc.boolean(),
      late: sometimes(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('freeze' as const), late: sometimes(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('tighten' as const),
      scope: fc.nat({ max: 2 }),
      level: fc.integer({ min: 0, max: 4 }),
      seconds: fc.constantFrom(60, 600, 86_400, 90_000),
      byGuardian: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('clear' as const),
      scope: fc.nat({ max: 2 }),
      propose: fc.boolean(),
      byGovernor: fc.boolean(),
      late: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('govern' as const),
      market,
      maintenancePpm: fc.constantFrom(20_000, 25_000, 30_000, 40_000),
      apply: fc.boolean(),
      late: fc.boolean(),
    }),
  },
);

/** Most operations of a life. */
export const lifeLengthMax = 80;

/** A life of a venue. */
export const anyLife = fc.array(anyOp, { minLength: 1, maxLength: lifeLengthMax, size: 'max' });
