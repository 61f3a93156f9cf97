/** Sums in doubles against the same sums in bigints, most of all where doubles end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ppm, Ticks } from '@holdfast/units';
import fc from 'fast-check';
import { concentratedPpm, notional, notionalShare } from '../src/index.ts';

const up = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const big = (...factors: number[]): bigint =>
  factors.reduce((product, factor) => product * BigInt(Math.abs(factor)), 1n);

/** Any number of up to `bits`, small, large and near powers of two alike. */
const upTo = (bits: number, min = 0) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: bits }),
      fc.integer({ min: -3, max: 3 }),
      fc.boolean(),
      fc.nat(),
    )
    .map(([power, off, isNear, any]) => (isNear ? 2 ** power + off : any % 2 ** power))
    .map((value) => Math.min(Math.max(value, min), 2 ** bits - 1));

const size = fc.tuple(upTo(50), fc.boolean()).map(([lots, isShort]) => (isShort ? -lots : lots));

function same(lots: number, price: number, tickValue: number, ppm: number): void {
  const whole = big(lots, price, tickValue);
  assert.equal(notional(lots, price as Ticks, tickValue), whole);
  const share = notionalShare(lots, price as Ticks, tickValue, ppm);
  assert.equal(share, up(whole * BigInt(ppm), 1_000_000n));
}

describe('amounts in doubles', () => {
  it('are the amounts in bigints', () => {
    fc.assert(
      fc.property(size, upTo(32), upTo(48), upTo(24), (lots, price, tickValue, ppm) => {
        same(lots, price, tickValue, ppm);
      }),
      { seed: 5, numRuns: 3000 },
    );
  });

  it('are so on both sides of 2^53', () => {
    // 6,361 · 69,431 · 20,394,401 is 2^53 − 1; one lot of as many ticks more is above.
    same(6_361, 69_431, 20_394_401, 1_000_000);
    same(-6_361, 69_431, 20_394_401, 450);
    same(6_362, 69_431, 20_394_401, 1_000_000);
    same(2 ** 27, 2 ** 26, 1, 999_999);
    // The notional is safe, its share is not.
    same(2 ** 26, 2 ** 26, 1, 2 ** 24 - 1);
    same(2 ** 40, 2 ** 32 - 1, 0, 5);
    same(1, 1, 1, 1);
    same(0, 5, 5, 5);
    for (const lots of [999_999, 1_000_000, 1_000_001]) same(lots, 1, 1, 999_999);
  });

  it('give a share of the open interest as bigints do', () => {
    fc.assert(
      fc.property(upTo(50, 1), upTo(50), upTo(24, 1), (lots, openInterest, concentrationPpm) => {
        const terms = {
          initialPpm: 0 as Ppm,
          openInterest,
          concentrationPpm: concentrationPpm as Ppm,
        };
        const found = concentratedPpm(
          { ...terms, concentrationCapPpm: (2 ** 24 - 1) as Ppm },
          lots,
        );
        const whole = BigInt(Math.max(openInterest, lots));
        assert.equal(BigInt(found), up(BigInt(concentrationPpm) * BigInt(lots), whole));
      }),
      { seed: 6, numRuns: 3000 },
    );
  });
});
