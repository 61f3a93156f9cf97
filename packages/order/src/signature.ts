/** EIP-2098 signatures over digests: compact forms, signing and recovery. */

import { getBig, type Hex, keccak256, toHex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';

const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** EIP-2098 keeps the parity of y in the highest bit of s. */
const parityBit = 0x80;

/**
 * 64 bytes (r, vs) from the usual 65 (r, s, v); v may be 0/1 or 27/28.
 * @returns undefined when the length or v is wrong or s is high.
 */
export function compactFrom65(signature: Uint8Array): Uint8Array | undefined {
  if (signature.length !== 65) return undefined;
  const v = signature[64] ?? 0;
  const parity = v >= 27 ? v - 27 : v;
  if (parity > 1) return undefined;
  const compact = signature.slice(0, 64);
  if (((compact[32] ?? 0) & parityBit) !== 0 || !isLowS(compact)) return undefined;
  if (parity === 1) compact[32] = (compact[32] ?? 0) | parityBit;
  return compact;
}

/** 65 bytes (r, s, v = 27 or 28) from 64 (r, vs). Assumes 64 bytes. */
export function compactTo65(compact: Uint8Array): Uint8Array {
  const out = new Uint8Array(65);
  out.set(compact);
  const high = compact[32] ?? 0;
  out[32] = high & ~parityBit;
  out[64] = 27 + (high >> 7);
  return out;
}

/**
 * Whether s, without the parity bit, is in the lower half of the curve's order. Assumes: 64 bytes.
 */
export function isLowS(compact: Uint8Array): boolean {
  // The first byte alone tells nearly always.
  const first = (compact[32] ?? 0) & ~parityBit;
  if (first > 0 && first < 0x7f) return true;
  const s = getBig(compact, 32, 32) & ((1n << 255n) - 1n);
  return s > 0n && s <= halfOrder;
}

/** The address of a secret key: 20 bytes, lower-case hex. */
export const addressOf = (secretKey: Uint8Array): Hex =>
  addressOfPoint(secp256k1.getPublicKey(secretKey, false));

/** Signs a digest; 64 bytes EIP-2098, low s, deterministic (RFC 6979). */
export function signDigest(digest: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const signed = secp256k1.sign(digest, secretKey, { prehash: false, format: 'recovered' });
  const compact = signed.slice(1);
  if (signed[0] === 1) compact[32] = (compact[32] ?? 0) | parityBit;
  return compact;
}

/**
 * Address (lower-case hex) that signed `digest`.
 * @returns undefined when the signature is malformed, has a high s, or recovers to no point.
 */
export function recoverSigner(digest: Uint8Array, compact: Uint8Array): Hex | undefined {
  if (compact.length !== 64 || !isLowS(compact)) return undefined;
  const recovered = new Uint8Array(65);
  recovered[0] = (compact[32] ?? 0) >> 7;
  recovered.set(compact, 1);
  recovered[33] = (compact[32] ?? 0) & ~parityBit;
  try {
    const point = secp256k1.recoverPublicKey(recovered, digest, { prehash: false });
    return addressOfPoint(secp256k1.Point.fromBytes(point).toBytes(false));
  } catch {
    return undefined;
  }
}

/** The address of an uncompressed public key of 65 bytes. */
export const addressOfPoint = (uncompressed: Uint8Array): Hex =>
  toHex(keccak256(uncompressed.slice(1)).slice(12));
