import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWire, envelopeAgeMsMax, type Identity, makeIdentity } from '@holdfast/party';
import { type Envelope, everyone, type Outgoing, signedBytes } from '@holdfast/quorum';
import { type Hex, isRejection } from '@holdfast/units';
import { signWith } from '../src/identity.ts';
import { open, seal } from '../src/seal.ts';

const [ann, bob, mal] = [makeIdentity(), makeIdentity(), makeIdentity()];
const known = new Map([ann, bob].map((each) => [each.sign.public, each.seal.public]));
const clock = { now: 1_800_000_000_000 };
const wireOf = (identity: Identity) =>
  createWire({ identity, sealKeyOf: (key) => known.get(key), now: () => clock.now });

const share: Hex = `0x${'ab'.repeat(32)}`;
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  sid: `0x${'01'.repeat(32)}`,
  gen: 1,
  type: 'ask',
  to: [bob.sign.public],
  isPrivate: false,
  body: { message: '0x12' },
  ...fields,
});
const dealt = message({ type: 'deal', isPrivate: true, body: { attempt: share, share } });

const codeOf = (value: unknown): string => (isRejection(value) ? value.code : 'taken');

/** An envelope of ann's, changed, and signed again by whom you say. */
function changed(text: string, fields: Partial<Envelope>, signer?: Identity): string {
  const envelope = { ...(JSON.parse(text) as Envelope), ...fields };
  if (signer === undefined) return JSON.stringify(envelope);
  return JSON.stringify({ ...envelope, signature: signWith(signer.sign)(signedBytes(envelope)) });
}

describe('an envelope', () => {
  it('brings a message to its receiver', () => {
    const { to, text } = wireOf(ann).encode(message());
    assert.deepEqual(to, [bob.sign.public]);
    const taken = wireOf(bob).decode(text);
    assert.ok(!isRejection(taken));
    assert.deepEqual(taken.body, { message: '0x12' });
    assert.equal(taken.from, ann.sign.public);
  });

  it('is taken once', () => {
    const receiver = wireOf(bob);
    const { text } = wireOf(ann).encode(message());
    assert.equal(codeOf(receiver.decode(text)), 'taken');
    assert.equal(codeOf(receiver.decode(text)), 'EnvelopeRepeated');
  });

  it('is refused when it is old, or of tomorrow', () => {
    const { text } = wireOf(ann).encode(message());
    const receiver = wireOf(bob);
    clock.now += envelopeAgeMsMax + 1;
    assert.equal(codeOf(receiver.decode(text)), 'EnvelopeStale');
    const late = wireOf(ann).encode(message()).text;
    clock.now -= envelopeAgeMsMax + 1;
    assert.equal(codeOf(receiver.decode(late)), 'EnvelopeStale');
  });

  it('is refused in every field that was changed', () => {
    const { text } = wireOf(ann).encode(message());
    const fields: Partial<Envelope>[] = [
      { sid: `0x${'02'.repeat(32)}` },
      { gen: 2 },
      { type: 'package' },
      { to: everyone },
      { seq: clock.now + 7 },
      { payload: '{"message":"0x13"}' },
      { signature: `0x${'00'.repeat(64)}` },
    ];
    for (const field of fields) {
      assert.equal(codeOf(wireOf(bob).decode(changed(text, field))), 'SignatureWrong');
    }
    for (const field of [{ v: 2 }, { suite: 'other' }, { extra: 1 }, { payload: 7 }]) {
      const bad = changed(text, field as never);
      assert.equal(codeOf(wireOf(bob).decode(bad)), 'EnvelopeMalformed');
    }
    assert.equal(codeOf(wireOf(bob).decode('{')), 'EnvelopeMalformed');
  });

  it('is refused in another name, from a stranger, and for another party', () => {
    const { text } = wireOf(ann).encode(message());
    assert.equal(codeOf(wireOf(bob).decode(changed(text, {}, mal))), 'SignatureWrong');
    const own = changed(text, { from: mal.sign.public }, mal);
    assert.equal(codeOf(wireOf(bob).decode(own)), 'SenderUnknown');
    assert.equal(codeOf(wireOf(ann).decode(text)), 'ReceiverWrong');
    const mirrored = changed(text, { from: bob.sign.public }, ann);
    assert.equal(codeOf(wireOf(bob).decode(mirrored)), 'SenderUnknown');
  });
});

describe('a share on the way', () => {
  it('is seen by its receiver alone', () => {
    const { text } = wireOf(ann).encode(dealt);
    assert.ok(!text.includes(share.slice(2)));
    const taken = wireOf(bob).decode(text);
    assert.ok(!isRejection(taken));
    assert.deepEqual(taken.body, dealt.body);
  });

  it('is bound to its header, even by the sender', () => {
    const { text } = wireOf(ann).encode(dealt);
    const moved = changed(text, { sid: `0x${'02'.repeat(32)}` }, ann);
    assert.equal(codeOf(wireOf(bob).decode(moved)), 'SealWrong');
    const { payload } = JSON.parse(text) as Envelope;
    const turned = payload.slice(0, -1) + (payload.endsWith('0') ? '1' : '0');
    const spoilt = changed(text, { payload: turned }, ann);
    assert.equal(codeOf(wireOf(bob).decode(spoilt)), 'SealWrong');
  });

  it('is not taken in the open', () => {
    const { text } = wireOf(ann).encode({ ...dealt, isPrivate: false });
    assert.equal(codeOf(wireOf(bob).decode(text)), 'SealWrong');
  });

  it('is sealed anew each time', () => {
    const header = new Uint8Array([1, 2, 3]);
    const [a, b] = [1, 2].map(() => seal(bob.seal.public, header, 'secret'));
    assert.notEqual(a, b);
    assert.equal(open(bob.seal, header, a!), 'secret');
    assert.equal(open(ann.seal, header, a!), undefined);
    assert.equal(open(bob.seal, new Uint8Array([1, 2, 4]), a!), undefined);
    assert.equal(open(bob.seal, header, '0x00'), undefined);
    assert.throws(() => seal(`0x${'00'.repeat(32)}`, header, 'secret'), 'a key of low order');
  });
});
