/** Parts of a committee that cannot reach each other: never two first keys, nor two last shares. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { World } from './world.ts';

/** Halves that cannot reach each other; an empty list heals. */
function split(world: World, ...halves: readonly string[][]): void {
  for (const { name } of world.roster.parties) {
    const half = halves.find((each) => each.includes(name))?.map((each) => world.node(each).key);
    world.node(name).lie =
      half && ((message) => [{ ...message, to: message.to.filter((key) => half.includes(key)) }]);
  }
}
const keysOf = (world: World) =>
  new Set([...world.nodes.values()].flatMap(({ disk }) => disk.active?.certificate.groupKey ?? []));

describe('two parts that cannot reach each other', () => {
  it('make no two keys, though each could sign', () => {
    const world = new World('halves', 2, 4);
    world.start();
    split(world, ['ann', 'bob'], ['cid', 'dan']);
    world.run(60_000);
    assert.equal(keysOf(world).size, 0);
    split(world);
    assert.ok(world.run(120_000, () => world.isAt(1)));
    assert.ok(world.node('ann').disk.active!.certificate.holders.length >= 3);
    // The control: more than half make their key alone, and the one that was cut off hears of it.
    const other = new World('most', 2, 4);
    other.start();
    split(other, ['ann', 'bob', 'cid'], ['dan']);
    assert.ok(other.run(120_000, () => other.node('cid').disk.active !== undefined));
    split(other);
    assert.ok(other.run(30_000, () => other.isAt(1)));
    assert.equal(keysOf(other).size, 1);
    assert.ok(other.sign('dan', 'by three'));
  });

  it('renew one key twice, and come to the same shares when they meet', () => {
    const world = new World('renewed', 2, 4);
    world.generate();
    const sidOf = (name: string) => world.node(name).disk.active!.certificate.sid;
    split(world, ['ann', 'bob'], ['cid', 'dan']);
    for (const name of ['ann', 'cid']) world.reshare(name, world.roster, 2);
    const gens = () => world.roster.parties.map(({ name }) => world.gen(name)).join();
    assert.ok(world.run(60_000, () => gens() === '2,2,2,2'));
    assert.notEqual(sidOf('ann'), sidOf('cid'));
    split(world);
    world.run(30_000);
    assert.equal(new Set(world.roster.parties.map(({ name }) => sidOf(name))).size, 1);
    assert.equal(keysOf(world).size, 1);
    assert.ok(world.sign('bob', 'by two'));
  });
});
