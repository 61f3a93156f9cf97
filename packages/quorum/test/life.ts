/** The life of a committee from a seed: key, signatures, refresh, other rosters; bad weather. */
import assert from 'node:assert/strict';
import {
  approve,
  type Event,
  foundersMin,
  groupKeyOf,
  isShareWhole,
  noRecords,
  type PartyKey,
  type Roster,
  rosterHash,
  verifySignature,
} from '@holdfast/quorum';
import { fromHex, type Hex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { frost, frostSecret } from '../src/suite.ts';
import { lies } from './lies.ts';
import { pick, rosterOf, World } from './world.ts';

/** What became of one life. */
export type Life = {
  /** Messages and ticks that went into a party. */
  readonly steps: number;
  readonly messages: number;
};

type Story = {
  readonly seed: number;
  readonly world: World;
  readonly threshold: number;
  /** Parties that lie or are dead, by name. */
  readonly bad: Set<string>;
  readonly asked: Set<string>;
};

/** Never: two keys, a share that is none, a signature that nobody asked for. */
function holdSafety({ world, asked }: Story, key: Hex): void {
  for (const node of world.nodes.values()) {
    const { active } = node.disk;
    if (active === undefined) continue;
    assert.equal(active.certificate.groupKey, key, `${node.name}: two keys`);
    if (active.key !== undefined) assert.ok(isShareWhole(active.key), `${node.name}: wrong share`);
  }
  for (const { message, signature } of world.signatures) {
    assert.ok(asked.has(Buffer.from(fromHex(message)).toString()), 'a signature nobody asked for');
    assert.ok(verifySignature(key, fromHex(message), signature));
  }
}

/** The shares of a generation add up to the key, from any quorum that we try. */
function holdShares({ world }: Story): void {
  const gen = Math.max(...world.honest().map(({ name }) => world.gen(name)));
  const nodes = world.honest().filter(({ name }) => world.gen(name) === gen);
  const held = nodes.flatMap((each) => each.disk.active?.key ?? []);
  const min = held[0]?.keys.threshold ?? 0;
  if (held.length < min || min === 0) return;
  const chosen = [...held].sort(() => pick(world.random, 2) - 0.5).slice(0, min);
  const secret = frost.combineSecret(chosen.map(frostSecret), { min, max: held.length });
  const key = `0x${Buffer.from(secp256k1.getPublicKey(secret, true)).toString('hex')}`;
  assert.equal(key, groupKeyOf(held[0]!.keys), 'shares do not add up');
}

/** Whoever was honest and lived is never said to have lied. */
function holdNames({ world, bad }: Story): void {
  for (const node of world.honest()) {
    for (const event of node.events) {
      if (event.type !== 'blame' || ['Silent', 'Abandoned'].includes(event.blame.kind)) continue;
      assert.ok(bad.has(event.name), `${node.name} says ${event.name} ${event.blame.kind}`);
    }
  }
}

const holders = (world: World): string[] =>
  world
    .honest()
    .filter((each) => each.disk.active?.key !== undefined)
    .map(({ name }) => name);

/** Signs. Whoever is bad, the honest hold enough shares for it: else it is a fault of ours. */
function signs({ world, seed, asked }: Story, what: string): void {
  const text = `${what} of ${seed}`;
  asked.add(text);
  const [by] = world.honest().filter(({ disk }) => disk.active !== undefined);
  const threshold = by!.disk.active!.certificate.threshold;
  assert.ok(holders(world).length >= threshold, `${what}: too few honest holders`);
  assert.ok(world.sign(by!.name, text, 90_000), `no ${what} signature`);
}

/** Changes of the weather that come from a stream of their own. */
const stormy = { replay: 60, forge: 60 };

function found(seed: number): Story {
  const [threshold, size] = seed % 4 === 0 ? [3, 5] : [2, 3 + (seed % 2)];
  const world = new World(`life ${seed}`, threshold!, size!);
  world.faults = {
    loss: pick(world.random, 100),
    duplicate: pick(world.random, 100),
    delayMsMax: 1 + pick(world.random, 400),
    ...(seed % 8 < 4 ? stormy : {}),
  };
  // As many bad parties as a first key stands; a liar or a dead one.
  const all = world.roster.parties.map((party) => party.name);
  const bad = new Set<string>();
  for (let i = 0; i < size! - foundersMin(world.roster); i++)
    bad.add(all[pick(world.random, size!)]!);
  const kinds = Object.keys(lies);
  for (const name of bad) {
    if (pick(world.random, 1000) >= 700) continue;
    world.node(name).lie = lies[kinds[pick(world.random, kinds.length)]!]!.lie;
  }
  world.start();
  for (const name of bad) if (world.node(name).lie === undefined) world.kill(name);
  return { seed, world, threshold: threshold!, bad, asked: new Set() };
}

/** A resharing, in which an honest party may be killed and return. */
function reshares(story: Story, what: string, roster: Roster, min: number): void {
  const { world } = story;
  const gen = world.honest().reduce((max, { name }) => Math.max(max, world.gen(name)), 0) + 1;
  const hash = rosterHash(roster);
  for (const node of world.alive()) world.apply(node, approve(node.committee!, hash, world.now));
  const by = world.honest().find((each) => each.disk.active?.certificate.gen === gen - 1)!;
  world.reshare(by.name, roster, min);
  const victim = pick(world.random, 1000) < 500 ? world.honest().at(-1)! : undefined;
  if (victim !== undefined && victim !== by) {
    world.run(pick(world.random, 4_000));
    world.kill(victim.name);
    world.run(pick(world.random, 2_000));
    world.wake(victim.name);
  }
  const isDone = (): boolean => {
    const is = (key: PartyKey) => roster.parties.some((party) => party.key === key);
    const those = world.honest().filter(({ key }) => is(key));
    return those.every(({ name }) => world.gen(name) >= gen);
  };
  assert.ok(world.run(400_000, isDone), `no ${what} in time`);
}

/** A key stands more bad parties than its making did, where a threshold is no majority. */
function worsens({ world, bad, threshold }: Story): void {
  const isSpare = holders(world).length > threshold;
  if (!isSpare || bad.size >= world.roster.parties.length - threshold) return;
  const { name } = world.honest().at(-1)!;
  bad.add(name);
  world.kill(name);
}

/** Somebody new takes the place of a bad party, or of the last. */
function replaced({ world, bad }: Story): Roster {
  const { roster } = world.honest()[0]!.disk.active!;
  const lost = roster.parties.find(({ name }) => bad.has(name)) ?? roster.parties.at(-1)!;
  const [fresh] = rosterOf(world.seed, 2, ['joe']).parties;
  const { certificate, keys } = world.honest()[0]!.disk.active!;
  world.add(fresh!, { ...noRecords, active: { roster, certificate, keys } });
  world.wake('joe');
  if (world.node(lost.name).committee !== undefined) world.kill(lost.name);
  const parties = roster.parties.map((each) => (each === lost ? fresh! : each));
  return { ...roster, parties };
}

/** One whole life; throws where it must not end so. */
export function live(seed: number, tell?: (story: World, bad: ReadonlySet<string>) => void): Life {
  const story = found(seed);
  const { world, threshold, bad } = story;
  try {
    const isMade = world.run(400_000, () => world.isAt(1));
    assert.ok(isMade, 'no key in time');
    const key = world.honest()[0]!.disk.active!.certificate.groupKey;
    const hold = () => {
      holdSafety(story, key);
      holdShares(story);
      holdNames(story);
    };
    signs(story, 'first');
    hold();
    worsens(story);
    reshares(story, 'refresh', world.roster, threshold);
    signs(story, 'second');
    hold();
    const honest = holders(world).length;
    const other = Math.max(2, Math.min(honest, threshold === 2 ? 3 : 2));
    reshares(story, 'other threshold', { ...world.roster, threshold: other }, other);
    signs(story, 'third');
    hold();
    const next = replaced(story);
    reshares(story, 'replacement', next, next.threshold);
    signs(story, 'last');
    hold();
  } finally {
    tell?.(world, bad);
  }
  return { steps: world.steps, messages: world.messages };
}

/** What a party saw, in one line. */
export function wordsOf(event: Event): string {
  if (event.type === 'blame') return `${event.name} ${event.blame.kind} ${event.blame.where}`;
  if (event.type === 'phase') return `${event.attempt} ${event.phase}`;
  if (event.type === 'failed') return `failed ${event.attempt}: ${event.why}`;
  if (event.type === 'certified') return `certified ${event.certificate.gen} ${event.isHolder}`;
  return 'reason' in event ? `${event.type} ${event.reason.code}` : event.type;
}
