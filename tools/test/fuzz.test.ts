import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { corpusFiles, readKept } from '../../tests/fuzz/harness/fuzz.ts';
import { createReached } from '../../tests/fuzz/harness/life.ts';
import { houseMutants, switchedSources } from '../../tests/fuzz/harness/mutants.ts';
import { anyLife } from '../../tests/fuzz/harness/operations.ts';
import { missing, wantedStates } from '../../tests/fuzz/harness/states.ts';
import { readOptions } from '../fuzz.ts';

describe('npm run fuzz', () => {
  it('draws the same lives from the same seed, with every kind of operation', () => {
    const lives = fc.sample(anyLife, { numRuns: 50, seed: 3 });
    assert.deepEqual(fc.sample(anyLife, { numRuns: 50, seed: 3 }), lives);
    const kinds = new Set(lives.flat().map(({ op }) => op));
    assert.equal(kinds.size, 20);
  });

  it('keeps lives that can be read, each with its reason', () => {
    const known = new Set(
      fc
        .sample(anyLife, { numRuns: 50, seed: 3 })
        .flat()
        .map(({ op }) => op),
    );
    assert.ok(corpusFiles().length > 0);
    for (const name of corpusFiles()) {
      const { why, ops } = readKept(name);
      assert.ok(why.length > 0 && ops.length > 0, name);
      for (const { op } of ops) assert.ok(known.has(op), `${name}: ${op}`);
    }
  });

  it('tells what was not reached', () => {
    const reached = createReached();
    assert.deepEqual(missing(reached), wantedStates);
    for (const state of wantedStates.slice(1)) reached.states.set(state, 1);
    assert.deepEqual(missing(reached), [wantedStates[0]]);
  });

  it('puts every mutant behind its own switch', () => {
    const all = Object.values(switchedSources()).join('\n');
    houseMutants.forEach(({ to }, i) => {
      const on = `(block.coinbase == address(${i + 1}))`;
      assert.ok(all.includes(to.replaceAll('ON', on)), to);
    });
    assert.ok(houseMutants.length >= 5);
  });

  it('reads its options', () => {
    const plain = { path: undefined, life: undefined, distil: false, mutants: false, json: false };
    assert.deepEqual(readOptions([]), { runs: 40, seed: 1, ...plain });
    assert.equal(readOptions(['--help']), 'help');
    const again = readOptions(['--runs', '9', '--seed=-7', '--path', '4:1:0', '--json']);
    assert.deepEqual(again, { ...plain, runs: 9, seed: -7, path: '4:1:0', json: true });
    for (const bad of [
      ['--runs', 'x'],
      ['--path', '1'],
      ['--seed', '1', '--path', 'x'],
      ['--no'],
    ]) {
      assert.ok('wrong' in (readOptions(bad) as object), bad.join(' '));
    }
  });
});
