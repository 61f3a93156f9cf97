/**
 * FROST(secp256k1, SHA-256) of RFC 9591, as @noble/curves has it, and the few sums of shares and
 * commitments that its resharing-free interface leaves out. Scalars and points are the library's.
 */

import { fromHex, type Hex, toHex } from '@holdfast/units';
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import type { FrostPublic, NonceCommitments } from '@noble/curves/abstract/frost.js';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';

/** Name of the suite, carried by every envelope. */
export const suite = 'FROST-secp256k1-SHA256-v1';

/** Fresh bytes; the caller's, because this package has no source of its own. */
export type Random = (length: number) => Uint8Array;

export const frost = secp256k1_FROST;
const { Point } = secp256k1;
const Fn = frost.utils.Fn;

/** The number of a party as FROST wants it: 1 to n, as 32 bytes in hexadecimal without 0x. */
export function identifierOf(index: number): string {
  return frost.Identifier.fromNumber(index);
}

/** What everybody may know of one generation of a group key. */
export type PublicKeys = {
  readonly threshold: number;
  /** Commitments to the coefficients; the first is the group key. 33 bytes each. */
  readonly commitments: Hex[];
  /** Public part of each holder's key share, by its number in the roster. 33 bytes each. */
  readonly holders: Record<number, Hex>;
};

/** One party's part of one generation. */
export type KeyShare = {
  /** Number of the holder in the roster, from 1. */
  readonly index: number;
  /** 32 bytes. A secret. */
  readonly share: Hex;
  readonly keys: PublicKeys;
};

/** The group key: 33 bytes, compressed. */
export const groupKeyOf = (keys: PublicKeys): Hex => keys.commitments[0] as Hex;

/** The library's form of {@link PublicKeys}. */
export function frostPublic(keys: PublicKeys): FrostPublic {
  const entries = Object.entries(keys.holders);
  return {
    signers: { min: keys.threshold, max: entries.length },
    commitments: keys.commitments.map(fromHex),
    verifyingShares: Object.fromEntries(
      entries.map(([index, point]) => [identifierOf(Number(index)), fromHex(point)]),
    ),
  } as FrostPublic;
}

/** The library's form of a holder's share. */
export function frostSecret(key: KeyShare) {
  return { identifier: identifierOf(key.index), signingShare: fromHex(key.share) };
}

/** Two nonce commitments of one signer, as they go over the wire. 33 bytes each. */
export type NoncePair = { readonly hiding: Hex; readonly binding: Hex };

/** The library's form of a list of nonce commitments, by number of the signer. */
export function frostCommitments(pairs: ReadonlyMap<number, NoncePair>): NonceCommitments[] {
  return [...pairs]
    .sort(([a], [b]) => a - b)
    .map(([index, pair]) => ({
      identifier: identifierOf(index),
      hiding: fromHex(pair.hiding),
      binding: fromHex(pair.binding),
    })) as NonceCommitments[];
}

/** Whether a signature (65 bytes: R compressed, z) is the group key's over the message. */
export function verifySignature(groupKey: Hex, message: Uint8Array, signature: Hex): boolean {
  try {
    return frost.verify(fromHex(signature), message, fromHex(groupKey));
  } catch {
    return false;
  }
}

/** Whether text is a point of the curve, compressed, not the identity. */
export function isPoint(text: Hex): boolean {
  try {
    Point.fromBytes(fromHex(text)).assertValidity();
    return text.length === 68;
  } catch {
    return false;
  }
}

/** Weight of party `index` among `indexes` when their shares are summed at zero (RFC 9591, 4.2). */
function weight(indexes: readonly number[], index: number): bigint {
  let above = Fn.ONE;
  let below = Fn.ONE;
  for (const other of indexes) {
    if (other === index) continue;
    above = Fn.mul(above, BigInt(other));
    below = Fn.mul(below, Fn.sub(BigInt(other), BigInt(index)));
  }
  return Fn.div(above, below);
}

/** λᵢ·sᵢ: what dealer `index` of the quorum `indexes` deals out in a resharing. 32 bytes. */
export function weighShare(indexes: readonly number[], key: KeyShare): Uint8Array {
  return Fn.toBytes(Fn.mul(weight(indexes, key.index), Fn.fromBytes(fromHex(key.share))));
}

/** λᵢ·VSᵢ: what the first commitment of that dealer must be. */
export function weighPublic(indexes: readonly number[], index: number, share: Hex): Hex {
  const point = Point.fromBytes(fromHex(share)).multiplyUnsafe(weight(indexes, index));
  return toHex(point.toBytes(true));
}

/** The share of receiver `index` of a polynomial, lowest coefficient first. 32 bytes. */
export function shareOf(coefficients: readonly bigint[], index: number): Uint8Array {
  let sum = Fn.ZERO;
  for (const coefficient of [...coefficients].reverse()) {
    sum = Fn.add(Fn.mul(sum, BigInt(index)), coefficient);
  }
  return Fn.toBytes(sum);
}

/** Whether a dealt share lies on the dealer's committed polynomial. */
export function isShareOn(commitments: readonly Hex[], index: number, share: Uint8Array): boolean {
  try {
    const keys = { threshold: commitments.length, commitments: [...commitments], holders: {} };
    const max = Math.max(commitments.length, index);
    frost.validateSecret(
      { identifier: identifierOf(index), signingShare: share },
      { ...frostPublic(keys), signers: { min: commitments.length, max } },
    );
    return true;
  } catch {
    return false;
  }
}

/** Sum of shares. 32 bytes. */
export function sumShares(shares: readonly Uint8Array[]): Uint8Array {
  return Fn.toBytes(shares.reduce((sum, share) => Fn.add(sum, Fn.fromBytes(share)), Fn.ZERO));
}

/** Sum of polynomials' commitments, and the public shares that `holders` have of the sum. */
export function sumCommitments(
  polynomials: readonly (readonly Hex[])[],
  holders: readonly number[],
): PublicKeys {
  const threshold = polynomials[0]?.length ?? 0;
  const points = Array.from({ length: threshold }, (_, power) =>
    polynomials.reduce((sum, each) => sum.add(Point.fromBytes(fromHex(each[power]!))), Point.ZERO),
  );
  const at = (index: number): Hex => {
    const powers = points.map((_, power) => Fn.pow(BigInt(index), BigInt(power)));
    return toHex(mulAddUnsafe(Point, points, powers).toBytes(true));
  };
  return {
    threshold,
    commitments: points.map((point) => toHex(point.toBytes(true))),
    holders: Object.fromEntries(holders.map((index) => [index, at(index)])),
  };
}

/** Whether a secret share belongs to the public one beside it. */
export function isShareWhole(key: KeyShare): boolean {
  const point = toHex(secp256k1.getPublicKey(fromHex(key.share), true));
  return key.keys.holders[key.index] === point;
}
