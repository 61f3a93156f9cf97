import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { examining, groupKeyOf, type Outgoing, sign, take } from '@holdfast/quorum';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { answer, createSigner, type Signer } from '../src/signer.ts';
import { frost, frostCommitments, frostPublic, frostSecret } from '../src/suite.ts';
import { type Node, randomOf, turn, World } from './world.ts';

const text = (words: string): Hex => toHex(new TextEncoder().encode(words));
const keyOf = (world: World, name: string) => world.node(name).disk.active!.key!;

/** A world with a key, made once for the tests that only read it. */
const ready = new World('ready', 3, 5);
ready.generate();

/** What a party says to one message, in `ready`. */
function ask(node: Node, from: Node, message: Partial<Outgoing>): Outgoing[] {
  const whole: Outgoing = {
    sid: `0x${'42'.repeat(32)}`,
    gen: 1,
    type: 'ask',
    to: [node.key],
    isPrivate: false,
    body: {},
    ...message,
  };
  const envelope = ready.envelope(whole, from.key);
  const { payload, signature: _, ...header } = envelope;
  const incoming = { ...header, body: JSON.parse(payload), envelope };
  return [...take(node.committee!, incoming, ready.now).send];
}

const codeOf = (said: Outgoing[]): string =>
  (said[0]?.body as { reason?: { code: string } })?.reason?.code ?? said[0]?.type ?? 'nothing';

describe('a signature', () => {
  it('needs the threshold', () => {
    const { keys } = keyOf(ready, 'ann');
    const few = ['ann', 'bob'].map((name) => frostSecret(keyOf(ready, name)));
    const secret = frost.combineSecret(few, { min: 2, max: 5 });
    const wrong = toHex(secp256k1.getPublicKey(secret, true));
    assert.notEqual(wrong, groupKeyOf(keys));
    // The control: with the threshold of shares the sum is the key itself.
    const enough = [...few, frostSecret(keyOf(ready, 'eve'))];
    const whole = frost.combineSecret(enough, { min: 3, max: 5 });
    assert.equal(toHex(secp256k1.getPublicKey(whole, true)), groupKeyOf(keys));
  });

  it('comes about though a signer lies, and names it', () => {
    const world = new World('bad partial', 2, 3);
    world.generate();
    world.node('bob').lie = (message) => {
      if (message.type !== 'partial') return [message];
      const { partial } = message.body as { partial: Hex };
      return [{ ...message, body: { partial: turn(partial) } }];
    };
    assert.ok(world.sign('ann', 'transfer'));
    assert.deepEqual(world.blamed('ann'), ['bob PartialWrong']);
    world.node('bob').lie = (message) => (message.type === 'nonces' ? [] : [message]);
    assert.ok(world.sign('ann', 'transfer again'));
  });

  it('does not come about under a leader that lies, whom the signers name', () => {
    const lies: Record<string, (message: Outgoing) => Outgoing> = {
      'another message than was asked for': (message) => {
        const body = message.body as object;
        return { ...message, body: { ...body, message: text('all to ann') } };
      },
      'fewer signers than the threshold': (message) => {
        const body = message.body as { signers: unknown[] };
        return { ...message, body: { ...body, signers: body.signers.slice(0, 2) } };
      },
    };
    for (const [name, bend] of Object.entries(lies)) {
      const world = new World(name, 3, 5);
      world.generate();
      world.node('ann').lie = (message) => [message.type === 'package' ? bend(message) : message];
      assert.equal(world.sign('ann', 'one to ann'), undefined, name);
      assert.deepEqual([...new Set(world.blamed('bob'))], ['ann LeadWrong'], name);
      assert.ok(world.sign('bob', 'one to bob'), 'the next leader gets its signature');
      assert.deepEqual(world.blamed('cid').includes('bob LeadWrong'), false);
    }
  });

  it('is refused for a message that was swapped on the way', () => {
    const [ann, bob] = [ready.node('ann'), ready.node('bob')];
    const sid: Hex = `0x${'01'.repeat(32)}`;
    const [nonces] = ask(bob, ann, { sid, body: { message: text('pay ann 1') } });
    const own = (nonces!.body as { nonces: { hiding: Hex; binding: Hex } }).nonces;
    const signers = [1, 2, 3].map((index) => ({ index, nonces: own }));
    const swapped = { message: text('pay ann 1000'), signers };
    const said = ask(bob, ann, { sid, type: 'package', body: swapped });
    assert.equal(codeOf(said), 'MessageSwapped');
    // The control: the message that was asked for is signed in the same session.
    const asked = { message: text('pay ann 1'), signers };
    assert.equal(codeOf(ask(bob, ann, { sid, type: 'package', body: asked })), 'partial');
    const taken = ask(bob, ann, { sid, body: { message: text('pay ann 2') } });
    assert.equal(codeOf(taken), 'SessionTaken');
  });

  it('is refused by a signer whose own judgement says no', () => {
    const [ann, bob] = [ready.node('ann'), ready.node('bob')];
    bob.judge = () => ({ code: 'PolicyRefused', message: 'not this' });
    const sid: Hex = `0x${'02'.repeat(32)}`;
    assert.equal(codeOf(ask(bob, ann, { sid, body: { message: text('no') } })), 'PolicyRefused');
    bob.judge = () => undefined;
    assert.equal(codeOf(ask(bob, ann, { sid, body: { message: text('no') } })), 'nonces');
  });

  it('goes on without a signer that needs time, and blames it for nothing', () => {
    const world = new World('needs time', 2, 3);
    world.generate();
    for (const [code, blamed] of [
      [examining, []],
      ['PolicyRefused', ['bob Abandoned']],
    ] as const) {
      world.node('bob').judge = () => ({ code, message: 'not yet' });
      assert.ok(world.sign('ann', `while ${code}`));
      assert.deepEqual(world.blamed('ann'), blamed);
    }
  });

  it('asks the silent once more where nobody else is left, and then gives up', () => {
    const world = new World('silent once', 3, 3);
    world.generate();
    const silentUntil = (end: number) => {
      world.node('bob').lie = (message) =>
        message.type === 'nonces' && world.now < end ? [] : [message];
    };
    silentUntil(world.now + 2_000);
    assert.ok(world.sign('ann', 'after a while'));
    assert.deepEqual(world.blamed('ann'), ['bob Silent']);
    silentUntil(Number.POSITIVE_INFINITY);
    const began = world.now;
    assert.equal(world.sign('ann', 'never'), undefined);
    assert.ok(world.now - began < 5_000, 'it was waited for until the end');
  });

  it('is refused for strangers, too few, and another generation', () => {
    const [ann, bob] = [ready.node('ann'), ready.node('bob')];
    const message = text('hello');
    const pair = { hiding: groupKeyOf(keyOf(ready, 'ann').keys), binding: '0x' as Hex };
    const nonces = { ...pair, binding: pair.hiding };
    const packageOf = (indexes: number[]) => ({
      type: 'package' as const,
      body: { message, signers: indexes.map((index) => ({ index, nonces })) },
    });
    assert.equal(codeOf(ask(bob, ann, packageOf([1, 2, 9]))), 'SignerUnknown');
    assert.equal(codeOf(ask(bob, ann, packageOf([1, 3, 4]))), 'SignerUnknown');
    assert.equal(codeOf(ask(bob, ann, packageOf([1, 2]))), 'SignersShort');
    assert.equal(codeOf(ask(bob, ann, packageOf([1, 1, 2]))), 'SignerRepeated');
    assert.equal(codeOf(ask(bob, ann, packageOf([1, 2, 3]))), 'NonceUnknown');
    const later = ask(bob, ann, { gen: 2, body: { message } });
    assert.equal(codeOf(later), 'GenerationWrong');
    const stranger = { ...ann, key: turn(ann.key) };
    assert.equal(codeOf(ask(bob, stranger, { body: { message } })), 'nothing');
  });
});

describe('nonces', () => {
  const judge = () => undefined;
  const signerOf = (name: string): Signer =>
    createSigner({ share: keyOf(ready, name), gen: 1, random: randomOf(name), judge });
  const say = (signer: Signer, message: object) =>
    answer(signer, { from: ready.node('eve').key, gen: 1, ...message } as never, ready.now);
  const sid: Hex = `0x${'03'.repeat(32)}`;
  const pairOf = (said: Outgoing | undefined) =>
    (said!.body as { nonces: { hiding: Hex; binding: Hex } }).nonces;

  /** Three signers that have been asked. */
  function asked() {
    const signers = ['ann', 'bob', 'cid'].map(signerOf);
    const message = text('once');
    const pairs = signers.map((each) => pairOf(say(each, { sid, type: 'ask', body: { message } })));
    const list = pairs.map((nonces, i) => ({ index: i + 1, nonces }));
    return { signers, message, list };
  }

  it('sign once, and say the same to whoever asks the same', () => {
    const { signers, message, list } = asked();
    const body = { message, signers: list };
    const first = say(signers[0]!, { sid, type: 'package', body });
    assert.equal(first?.type, 'partial');
    assert.deepEqual(say(signers[0]!, { sid, type: 'package', body }), first);
    // Another set of signers would give another equation in the same secrets.
    const other = {
      message,
      signers: [...list.slice(0, 2), { index: 4, nonces: list[2]!.nonces }],
    };
    const again = say(signers[0]!, { sid, type: 'package', body: other });
    assert.equal(codeOf([again!]), 'NonceUsed');
  });

  it('would give the key share away if they signed twice', () => {
    // The control: two signatures with copied nonces, which the library cannot see.
    const key = keyOf(ready, 'ann');
    const secret = frostSecret(key);
    const made = frost.commit(secret, (n = 32) => randomOf('copied')(n));
    const copy = structuredClone(made.nonces);
    const rest = [2, 3].map((index) => {
      const other = frostSecret(keyOf(ready, index === 2 ? 'bob' : 'cid'));
      const pair = frost.commit(other, (n = 32) => randomOf(`other ${index}`)(n)).commitments;
      return [index, { hiding: toHex(pair.hiding), binding: toHex(pair.binding) }] as const;
    });
    const own = {
      hiding: toHex(made.commitments.hiding),
      binding: toHex(made.commitments.binding),
    };
    const list = frostCommitments(new Map([[1, own], ...rest]));
    const keys = frostPublic(key.keys);
    const a = frost.signShare(secret, keys, made.nonces, list, fromHex(text('a')));
    assert.throws(() => frost.signShare(secret, keys, made.nonces, list, fromHex(text('b'))));
    const b = frost.signShare(secret, keys, copy, list, fromHex(text('b')));
    assert.notDeepEqual(a, b);
  });

  it('die with the process, and with their generation', () => {
    const { signers, message, list } = asked();
    const restarted = signerOf('ann');
    const body = { message, signers: list };
    assert.equal(codeOf([say(restarted, { sid, type: 'package', body })!]), 'NonceUnknown');
    const next = createSigner({ ...signers[0]!, gen: 2 });
    assert.equal(codeOf([say(next, { sid, type: 'package', body })!]), 'GenerationWrong');
  });

  it('given in advance sign in one round, once, for the party that has them', () => {
    const signer = signerOf('ann');
    const pool = say(signer, { sid, type: 'pool', body: { nonces: [] } });
    const [mine] = (pool!.body as { nonces: { hiding: Hex; binding: Hex }[] }).nonces;
    const others = asked().list.slice(1);
    const body = { message: text('fast'), signers: [{ index: 1, nonces: mine! }, ...others] };
    const thief = { sid, type: 'package', body, from: ready.node('bob').key };
    assert.equal(codeOf([say(signer, thief)!]), 'NonceUnknown');
    assert.equal(say(signer, { sid, type: 'package', body })?.type, 'partial');
    const later = { sid: turn(sid), type: 'package', body };
    assert.equal(codeOf([say(signer, later)!]), 'NonceUnknown');
  });

  it('are given anew, but not for ever and not without end', () => {
    const signer = signerOf('ann');
    const eve = ready.node('eve').key;
    const gather = (ms: number) => {
      const asked = { from: eve, gen: 1, sid, type: 'pool', body: { nonces: [] } };
      const said = answer(signer, asked as never, ready.now + ms);
      return (said?.body as { nonces: unknown[] } | undefined)?.nonces.length;
    };
    assert.deepEqual([gather(0), gather(999)], [16, undefined]);
    for (let i = 1; i <= 5; i++) assert.equal(gather(1000 * i), 16);
    assert.equal(signer.pool.size, 32);
    // An answer without nonces would be taken for a request, and two parties would never end.
    for (let i = 0; i < 256; i++) signer.pool.set(`0x${i}`, { coordinator: turn(eve) } as never);
    assert.equal(gather(9000), undefined);
  });
});

describe('a request', () => {
  it('asks nobody but those who are named', () => {
    const ann = ready.node('ann');
    const keys = ready.node('eve').committee!.records.active!.roster.parties.map(({ key }) => key);
    const asked = (among?: number[]) =>
      sign(ann.committee!, fromHex(text('some')), ready.now, among);
    const to = asked([1, 4, 5]).send.flatMap((message) => message.to);
    assert.deepEqual(to, [keys[3], keys[4]]);
    const short = asked([1, 5]);
    assert.deepEqual(short.send, []);
    const [end] = short.events;
    assert.equal(end?.type === 'unsigned' && end.reason.code, 'QuorumShort');
  });

  it('signs the digest of what was judged', () => {
    const judged: Hex[] = [];
    const digest = (message: Uint8Array) => message.subarray(0, 1);
    const signers = ['ann', 'bob', 'cid'].map((name) => {
      const judge = (message: Uint8Array) => void judged.push(toHex(message));
      const share = keyOf(ready, name);
      return createSigner({ share, gen: 1, random: randomOf(`d${name}`), judge, digest });
    });
    const sid: Hex = `0x${'05'.repeat(32)}`;
    const from = ready.node('eve').key;
    const say = (signer: Signer, message: object) =>
      answer(signer, { from, gen: 1, sid, ...message } as never, ready.now)!.body;
    const message = text('whole');
    const list = signers.map((signer, i) => {
      const said = say(signer, { type: 'ask', body: { message } });
      return { index: i + 1, ...(said as { nonces: { hiding: Hex; binding: Hex } }) };
    });
    const said = say(signers[0]!, { type: 'package', body: { message, signers: list } });
    const partial = fromHex((said as { partial: Hex }).partial);
    assert.deepEqual(judged, [message, message, message]);
    const pairs = frostCommitments(new Map(list.map(({ index, nonces }) => [index, nonces])));
    const keys = frostPublic(keyOf(ready, 'ann').keys);
    const holds = (of: Uint8Array) =>
      frost.verifyShare(keys, pairs, of, pairs[0]!.identifier, partial);
    assert.ok(holds(fromHex(message).subarray(0, 1)));
    assert.ok(!holds(fromHex(message)));
  });
});
