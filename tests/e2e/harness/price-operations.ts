/** Prices, funding and profit as operations of the differential test. */
import { rulesHarnessBytecode as bytecode } from '@holdfast/abi';
import type * as oracle from '@holdfast/oracle';
import type { FundingStep } from '@holdfast/oracle';
import type * as risk from '@holdfast/risk';
import type { Ppm, PpmPerDay, Ticks } from '@holdfast/units';
import { type Dice, type Operation, operation, pack } from './differential.ts';

/** What is compared: the modules, or a mutant of one. */
type Rules = typeof oracle & typeof risk;

const million = 1_000_000;
const ticksMax = 2 ** 32 - 1;

const within = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

const drawPrice = (dice: Dice): number =>
  dice.pick([1, dice.between(1, 300), million, dice.between(1, ticksMax), ticksMax]);

/** A price in the neighbourhood of another, or anywhere. */
function drawNear(dice: Dice, price: number): number {
  const span = dice.pick([1, Math.ceil(price / 100), Math.ceil(price / 10)]);
  const near = price + dice.pick([-1, 1]) * span + dice.between(-1, 1);
  return dice.oneIn(3) ? drawPrice(dice) : within(near, 1, ticksMax);
}

interface Drawn {
  readonly reported: number;
  readonly before: number;
  readonly from: number;
  readonly index: number;
  readonly clamp: number;
}

/** Of the index before (`from`, 0: none) the mark stands beside it, or anywhere. */
function drawMark(dice: Dice): Drawn {
  const index = drawPrice(dice);
  const from = dice.oneIn(8) ? 0 : drawNear(dice, index);
  const before = from === 0 ? 0 : drawNear(dice, from);
  const reported = dice.oneIn(8)
    ? dice.pick([0, ticksMax + 1, 2 ** 40 - 1])
    : drawNear(dice, dice.oneIn(2) ? index : before || index);
  const clamp = dice.pick([0, 1, 10_000, 50_000, million, dice.below(million), 2 ** 24 - 1]);
  return { reported, before, from, index, clamp };
}

/** The average before may be none; seconds from none to the width of a time. */
function drawAging(dice: Dice): { aged: bigint; price: Ticks; elapsed: number } {
  const price = drawPrice(dice);
  const part = BigInt(dice.pick([0, 1, ticksMax, dice.between(0, ticksMax)]));
  const aged = dice.oneIn(10) ? 0n : (BigInt(drawNear(dice, price)) << 32n) | part;
  const elapsed = dice.pick([0, 1, 2, 14_400, dice.below(100_000), dice.below(2 ** 40)]);
  return { aged, price: price as Ticks, elapsed };
}

/** Steps as the venue charges them: the change fits the 96 bits of an index. */
function drawFunding(dice: Dice): FundingStep {
  const max = dice.pick([0, million, dice.below(million), 2 ** 20]);
  const rate = dice.pick([0, max + 1, -max - 1, max, -max, Number(dice.signed(30))]);
  const gap = dice.pick([0, 60, 3_600, 2 ** 16 - 1]);
  const elapsed = dice.pick([0, 1, gap, gap + 1, Math.max(gap - 1, 0), dice.below(2 ** 40)]);
  return {
    rate: rate as PpmPerDay,
    fundingRatePpmMax: max as Ppm,
    price: drawPrice(dice) as Ticks,
    tickValue: dice.pick([1, 3, 100, dice.between(1, 2 ** 30)]),
    elapsedSeconds: elapsed,
    gapSecondsMax: gap,
  };
}

type Holding = {
  readonly lots: number;
  readonly index: number;
  readonly mark: number;
  readonly aged: number;
  readonly tickValue: number;
  readonly ppm: number;
  readonly worth: bigint;
  readonly principal: bigint;
};

/** The least loss there is: a unit. */
const leastLoss = {
  lots: 1,
  index: 101,
  mark: 101,
  aged: 100,
  tickValue: 1,
  ppm: 1,
  worth: 1n,
  principal: 0n,
} satisfies Holding;

function drawHolding(dice: Dice): Holding {
  if (dice.oneIn(500)) return leastLoss;
  const index = drawPrice(dice);
  const mark = dice.oneIn(4) ? index : drawNear(dice, index);
  const size = dice.pick([0, 1, dice.below(10_000), dice.below(2 ** 40), 2 ** 53 - 1]);
  const worth = dice.signed(dice.pick([8, 60, 120]));
  return {
    lots: dice.oneIn(2) ? size : 0 - size,
    index,
    mark,
    aged: dice.oneIn(8) ? 0 : dice.pick([index, mark, drawNear(dice, mark)]),
    tickValue: dice.pick([1, 3, 100, 2 ** 48 - 1]),
    ppm: dice.pick([0, 1, 100_000, million, dice.below(million)]),
    worth,
    principal: dice.pick([worth, worth - 1n, worth + 1n, 0n, dice.signed(60), dice.signed(120)]),
  };
}

/** The operations on prices, funding and profit. */
export function priceOperations(): Operation[] {
  return [markOperation(), agingOperation(), fundingOperation(), profitOperation()];
}

const markOperation = (): Operation =>
  operation({
    name: 'accepted',
    bytecode,
    count: 100_000,
    sample: drawMark,
    encode: ({ reported, before, from, index, clamp }) => [
      pack([
        [40, reported],
        [32, before],
        [32, from],
        [32, index],
        [24, clamp],
      ]),
    ],
    evaluate: ({ reported, before, from, index, clamp }, using: Rules) => {
      const last = from === 0 ? undefined : { price: from as Ticks, mark: before as Ticks };
      return [using.acceptMark(reported, last, index as Ticks, clamp as Ppm)];
    },
  });

const agingOperation = (): Operation =>
  operation({
    name: 'aging',
    bytecode,
    count: 100_000,
    sample: drawAging,
    encode: ({ aged, price, elapsed }) => [
      pack([
        [64, aged],
        [32, price],
        [40, elapsed],
      ]),
    ],
    evaluate: ({ aged, price, elapsed }, using: Rules) => {
      const after = using.ageStep(aged, price, elapsed);
      return [after, using.agedTicks(after)];
    },
  });

const fundingOperation = (): Operation =>
  operation({
    name: 'funding',
    bytecode,
    count: 100_000,
    sample: drawFunding,
    encode: (of) => [
      pack([
        [32, of.rate],
        [24, of.fundingRatePpmMax],
        [32, of.price],
        [48, of.tickValue],
        [40, of.elapsedSeconds],
        [16, of.gapSecondsMax],
      ]),
    ],
    evaluate: (of, using: Rules) => [
      using.clampRate(of.rate, of.fundingRatePpmMax),
      using.fundingDelta(of),
    ],
  });

const profitOperation = (): Operation =>
  operation({
    name: 'profit',
    bytecode,
    count: 100_000,
    sample: drawHolding,
    encode: (of) => [
      pack([
        [56, of.lots],
        [32, of.index],
        [32, of.mark],
        [32, of.aged],
        [48, of.tickValue],
        [24, of.ppm],
      ]),
      pack([
        [128, of.worth],
        [128, of.principal],
      ]),
    ],
    evaluate: (of, using: Rules) => {
      const price = using.worsePrice(of.lots, of.index, of.mark);
      const loss = using.agedLoss(of.lots, price, of.aged, of.tickValue);
      return [price, loss, using.haircut(of.worth, of.principal, of.ppm)];
    },
  });
