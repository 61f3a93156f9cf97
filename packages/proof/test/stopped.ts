/** How the attacks are tried: in a short form beside the unit tests, and whole in tests/e2e. */
import { strict as assert } from 'node:assert';
import { before, describe, it } from 'node:test';
import { type Attack, chunkInput, marginAttacks, marginInput, solvencyAttacks } from './attacks.ts';
import { brokenIn, forge, readTarget, type Target } from './forge.ts';
import { benchOf } from './world.ts';

const sides = {
  solvency: { attacks: solvencyAttacks, honest: chunkInput },
  margin: { attacks: marginAttacks, honest: marginInput },
} as const;

/** Each attack breaks its guard and no other constraint, so that without the guard it passes. */
export function attacksAreStopped(
  name: keyof typeof sides,
  chosen: (attack: Attack, i: number) => boolean = () => true,
): void {
  const { attacks, honest } = sides[name];
  describe(`attacks on ${name}`, () => {
    let target: Target;
    before(async () => {
      target = readTarget(await benchOf(name));
    });

    it('the prover that lies satisfies everything when it tells the truth', () => {
      assert.deepEqual(brokenIn(target, forge(target, honest())), []);
    });

    for (const [what, lie, stop] of attacks.filter(chosen)) {
      it(`${what} breaks its guard and nothing else`, () => {
        const broken = brokenIn(target, forge(target, lie()));
        assert.notEqual(broken.length, 0, 'nothing stops it');
        const others = broken.filter((names) => !names.some((each) => stop.test(each)));
        assert.deepEqual(others.slice(0, 3), []);
      });
    }
  });
}
