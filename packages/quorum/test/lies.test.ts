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
        assert.ok(world.node(honest).disk.active!.key, `${honest} is left out`);
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

describe('three that tell the truth', () => {
  it('name nobody, and make their key at the first attempt', () => {
    const world = new World('no lie', 2, 3);
    world.node('bob').lie = (message) => [message];
    world.start();
    assert.ok(world.run(120_000, () => world.isAt(1)));
    for (const name of ['ann', 'bob', 'cid']) {
      assert.deepEqual(world.blamed(name), []);
      assert.ok(world.node(name).disk.active!.key);
    }
    assert.equal(world.node('ann').disk.active!.certificate.attempt, 1);
  });

  it('leave nobody out who declines once, for a cause', () => {
    const world = new World('once', 2, 3);
    let isSaid = false;
    const { lie } = lies['joins nothing that others lead']!;
    world.node('bob').lie = (message, ...rest) => {
      if (isSaid || message.type !== 'hello') return [message];
      isSaid = true;
      return lie(message, ...rest);
    };
    world.start();
    assert.ok(world.run(120_000, () => world.isAt(1)));
    assert.ok(isSaid);
    assert.ok(world.node('ann').disk.active!.certificate.attempt > 1);
    assert.deepEqual(world.node('ann').disk.active!.certificate.holders, [1, 2, 3]);
  });
});

describe('a liar whom one party sees before the other', () => {
  const slow = { loss: 100, duplicate: 0, delayMsMax: 400 };
  for (const name of ['signs wrongly', 'passes on words that it made up']) {
    it(`${name}: gets nobody else left out`, () => {
      for (let seed = 0; seed < 4; seed++) {
        const world = new World(`slow ${name} ${seed}`, 2, 3, slow);
        world.node('bob').lie = lies[name]!.lie;
        world.start();
        assert.ok(
          world.run(200_000, () => world.isAt(1)),
          'no key',
        );
        for (const honest of ['ann', 'cid']) {
          assert.ok(world.node(honest).disk.active!.key, `${honest} is left out`);
          assert.ok(world.blamed(honest).every((each) => each.startsWith('bob ')));
        }
      }
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
