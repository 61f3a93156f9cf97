import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { drawnAt, drawOf, freshPace, type Pace, type Payment, paceAfter } from '../src/index.ts';

/** Which of these go through in one block. */
function through(openInterest: number, partPpm: number, sizes: readonly number[]): number[] {
  let pace: Pace = freshPace(openInterest, partPpm);
  return sizes.filter((lots) => {
    const after = paceAfter(pace, lots);
    pace = after ?? pace;
    return after !== undefined;
  });
}

describe('what one block resolves of a market', () => {
  it('is a part of what was open, and one position beyond it that is larger than half', () => {
    assert.deepEqual(through(1_000, 250_000, [200, 200, 200]), [200]);
    assert.deepEqual(through(1_000, 250_000, [100, 100, 50, 1]), [100, 100, 50]);
    assert.deepEqual(through(1_000, 250_000, [126, 124, 1]), [126, 124]);
    assert.deepEqual(through(1_000, 250_000, [900]), [900]);
  });

  it('does not let crumbs hold up a large one', () => {
    assert.deepEqual(through(1_000, 250_000, [1, 125, 124, 1, 126]), [1, 125, 124, 126]);
    assert.deepEqual(through(3, 10_000, [1, 1]), [1]);
  });

  it('is never more than the part and the largest position', () => {
    const size = fc.integer({ min: 1, max: 2_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4_000 }),
        fc.integer({ min: 10_000, max: 1_000_000 }),
        fc.array(size, { minLength: 1, maxLength: 20 }),
        (open, partPpm, sizes) => {
          const moved = through(open, partPpm, sizes).reduce((sum, lots) => sum + lots, 0);
          assert.ok(moved <= (open * partPpm) / 1_000_000 + Math.max(...sizes));
          assert.ok(moved > 0, 'the first of a block goes through');
        },
      ),
      { seed: 26 },
    );
  });
});

describe('what a fund pays', () => {
  it('is a share of what it would have, had it paid nothing in the hour', () => {
    assert.equal(drawOf(1_000n, 0n, 900n, 250_000), 250n);
    assert.equal(drawOf(1_000n, 0n, 90n, 250_000), 90n);
    assert.equal(drawOf(750n, 250n, 900n, 250_000), 0n);
    assert.equal(drawOf(900n, 100n, 900n, 250_000), 150n);
    assert.equal(drawOf(0n, 0n, 1n, 1_000_000), 0n);
    // A fund that lost what it had besides pays nothing, not less.
    assert.equal(drawOf(10n, 250n, 900n, 250_000), 0n);
  });

  it('counts for an hour at least, and not for longer than one and a half', () => {
    const paid = [{ time: 7_199, amount: 5n }];
    assert.equal(drawnAt(paid, 7_199), 5n);
    assert.equal(drawnAt(paid, 7_199 + 3_600), 5n);
    assert.equal(drawnAt(paid, 7_200 + 3_600), 0n);
    assert.equal(drawnAt([{ time: 5_400, amount: 5n }], 5_400 + 5_399), 5n);
    assert.equal(drawnAt([{ time: 5_400, amount: 5n }], 5_400 + 5_400), 0n);
  });

  it('is in no hour more than its share of what it held at the beginning', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 2_500 }), fc.bigInt(0n, 2_000n));
    fc.assert(
      fc.property(fc.bigInt(0n, 10_000n), fc.array(step, { maxLength: 40 }), (start, steps) => {
        let [spare, time] = [start, 0];
        const done: (Payment & { before: bigint })[] = [];
        for (const [seconds, need] of steps) {
          time += seconds;
          const amount = drawOf(spare, drawnAt(done, time), need, 250_000);
          done.push({ time, amount, before: spare });
          spare -= amount;
        }
        for (const { time: from, before } of done) {
          const inside = done.filter((each) => each.time >= from && each.time < from + 3_600);
          const sum = inside.reduce((total, { amount }) => total + amount, 0n);
          // What was paid in the second of `from` before is in the window as well.
          assert.ok(
            sum * 4n <=
              before +
                done.reduce((total, each) => total + (each.time === from ? each.amount : 0n), 0n),
          );
        }
      }),
      { seed: 27 },
    );
  });
});
