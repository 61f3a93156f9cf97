/**
 * Payloads for one party's eyes: X25519 with a fresh key, HKDF-SHA256, ChaCha20-Poly1305 with the
 * envelope's header as additional data, so that a box fits no other header.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { concatBytes, fromHex, type Hex, toHex } from '@holdfast/units';
import { agreeOn, type KeyPair, makeKeyPair } from './identity.ts';

const tagBytes = 16;
const options = { authTagLength: tagBytes };

/** Key and nonce of one box; the sender's key is fresh, so both are used once. */
function derive(shared: Uint8Array, fresh: Hex, receiver: Hex) {
  const info = concatBytes(fromHex(fresh), fromHex(receiver));
  const salt = new TextEncoder().encode('holdfast quorum seal 1');
  const bytes = new Uint8Array(hkdfSync('sha256', shared, salt, info, 44));
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
}

/** Seals text to a party. @returns fresh public key, ciphertext, tag */
export function seal(receiver: Hex, header: Uint8Array, text: string): Hex {
  const fresh = makeKeyPair('X25519');
  const { key, nonce } = derive(agreeOn(fresh, receiver), fresh.public, receiver);
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, options);
  cipher.setAAD(header, { plaintextLength: Buffer.byteLength(text) });
  const body = concatBytes(cipher.update(text, 'utf8'), cipher.final());
  return toHex(concatBytes(fromHex(fresh.public), body, cipher.getAuthTag()));
}

/** Opens a box; undefined if it is not ours, was changed, or belongs to another header. */
export function open(own: KeyPair, header: Uint8Array, box: Hex): string | undefined {
  try {
    const bytes = fromHex(box);
    const fresh = toHex(bytes.subarray(0, 32));
    const { key, nonce } = derive(agreeOn(own, fresh), fresh, own.public);
    const body = bytes.subarray(32, bytes.length - tagBytes);
    const cipher = createDecipheriv('chacha20-poly1305', key, nonce, options);
    cipher.setAAD(header, { plaintextLength: body.length });
    cipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    return Buffer.concat([cipher.update(body), cipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
