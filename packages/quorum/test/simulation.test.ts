/**
 * Whole lives of committees from seeds. `QUORUM_SEEDS=1000 node --import tsx tools/test.ts
 * simulation` runs more of them; `QUORUM_SEED=17` one again.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupKeyOf, isShareWhole, verifySignature } from '@holdfast/quorum';
import { fromHex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { frost, frostSecret } from '../src/suite.ts';
import { lies } from './lies.ts';
import { type Faults, pick, World } from './world.ts';

const seeds = Number(process.env.QUORUM_SEEDS ?? 6);
const only = process.env.QUORUM_SEED;

/** Never: two keys, a share that is none, a signature that nobody asked for. */
function holdSafety(world: World, key: string | undefined, asked: ReadonlySet<string>): void {
  for (const node of world.nodes.values()) {
    const { active } = node.disk;
    if (active === undefined) continue;
    if (key !== undefined) assert.equal(active.certificate.groupKey, key, `${node.name}: two keys`);
    if (active.key !== undefined) assert.ok(isShareWhole(active.key), `${node.name}: wrong share`);
  }
  for (const { message, signature } of world.signatures) {
    assert.ok(asked.has(Buffer.from(fromHex(message)).toString()), 'a signature nobody asked for');
    assert.ok(verifySignature(key as `0x${string}`, fromHex(message), signature));
  }
}

/** The shares of a generation add up to the key, from any quorum that we try. */
function holdShares(world: World): void {
  const held = world.honest().flatMap((each) => each.disk.active?.key ?? []);
  const min = held[0]?.keys.threshold ?? 0;
  if (held.length < min) return;
  const chosen = [...held].sort(() => pick(world.random, 2) - 0.5).slice(0, min);
  const secret = frost.combineSecret(chosen.map(frostSecret), { min, max: held.length });
  const key = `0x${Buffer.from(secp256k1.getPublicKey(secret, true)).toString('hex')}`;
  assert.equal(key, groupKeyOf(held[0]!.keys), 'shares do not add up');
}

/** What everybody saw, for whoever runs one seed. */
function tell(world: World, bad: ReadonlySet<string>): void {
  for (const node of world.nodes.values()) {
    const words = node.events.map((each) => {
      if (each.type === 'blame') return `${each.name} ${each.blame.kind} ${each.blame.where}`;
      if (each.type === 'phase') return `${each.attempt} ${each.phase}`;
      if (each.type === 'failed') return `failed ${each.attempt}: ${each.why}`;
      if (each.type === 'certified') return `certified ${each.certificate.gen} ${each.isHolder}`;
      return 'reason' in each ? `${each.type} ${each.reason.code}` : each.type;
    });
    console.log(node.name, bad.has(node.name) ? 'bad' : '', words.join('; '));
  }
}

const hasEnough = (world: World, threshold: number): boolean =>
  world.honest().filter((each) => each.disk.active?.key !== undefined).length >= threshold;

function live(seed: number): void {
  const [threshold, size] = seed % 4 === 0 ? [3, 5] : [2, 3 + (seed % 2)];
  const world = new World(`life ${seed}`, threshold!, size!);
  const chance = (parts: number) => pick(world.random, 1000) < parts;
  const weather: Faults = {
    loss: pick(world.random, 100),
    duplicate: pick(world.random, 100),
    delayMsMax: 1 + pick(world.random, 400),
  };
  world.faults = weather;
  // As many bad parties as are tolerated; a liar or a dead one.
  const all = world.roster.parties.map((party) => party.name);
  const bad = new Set<string>();
  for (let i = 0; i < size! - threshold!; i++) bad.add(all[pick(world.random, size!)]!);
  const kinds = Object.keys(lies);
  for (const name of bad) {
    if (chance(700)) world.node(name).lie = lies[kinds[pick(world.random, kinds.length)]!]!.lie;
  }
  world.start();
  for (const name of bad) if (world.node(name).lie === undefined) world.kill(name);
  assert.ok(
    world.run(400_000, () => world.isAt(1)),
    'no key in time',
  );
  const [first] = world.honest();
  const key = first!.disk.active!.certificate.groupKey;
  const asked = new Set<string>();
  const sign = (by: string, text: string) => {
    asked.add(text);
    return world.sign(by, text, 60_000);
  };
  const one = sign(first!.name, `first of ${seed}`);
  if (only) tell(world, bad);
  assert.ok(one, 'no signature');
  holdSafety(world, key, asked);
  holdShares(world);
  const wasEnough = hasEnough(world, threshold!);
  // Nobody honest who lived all the time is left out by a liar.
  assert.ok(wasEnough, 'too few honest holders');
  // A refresh, in which honest parties may be killed and return.
  world.reshare(first!.name, world.roster, threshold);
  const victim = chance(500) ? world.honest().at(-1)! : undefined;
  if (victim !== undefined && victim !== first) {
    world.run(pick(world.random, 4_000));
    world.kill(victim.name);
    world.run(pick(world.random, 2_000));
    world.wake(victim.name);
  }
  const isDone = world.run(400_000, () => world.isAt(2));
  if (only) tell(world, bad);
  // An honest party that died in it may have been left out: then liars may hold the rest.
  assert.ok(isDone, 'not dealt anew in time');
  const two = sign(world.honest().at(-1)!.name, `second of ${seed}`);
  assert.ok(two || !hasEnough(world, threshold!), 'no second signature');
  holdSafety(world, key, asked);
  holdShares(world);
  // Nobody who was honest and lived all the time is ever said to have lied.
  for (const node of world.honest()) {
    for (const event of node.events) {
      if (event.type !== 'blame' || ['Silent', 'Abandoned'].includes(event.blame.kind)) continue;
      assert.ok(bad.has(event.name), `${node.name} says ${event.name} ${event.blame.kind}`);
    }
  }
}

describe('lives of committees', () => {
  const from = only === undefined ? 0 : Number(only);
  const to = only === undefined ? seeds : from + 1;
  for (let seed = from; seed < to; seed++) {
    it(`holds from seed ${seed}`, () => live(seed));
  }
});
