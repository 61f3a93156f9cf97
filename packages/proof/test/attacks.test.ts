import { strict as assert } from 'node:assert';
import { before, describe, it } from 'node:test';
import { brokenIn, forge, readTarget, type Target } from './forge.ts';
import { benchOf, bookOf, plansOf } from './world.ts';

describe('x', () => {
  let target: Target;
  before(async () => {
    target = readTarget(await benchOf('solvency'));
  });
  it('lies', async () => {
    const [plan] = plansOf(bookOf(6));
    const honest = (await benchOf('solvency')).calculate(plan!.input);
    const same = forge(target, plan!.input);
    console.log(
      same.length,
      honest.length,
      same.findIndex((v, i) => v !== honest[i]),
    );
    const input = {
      ...plan!.input,
      cash: [-(1n << 60n), ...(plan!.input.cash as bigint[]).slice(1)],
    };
    for (const c of brokenIn(target, forge(target, input))) console.log(c.slice(0, 6));
  });
});
