import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { verifySignature } from '@holdfast/quorum';
import { concatBytes, fromHex, type Hex, toHex } from '@holdfast/units';
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { createSigner } from '../src/signer.ts';
import {
  frost,
  frostPublic,
  frostSecret,
  groupKeyOf,
  identifierOf,
  type NoncePair,
} from '../src/suite.ts';
import { randomOf, World } from './world.ts';

/**
 * The attack of Benhamouda, Lepoint, Loss, Orrù and Raykova (2020/945) with one session per bit:
 * whoever opens 256 sessions at once and picks its own nonces last can make the signer's answers
 * add up to a signature that was never asked for.
 */
const { Point } = secp256k1;
const Fn = Point.Fn;
const sessions = 256;
const name = 'FROST-secp256k1-SHA256-v1';
const utf8 = (text: string) => new TextEncoder().encode(text);
const scalar = (use: string, bytes: Uint8Array) =>
  secp256k1_hasher.hashToScalar(bytes, { DST: utf8(name + use) });
const bytesOf = (point: InstanceType<typeof Point>) => point.toBytes(true);

const world = new World('ros', 2, 3);
world.generate();
const keyOf = (who: string) => world.node(who).disk.active!.key!;
const victim = keyOf('ann');
const groupKey = fromHex(groupKeyOf(victim.keys));
const challenge = (R: Uint8Array, message: Uint8Array) =>
  scalar('chal', concatBytes(R, groupKey, message));

/** λ of parties 1 and 2 that sign together: x2/(x2 - x1), x1/(x1 - x2). */
const [ofVictim, ofThief] = [2n, Fn.neg(1n)];
const stolen = Fn.mul(ofThief, Fn.fromBytes(fromHex(keyOf('bob').share)));
const forgedMessage = utf8('everything to bob');
const random = randomOf('ros');
const randomScalar = () => Fn.fromBytes(frost.utils.randomScalar((n = 32) => random(n)));

/** Two answers that the thief could ask for in one session. */
type Choice = { readonly c: readonly [bigint, bigint] };

/** The weights of the answers, and the point that the forgery commits to. */
function weigh(choices: readonly Choice[], nonces: readonly InstanceType<typeof Point>[]) {
  const weights = choices.map(({ c }, i) => Fn.div(Fn.create(1n << BigInt(i)), Fn.sub(c[1], c[0])));
  const R = bytesOf(mulAddUnsafe(Point, [...nonces], weights));
  const c = challenge(R, forgedMessage);
  const base = choices.reduce((sum, each, i) => Fn.add(sum, Fn.mul(weights[i]!, each.c[0])), 0n);
  const rest = Fn.sub(c, base);
  const bits = choices.map((_, i) => Number((rest >> BigInt(i)) & 1n) as 0 | 1);
  return { weights, R, c, bits };
}

function forge(R: Uint8Array, c: bigint, weights: bigint[], answers: bigint[]): boolean {
  const sum = answers.reduce((all, each, i) => Fn.add(all, Fn.mul(weights[i]!, each)), 0n);
  const z = Fn.toBytes(Fn.add(sum, Fn.mul(c, stolen)));
  const signature = toHex(concatBytes(R, z));
  return verifySignature(toHex(groupKey), forgedMessage, signature);
}

describe(`${sessions} sessions at once`, () => {
  it('forge a signature of naive threshold Schnorr', () => {
    const secret = Fn.mul(ofVictim, Fn.fromBytes(fromHex(victim.share)));
    const nonces = Array.from({ length: sessions }, randomScalar);
    const points = nonces.map((each) => Point.BASE.multiply(each));
    // The thief adds nothing to the nonce; two messages give two challenges.
    const choices = points.map((R, i): Choice => {
      const of = (b: number) => challenge(bytesOf(R), utf8(`harmless ${i} ${b}`));
      return { c: [of(0), of(1)] };
    });
    const { weights, R, c, bits } = weigh(choices, points);
    const answers = nonces.map((r, i) => Fn.add(r, Fn.mul(choices[i]!.c[bits[i]!]!, secret)));
    assert.equal(forge(R, c, weights, answers), true);
  });

  it('forge nothing here, where a nonce depends on the message', () => {
    const signer = createSigner({ share: victim, gen: 1, random, judge: () => undefined });
    const thief = frostSecret(keyOf('bob'));
    const own = frost.commit(thief, (n = 32) => random(n)).commitments;
    const bob: NoncePair = { hiding: toHex(own.hiding), binding: toHex(own.binding) };
    const made = Array.from({ length: sessions }, () =>
      frost.commit(frostSecret(signer.share), (n = 32) => random(n)),
    );
    const pairs = made.map(({ commitments }) => ({
      hiding: toHex(commitments.hiding),
      binding: toHex(commitments.binding),
    }));
    const messageOf = (i: number, b: number) => utf8(`harmless ${i} ${b}`);
    const effective = pairs.map((pair, i) => [0, 1].map((b) => bind(pair, bob, messageOf(i, b))));
    const choices = effective.map((both, i): Choice => {
      const of = (b: number) => challenge(bytesOf(both[b]!.group), messageOf(i, b));
      return { c: [of(0), of(1)] };
    });
    // The bits choose the messages, these the nonces, these the bits: the thief can only guess.
    const guess = effective.map((both) => both[0]!.victim);
    const { weights, R, c, bits } = weigh(choices, guess);
    const keys = frostPublic(victim.keys);
    const answers = made.map(({ nonces, commitments }, i) => {
      const list = [commitments, { ...own, identifier: identifierOf(2) }];
      const message = messageOf(i, bits[i]!);
      return Fn.fromBytes(frost.signShare(frostSecret(victim), keys, nonces, list, message));
    });
    // The control: each answer is what its own session promised.
    const at = (bits[0] ?? 0) as number;
    const promised = effective[0]![at]!.victim.add(
      Point.fromBytes(fromHex(victim.keys.holders[1]!)).multiply(
        Fn.mul(ofVictim, choices[0]!.c[at]!),
      ),
    );
    assert.ok(Point.BASE.multiply(answers[0]!).equals(promised));
    assert.equal(forge(R, c, weights, answers), false);
  });
});

/** The nonces that count, by RFC 9591, 4.4 and 4.5. */
function bind(ann: NoncePair, bob: NoncePair, message: Uint8Array) {
  const pairs = [ann, bob];
  const sha = (use: string, bytes: Uint8Array) =>
    new Uint8Array(
      createHash('sha256')
        .update(utf8(name + use))
        .update(bytes)
        .digest(),
    );
  const id = (index: number) => Fn.toBytes(BigInt(index));
  const encoded = concatBytes(
    ...pairs.flatMap((pair, i) => [id(i + 1), fromHex(pair.hiding), fromHex(pair.binding)]),
  );
  const prefix = concatBytes(groupKey, sha('msg', message), sha('com', encoded));
  const points = pairs.map((pair, i) => {
    const factor = scalar('rho', concatBytes(prefix, id(i + 1)));
    const hex = (text: Hex) => Point.fromBytes(fromHex(text));
    return hex(pair.hiding).add(hex(pair.binding).multiplyUnsafe(factor));
  });
  return { victim: points[0]!, group: points[0]!.add(points[1]!) };
}
