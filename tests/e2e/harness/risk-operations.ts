/** The margin rules as operations of the differential test, and how their inputs are drawn. */
import { riskHarnessBytecode } from '@holdfast/abi';
import type * as risk from '@holdfast/risk';
import type { MarginParams, MarketContext, RiskAccount } from '@holdfast/risk';
import type { CashQ32, FundingIndex, Lots, MarketId, Ppm, Ticks } from '@holdfast/units';
import { type Dice, type Operation, operation, pack } from './differential.ts';

/** What is compared: the module, or a mutant of it. */
export type Rules = typeof risk;

const million = 1_000_000;
const bytecode = riskHarnessBytecode;

/** A market as the harness reads it; `size` is the position in it. */
type Market = MarginParams & {
  readonly price: number;
  readonly index: bigint;
  readonly openInterest: number;
  readonly isolated: number;
  readonly size: number;
};
type Account = { readonly cash: bigint; readonly userPpm: number };
type Portfolio = Account & { readonly markets: readonly Market[] };
type Step = Portfolio & { readonly cashAfter: bigint; readonly sizesAfter: readonly number[] };

const near = (dice: Dice, value: number): number => Math.max(value + dice.between(-1, 1), 0);

/** Mostly ordinary, often at a bound, sometimes as large as the field. */
function drawSize(dice: Dice, openInterest: number): number {
  const size = dice.pick([
    () => dice.below(4),
    () => dice.between(1, 10_000),
    () => near(dice, openInterest),
    () => dice.below(openInterest + 1),
    () => dice.below(2 ** 40),
    () => (dice.oneIn(8) ? 2 ** 53 - 1 : dice.below(1_000_000)),
  ])();
  return dice.oneIn(2) ? size : 0 - size;
}

function drawInterest(dice: Dice, max: number, low: number, high: number): number {
  const part = (ppm: number): number => Number((BigInt(max) * BigInt(ppm)) / BigInt(million));
  return dice.pick([
    () => 0,
    () => near(dice, part(low)),
    () => near(dice, part(high)),
    () => dice.between(part(low), part(high)),
    () => near(dice, max),
    () => dice.below(max + 1),
    () => dice.below(2 ** 50),
  ])();
}

/** Quotients a hair above a whole number, which rounding up has to notice: one part too many. */
const hairs = [
  // 990,001 · 10,001 is 1 above a multiple of 10^6.
  { price: 990_001, tickValue: 1, initialPpm: 10_001, maintenancePpm: 5_000, size: 1 },
  // Open interest one part above the low mark, in a span of six.
  { initialPpm: 999_999, openInterestMax: 3, openInterestLowPpm: 333_333 },
] satisfies readonly Partial<Market>[];

function drawMarket(dice: Dice): Market {
  if (!dice.oneIn(200)) return drawOrdinary(dice);
  const none = { concentrationPpm: 0, isolated: 0, openInterestHighPpm: 333_335, openInterest: 1 };
  return { ...drawOrdinary(dice), ...none, ...dice.pick(hairs) };
}

function drawOrdinary(dice: Dice): Market {
  const initialPpm = dice.pick([10_000, 50_000, million, dice.between(10_000, million)]);
  const maintenancePpm = dice.between(5_000, Math.floor(initialPpm * 0.8));
  const openInterestHighPpm = dice.pick([0, million, dice.below(million + 1)]);
  const equal = dice.oneIn(4);
  const openInterestLowPpm = equal ? openInterestHighPpm : dice.below(openInterestHighPpm + 1);
  const openInterestMax = dice.pick([1, 7, million, dice.below(2 ** 40)]);
  const openInterest = drawInterest(dice, openInterestMax, openInterestLowPpm, openInterestHighPpm);
  return {
    price: dice.pick([1, dice.between(1, 50), million, dice.between(1, 2 ** 32 - 1)]),
    tickValue: dice.pick([1, 3, 100, dice.between(1, 2 ** 20), 2 ** 48 - 1]),
    initialPpm,
    maintenancePpm,
    openInterestMax,
    openInterestLowPpm,
    openInterestHighPpm,
    concentrationPpm: dice.pick([0, million, dice.below(million + 1)]),
    concentrationCapPpm: dice.pick([0, million, dice.below(million + 1), initialPpm]),
    isolated: dice.oneIn(10) ? 1 : 0,
    index: dice.oneIn(3) ? 0n : dice.signed(90),
    openInterest,
    size: dice.oneIn(12) ? 0 : drawSize(dice, openInterest),
  };
}

const drawUser = (dice: Dice): number => dice.pick([0, 0, million, dice.below(million + 1)]);

function accountOf(of: Account, sizes: readonly number[]): RiskAccount {
  const held = sizes.map((size, id) => [id as MarketId, size as Lots] as const);
  return {
    cash: of.cash as CashQ32,
    positions: new Map(held.filter(([, size]) => size !== 0)),
    userPpm: of.userPpm as Ppm,
  };
}

const contextOf = (rules: Rules, market: Market): MarketContext =>
  rules.marketContext(market, {
    price: market.price as Ticks,
    index: market.index as FundingIndex,
    openInterest: market.openInterest,
  });

function contextsOf(rules: Rules, markets: readonly Market[]): (id: MarketId) => MarketContext {
  const contexts = markets.map((market) => contextOf(rules, market));
  return (id) => contexts[id] as MarketContext;
}

const sizesOf = (markets: readonly Market[]): number[] => markets.map(({ size }) => size);
const fits = (cash: bigint): boolean => BigInt.asIntN(128, cash) === cash;

/** Cash that leaves `equity` (and a fraction that rounding must drop) on top of positions. */
function cashFor(dice: Dice, rules: Rules, of: Portfolio, equity: bigint): bigint {
  const account = accountOf({ ...of, cash: 0n }, sizesOf(of.markets));
  const worth = rules.equityQ32(account, contextsOf(rules, of.markets));
  const cash = (equity << 32n) - worth + BigInt(dice.pick([0, 1, 2 ** 32 - 1]));
  return fits(cash) ? cash : dice.signed(100);
}

/** An account at a margin or just beside it, or anywhere. */
function drawPortfolio(dice: Dice, rules: Rules, parts: number): Portfolio {
  const markets = Array.from({ length: parts }, () => drawMarket(dice));
  const bare = { markets, userPpm: drawUser(dice), cash: 0n };
  if (dice.oneIn(4)) return { ...bare, cash: dice.signed(110) };
  const account = accountOf(bare, sizesOf(markets));
  const { initial, maintenance } = rules.health(account, contextsOf(rules, markets));
  const edge = dice.pick([0n, initial, maintenance, rules.closeOut(maintenance)]);
  return { ...bare, cash: cashFor(dice, rules, bare, edge + BigInt(dice.between(-1, 1))) };
}

function drawAfter(dice: Dice, size: number): number {
  return dice.pick([size, 0, Math.trunc(size / 2), size - Math.sign(size), -size, size + 1]);
}

/** A step that leaves margin or the ratio of equity to maintenance at the edge. */
function drawStep(dice: Dice, rules: Rules, parts: number): Step {
  const of = drawPortfolio(dice, rules, parts);
  const grows = dice.oneIn(3);
  const sizesAfter = of.markets.map(({ size }) => {
    const after = grows ? drawAfter(dice, size) : dice.pick([size, 0, Math.trunc(size / 2)]);
    return Math.abs(after) < 2 ** 53 ? after : size;
  });
  const contexts = contextsOf(rules, of.markets);
  const before = rules.health(accountOf(of, sizesOf(of.markets)), contexts);
  const after = rules.health(accountOf(of, sizesAfter), contexts);
  const ratio =
    before.maintenance === 0n
      ? before.equity
      : (before.equity * after.maintenance) / before.maintenance;
  const edge = dice.pick([after.initial, ratio, ratio, before.equity, 0n]);
  const moved = {
    ...of,
    markets: of.markets.map((market, i) => ({ ...market, size: sizesAfter[i] as number })),
  };
  const cashAfter = cashFor(dice, rules, moved, edge + BigInt(dice.between(-1, 1)));
  return { ...of, cashAfter, sizesAfter };
}

const marketWords = (m: Market): bigint[] => [
  pack([
    [32, m.price],
    [48, m.tickValue],
    [24, m.initialPpm],
    [24, m.maintenancePpm],
    [24, m.openInterestLowPpm],
    [24, m.openInterestHighPpm],
    [24, m.concentrationPpm],
    [24, m.concentrationCapPpm],
    [8, m.isolated],
  ]),
  pack([
    [96, m.index],
    [56, m.openInterest],
    [40, m.openInterestMax],
    [56, m.size],
  ]),
];

const accountWord = (of: Account): bigint =>
  pack([
    [24, of.userPpm],
    [128, of.cash],
  ]);

/** The operations on margin. @param rules the module whose numbers put inputs at the edges */
export function riskOperations(rules: Rules): Operation[] {
  return [
    operation({
      name: 'factors',
      bytecode,
      count: 290_000,
      sample: (dice) => ({ market: drawMarket(dice), userPpm: drawUser(dice) }),
      encode: ({ market, userPpm }) => [...marketWords(market), BigInt(userPpm)],
      evaluate: ({ market, userPpm }, of: Rules) => {
        const context = contextOf(of, market);
        return [context.marketPpm, of.initialPpmOf(context, market.size, userPpm), true];
      },
    }),
    operation({
      name: 'health',
      bytecode,
      parts: [1, 2, 3, 4],
      count: 350_000,
      sample: (dice, parts) => drawPortfolio(dice, rules, parts),
      encode: (of) => [accountWord(of), ...of.markets.flatMap(marketWords)],
      evaluate: (of, using: Rules) => {
        const account = accountOf(of, sizesOf(of.markets));
        const found = using.health(account, contextsOf(using, of.markets));
        const { equity, initial, maintenance } = found;
        const lone = (id: MarketId): boolean => of.markets[id]?.isolated === 1;
        const alone = using.isolationHeld(account.positions.keys(), lone);
        return [equity, initial, maintenance, using.closeOut(maintenance), alone];
      },
    }),
    operation({
      name: 'covers',
      bytecode,
      count: 150_000,
      sample: (dice) => drawPortfolio(dice, rules, 1),
      encode: (of) => [accountWord(of), ...of.markets.flatMap(marketWords)],
      evaluate: (of, using: Rules) => {
        const account = accountOf(of, sizesOf(of.markets));
        const { equity, initial } = using.health(account, contextsOf(using, of.markets));
        return [equity >= initial];
      },
    }),
    operation({
      name: 'transition',
      bytecode,
      parts: [1, 2, 3],
      count: 250_000,
      sample: (dice, parts) => drawStep(dice, rules, parts),
      encode: (of) => [
        accountWord(of),
        of.cashAfter,
        ...of.markets.flatMap((market, i) => [
          ...marketWords(market),
          BigInt(of.sizesAfter[i] as number),
        ]),
      ],
      evaluate: (of, using: Rules) => {
        const contexts = contextsOf(using, of.markets);
        const before = accountOf(of, sizesOf(of.markets));
        const after = accountOf({ ...of, cash: of.cashAfter }, of.sizesAfter);
        const grew = using.grewAny(before.positions, after.positions);
        const [from, to] = [using.health(before, contexts), using.health(after, contexts)];
        return [using.healthyOrHealthier(from, to, grew)];
      },
    }),
  ];
}
