/** The rules of risk exactly at their boundaries: equal values, last units, nothing at all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CashQ32,
  type FundingIndex,
  isRejection,
  type Lots,
  type MarketId,
  type Ppm,
  type Ticks,
} from '@holdfast/units';
import {
  allocate,
  baseAlone,
  concentratedPpm,
  crowd,
  crowdMost,
  grows,
  interestPpm,
  isEligible,
  liquidationPrice,
  liquidationTerms,
  type MarketContext,
  partialLots,
  type RiskAccount,
  roomsOf,
} from '../src/index.ts';

const market = 0 as MarketId;
const btc: MarketContext = baseAlone({
  price: 1_000_000 as Ticks,
  index: 0n as FundingIndex,
  tickValue: 100,
  initialPpm: 50_000 as Ppm,
  maintenancePpm: 30_000 as Ppm,
});
const accountOf = (quote: bigint, size: number): RiskAccount => ({
  cash: (quote << 32n) as CashQ32,
  positions: size === 0 ? new Map() : new Map([[market, size as Lots]]),
});

describe('boundaries of deleveraging', () => {
  it('gives nothing to whoever weighs nothing', () => {
    assert.deepEqual(allocate(5, [{ size: 3, room: 3, lever: 0n }]), [0]);
  });

  it('keeps the order of a long list among equals', () => {
    const list = Array.from({ length: 200 }, () => ({ size: 1, room: 1, lever: 7n }));
    const takes = allocate(77, list);
    assert.deepEqual(takes, [...Array(77).fill(1), ...Array(123).fill(0)]);
    const two = allocate(100, [...list, ...list.map((each) => ({ ...each, lever: 9n }))]);
    assert.deepEqual(two, [...Array(200).fill(0), ...Array(100).fill(1), ...Array(100).fill(0)]);
  });

  it('takes of a crowd each one’s share of the need, rounded up', () => {
    const sizes = Array<number>(crowd).fill(10);
    // 5,120 lots listed of 10,000: a need of 1,000 is a tenth of each.
    assert.deepEqual(roomsOf(1_000, sizes, 10_000), Array(crowd).fill(1));
    assert.deepEqual(roomsOf(1_001, sizes, 10_000), Array(crowd).fill(2));
    assert.deepEqual(roomsOf(2_000, sizes, 10_000), Array(crowd).fill(2));
    assert.deepEqual(roomsOf(99_000, sizes, 10_000), Array(crowd).fill(10));
    assert.equal(roomsOf(1_000, sizes.slice(1), 10_000), undefined);
  });

  it('finds those eligible whom the surcharge leaves exactly as healthy as they were', () => {
    // Freed by a lot: 3,000,000 units less one.
    const standing = { equity: 1_000_000n, maintenance: 2_999_999n };
    assert.equal(isEligible(standing, btc, 10_000n), true);
    assert.equal(isEligible({ ...standing, equity: 999_999n }, btc, 10_000n), false);
    assert.equal(isEligible({ ...standing, maintenance: 3_000_000n }, btc, 10_000n), false);
    assert.equal(isEligible({ ...standing, equity: 0n }, btc, 0n), false);
    assert.equal(isEligible({ ...standing, equity: 1n }, btc, 0n), true);
  });
});

describe('boundaries of liquidation', () => {
  it('takes all when discount and penalty eat what is gained, to the tick', () => {
    // Per lot 11 · 2 % of the price are gained, 15 % and ten discounts of 7 ticks lost: the same.
    const even = { ...btc, price: 1_000 as Ticks, maintenancePpm: 20_000 as Ppm };
    const standing = { equity: 1_000_000n, maintenance: 2_000_000n };
    assert.equal(partialLots(1_000, even, 7n, standing), 1_000);
    assert.equal(partialLots(100_000, even, 8n, standing), 100_000);
    // One tick less: (1.1 · 2,000,001 − 1,000,000) / 100 lots, more than there are.
    assert.equal(partialLots(100_000, even, 6n, standing), 12_001);
    assert.equal(partialLots(9, even, 6n, standing), 9);
  });

  it('counts one unit more of maintenance', () => {
    const one = { ...btc, price: 100 as Ticks, tickValue: 1, maintenancePpm: 100_000 as Ppm };
    // (11 · (m + 1) − 10 · e) · 10^6 / (110,000,000 − 15,000,000)
    const lots = (equity: bigint, maintenance: bigint): number => {
      return partialLots(1_000_000, one, 0n, { equity, maintenance });
    };
    assert.equal(lots(0n, 94n), 11);
    assert.equal(lots(0n, 949n), 110);
    assert.equal(lots(0n, 950n), 111);
    assert.equal(lots(95n, 949n), 100);
  });

  it('says in a rejection what it found', () => {
    const found = (quote: bigint, size: number) => {
      const terms = liquidationTerms(accountOf(quote, size), market, () => btc);
      assert.ok(isRejection(terms));
      return [terms.code, terms.data];
    };
    assert.deepEqual(found(5n, 0), ['PositionMissing', { market: 0 }]);
    const lot = 100_000_000n;
    const healthy = { equity: '3000000', maintenance: '3000000' };
    assert.deepEqual(found(3_000_000n - lot, 1), ['NotLiquidatable', healthy]);
    const bankrupt = { equity: '-1', maintenance: '3000000' };
    assert.deepEqual(found(-1n - lot, 1), ['AccountBankrupt', bankrupt]);
  });

  it('has a price only between one tick and the highest that there is', () => {
    const at = (quote: bigint, size: number, context: MarketContext = btc) =>
      liquidationPrice(accountOf(quote, size), market, () => context);
    assert.equal(at(5n, 0), undefined, 'no position');
    // A long that is paid for: at a price of nothing it is at its maintenance of nothing.
    const half = { ...btc, price: 1_000 as Ticks, tickValue: 1, maintenancePpm: 500_000 as Ppm };
    assert.equal(at(0n, 1, half), undefined);
    assert.equal(at(-1n, 1, half), 2);
    // A short with much cash: p · 1.5 = cash.
    const most = 2n ** 32n;
    assert.equal(at((3n * most) / 2n, -1, half), undefined);
    assert.equal(at((3n * (most - 2n)) / 2n, -1, half), 2 ** 32 - 2);
    assert.equal(at(3n * most, -1, half), undefined);
  });
});

describe('boundaries of margin', () => {
  it('asks the whole notional exactly at the high part, the base exactly at the low one', () => {
    const params = {
      initialPpm: 50_000,
      openInterestMax: 1_000,
      openInterestLowPpm: 500_000,
      openInterestHighPpm: 800_000,
    };
    const asked = (openInterest: number) => interestPpm(params, openInterest);
    assert.deepEqual([asked(0), asked(500), asked(501)], [50_000, 50_000, 53_167]);
    assert.deepEqual([asked(799), asked(800), asked(2_000)], [996_834, 1_000_000, 1_000_000]);
    assert.equal(interestPpm({ ...params, openInterestMax: 0 }, 0), 50_000, 'a cap of nothing');
    assert.equal(interestPpm({ ...params, openInterestMax: 0 }, 1), 1_000_000);
  });

  it('lets a batch add a twentieth of the cap, at least a lot, above where margin grows', () => {
    // As in contracts/test/libraries/Margin.t.sol.
    const params = {
      openInterestMax: 1_000_000,
      openInterestLowPpm: 500_000,
      openInterestHighPpm: 900_000,
    };
    const most = (before: number) => crowdMost(params, before);
    assert.deepEqual([most(0), most(500_000), most(500_001)], [550_000, 550_000, 550_001]);
    assert.equal(most(2_000_000), 2_050_000);
    const small = (openInterestMax: number) => crowdMost({ ...params, openInterestMax }, 0);
    assert.deepEqual([small(0), small(1), small(19), small(39), small(40)], [1, 1, 10, 20, 22]);
    const flat = { ...params, openInterestLowPpm: 900_000 };
    assert.equal(crowdMost(flat, 0), Number.MAX_SAFE_INTEGER);
  });

  it('asks for concentration only where a part and a cap above the base are set', () => {
    const whole = { ...btc, openInterest: 100 };
    const asked = (concentrationPpm: number, concentrationCapPpm: number) => {
      const terms = { concentrationPpm, concentrationCapPpm };
      return concentratedPpm({ ...whole, ...terms } as unknown as MarketContext, 50);
    };
    assert.equal(asked(100_000, 200_000), 100_000);
    assert.equal(asked(0, 200_000), 50_000);
    assert.equal(asked(100_000, 50_001), 50_001);
    assert.equal(asked(100_000, 50_000), 50_000);
    assert.equal(asked(100_000, 0), 50_000);
  });

  it('calls no closed position grown, and every flip', () => {
    const cases = [
      [5, 0, false],
      [-5, 0, false],
      [0, 0, false],
      [0, 1, true],
      [0, -1, true],
      [5, -1, true],
      [-5, 1, true],
      [5, 5, false],
      [-5, -5, false],
      [-5, -6, true],
    ] as const;
    for (const [before, after, expected] of cases) {
      assert.equal(grows(before, after), expected, `${before} to ${after}`);
    }
  });
});
