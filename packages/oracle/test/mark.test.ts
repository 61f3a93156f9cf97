import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '@holdfast/laws';
import { type Ppm, type Seconds, type Ticks, ticks } from '@holdfast/units';
import fc from 'fast-check';
import {
  acceptMark,
  type Basis,
  basisStep,
  type MarkSight,
  markSlewPpm,
  middleOf,
  observeMark,
} from '../src/index.ts';

const seed = 20_261_126;
const price = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));
const clamp = fc.integer({ min: 0, max: 100_000 }).map((n) => n as Ppm);

describe('the accepted mark', () => {
  it('matches sums done by hand', () => {
    const at = (reported: number, mark: number | undefined, index: number, price = index) => {
      const before = mark === undefined ? undefined : { mark: ticks(mark), price: ticks(price) };
      return acceptMark(reported, before, ticks(index), 20_000 as Ppm);
    };
    // The first mark knows only the clamp.
    assert.equal(at(1_030_000, undefined, 1_000_000), 1_020_000);
    // 1 % of 1,000,000.
    assert.equal(at(1_015_000, 1_000_000, 1_000_000), 1_010_000);
    assert.equal(at(985_000, 1_000_000, 1_000_000), 990_000);
    // The index carries the mark, however far: 1,010,000 · 0.9, and ⌊1,010,000 · 0.900001⌋.
    assert.equal(at(909_000, 1_010_000, 900_000, 1_000_000), 909_000);
    assert.equal(at(0, 1_010_000, 900_001, 1_000_000), 909_001 - 9_090);
    assert.equal(at(1_100_000, 1_000_000, 1_100_000, 1_000_000), 1_100_000);
    // It parts from the index by 1 % a report, up to the clamp, and comes inside it at once.
    assert.equal(at(1_000_000, 1_000_000, 900_000, 1_000_000), 909_000);
    assert.equal(at(1_000_000, 909_000, 900_000), 918_000);
    assert.equal(at(1_000_000, 1_000_000, 900_000), 918_000);
    // A mark of few ticks moves one tick, not none.
    assert.equal(at(52, 50, 51), 51);
    assert.equal(acceptMark(0, undefined, ticks(1), 100_000 as Ppm), 1);
    assert.equal(acceptMark(2 ** 32, undefined, ticks(2 ** 32 - 1), 100_000 as Ppm), 2 ** 32 - 1);
  });

  it('never leaves the clamp, nor the slew unless the clamp pulls; is itself once accepted', () => {
    let pulled = 0;
    fc.assert(
      fc.property(price, price, price, price, clamp, (reported, last, from, index, ppm) => {
        const was = { mark: last as Ticks, price: from as Ticks };
        const mark = acceptMark(reported, was, index as Ticks, ppm);
        assert.ok(judge('withinBand', { price: mark, referencePrice: index, bandPpm: ppm }));
        const carried = Number((BigInt(last) * BigInt(index)) / BigInt(from));
        const before = Math.min(carried, 2 ** 32 - 1);
        const slew = Math.max(1, Number((BigInt(before) * BigInt(markSlewPpm)) / 1_000_000n));
        if (Math.abs(mark - before) > slew) {
          pulled += 1;
          // One tick nearer to where it was would leave the clamp.
          const back = mark + Math.sign(before - mark);
          const held = { price: back, referencePrice: index, bandPpm: ppm };
          assert.ok(!judge('withinBand', held), `${back} was free`);
        }
        assert.equal(acceptMark(mark, was, index as Ticks, ppm), mark);
      }),
      { seed, numRuns: 2_000 },
    );
    assert.ok(pulled > 500, `${pulled} were pulled`);
  });
});

const book = (bid: number, ask: number, last?: number) => ({
  bid: bid as Ticks,
  ask: ask as Ticks,
  last: last as Ticks | undefined,
});
const settled: Basis = { valueQ32: 10n << 32n, time: 0 as Seconds };
const sight = (over: Partial<MarkSight>): MarkSight => ({
  index: ticks(1000),
  basis: settled,
  book: {},
  perps: [],
  ...over,
});

describe('the observed mark', () => {
  it('is the median of three legs', () => {
    const perps = [ticks(1020), ticks(1004), ticks(1005)];
    // Legs: 1000 + 10, median(1001, 1003, 1002), median of the perpetuals.
    assert.equal(observeMark(sight({ book: book(1001, 1003, 1002), perps })), 1005);
    // The last trade counts only as far as the sides.
    assert.equal(observeMark(sight({ book: book(1011, 1013, 9), perps })), 1010);
  });

  it('takes the index for a leg that is missing', () => {
    assert.equal(observeMark(sight({})), 1000);
    assert.equal(observeMark(sight({ perps: [ticks(1008)] })), 1004);
    assert.equal(observeMark(sight({ book: book(1004, 1006) })), 1005);
    assert.equal(observeMark(sight({ book: book(900, 902) })), 1000);
    // One side, or sides that cross, are no book.
    assert.equal(observeMark(sight({ book: { bid: ticks(5000), last: ticks(5000) } })), 1000);
    assert.equal(observeMark(sight({ book: book(5000, 4000) })), 1000);
  });

  it('moves the basis as a sum done by hand, at most 30 s at a look', () => {
    const at = (before: Basis | undefined, time: number, bid: number, ask: number) =>
      basisStep(before, ticks(1000), book(bid, ask), time as Seconds);
    const first = at(undefined, 100, 1100, 1101);
    assert.deepEqual(first, { valueQ32: 0n, time: 100 });
    // Middle 1100.5: 100.5 · 30 / 180 = 16.75.
    assert.equal(at(first, 130, 1100, 1101)?.valueQ32, (67n << 32n) / 4n);
    assert.equal(at(first, 10_000, 1100, 1101)?.valueQ32, (67n << 32n) / 4n);
    assert.deepEqual(at(first, 90, 1100, 1101), first);
    assert.deepEqual(basisStep(first, ticks(1000), { bid: ticks(9) }, 130 as Seconds), first);
  });

  it('lies between its least and its greatest leg', () => {
    const tick = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(tick, tick, tick, fc.array(tick, { maxLength: 3 }), (index, bid, ask, perps) => {
        const seen = sight({
          index: ticks(index),
          basis: { valueQ32: 0n, time: 0 as Seconds },
          book: book(Math.min(bid, ask), Math.max(bid, ask)),
          perps: perps.map(ticks),
        });
        const mark = observeMark(seen);
        const all = [index, bid, ask, ...perps];
        assert.ok(mark >= Math.min(...all) && mark <= Math.max(...all));
      }),
      { seed, numRuns: 500 },
    );
    assert.equal(middleOf([3]), 3);
    assert.equal(middleOf([4, 1]), 2);
  });
});

describe('a lying node', () => {
  // It shows every reporter a book at twice the index, for ever.
  const lie = book(2000, 2002, 2001);
  const clampPpm = 20_000 as Ppm;
  const afterSeconds = (seconds: number, perps: readonly Ticks[]): number => {
    let basis: Basis | undefined;
    let mark = ticks(1000);
    for (let time = 0; time <= seconds; time += 2) {
      basis = basisStep(basis, ticks(1000), lie, time as Seconds);
      const seen = observeMark({ index: ticks(1000), basis, book: lie, perps });
      mark = acceptMark(seen, { mark, price: ticks(1000) }, ticks(1000), clampPpm);
    }
    return mark;
  };

  it('moves one leg at once, and that one is outvoted', () => {
    assert.equal(afterSeconds(0, [ticks(1001)]), 1001);
    assert.equal(afterSeconds(0, []), 1000);
  });

  it('needs time for the second leg, and never passes the clamp', () => {
    // The average lets 13 of its 1000 ticks through, the slew 10.
    assert.equal(afterSeconds(2, [ticks(1001)]), 1011);
    assert.equal(afterSeconds(3_600, [ticks(1001)]), 1020);
    assert.equal(afterSeconds(3_600, []), 1020);
  });
});
