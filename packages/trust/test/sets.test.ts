import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Body, smallestSet } from '@holdfast/trust';
import fc from 'fast-check';

const body = (members: string, need: number): Body => ({
  name: 'body',
  members: [...members],
  need,
});

/** The size of the smallest set, found by trying all. */
function tried(bodies: readonly Body[]): number | undefined {
  const all = [...new Set(bodies.flatMap(({ members }) => members))];
  let best: number | undefined;
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const chosen = new Set(all.filter((_, i) => mask & (1 << i)));
    const isEnough = bodies.every(
      ({ members, need }) => new Set(members.filter((each) => chosen.has(each))).size >= need,
    );
    if (isEnough && (best === undefined || chosen.size < best)) best = chosen.size;
  }
  return best;
}

describe('smallest sets', () => {
  it('count a key once that sits in two bodies', () => {
    assert.deepEqual(smallestSet([body('abc', 2), body('cde', 1)])?.length, 2);
    assert.deepEqual(smallestSet([body('abc', 2), body('de', 1)])?.length, 3);
  });

  it('are none where a body has too few members', () => {
    assert.equal(smallestSet([body('ab', 3)]), undefined);
    assert.deepEqual(smallestSet([]), []);
  });

  it('are as small as trying all finds', () => {
    const arbitrary = fc.array(
      fc.record({
        members: fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1, maxLength: 5 }),
        need: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(arbitrary, (list) => {
        const bodies = list.map(({ members, need }) => ({ name: 'body', members, need }));
        assert.equal(smallestSet(bodies)?.length, tried(bodies));
      }),
      { numRuns: 500 },
    );
  });
});
