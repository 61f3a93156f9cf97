import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnvironmentError } from '@holdfast/units';
import { scenarios } from '../src/index.ts';
import { homeOf } from '../src/solidity/home.ts';
import { closure, edited } from '../src/solidity/sources.ts';

const file = 'src/Vault.sol';

describe('edits', () => {
  it('replace a text that occurs once, in what is compiled', () => {
    const texts = edited([{ file, from: 'contract Vault is', to: 'contract Vault  is' }]);
    assert.match(closure(file, texts).get(file) ?? '', /contract Vault {2}is/);
    assert.ok(closure(file, texts).has('src/libraries/OutflowRing.sol'));
  });

  it('are refused where the text is not there, or more than once', () => {
    for (const from of ['no such text', 'function']) {
      assert.throws(
        () => edited([{ file, from, to: '' }]),
        (error) => error instanceof EnvironmentError && error.code === 'EditLost',
      );
    }
  });

  it('of every scenario still find their text, and its contracts a file', () => {
    for (const scenario of scenarios) {
      if (scenario.kind !== 'attack') continue;
      for (const ablation of scenario.ablations) {
        if (ablation.kind !== 'source') continue;
        edited(ablation.edits);
        for (const name of ablation.contracts) assert.match(homeOf(name), /^src\/.*\.sol$/);
      }
    }
  });
});

it('scenarios have names of their own', () => {
  const names = scenarios.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
});
