import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '@holdfast/trader';
import { judgeLife } from '../src/adversary/hunt.ts';
import { argument, invent, type Mind } from '../src/adversary/invent.ts';
import { breed, fresh, stepsMax } from '../src/adversary/mutate.ts';
import type { Life } from '../src/adversary/play.ts';
import { huntAblations } from '../src/adversary/stage.ts';
import { type Role, type Step, stepText } from '../src/adversary/steps.ts';
import { abiOf, targetsOf } from '../src/adversary/targets.ts';
import { homeOf } from '../src/solidity/home.ts';
import { edited } from '../src/solidity/sources.ts';
import type { Stack } from '../src/world/stack.ts';

const names = ['Vault', 'ClearingHouse', 'Backstop', 'ForcedQueue', 'Breaker', 'CustodyModule'];
const placed = new Map(names.map((name) => [name, { address: '0x', args: '' }]));
const targets = targetsOf({ placed } as unknown as Stack);
const mindOf = (seed: string, roles: readonly Role[] = []): Mind => {
  return { random: createRandom(seed), targets, roles };
};

const life = (attackers: bigint, others: bigint, lawsBroken: string[] = []): Life =>
  ({ worth: { attackers, others, locked: 0n, shortfall: 0n }, lawsBroken }) as unknown as Life;

describe('the adversary', () => {
  it('knows every entry point that changes state, and not the faucet', () => {
    for (const name of names) {
      for (const entry of abiOf(name) ?? []) {
        if (entry.type !== 'function' || /view|pure/.test(entry.stateMutability)) continue;
        const known = targets.some(({ contract, fn }) => contract === name && fn === entry);
        assert.ok(known, `${name}.${entry.name}`);
      }
    }
    assert.ok(!targets.some(({ contract, fn }) => contract === 'TestToken' && fn.name === 'mint'));
  });

  it('has an argument for each parameter of each of them', () => {
    const mind = mindOf('arguments');
    for (const { fn } of targets) {
      for (const input of fn.inputs) assert.notEqual(argument(mind, input), undefined);
    }
  });

  it('invents the same from the same seed, and something else from another', () => {
    const sequence = (seed: string): string => JSON.stringify(fresh(mindOf(seed), 3));
    assert.equal(sequence('a'), sequence('a'));
    assert.notEqual(sequence('a'), sequence('b'));
  });

  it('settles what nobody signed only with the key of the sequencer', () => {
    const isForged = (step: Step): boolean =>
      step.do === 'settle' && /after|known|report|"ppm":\d+}]/.test(JSON.stringify(step));
    const forged = (roles: readonly Role[]): number => {
      const mind = mindOf('forged', roles);
      return Array.from({ length: 400 }, () => invent(mind)).filter(isForged).length;
    };
    assert.equal(forged([]), 0);
    assert.ok(forged(['sequencer']) > 20);
  });

  it('keeps every honest event of a sequence, and no more steps than it may', () => {
    const mind = mindOf('breeding');
    let steps = fresh(mind, 5);
    for (let i = 0; i < 300; i++) {
      steps = breed(mind, steps, fresh(mind, 5));
      assert.ok(steps.length <= stepsMax);
      assert.ok(steps.filter(({ do: kind }) => kind === 'honest').length >= 5);
      for (const step of steps) assert.ok(stepText(step).length > 0);
    }
  });

  it('finds what attackers gained, what others lost, and laws', () => {
    const control = life(1_000_000n, 5_000_000n);
    const problems = (each: Life, bound = 0n) => judgeLife(each, control, bound).problems.length;
    assert.equal(problems(control), 0);
    assert.equal(problems(life(1_000_900n, 4_999_100n)), 0, 'rounding');
    assert.equal(problems(life(1_100_000n, 5_000_000n)), 1, 'from nothing');
    assert.equal(problems(life(900_000n, 4_900_000n)), 1, 'destroyed');
    assert.equal(problems(life(1_100_000n, 4_900_000n), 100_000n), 0, 'within its bound');
    assert.equal(problems(life(1_000_000n, 5_000_000n, ['L01 custody'])), 1, 'a law');
  });

  it('has ablations that still find their text', () => {
    for (const { contracts, edits } of huntAblations) {
      edited(edits);
      for (const name of contracts) assert.match(homeOf(name), /^src\/.*\.sol$/);
    }
  });
});
