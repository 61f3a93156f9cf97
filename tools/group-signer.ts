/**
 * Signs as a whole committee does, with a secret in one place and a nonce of the caller's choice:
 * the same on every run, and one hash when the nonce is known. For measuring and for models only.
 */
import { concatBytes, fromHex, keccak256, toHex } from '@holdfast/units';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';

const { Point } = secp256k1;
const { Fn } = Point;
const DST = 'FROST-secp256k1-SHA256-v1chal';

/** A secret number with its point. */
export type Secret = {
  readonly secret: bigint;
  readonly x: bigint;
  readonly y: bigint;
  readonly compressed: Uint8Array;
};

/** A group signature; `bytes` are the 65 of RFC 9591. */
export type Signed = {
  readonly rx: bigint;
  readonly ry: bigint;
  readonly z: bigint;
  readonly bytes: Uint8Array;
};

/** @param secret from 1 to the order less one, or 32 bytes that are taken modulo the order */
export function secretOf(secret: bigint | Uint8Array): Secret {
  const number = typeof secret === 'bigint' ? secret : Fn.create(BigInt(toHex(secret)));
  const point = Point.BASE.multiply(number);
  return { secret: number, ...point.toAffine(), compressed: point.toBytes(true) };
}

/** @param nonce by default one that follows from the digest */
export function signGroup(
  key: Secret,
  digest: Uint8Array,
  nonce = secretOf(keccak256(concatBytes(key.compressed, digest))),
): Signed {
  const message = concatBytes(nonce.compressed, key.compressed, digest);
  const challenge = secp256k1_hasher.hashToScalar(message, { DST });
  const z = Fn.add(nonce.secret, Fn.mul(challenge, key.secret));
  const last = fromHex(`0x${z.toString(16).padStart(64, '0')}`);
  return { rx: nonce.x, ry: nonce.y, z, bytes: concatBytes(nonce.compressed, last) };
}
