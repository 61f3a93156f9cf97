import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { instrument, type Mutant } from '../mutate/instrument.ts';
import { judgeMutant, measureReach } from '../mutate/judge.ts';
import { readSurvivors, scoreOf } from '../mutate/survivors.ts';

const mutant = (key: string, file = 'a.ts'): Mutant => {
  return { id: '0', file, line: 1, kind: 'K', original: 'a', replacement: 'b', key };
};

describe('mutation', () => {
  it('wakes one change at a time, and the tests notice it or do not', async () => {
    const { home, mutants } = await instrument(['risk']);
    try {
      assert.equal(new Set(mutants.map(({ id }) => id)).size, mutants.length);
      assert.equal(new Set(mutants.map(({ key }) => key)).size, mutants.length);
      const reaches = await measureReach(home, ['risk'], (file) => file.includes('profit'));
      const pick = (original: string, replacement: string): Mutant => {
        const found = mutants.find((each) => {
          return each.original === original && each.replacement === replacement;
        });
        assert.ok(found, `${original} -> ${replacement}`);
        return found;
      };
      const cut = pick('worth - principal', 'worth + principal');
      assert.equal(await judgeMutant(home, cut, reaches), 'killed');
      const same = pick('index < mark', 'index <= mark');
      assert.equal(await judgeMutant(home, same, reaches), 'survived');
      assert.equal(await judgeMutant(home, cut, []), 'unreached');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it('does not count what does the same, and wants a reason', () => {
    const entry = { key: 'b', file: 'a.ts', equivalent: true, why: 'a position of zero lots' };
    const known = readSurvivors(JSON.stringify([entry]));
    const judged = [
      { mutant: mutant('a'), fate: 'killed' },
      { mutant: mutant('b'), fate: 'survived' },
      { mutant: mutant('c'), fate: 'unreached' },
      { mutant: mutant('d', 'b.ts'), fate: 'late' },
    ] as const;
    assert.deepEqual(
      scoreOf(judged, known).map(({ file, killed, equivalent, score }) => {
        return [file, killed, equivalent, score];
      }),
      [
        ['a.ts', 1, 1, 1 / 2],
        ['b.ts', 1, 0, 1],
        ['all', 2, 1, 2 / 3],
      ],
    );
    assert.throws(() => readSurvivors(JSON.stringify([{ ...entry, why: '' }])), /no reason/);
    assert.throws(() => readSurvivors(JSON.stringify([entry, entry])), /twice/);
  });
});
