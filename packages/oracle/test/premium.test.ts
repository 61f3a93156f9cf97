import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ppm, type Ticks, ticks } from '@holdfast/units';
import fc from 'fast-check';
import {
  addSample,
  averagePremium,
  fundingRate,
  type PremiumSample,
  premiumMinutes,
  premiumPpb,
} from '../src/index.ts';

const seed = 20_261_126;
const bounds = {
  initialPpm: 50_000 as Ppm,
  maintenancePpm: 30_000 as Ppm,
  fundingRatePpmMax: 120_000 as Ppm,
};

describe('the premium of a minute', () => {
  const at = (bid: number | undefined, ask: number | undefined) =>
    premiumPpb(ticks(1_000_000), { bid: bid as Ticks, ask: ask as Ticks });

  it('is what impact prices lie outside of the index', () => {
    assert.equal(at(1_001_000, 1_002_000), 1_000_000);
    assert.equal(at(998_000, 999_000), -1_000_000);
    assert.equal(at(999_000, 1_001_000), 0);
    assert.equal(premiumPpb(ticks(3), { bid: ticks(4), ask: ticks(5) }), 333_333_333);
    assert.equal(premiumPpb(ticks(3), { bid: ticks(1), ask: ticks(2) }), -333_333_333);
  });

  it('takes a thin side for silent and two for no sample; one minute is at most 100 %', () => {
    assert.equal(at(1_001_000, undefined), 1_000_000);
    assert.equal(at(undefined, 1_001_000), 0);
    assert.equal(at(undefined, undefined), undefined);
    assert.equal(premiumPpb(ticks(1), { bid: ticks(4_000_000_000) }), 1_000_000_000);
  });
});

describe('the average premium', () => {
  const minute = (of: number, ppb: number): PremiumSample => ({ minute: of, ppb });

  it('leaves missing minutes out: they are neither zero nor what came before', () => {
    const samples = [minute(10, 300), minute(11, 500), minute(400, -101)];
    // 699 / 3
    assert.equal(averagePremium(samples, 400), 233);
    assert.equal(averagePremium(samples, 10 + premiumMinutes), Math.trunc(399 / 2));
    assert.equal(averagePremium([minute(0, -1), minute(1, -2)], 1), -1);
    assert.equal(averagePremium(samples, 5_000), undefined);
    assert.equal(averagePremium([], 0), undefined);
  });

  it('counts a minute once and forgets what is older than eight hours', () => {
    let samples: readonly PremiumSample[] = [];
    for (let i = 0; i < 2_000; i++) {
      samples = addSample(samples, minute(i, i));
      samples = addSample(samples, minute(i, 1_000_000));
    }
    assert.equal(samples.length, premiumMinutes);
    assert.equal(samples[0]?.minute, 2_000 - premiumMinutes);
    assert.equal(averagePremium(samples, 1_999), Math.trunc((1_520 + 1_999) / 2));
    assert.equal(addSample(samples, minute(3, 9)), samples);
  });
});

describe('the funding rate', () => {
  it('matches sums done by hand', () => {
    // Flat: interest alone, 0.01 % per 8 h.
    assert.equal(fundingRate(0, bounds), 300);
    // 0.03 % and the 0.02 % back to interest: interest again.
    assert.equal(fundingRate(300_000, bounds), 300);
    // 1 % − 0.05 % = 0.95 % per 8 h, 2.85 % a day.
    assert.equal(fundingRate(10_000_000, bounds), 28_500);
    assert.equal(fundingRate(-10_000_000, bounds), -28_500);
    // 333 ppb of 8 h above: 10,000,333 − 500,000 = 9,500,333 · 3 / 1000, truncated.
    assert.equal(fundingRate(10_000_333, bounds), 28_500);
    assert.equal(fundingRate(10_000_334, bounds), 28_501);
  });

  it("stops at 4 %, at six times the margins' difference, and at the largest rate", () => {
    assert.equal(fundingRate(900_000_000, bounds), 120_000);
    const wide = { ...bounds, fundingRatePpmMax: 300_000 as Ppm };
    assert.equal(fundingRate(900_000_000, wide), 120_000);
    // 6 · (1 % − 0.8 %) = 1.2 % per 8 h, 3.6 % a day.
    const narrow = { ...wide, initialPpm: 10_000 as Ppm, maintenancePpm: 8_000 as Ppm };
    assert.equal(fundingRate(-900_000_000, narrow), -36_000);
    assert.equal(fundingRate(900_000_000, { ...bounds, fundingRatePpmMax: 5_000 as Ppm }), 5_000);
  });

  it('is nothing when nobody observed one', () => {
    assert.equal(fundingRate(undefined, bounds), 0);
  });

  it('rises with the premium and never passes its bounds', () => {
    const ppb = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
    fc.assert(
      fc.property(ppb, ppb, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((p) => fundingRate(p, bounds));
        assert.ok((low ?? 0) <= (high ?? 0));
        assert.ok(Math.abs(low ?? 0) <= 120_000);
      }),
      { seed, numRuns: 500 },
    );
  });
});
