import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Body, type Facts, smallestSet, smallestSets } from '@holdfast/trust';
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

/** Three guardians of whom two are a quorum, and a steward; everything else holds one key. */
const facts = (breaker: object, operator?: string): Facts =>
  ({
    governor: { address: '0xg', kind: 'key' },
    sequencer: { address: '0xs' },
    guardians: ['a', 'b', 'c'],
    verifier: { kind: 'unknown' },
    forced: { deadlineSeconds: 10 },
    vault: { vetoSeconds: 20 },
    breaker: {
      holdSecondsMax: 21_600,
      haltSecondsMax: 86_400,
      tighteningsMax: 8,
      quorum: 2,
      silenceSeconds: 0,
      ...breaker,
    },
    ...(operator && { steward: { address: '0x1', operator, terms: { capMinPpm: 250_000 } } }),
  }) as unknown as Facts;

describe('guardians and the steward’s key', () => {
  const told = (given: Facts, pattern: RegExp): number[] =>
    smallestSets(given)
      .filter(({ does }) => pattern.test(does))
      .map(({ parties }) => parties.length);

  it('halt by a quorum, and alone stop growth for a hold', () => {
    assert.deepEqual(told(facts({}), /^halt \(level 3\)/), [2]);
    assert.deepEqual(told(facts({ quorum: 3 }), /^halt \(level 3\)/), [3]);
    assert.deepEqual(told(facts({ quorum: 4 }), /^halt \(level 3\)/), []);
    const [alone] = smallestSets(facts({})).filter(({ does }) => /\(level 1\);/.test(does));
    assert.deepEqual([alone?.parties.length, alone?.lastsSeconds], [1, 21_600]);
  });

  it('hold in turn only as many tightenings as a day has', () => {
    assert.deepEqual(told(facts({}), /in turn/), [2]);
    assert.deepEqual(told(facts({ holdSecondsMax: 3_600 }), /in turn/), [3]);
    assert.deepEqual(told(facts({ holdSecondsMax: 60 }), /in turn/), []);
  });

  it('are silent all together, where silence counts', () => {
    assert.deepEqual(told(facts({}), /beat no more/), []);
    assert.deepEqual(told(facts({ silenceSeconds: 600 }), /beat no more/), [3]);
  });

  it('withhold direct withdrawals and growth, each by its number', () => {
    assert.deepEqual(told(facts({}), /direct withdrawals but small ones/), [1]);
    assert.deepEqual(told(facts({}), /all direct withdrawals/), [2]);
    assert.deepEqual(told(facts({}), /^bar accounts/), [2]);
  });

  it('shut growth to the smallest cap of a steward, if there is one', () => {
    assert.deepEqual(told(facts({}), /25 % of the anchor/), []);
    assert.deepEqual(told(facts({}, '0xo'), /25 % of the anchor/), [1]);
  });
});

describe('reporters', () => {
  const needed = (quorum: number, pattern: RegExp): number[] => {
    const signers = ['a', 'b', 'c', 'd', 'e'];
    const given = { ...facts({}), verifier: { kind: 'quorum', quorum, signers } };
    return smallestSets({ ...given, verifierDelaySeconds: 9 } as unknown as Facts)
      .filter(({ does }) => pattern.test(does))
      .map(({ parties }) => parties.length);
  };

  it('are the lower median with half of a quorum, beside honest ones of the round', () => {
    const counts = [1, 2, 3, 4, 5].map((quorum) => needed(quorum, /^sign false prices/));
    assert.deepEqual(counts, [[1], [1], [2], [2], [3]]);
  });

  it('stop prices when too few for a quorum are left', () => {
    assert.deepEqual(needed(3, /^report nothing/), [3]);
    assert.deepEqual(needed(4, /^report nothing/), [2]);
  });
});
