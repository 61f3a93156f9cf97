import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { instrument, type Mutant, type PackageMutant } from '../mutate/instrument.ts';
import { judgeMutants } from '../mutate/judge.ts';
import { readSurvivors, sampleLine, scoresOf, scoreTable, wilson } from '../mutate/survivors.ts';
import { invalidAmong } from '../mutate/typecheck.ts';

const mutant = (key: string, file = 'a.ts'): Mutant => {
  return { id: '0', file, line: 1, kind: 'K', original: 'a', replacement: 'b', key };
};

describe('mutation', () => {
  it('wakes one change at a time, and the tests notice it or do not', async () => {
    const { home, mutants } = await instrument(['risk']);
    try {
      assert.equal(new Set(mutants.map(({ id }) => id)).size, mutants.length);
      assert.equal(new Set(mutants.map(({ key }) => key)).size, mutants.length);
      const pick = (original: string, replacement: string): PackageMutant => {
        const found = mutants.find((each) => {
          return each.original === original && each.replacement === replacement;
        });
        assert.ok(found, `${original} -> ${replacement}`);
        return found;
      };
      const cut = pick('worth - principal', 'worth + principal');
      const same = pick('index < mark', 'index <= mark');
      const elsewhere = pick('low < room', 'low >= room');
      const chosen = [cut, same, elsewhere];
      const files = ['packages/risk/test/profit.test.ts'];
      const judged = await judgeMutants(home, files, chosen, 1, () => {});
      const fates = new Map(judged.map((each) => [each.mutant, each]));
      assert.equal(fates.get(cut)?.fate, 'killed');
      assert.match(fates.get(cut)?.by ?? '', /profit/);
      assert.equal(fates.get(same)?.fate, 'survived');
      assert.equal(fates.get(elsewhere)?.fate, 'unreached');

      const untyped = pick("'code' in work", 'false');
      assert.deepEqual([...invalidAmong([untyped, cut])], [untyped.id]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it('does not count what does the same or does not compile, and wants a reason', () => {
    const entry = { key: 'b', file: 'a.ts', equivalent: true, why: 'a position of zero lots' };
    const known = readSurvivors(JSON.stringify([entry]));
    const judged = [
      { mutant: mutant('a'), fate: 'killed' },
      { mutant: mutant('b'), fate: 'survived' },
      { mutant: mutant('c'), fate: 'unreached' },
      { mutant: mutant('d', 'packages/b/src/b.ts'), fate: 'late' },
      { mutant: mutant('e', 'packages/b/src/b.ts'), fate: 'invalid' },
    ] as const;
    const scores = scoresOf(judged, known);
    assert.deepEqual(
      scores.map(({ name, all, killed, late, explained, score }) => {
        return [name, all, killed, late, explained, score];
      }),
      [
        ['a.ts', 3, 1, 0, 1, 1 / 2],
        ['packages/b/src/b.ts', 2, 0, 1, 0, 1],
        ['a.ts', 3, 1, 0, 1, 1 / 2],
        ['b', 2, 0, 1, 0, 1],
        ['all', 5, 1, 1, 1, 2 / 3],
      ],
    );
    assert.match(scoreTable(scores), /^all +5 +1 +1 +1 +1 +1 +1 +66\.7 %$/m);
    assert.throws(() => readSurvivors(JSON.stringify([{ ...entry, why: '' }])), /no reason/);
    assert.throws(() => readSurvivors(JSON.stringify([entry, entry])), /twice/);
  });

  it('tells of a sample between which scores the whole lies', () => {
    const near = ({ low, high }: { low: number; high: number }) =>
      [low, high].map((x) => x.toFixed(4));
    // By hand: share 0.5 of 10, and the edges.
    assert.deepEqual(near(wilson(5, 10)), ['0.2366', '0.7634']);
    assert.deepEqual(near(wilson(0, 10)), ['0.0000', '0.2775']);
    assert.deepEqual(near(wilson(10, 10)), ['0.7225', '1.0000']);
    assert.throws(() => wilson(2, 1), /2 of 1/);
    assert.throws(() => wilson(0, 0), /0 of 0/);
    const judged = [...'abcdefghij'].map((key, i) => {
      return { mutant: mutant(key), fate: i < 5 ? 'killed' : 'survived' } as const;
    });
    const [total] = scoresOf(judged, new Map()).slice(-1);
    assert.ok(total);
    assert.equal(
      sampleLine(total, 3_607, ''),
      'sample of 10 of 3607, seed "": 5 of 10 that count are killed, 50.0 %; ' +
        'of all 23.7 % to 76.3 % (Wilson, 95 %)',
    );
  });
});
