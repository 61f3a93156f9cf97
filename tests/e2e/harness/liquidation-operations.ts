/** Liquidation and deleveraging as operations of the differential test. */
import { rulesHarnessBytecode as bytecode } from '@holdfast/abi';
import type * as risk from '@holdfast/risk';
import type { Counterparty, PricedMarket } from '@holdfast/risk';
import { minBig, type Ppm, type Quote, type Ticks } from '@holdfast/units';
import { type Dice, type Operation, operation, pack } from './differential.ts';

/** What is compared: the module, or a mutant of it. */
type Rules = typeof risk;

const million = 1_000_000;
const leverMax = 2 ** 40 - 1;

/** A position of an account that is below its maintenance margin. */
type Case = {
  readonly market: PricedMarket;
  readonly partPpm: number;
  readonly size: number;
  /** Of these some leave. */
  readonly lots: number;
  readonly elapsed: number;
  readonly equity: bigint;
  readonly maintenance: bigint;
};

/** Whole, from zero to below 2^bits, every length as often. */
const drawBits = (dice: Dice, bits: number): bigint => {
  const value = dice.signed(bits);
  return value < 0n ? -value : value;
};

const drawLots = (dice: Dice): number =>
  dice.pick([
    () => dice.between(1, 4),
    () => dice.between(1, 10_000),
    () => dice.between(1, 2 ** 40),
    () => 2 ** 53 - 1 - dice.below(2),
  ])();

function drawMarket(dice: Dice): PricedMarket {
  return {
    price: dice.pick([1, dice.between(1, 50), million, dice.between(1, 2 ** 32 - 1)]) as Ticks,
    tickValue: dice.pick([1, 3, 100, dice.between(1, 2 ** 20)]),
    maintenancePpm: dice.pick([5_000, 13_636, 13_637, 50_000, dice.between(5_000, 800_000)]) as Ppm,
  };
}

/** Equity below maintenance: often at zero, a margin, or just beside it. */
function drawEquity(dice: Dice, rules: Rules, maintenance: bigint): bigint {
  const near = BigInt(dice.between(-1, 1));
  const equity = dice.pick([
    () => near,
    () => rules.closeOut(maintenance as Quote) + near,
    () => maintenance - 1n,
    () => (maintenance * BigInt(dice.below(million))) / BigInt(million),
    () => -drawBits(dice, 100),
    () => (-maintenance * BigInt(dice.below(million))) / BigInt(million),
  ])();
  return equity < maintenance ? equity : maintenance - 1n;
}

/** What a lot gains at a price of one, 11 · 100,003 − 150,000, and the inverse of 10^6 to it. */
const [gain, inverse] = [950_033n, 551_307n];

/** A partial size that is a hair above a whole number of lots: rounding up has to notice. */
function drawHair(dice: Dice, rules: Rules): Case {
  const market = { price: 1 as Ticks, tickValue: 1, maintenancePpm: 100_003 as Ppm };
  const size = dice.between(100_000_000, 1_000_000_000);
  const own = rules.freedBy(market, size, size);
  // One unit short of maintenance: 11 · (MMR + 1) − 10 · E is MMR + 21.
  const maintenance = inverse - 21n + ((own + gain) / gain) * gain;
  const equity = maintenance - 1n;
  return { market, partPpm: million, size, lots: 1, elapsed: 0, equity, maintenance };
}

function drawCase(dice: Dice, rules: Rules): Case {
  if (dice.oneIn(200)) return drawHair(dice, rules);
  const market = drawMarket(dice);
  const size = drawLots(dice);
  const own = rules.freedBy(market, size, size);
  const maintenance = own + (dice.oneIn(2) ? 0n : drawBits(dice, dice.oneIn(2) ? 20 : 100));
  return {
    market,
    partPpm: dice.pick([1, 100_000, million, dice.between(1, million)]),
    size,
    lots: dice.pick([1, size, dice.between(1, size), Math.max(size - 1, 1)]),
    elapsed: dice.pick([0, 1, 119, 120, 121, 3_599, 3_600, 3_601, dice.below(4_000)]),
    equity: drawEquity(dice, rules, maintenance),
    maintenance,
  };
}

/** As `liquidationTerms` and the waterfall compute it, by the functions in `rules` alone. */
function evaluateCase(of: Case, rules: Rules): (bigint | number)[] {
  const { market, size, lots } = of;
  const fill = rules.fillDiscount(market, of);
  const partial = rules.partialLots(size, market, fill, of);
  const first = [fill, partial, rules.speedLots(size, of.partPpm)];
  const worth = rules.shareOf(of, rules.freedBy(market, size, lots));
  if (worth < 0n) {
    return [...first, worth, rules.zeroSurcharge(-worth, lots, market.tickValue), 0, 0];
  }
  const most = rules.zeroDiscount(worth, lots, market.tickValue);
  const given = minBig(fill, most) * BigInt(lots) * BigInt(market.tickValue);
  const amount = rules.notional(lots, market.price, market.tickValue);
  const penalty = rules.penaltyOf(amount, worth - given);
  return [...first, worth, most, penalty, rules.rewardOf(penalty, of.elapsed)];
}

function drawCounterparty(dice: Dice): Counterparty {
  const size = dice.oneIn(12) ? 0 : drawLots(dice);
  const lever = BigInt(
    dice.pick([1, 2, 65_537, leverMax, dice.between(1, 2 ** 20), dice.between(1, leverMax)]),
  );
  // Not eligible, one of a crowd, or free to lose all.
  const room = dice.pick([0, size, size, dice.below(size + 1)]);
  return { size, room, lever };
}

type Round = { readonly need: number; readonly list: readonly Counterparty[] };

const roomOf = (list: readonly Counterparty[]): bigint =>
  list.reduce((sum, { room }) => sum + BigInt(room), 0n);

/** Often exactly the room there is, or a lot beside it. */
function drawRound(dice: Dice, parts: number): Round {
  const list = Array.from({ length: parts }, () => drawCounterparty(dice));
  const room = roomOf(list);
  const most = Number(room < 2n ** 53n - 2n ? room : 2n ** 53n - 2n);
  const need = dice.pick([1, most - 1, most, most + 1, dice.between(0, most), drawLots(dice)]);
  return { need: Math.max(need, 0), list };
}

/** The operations on liquidation. @param rules the module whose numbers put inputs at the edges */
export function liquidationOperations(rules: Rules): Operation[] {
  return [
    operation({
      name: 'liquidation',
      bytecode,
      count: 200_000,
      sample: (dice) => drawCase(dice, rules),
      encode: (of) => [
        pack([
          [32, of.market.price],
          [48, of.market.tickValue],
          [24, of.market.maintenancePpm],
          [24, of.partPpm],
          [56, of.size],
          [56, of.lots],
          [16, of.elapsed],
        ]),
        pack([
          [128, of.equity],
          [128, of.maintenance],
        ]),
      ],
      evaluate: (of, using: Rules) => evaluateCase(of, using),
    }),
    operation({
      name: 'levyPerLot',
      bytecode,
      count: 50_000,
      sample: (dice) => ({ loss: drawBits(dice, 112), lots: drawBits(dice, 56) + 1n }),
      encode: ({ loss, lots }) => [loss, lots],
      evaluate: ({ loss, lots }, using: Rules) => [using.levyPerLot(loss, lots)],
    }),
    operation({
      name: 'lever',
      bytecode,
      count: 50_000,
      sample: (dice) => ({ equity: drawBits(dice, 90) + 1n, maintenance: drawBits(dice, 112) }),
      encode: ({ equity, maintenance }) => [equity, maintenance],
      evaluate: ({ equity, maintenance }, using: Rules) => [using.leverOf(equity, maintenance)],
    }),
    operation({
      name: 'allocate',
      bytecode,
      parts: [1, 2, 3, 5, 8, 13, 21, 40],
      count: 40_000,
      sample: drawRound,
      encode: ({ need, list }) => [
        BigInt(need),
        ...list.map(({ size, room, lever }) =>
          pack([
            [56, size],
            [56, room],
            [40, lever],
          ]),
        ),
      ],
      // The sum is what is needed wherever there is room for it, whatever the rules say.
      evaluate: ({ need, list }, using: Rules) => {
        const room = roomOf(list);
        const all = minBig(BigInt(need), room);
        return [...using.allocate(need, list), all, all];
      },
    }),
  ];
}
