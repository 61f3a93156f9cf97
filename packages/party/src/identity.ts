/** A party's two keys: one that signs its envelopes, one to which its secrets are sealed. */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { type Envelope, signedBytes } from '@holdfast/quorum';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { z } from 'zod';

type Curve = 'Ed25519' | 'X25519';

const key32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);

/** Secret and public halves, 32 bytes each. */
export const keyPairSchema = z.strictObject({ secret: key32, public: key32 });
export type KeyPair = z.output<typeof keyPairSchema>;

export const identitySchema = z.strictObject({ sign: keyPairSchema, seal: keyPairSchema });
/** Secrets of a party besides its key share. Only the vault writes them down. */
export type Identity = z.output<typeof identitySchema>;

const base64 = (hex: Hex): string => Buffer.from(fromHex(hex)).toString('base64url');
const hexOf = (text: string | undefined): Hex => toHex(Buffer.from(text ?? '', 'base64url'));

/** A fresh pair from the system's source of randomness. */
export function makeKeyPair(curve: Curve): KeyPair {
  const { privateKey } =
    curve === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  const jwk = privateKey.export({ format: 'jwk' });
  return { secret: hexOf(jwk.d), public: hexOf(jwk.x) };
}

export const makeIdentity = (): Identity => ({
  sign: makeKeyPair('Ed25519'),
  seal: makeKeyPair('X25519'),
});

function secretKey(curve: Curve, pair: KeyPair): KeyObject {
  const jwk = { kty: 'OKP', crv: curve, d: base64(pair.secret), x: base64(pair.public) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

const publicKeys = new Map<string, KeyObject>();
const publicKeysMax = 256;

function publicKey(curve: Curve, key: Hex): KeyObject {
  const name = `${curve} ${key}`;
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const made = createPublicKey({
    key: { kty: 'OKP', crv: curve, x: base64(key) },
    format: 'jwk',
  });
  if (publicKeys.size >= publicKeysMax) publicKeys.clear();
  publicKeys.set(name, made);
  return made;
}

/** Signs with Ed25519. 64 bytes. */
export function signWith(pair: KeyPair): (bytes: Uint8Array) => Hex {
  const key = secretKey('Ed25519', pair);
  return (bytes) => toHex(signBytes(null, bytes, key));
}

/** Whether a signature is the key's; false for keys that are none. */
export function isSignedBy(key: Hex, bytes: Uint8Array, signature: Hex): boolean {
  try {
    return verifyBytes(null, bytes, publicKey('Ed25519', key), fromHex(signature));
  } catch {
    return false;
  }
}

/** Whether an envelope is its sender's. */
export const isEnvelopeSigned = (envelope: Envelope): boolean =>
  isSignedBy(envelope.from, signedBytes(envelope), envelope.signature);

/** X25519 of our secret and another's public key. 32 bytes. @throws Error for keys of low order */
export function agreeOn(pair: KeyPair, other: Hex): Uint8Array {
  return diffieHellman({
    privateKey: secretKey('X25519', pair),
    publicKey: publicKey('X25519', other),
  });
}
