import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lies } from './lies.ts';
import { World } from './world.ts';

describe('one of three lies while a key is made', () => {
  for (const [name, { lie, kinds }] of Object.entries(lies)) {
    it(`${name}: named, and a key is made`, () => {
      const world = new World(`lie ${name}`, 2, 3);
      world.node('bob').lie = lie;
      world.start();
      assert.ok(
        world.run(120_000, () => world.isAt(1)),
        'no key',
      );
      for (const honest of ['ann', 'cid']) {
        const said = world.blamed(honest);
        assert.ok(
          said.every((each) => each.startsWith('bob ')),
          `${honest} blames ${said}`,
        );
        for (const kind of kinds) {
          assert.ok(said.includes(`bob ${kind}`), `${honest} says ${said}, not ${kind}`);
        }
      }
      assert.ok(world.sign('ann', 'after all'));
    });
  }
});

const again = [
  'says two nonces',
  'commits to a key it does not know',
  'deals wrong shares and shows them',
  'signs wrongly',
  'complains of everybody',
];

describe('two of four lie while a key is dealt anew', () => {
  for (const [name, { lie, kinds }] of Object.entries(lies).filter(([key]) =>
    again.includes(key),
  )) {
    it(`${name}: named, and the key lives on`, () => {
      const world = new World(`again ${name}`, 2, 4);
      world.generate();
      const key = world.node('cid').disk.active!.certificate.groupKey;
      world.node('ann').lie = lie;
      world.node('bob').lie = lie;
      world.reshare('cid', world.roster, 2);
      world.run(240_000, () => world.isAt(2));
      for (const honest of ['cid', 'dan']) {
        const said = world.blamed(honest);
        assert.ok(
          said.every((each) => /^(?:ann|bob) /.test(each)),
          `${honest} blames ${said}`,
        );
        const isDealers = ['PackageWrong', 'ShareWrong'].includes(kinds[0] ?? '');
        if (!isDealers) continue;
        assert.ok(
          kinds.some((kind) => said.some((each) => each.endsWith(kind))),
          `${honest} says ${said}, not ${kinds}`,
        );
      }
      assert.equal(world.node('cid').disk.active!.certificate.groupKey, key);
      assert.ok(world.isAt(2), 'not dealt anew');
      assert.ok(world.sign('cid', 'after all'));
    });
  }
});
