import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ticks } from '@holdfast/units';
import fc from 'fast-check';
import { agedTicks, ageStep } from '../src/index.ts';

const seed = 20_261_126;

describe('the aged price', () => {
  it('starts at the first price and matches a sum done by hand', () => {
    const first = ageStep(0n, ticks(900_000), 7);
    assert.equal(agedTicks(first), 900_000);
    // 900,000 + 90,000 · 600 / 15,000
    assert.equal(agedTicks(ageStep(first, ticks(990_000), 600)), 903_600);
    assert.equal(ageStep(first, ticks(990_000), 0), first);
  });

  it('keeps fractions: small steps add up', () => {
    let aged = ageStep(0n, ticks(1000), 2);
    for (let i = 0; i < 100; i++) aged = ageStep(aged, ticks(1100), 2);
    assert.equal(agedTicks(aged), 1001);
  });

  it('lies between the average before and the price, further the longer it is held', () => {
    const price = fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks);
    fc.assert(
      fc.property(price, price, fc.nat({ max: 10 ** 6 }), (before, next, elapsed) => {
        const from = ageStep(0n, before, 1);
        const to = ageStep(from, next, elapsed);
        const target = BigInt(next) << 32n;
        assert.ok(from < target ? to >= from && to <= target : to <= from && to >= target);
        const further = ageStep(from, next, elapsed * 2);
        assert.ok(from < target ? further >= to : further <= to);
      }),
      { seed, numRuns: 300 },
    );
  });
});
