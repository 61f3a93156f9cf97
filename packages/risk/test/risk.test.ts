import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CashQ32, FundingIndex, Lots, MarketId, Ppm, Quote, Ticks } from '@holdfast/units';
import fc from 'fast-check';
import {
  baseAlone,
  equity,
  fee,
  fillBand,
  fillDelta,
  grewAny,
  grows,
  health,
  healthyOrHealthier,
  indexCorrection,
  initialWithOrders,
  liquidatable,
  liquidationPrice,
  type MarketContext,
  notional,
  orderLossMax,
  type RiskAccount,
  shareUp,
  worstOpenSize,
} from '../src/index.ts';

const seed = 20_260_103;
const one = 1n << 32n;

const btc: MarketContext = baseAlone({
  price: 1_000_000 as Ticks,
  index: 0n as FundingIndex,
  tickValue: 100,
  initialPpm: 50_000 as Ppm,
  maintenancePpm: 30_000 as Ppm,
});
const marketOf = (context: MarketContext) => () => context;
const accountOf = (quote: bigint, size: number): RiskAccount => ({
  cash: (quote * one) as CashQ32,
  positions: size === 0 ? new Map() : new Map([[0 as MarketId, size as Lots]]),
});

const context = fc
  .record({
    price: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((n) => n as Ticks),
    index: fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }).map((n) => n as FundingIndex),
    tickValue: fc.integer({ min: 1, max: 1_000_000 }),
    initialPpm: fc.integer({ min: 10_000, max: 1_000_000 }).map((n) => n as Ppm),
    maintenancePpm: fc.integer({ min: 5_000, max: 400_000 }).map((n) => n as Ppm),
  })
  .map(baseAlone);
const size = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n as Lots);
const cash = fc.bigInt({ min: -(1n << 90n), max: 1n << 90n }).map((n) => n as CashQ32);
const portfolio = fc.array(fc.tuple(context, size), { minLength: 1, maxLength: 4 }).chain((rows) =>
  cash.map((money) => {
    const markets = new Map(rows.map(([row], i) => [i as MarketId, row]));
    const held = rows.flatMap(([, s], i) => (s === 0 ? [] : [[i as MarketId, s] as const]));
    const account: RiskAccount = { cash: money, positions: new Map(held) };
    return { account, marketOf: (id: MarketId) => markets.get(id) as MarketContext };
  }),
);

describe('margin', () => {
  it('matches sums done by hand', () => {
    // 0.01 BTC is 10 lots; at 100,000.0 (1,000,000 ticks) it is worth 1,000 = 10^9 quote.
    assert.equal(notional(-10, btc.price, 100), 1_000_000_000n);
    const account = accountOf(-900_000_000n, 10);
    assert.deepEqual(health(account, marketOf(btc)), {
      equity: 100_000_000n,
      initial: 50_000_000n,
      maintenance: 30_000_000n,
    });
    const paid = { ...btc, index: (7n * one + 1n) as FundingIndex };
    // 10 lots owe 70 and ten 2^-32 of a unit: floor takes the unit.
    assert.equal(equity(account, marketOf(paid)), 100_000_000n - 71n);
    assert.equal(equity(accountOf(-900_000_000n, -10), marketOf(paid)), -1_900_000_000n + 70n);
  });

  it('rounds what is owed up and what is owned down', () => {
    assert.equal(shareUp(1n as Quote, 1), 1n);
    assert.equal(shareUp(0n as Quote, 999_999), 0n);
    assert.equal(shareUp(1_000_000n as Quote, 450), 450n);
    assert.equal(fee(1_000_001n as Quote, 450 as Ppm), 451n);
    assert.equal(equity({ cash: -1n as CashQ32, positions: new Map() }, marketOf(btc)), -1n);
  });

  it('takes the worst of what the book may do', () => {
    assert.equal(worstOpenSize(5, { buys: 3, sells: 0 }), 8);
    assert.equal(worstOpenSize(5, { buys: 0, sells: 12 }), 7);
    assert.equal(worstOpenSize(-5, { buys: 2, sells: 1 }), 6);
    assert.equal(worstOpenSize(0, { buys: 0, sells: 0 }), 0);
    const open = new Map([[0 as MarketId, { buys: 10, sells: 0 }]]);
    const need = (at: number) => initialWithOrders(accountOf(0n, at), open, marketOf(btc));
    assert.equal(need(0), 50_000_000n);
    assert.equal(need(10), 100_000_000n);
    assert.equal(need(-10), 50_000_000n);
  });

  it('never asks less for open orders than for any way they can fill', () => {
    const open = fc.record({ buys: fc.nat(1000), sells: fc.nat(1000) });
    fc.assert(
      fc.property(context, fc.integer({ min: -1000, max: 1000 }), open, fc.nat(), (m, s, o, r) => {
        const need = initialWithOrders(
          accountOf(0n, s),
          new Map([[0 as MarketId, o]]),
          marketOf(m),
        );
        const after = s + (r % (o.buys + 1)) - ((r >> 8) % (o.sells + 1));
        assert.ok(need >= shareUp(notional(after, m.price, m.tickValue), m.initialPpm));
      }),
      { seed, numRuns: 300 },
    );
  });

  it('knows what an order can lose at once', () => {
    const order = { isBuy: true, size: 10, price: 1_010_000 as Ticks };
    assert.equal(orderLossMax(order, btc, 450 as Ppm), 10_000_000n + 454_500n);
    assert.equal(orderLossMax({ ...order, isBuy: false }, btc, 0 as Ppm), 0n);
    assert.equal(
      orderLossMax({ isBuy: false, size: 10, price: 990_000 as Ticks }, btc, 0 as Ppm),
      10_000_000n,
    );
  });

  it('sees growth and flips', () => {
    const cases: [number, number, boolean][] = [
      [0, 1, true],
      [0, -1, true],
      [5, 5, false],
      [5, 6, true],
      [5, 0, false],
      [5, -1, true],
      [-5, -4, false],
      [-5, 1, true],
      [0, 0, false],
    ];
    for (const [before, after, grew] of cases) assert.equal(grows(before, after), grew);
    const at = (n: number) => accountOf(0n, n).positions;
    assert.equal(grewAny(at(5), at(4)), false);
    assert.equal(grewAny(at(0), at(1)), true);
    assert.equal(grewAny(at(5), at(0)), false);
  });
});

describe('fills', () => {
  const side = fc.record({
    lots: fc.integer({ min: 1, max: 2 ** 40 - 1 }).map((n) => n as Lots),
    price: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((n) => n as Ticks),
    index: context.map((m) => m.index),
    tickValue: fc.integer({ min: 1, max: 1000 }),
    feePpm: fc.integer({ min: 0, max: 10_000 }).map((n) => n as Ppm),
  });

  it('conserve cash and size exactly, fees included', () => {
    fc.assert(
      fc.property(side, fc.integer({ min: 0, max: 10_000 }), (taker, makerFee) => {
        const a = fillDelta({ ...taker, isBuy: true });
        const b = fillDelta({ ...taker, isBuy: false, feePpm: makerFee as Ppm });
        assert.equal(a.cashDelta + b.cashDelta + ((a.fee + b.fee) << 32n), 0n);
        assert.equal(a.sizeDelta + b.sizeDelta, 0);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('at the index price change equity by the fee alone', () => {
    fc.assert(
      fc.property(portfolio, fc.boolean(), fc.integer({ min: 1, max: 999 }), (p, isBuy, n) => {
        const id = 0 as MarketId;
        const market = p.marketOf(id);
        const feePpm = 450 as Ppm;
        const delta = fillDelta({ ...market, isBuy, lots: n as Lots, feePpm });
        const positions = new Map(p.account.positions);
        positions.set(id, ((positions.get(id) ?? 0) + delta.sizeDelta) as Lots);
        const after = { cash: (p.account.cash + delta.cashDelta) as CashQ32, positions };
        const before = equity(p.account, p.marketOf);
        assert.equal(equity(after, p.marketOf), before - delta.fee);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('match a sum done by hand', () => {
    const delta = fillDelta({
      isBuy: true,
      lots: 10 as Lots,
      price: 1_000_000 as Ticks,
      index: (3n * one) as FundingIndex,
      tickValue: 100,
      feePpm: 450 as Ppm,
    });
    assert.equal(delta.fee, 450_000n);
    assert.equal(delta.cashDelta, (-1_000_000_000n + 30n - 450_000n) * one);
  });

  it('are corrected when the chain booked another index', () => {
    const base = { lots: 7 as Lots, price: 5 as Ticks, tickValue: 100, feePpm: 0 as Ppm };
    fc.assert(
      fc.property(fc.boolean(), context, context, (isBuy, a, b) => {
        const assumed = fillDelta({ ...base, isBuy, index: a.index });
        const chain = fillDelta({ ...base, isBuy, index: b.index });
        const fix = indexCorrection(assumed.sizeDelta, b.index, a.index);
        assert.equal(assumed.cashDelta + fix, chain.cashDelta);
      }),
      { seed, numRuns: 50 },
    );
  });

  it('have a band that ends where the contract ends it', () => {
    assert.deepEqual(fillBand(1_000_001 as Ticks, 50_000 as Ppm), {
      low: 950_001,
      high: 1_050_001,
    });
    assert.equal(fillBand(1 as Ticks, 1_000_000 as Ppm).low, 1);
  });
});

describe('legal transitions', () => {
  const h = (e: bigint, i: bigint, m: bigint) => ({
    equity: e as Quote,
    initial: i as Quote,
    maintenance: m as Quote,
  });

  it('are judged as the law says', () => {
    assert.equal(healthyOrHealthier(h(0n, 0n, 0n), h(50n, 50n, 30n), true), true);
    assert.equal(healthyOrHealthier(h(60n, 50n, 30n), h(49n, 50n, 30n), true), false);
    assert.equal(healthyOrHealthier(h(40n, 100n, 60n), h(20n, 50n, 30n), false), true);
    assert.equal(healthyOrHealthier(h(40n, 100n, 60n), h(19n, 50n, 30n), false), false);
    assert.equal(healthyOrHealthier(h(40n, 100n, 60n), h(40n, 100n, 61n), false), false);
    assert.equal(healthyOrHealthier(h(-5n, 0n, 0n), h(-5n, 0n, 0n), false), true);
    assert.equal(healthyOrHealthier(h(-5n, 0n, 0n), h(-6n, 0n, 0n), false), false);
    assert.equal(liquidatable(h(29n, 50n, 30n)), true);
    assert.equal(liquidatable(h(30n, 50n, 30n)), false);
  });

  it('compare ratios exactly, far beyond what a float holds', () => {
    const big = 10n ** 30n;
    const before = h(big, 3n * big, 2n * big + 1n);
    assert.equal(healthyOrHealthier(before, h(big, 3n * big, 2n * big + 1n), false), true);
    assert.equal(healthyOrHealthier(before, h(big - 1n, 3n * big, 2n * big + 1n), false), false);
  });
});

describe('liquidation price', () => {
  it('starts at the liquidation price and not before', () => {
    for (const [quote, lots] of [
      [-900_000_000n, 10],
      [1_100_000_000n, -10],
    ] as const) {
      const account = accountOf(quote, lots);
      const at = liquidationPrice(account, 0 as MarketId, marketOf(btc)) ?? 0;
      const step = lots > 0 ? -1 : 1;
      const ill = (price: number) =>
        liquidatable(health(account, marketOf({ ...btc, price: price as Ticks })));
      assert.equal(ill(at - step), false);
      assert.equal(ill(at + 2 * step), true);
    }
    assert.equal(
      liquidationPrice(accountOf(10n ** 12n, 1), 0 as MarketId, marketOf(btc)),
      undefined,
    );
  });
});
