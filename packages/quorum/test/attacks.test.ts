import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  approve,
  type Envelope,
  everyone,
  groupKeyOf,
  headerOf,
  isEquivocation,
  noRecords,
  pass,
  rosterHash,
  signedBytes,
  verifySignature,
} from '@holdfast/quorum';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { planHash } from '../src/attempt.ts';
import { dealAgain, dealFresh } from '../src/dealing.ts';
import { frost, frostSecret, weighShare } from '../src/suite.ts';
import { randomOf, turn, World } from './world.ts';

const text = (words: string): Hex => toHex(new TextEncoder().encode(words));
const active = (world: World, name: string) => {
  const { key: _, ...rest } = world.node(name).disk.active!;
  return rest;
};
const keyOf = (world: World, name: string) => world.node(name).disk.active!.key!;

/** A world with a key, made once for the tests that only read it. */
const ready = new World('ready', 3, 5);
ready.generate();

describe('packages of a key without a dealer', () => {
  const holders = [1, 2, 3];
  const deal = (index: number) =>
    dealFresh({ threshold: 2, holders, index, random: randomOf(`deal ${index}`) });
  const [one, two, three] = [deal(1), deal(2), deal(3)];
  const packages = (third = three.own!) =>
    new Map([
      [1, one.own!],
      [2, two.own!],
      [3, third],
    ]);

  it('hold when they are honest', () => {
    assert.equal(deal(1).judge(new Map([...packages(), [1, deal(1).own!]])).size, 0);
  });

  it('do not hold with a rogue key, which would cancel those of the others', () => {
    const point = (hex: Hex) => secp256k1.Point.fromBytes(fromHex(hex));
    const [a, b, c] = [one, two, three].map((each) => point(each.own!.commitments[0]!));
    const rogue = toHex(c!.subtract(a!).subtract(b!).toBytes(true));
    // The control: without proofs the sum would be a key that the third dealer knows alone.
    const sum = a!.add(b!).add(point(rogue));
    assert.equal(toHex(sum.toBytes(true)), three.own!.commitments[0]);
    const forged = { ...three.own!, commitments: [rogue, three.own!.commitments[1]!] };
    assert.deepEqual([...deal(1).judge(packages(forged)).keys()], [3]);
  });

  it('do not hold when they are copied from another dealer', () => {
    assert.deepEqual([...deal(1).judge(packages(two.own!)).keys()], [3]);
  });
});

describe('messages of a ceremony', () => {
  it('do not hold in another session, though the library would take them', () => {
    const options = { threshold: 2, holders: [1, 2] };
    // The control: proofs of knowledge carry no session, so a package of any day is valid.
    const old = dealFresh({ ...options, index: 2, random: randomOf('yesterday') });
    const today = dealFresh({ ...options, index: 1, random: randomOf('today') });
    assert.equal(
      today.judge(
        new Map([
          [1, today.own!],
          [2, old.own!],
        ]),
      ).size,
      0,
    );
    const world = new World('replayed', 2, 3);
    world.generate();
    // That a party has forgotten all is left to the transport, which refuses what is old: a plan,
    // or a certificate that a quorum tells, would be believed here.
    const isInside = (type: string) => !['propose', 'certified'].includes(type);
    const first = world.wire.filter(({ envelope }) => isInside(envelope.type));
    const key = world.node('ann').disk.active!.certificate.groupKey;
    // Everybody forgets everything; the relay plays the first ceremony again beside the second.
    for (const { name } of world.roster.parties) {
      world.kill(name);
      world.node(name).disk = noRecords;
    }
    world.run(2_000);
    world.start();
    for (let i = 0; i < 30; i++) {
      for (const { envelope, to } of first) world.post(envelope, to);
      world.run(300);
    }
    assert.ok(world.run(60_000, () => world.isAt(1)));
    assert.notEqual(world.node('ann').disk.active!.certificate.groupKey, key);
    assert.ok(['ann', 'bob', 'cid'].every((name) => world.blamed(name).length === 0));
  });

  it('do nothing when they come again', () => {
    const world = new World('twice', 2, 3, { loss: 0, duplicate: 1000, delayMsMax: 300 });
    world.generate();
    assert.deepEqual(
      ['ann', 'bob', 'cid'].flatMap((name) => world.blamed(name)),
      [],
    );
  });

  it('do nothing in another name', () => {
    const world = new World('forged', 2, 3);
    const [bob, cid] = [world.node('bob'), world.node('cid')];
    let forged = 0;
    cid.lie = (message) => {
      const isOurs = ['commit', 'verdict', 'confirm', 'life'].includes(message.type);
      if (isOurs) {
        // Bob's name, cid's key: as the words of a thief of the wire.
        const header = { ...headerOf(message, bob.key, ++forged), to: everyone } as const;
        const whole = { ...header, payload: JSON.stringify(message.body) };
        const signature = world.signatureOf(cid.key, signedBytes(whole));
        world.post({ ...whole, signature } as Envelope, message.to);
      }
      return [message];
    };
    world.generate();
    assert.ok(forged > 0);
    assert.deepEqual(world.blamed('ann'), []);
  });

  it('prove an equivocation to anybody, and nothing else', () => {
    const world = new World('proof', 2, 3);
    world.node('cid').lie = (message) => {
      if (message.type !== 'commit') return [message];
      const { commitments } = message.body as { commitments: Hex[] };
      const changed = { ...(message.body as object), commitments: [...commitments].reverse() };
      return [
        { ...message, to: message.to.slice(0, 1) },
        { ...message, to: message.to.slice(1), body: changed },
      ];
    };
    world.generate();
    const event = world.node('ann').events.find((each) => each.type === 'blame');
    assert.ok(event?.type === 'blame' && event.blame.proof !== undefined);
    const [a, b] = event.blame.proof as [Envelope, Envelope];
    const verify = (envelope: Envelope) => world.isSigned(envelope);
    assert.equal(isEquivocation(a, b, verify), true);
    assert.equal(isEquivocation(a, a, verify), false);
    assert.equal(isEquivocation(a, { ...b, sid: turn(b.sid) }, verify), false);
    assert.equal(isEquivocation(a, { ...b, payload: `${b.payload} ` }, verify), false);
  });
});

describe('old and new shares', () => {
  it('do not mix', () => {
    const world = new World('mixed', 2, 3);
    world.generate();
    const old = ['ann', 'bob', 'cid'].map((name) => keyOf(world, name));
    world.reshare('ann', world.roster);
    assert.ok(world.run(60_000, () => world.isAt(2)));
    const fresh = ['ann', 'bob', 'cid'].map((name) => keyOf(world, name));
    const combine = (a: (typeof old)[0], b: (typeof old)[0]) =>
      toHex(
        secp256k1.getPublicKey(
          frost.combineSecret([frostSecret(a), frostSecret(b)], { min: 2, max: 3 }),
          true,
        ),
      );
    const key = groupKeyOf(old[0]!.keys);
    assert.equal(groupKeyOf(fresh[0]!.keys), key);
    assert.notEqual(combine(old[0]!, fresh[1]!), key);
    assert.equal(combine(old[0]!, old[1]!), key);
    assert.equal(combine(fresh[0]!, fresh[1]!), key);
    // Retired shares are gone from every disk.
    for (const name of ['ann', 'bob', 'cid']) {
      assert.doesNotMatch(
        JSON.stringify(world.node(name).disk),
        new RegExp(old[0]!.share.slice(2)),
      );
      assert.equal(world.node(name).disk.pending.length, 0);
    }
  });

  it('are dealt only from the weighted public share', () => {
    const key = keyOf(ready, 'ann');
    const dealing = (quorum: number[]) =>
      dealAgain({
        threshold: 2,
        holders: [1, 2, 3],
        index: 1,
        random: randomOf('again'),
        dealers: quorum,
        old: key.keys,
        oldShare: key,
      });
    const honest = dealing([1, 2, 3]);
    assert.equal(honest.judge(new Map([[1, honest.own!]])).size, 0);
    // Weighted for another quorum: a valid share of nothing.
    assert.notDeepEqual(weighShare([1, 2, 3], key), weighShare([1, 2, 4], key));
    assert.deepEqual(
      [
        ...dealing([1, 2, 4])
          .judge(new Map([[1, honest.own!]]))
          .keys(),
      ],
      [1],
    );
    assert.equal(honest.judge(new Map([[2, honest.own!]])).size, 1);
  });

  it('survive that two of five are killed during a refresh', () => {
    for (const phase of ['deal', 'life']) {
      const world = new World(`killed ${phase}`, 3, 5);
      world.generate();
      const key = groupKeyOf(keyOf(world, 'ann').keys);
      world.reshare('ann', world.roster);
      world.run(20_000, () => world.node('ann').committee!.attempt?.phase === phase);
      world.kill('dan');
      world.kill('eve');
      world.run(60_000, () => world.node('ann').committee!.goal === undefined);
      const signature = world.sign('bob', 'still here');
      assert.ok(signature, `${phase}: no signature`);
      assert.ok(verifySignature(key, fromHex(text('still here')), signature));
      world.wake('dan');
      world.wake('eve');
      world.run(20_000);
      assert.ok(world.sign('eve', 'all here'), `${phase}: not after the return`);
      world.kill('bob');
      world.kill('cid');
      assert.ok(world.sign('ann', 'with the returned'), `${phase}: the returned hold nothing`);
      // The control: of three that are needed, each is.
      world.kill('dan');
      assert.equal(world.sign('ann', 'by two'), undefined, `${phase}: two sign`);
    }
  });
});

describe('the number of an attempt', () => {
  for (const attempt of [2 ** 40, 2 ** 48 - 1]) {
    it(`is not spent by a proposal of number ${attempt}`, () => {
      const world = new World(`spent ${attempt}`, 2, 3);
      const [ann, bob, cid] = ['ann', 'bob', 'cid'].map((name) => world.node(name));
      bob!.lie = () => [];
      world.start();
      // Nobody is in an attempt when it comes, so that nothing but its number speaks against it.
      const isIdle = () => ann!.committee!.failures > 0 && !cid!.committee!.attempt;
      assert.ok(world.run(20_000, isIdle));
      const [holders, nonce] = [world.roster.parties.map(({ key }) => key), turn(bob!.key)];
      const plan = {
        ...{ kind: 'generate' as const, gen: 1, attempt, leader: bob!.key, nonce },
        ...{ roster: world.roster, dealers: holders, holders },
      };
      const to = [ann!.key, cid!.key];
      const said = { gen: 1, type: 'propose' as const, to, isPrivate: false };
      for (let i = 0; i < 9; i++) {
        const other = { ...plan, nonce: toHex(randomOf(`nonce ${i}`)(32)) };
        const sid = planHash(other);
        world.post(world.envelope({ ...said, sid, body: { plan: other } }, bob!.key), to);
      }
      assert.ok(
        world.run(120_000, () => world.isAt(1)),
        'no attempt follows it',
      );
      assert.ok(ann!.disk.active!.certificate.attempt < 2_000_000);
    });
  }
});

describe('a roster', () => {
  it('is not dealt to before the operators of the dealers have agreed', () => {
    const world = new World('sybil', 2, 3);
    world.generate();
    const stranger = {
      name: 'mal',
      key: turn(world.node('ann').key),
      seal: turn(world.node('ann').key),
    };
    const parties = [world.roster.parties[2]!, stranger];
    world.reshare('cid', { ...world.roster, parties }, 2);
    world.run(30_000);
    assert.ok(world.node('ann').disk.active!.certificate.gen === 1);
    const declined = world.node('cid').events.filter((each) => each.type === 'declined');
    assert.ok(declined.some((each) => each.reason.code === 'RosterUnapproved'));
    // The control: the same roster is dealt to when those who deal have agreed to it.
    world.add(stranger);
    world.node('mal').disk = { ...noRecords, active: active(world, 'ann') };
    world.wake('mal');
    const next = { ...world.roster, parties };
    for (const name of ['ann', 'bob', 'cid', 'mal']) {
      const node = world.node(name);
      world.apply(node, approve(node.committee!, rosterHash(next), world.now));
    }
    world.run(60_000, () => world.node('cid').committee!.goal === undefined);
    if (world.gen('mal') < 2) world.reshare('cid', next, 2);
    assert.ok(world.run(60_000, () => world.gen('mal') === 2));
    assert.ok(keyOf(world, 'mal'));
  });

  it('is dealt to without the party that leaves it: nobody waits for one that is lost', () => {
    const world = new World('lost', 3, 5);
    world.generate();
    // The first in the order of dealers.
    world.kill('ann');
    const [, ...rest] = world.roster.parties;
    const next = { ...world.roster, parties: rest };
    for (const { name } of rest) {
      const node = world.node(name);
      world.apply(node, approve(node.committee!, rosterHash(next), world.now));
    }
    world.reshare('cid', next);
    const isDone = () =>
      rest.every(({ name }) => world.node(name).disk.active!.certificate.gen === 2);
    assert.ok(world.run(60_000, isDone));
    const failed = world.node('cid').events.filter(({ type }) => type === 'failed');
    assert.deepEqual(failed, [], 'an attempt waited for the dead');
    assert.ok(world.sign('bob', 'without ann'));
  });

  it('is not shortened by a leader who says that a party is gone', () => {
    const world = new World('shortened', 2, 4);
    world.start();
    const { committee } = world.node('ann');
    for (const name of ['cid', 'dan']) committee!.scores.set(world.node(name).key, 1);
    world.apply(world.node('ann'), pass(committee!, world.now));
    assert.ok(world.run(60_000, () => world.isAt(1)));
    assert.equal(world.node('bob').disk.active!.certificate.holders.length, 4);
    // The control: a party that is gone is left out.
    const other = new World('shorter', 2, 4);
    other.start();
    other.kill('dan');
    assert.ok(other.run(60_000, () => other.isAt(1)));
    assert.deepEqual(other.node('bob').disk.active!.certificate.holders, [1, 2, 3]);
  });
});
