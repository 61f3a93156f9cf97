import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { properties } from '../prove/properties.ts';
import { root } from '../sources.mjs';
import { controlsOf, ties } from '../ties/table.ts';
import { chosen, judge, readOptions } from '../ties.ts';

const [tie] = ties;
assert.ok(tie);

/** What forge prints of a tie that is as it should be. */
const fine = (told: number): string => `Ran 3 tests for test/ties/TieBreaker.t.sol:BreakerTie
[PASS] test_firstHalf() (gas: 1)
Logs:
  breaker tighten: 3

[PASS] test_mutantsAreTold() (gas: 1)
Logs:
  breaker mutants told: ${told}

[PASS] test_secondHalf() (gas: 1)
Logs:
  breaker tighten: 4

Suite result: ok. 3 passed; 0 failed; 0 skipped
`;

describe('npm run ties', () => {
  it('has each property of a tie in its suite, and each of the suite in a tie', () => {
    for (const { suite, properties: ids } of ties) {
      const tied = properties.filter(({ ties: at = [] }) =>
        at.some((each) => each.endsWith(`#${suite}`)),
      );
      assert.deepEqual(tied.map(({ id }) => id).sort(), [...ids].sort());
      for (const { model } of tied) assert.notEqual(model, undefined);
    }
  });

  it('leaves no model untied', () => {
    const loose = properties.filter(({ model, ties: at = [] }) => model && at.length === 0);
    assert.deepEqual(loose, []);
  });

  it('has mutants of every property, each with its text in the source', () => {
    for (const each of ties) {
      const controls = controlsOf(each);
      for (const { mutant, contracts } of controls) {
        const text = readFileSync(join(root, mutant.file), 'utf8');
        assert.equal(text.split(mutant.from).length, 2, mutant.name);
        assert.notEqual(contracts.length, 0);
      }
      const names = controls.map(({ mutant }) => mutant.name);
      for (const { id, mutants } of properties.filter(({ id }) => each.properties.includes(id))) {
        assert.ok(mutants.length > 0 && mutants.some(({ name }) => names.includes(name)), id);
      }
    }
  });

  it('adds up both halves, and finds nothing wrong with what is right', () => {
    const mutants = ['a', 'b'];
    const played = judge(tie, mutants, fine(2));
    assert.deepEqual(played.done, { tighten: 7 });
    assert.deepEqual(played.faults, []);
  });

  it('names mutants not told, differences, idle operations and tests not played', () => {
    const faults = (output: string): readonly string[] => judge(tie, ['a', 'b'], output).faults;
    const untold = fine(2).replace(
      '[PASS] test_mutantsAreTold()',
      '[FAIL: Untold(2)] test_mutantsAreTold()',
    );
    assert.deepEqual(faults(untold), ['not told: b']);
    const differs = fine(2).replace(
      '[PASS] test_firstHalf()',
      '[FAIL: Differs(7, "level", 1, 2)] test_firstHalf()',
    );
    assert.deepEqual(faults(differs), ['firstHalf: Differs(7, "level", 1, 2)']);
    assert.deepEqual(faults(fine(1)), ['1 of 2 mutants were tried']);
    assert.deepEqual(faults(fine(2).replaceAll(/tighten: \d/g, 'tighten: 0')), [
      'never done: tighten',
    ]);
    assert.deepEqual(faults('nothing at all'), ['0 of 3 tests were played']);
  });

  it('reads its options', () => {
    assert.deepEqual(readOptions([]), { only: '', steps: 8_000, seed: 1, json: false });
    assert.equal(readOptions(['--help']), 'help');
    const full = readOptions(['--full', '--only', 'house', '--seed', '4', '--json']);
    assert.deepEqual(full, { only: 'house', steps: 1_000_000, seed: 4, json: true });
    for (const bad of [['--steps', '0'], ['--seed', 'x'], ['--full', '--steps', '3'], ['--no']]) {
      assert.ok('wrong' in (readOptions(bad) as object), bad.join(' '));
    }
    assert.deepEqual(
      chosen('lane.step').map(({ name }) => name),
      ['house'],
    );
  });
});
