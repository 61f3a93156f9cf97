import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { verifySignature } from '@holdfast/quorum';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  frost,
  frostCommitments,
  frostPublic,
  frostSecret,
  isPoint,
  type KeyShare,
} from '../src/suite.ts';
import { turn } from './world.ts';

const path = new URL('./vectors/frost-secp256k1.json', import.meta.url);
const vector = JSON.parse(readFileSync(path, 'utf8'));
const hex = (text: string): Hex => `0x${text}`;
const message = fromHex(hex(vector.message));

/** The committee of the vector: public shares come from the secret ones. */
const keys = {
  threshold: vector.threshold as number,
  // Threshold 2: share(2) - share(1) is the second coefficient.
  commitments: [hex(vector.groupKey), difference(vector.shares[2], vector.shares[1])],
  holders: Object.fromEntries(
    Object.entries(vector.shares as Record<number, string>).map(([index, share]) => [
      Number(index),
      toHex(secp256k1.getPublicKey(fromHex(hex(share)), true)),
    ]),
  ),
};

function difference(a: string, b: string): Hex {
  const point = (text: string) => secp256k1.Point.BASE.multiply(BigInt(`0x${text}`));
  return toHex(point(a).subtract(point(b)).toBytes(true));
}

const keyOf = (index: number): KeyShare => ({ index, share: hex(vector.shares[index]), keys });

describe('FROST(secp256k1, SHA-256) of RFC 9591', () => {
  const made = vector.signers.map((each: Record<string, string> & { index: number }) => {
    const random = [each.hidingRandom!, each.bindingRandom!].map((text) => fromHex(hex(text)));
    return frost.commit(frostSecret(keyOf(each.index)), () => random.shift() as never);
  });
  const pairs = new Map(
    vector.signers.map((each: { index: number; hiding: string; binding: string }) => [
      each.index,
      { hiding: hex(each.hiding), binding: hex(each.binding) },
    ]),
  ) as Parameters<typeof frostCommitments>[0];

  it('derives nonces and their commitments', () => {
    vector.signers.forEach((each: Record<string, string>, i: number) => {
      assert.equal(toHex(made[i].nonces.hiding), hex(each.hidingNonce!));
      assert.equal(toHex(made[i].nonces.binding), hex(each.bindingNonce!));
      assert.equal(toHex(made[i].commitments.hiding), hex(each.hiding!));
      assert.equal(toHex(made[i].commitments.binding), hex(each.binding!));
    });
  });

  it('makes signature shares and their sum', () => {
    const list = frostCommitments(pairs);
    const partials: Record<string, Uint8Array> = {};
    vector.signers.forEach((each: { index: number; partial: string }, i: number) => {
      const secret = frostSecret(keyOf(each.index));
      const partial = frost.signShare(secret, frostPublic(keys), made[i].nonces, list, message);
      assert.equal(toHex(partial), hex(each.partial));
      partials[secret.identifier] = partial;
    });
    const signature = toHex(frost.aggregate(frostPublic(keys), list, message, partials));
    assert.equal(signature, hex(vector.signature));
  });

  it('verifies the signature and nothing near it', () => {
    const [key, good] = [hex(vector.groupKey), hex(vector.signature)];
    assert.equal(verifySignature(key, message, good), true);
    assert.equal(verifySignature(key, fromHex('0x74657375'), good), false);
    assert.equal(verifySignature(key, message, turn(good)), false);
    assert.equal(verifySignature(turn(key), message, good), false);
    for (const short of ['0x', good.slice(0, -2), `${good}00`]) {
      assert.equal(verifySignature(key, message, short as Hex), false, short);
    }
  });

  it('refuses encodings at the edge', () => {
    const [key, good] = [hex(vector.groupKey), hex(vector.signature)];
    const { n, p } = secp256k1.Point.CURVE();
    const z = BigInt(`0x${good.slice(68)}`);
    const word = (value: bigint) => value.toString(16).padStart(64, '0');
    const edges = {
      'z plus the order': good.slice(0, 68) + word((z + n) % (1n << 256n)),
      'z is the order': good.slice(0, 68) + word(n),
      'z is zero': good.slice(0, 68) + word(0n),
      'R with the other parity': `0x03${good.slice(4)}`,
      'R is zero': `0x02${word(0n)}${good.slice(68)}`,
      'R beyond the field': `0x02${word(p + 1n)}${good.slice(68)}`,
      'R uncompressed': `0x04${good.slice(4, 68)}${word(1n)}${good.slice(68)}`,
    };
    for (const [name, text] of Object.entries(edges)) {
      assert.equal(verifySignature(key, message, text as Hex), false, name);
    }
    assert.equal(isPoint(key), true);
    for (const bad of [`0x02${word(p)}`, `0x05${key.slice(4)}`, `0x00${word(0n)}`, '0x00']) {
      assert.equal(isPoint(bad as Hex), false, bad);
    }
  });
});
