import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CashQ32, FundingIndex, Lots, MarketId, Ppm, Quote, Ticks } from '@holdfast/units';
import fc from 'fast-check';
import {
  closeOut,
  concentratedPpm,
  health,
  initialPpmOf,
  initialWithOrders,
  interestPpm,
  isolationHeld,
  type MarginParams,
  marginTerms,
  marketContext,
} from '../src/index.ts';

const runs = { seed: 20_261_126, numRuns: 1_000 };

const demo: MarginParams = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  openInterestMax: 1_000_000,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 900_000,
  concentrationPpm: 200_000,
  concentrationCapPpm: 300_000,
};

const contextAt = (openInterest: number | { low: number; high: number }, params = demo) =>
  marketContext(params, { price: 1_000_000 as Ticks, index: 0n as FundingIndex, openInterest });

const params = fc
  .record({
    tickValue: fc.constant(100),
    initialPpm: fc.integer({ min: 10_000, max: 1_000_000 }),
    maintenancePpm: fc.constant(5_000),
    openInterestMax: fc.integer({ min: 1, max: 2 ** 40 - 1 }),
    openInterestHighPpm: fc.integer({ min: 0, max: 1_000_000 }),
    part: fc.integer({ min: 0, max: 1_000 }),
    concentrationPpm: fc.integer({ min: 0, max: 1_000_000 }),
    concentrationCapPpm: fc.integer({ min: 0, max: 1_000_000 }),
  })
  .map(({ part, ...rest }): MarginParams => {
    const openInterestLowPpm = Math.floor((rest.openInterestHighPpm * part) / 1_000);
    return { ...rest, openInterestLowPpm };
  });
const interest = fc.integer({ min: 0, max: 2 ** 41 });

describe('open-interest term', () => {
  it('is a straight line between the two parts of the cap', () => {
    const at = (openInterest: number) => interestPpm(demo, openInterest);
    assert.deepEqual(
      [0, 500_000, 700_000, 900_000, 2_000_000].map(at),
      [50_000, 50_000, 525_000, 1_000_000, 1_000_000],
    );
    assert.equal(at(500_001), 50_003);
    const off = { ...demo, openInterestLowPpm: 900_000 };
    assert.equal(interestPpm(off, 2_000_000), 50_000);
  });

  it('only grows, from the base to the whole', () => {
    const check = (of: MarginParams, a: number, b: number) => {
      const [less, more] = [interestPpm(of, Math.min(a, b)), interestPpm(of, Math.max(a, b))];
      assert.ok(of.initialPpm <= less && less <= more && more <= 1_000_000);
    };
    fc.assert(fc.property(params, interest, interest, check), runs);
  });
});

describe('concentration term', () => {
  it('grows with the share, which is at most one, up to the cap', () => {
    const at = (size: number) => concentratedPpm(contextAt(1_000), size);
    assert.deepEqual(
      [0, 100, -100, 1_000, 5_000].map(at),
      [50_000, 70_000, 70_000, 250_000, 250_000],
    );
    assert.equal(concentratedPpm(contextAt(0), 1), 250_000);
    assert.equal(concentratedPpm(contextAt(0), 0), 50_000);
    const capped = contextAt(1_000, { ...demo, concentrationCapPpm: 60_000 });
    assert.equal(concentratedPpm(capped, 1_000), 60_000);
    assert.equal(concentratedPpm(contextAt(600_000), 1), 50_001);
  });

  it('only grows with size and only falls with open interest', () => {
    const size = fc.integer({ min: 0, max: 2 ** 41 });
    const check = (of: MarginParams, at: number, more: number, a: number, b: number) => {
      const deep = contextAt(at + more, of);
      const thin = contextAt(at, of);
      const [small, large] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(concentratedPpm(thin, small) <= concentratedPpm(thin, large));
      assert.ok(concentratedPpm(deep, large) <= concentratedPpm(thin, large));
      assert.ok(concentratedPpm(thin, small) >= of.initialPpm);
    };
    fc.assert(fc.property(params, interest, interest, size, size, check), runs);
  });
});

describe('initial margin', () => {
  it('is the largest term, and says which one that is', () => {
    const binding = (openInterest: number, size: number, user: number) =>
      marginTerms(contextAt(openInterest), size, user).binding;
    assert.equal(binding(1_000, 0, 0), 'base');
    assert.equal(binding(1_000, 100, 0), 'concentration');
    assert.equal(binding(1_000, 100, 80_000), 'user');
    assert.equal(binding(800_000, 100, 80_000), 'openInterest');
    assert.equal(marginTerms(contextAt(1_000), 100, 80_000).ppm, 80_000);
  });

  it('of a range of open interests covers every one inside', () => {
    const check = (of: MarginParams, a: number, b: number, at: number, size: number) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const inside = low + (at % (high - low + 1));
      const worst = initialPpmOf(contextAt({ low, high }, of), size);
      assert.ok(worst >= initialPpmOf(contextAt(inside, of), size));
    };
    const size = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    fc.assert(fc.property(params, interest, interest, fc.nat(), size, check), runs);
  });

  it('leaves maintenance alone, whatever the crowd and the owner do', () => {
    const account = (userPpm: number) => ({
      cash: 0n as CashQ32,
      positions: new Map([[0 as MarketId, 10 as Lots]]),
      userPpm: userPpm as Ppm,
    });
    const calm = health(account(0), () => contextAt(1_000));
    const crowded = health(account(999_999), () => contextAt(1_000_000));
    assert.equal(calm.maintenance, crowded.maintenance);
    assert.ok(crowded.initial > calm.initial);
  });

  it('of open orders is that of their worst size, concentration and owner included', () => {
    const open = new Map([[0 as MarketId, { buys: 490, sells: 0 }]]);
    const account = { cash: 0n as CashQ32, positions: new Map([[0 as MarketId, 10 as Lots]]) };
    const need = (userPpm: number) =>
      initialWithOrders({ ...account, userPpm: userPpm as Ppm }, open, () => contextAt(1_000));
    // 500 of 1,000 lots: 5 % and 10 %; a lot is worth 100 million.
    assert.equal(need(0), (500n * 100_000_000n * 150_000n) / 1_000_000n);
    assert.equal(need(400_000), (500n * 100_000_000n * 400_000n) / 1_000_000n);
  });
});

describe('the rest', () => {
  it('close-out is two thirds of maintenance, rounded down', () => {
    assert.deepEqual(
      [0n, 1n, 2n, 90n, 91n].map((n) => closeOut(n as Quote)),
      [0n, 0n, 1n, 60n, 60n],
    );
  });

  it('isolation allows one market, or none that is isolated', () => {
    const lone = (market: MarketId) => market === 1;
    const held = (...ids: number[]) => isolationHeld(ids as MarketId[], lone);
    assert.deepEqual(
      [held(), held(1), held(0, 2), held(0, 1), held(1, 2)],
      [true, true, true, false, false],
    );
  });
});
