/** Bytes and hexadecimal text, big-endian fields, and the hash of the EVM. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { invariant } from './errors.ts';

/** Hexadecimal text with 0x. */
export type Hex = `0x${string}`;

type Hash = (data: Uint8Array) => Uint8Array;

let keccak: Hash = keccak_256;

/** keccak-256 of bytes, 32 bytes of the caller's own. */
export function keccak256(data: Uint8Array): Uint8Array {
  return keccak(data);
}

/** Lengths around the ends of one and two blocks (136 bytes), and those of our messages. */
const keccakTrials = [0, 1, 64, 66, 110, 135, 136, 137, 271, 272, 273, 416, 5000];

/**
 * Puts a faster implementation of the same function in place of the portable one, for the whole
 * process (thread). @throws AssertionError if it differs from the portable one
 */
export function useKeccak256(fast: Hash): void {
  for (const length of keccakTrials) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 151 + length) & 0xff);
    invariant(equalBytes(fast(data), keccak_256(data)), 'this is not keccak-256');
  }
  keccak = fast;
}

/** Bytes as 0x text, lower case. */
export function toHex(data: Uint8Array): Hex {
  return `0x${bytesToHex(data)}`;
}

/** 0x text as bytes. @throws AssertionError if malformed; use {@link tryFromHex} on input */
export function fromHex(text: string): Uint8Array {
  const data = tryFromHex(text);
  invariant(data !== undefined, 'malformed hexadecimal text');
  return data;
}

/** 0x text as bytes, or undefined if malformed. */
export function tryFromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^0x[0-9a-fA-F]*$/.test(text)) return undefined;
  return hexToBytes(text.slice(2));
}

/** Joins byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whether two byte strings are equal. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const word = 2 ** 32;
/** Values of a field by its width in bytes. */
const spans = [0, 1, 2, 3, 4, 5, 6].map((width) => 2 ** (8 * width));

/**
 * Writes a whole number into `width` bytes (at most 6), big endian; negative as two's complement.
 *
 * @returns the offset after the field
 * @throws AssertionError if the field does not fit the buffer or the value the field
 */
export function putInt(data: Uint8Array, at: number, width: number, value: number): number {
  const span = spans[width] ?? 0;
  invariant(at >= 0 && at + width <= data.length && width <= 6, 'field outside the buffer');
  invariant(Number.isSafeInteger(value) && value < span && value >= -span / 2, 'value too wide');
  const wide = value < 0 ? value + span : value;
  // Bits where they reach, a division above: fields are packed millions of times.
  for (let high = Math.floor(wide / word), i = at + width - 5; i >= at; i--, high >>>= 8) {
    data[i] = high & 0xff;
  }
  const start = Math.max(at, at + width - 4);
  for (let low = wide | 0, i = at + width - 1; i >= start; i--, low >>>= 8) data[i] = low & 0xff;
  return at + width;
}

/** Reads an unsigned field of `width` bytes (at most 6), big endian. */
export function getUint(data: Uint8Array, at: number, width: number): number {
  invariant(at >= 0 && at + width <= data.length && width <= 6, 'field outside the buffer');
  const start = Math.max(at, at + width - 4);
  let high = 0;
  let low = 0;
  for (let i = at; i < start; i++) high = (high << 8) | (data[i] as number);
  for (let i = start; i < at + width; i++) low = (low << 8) | (data[i] as number);
  return high * word + (low >>> 0);
}

/** Reads a two's complement field of `width` bytes (at most 6), big endian. */
export function getInt(data: Uint8Array, at: number, width: number): number {
  const value = getUint(data, at, width);
  const span = 2 ** (8 * width);
  return value >= span / 2 ? value - span : value;
}

/** Writes a bigint into `width` bytes, big endian; negative as two's complement. */
export function putBig(data: Uint8Array, at: number, width: number, value: bigint): number {
  const bits = BigInt(8 * width);
  invariant(at >= 0 && at + width <= data.length, 'field outside the buffer');
  invariant(value < 1n << bits && value >= -(1n << (bits - 1n)), 'value too wide');
  let rest = BigInt.asUintN(8 * width, value);
  // Four bytes at a time: arithmetic on a bigint costs far more than on a number.
  for (let end = at + width; end > at; end -= 4) {
    let limb = Number(rest & 0xffffffffn);
    rest >>= 32n;
    for (let i = end - 1; i >= Math.max(end - 4, at); i--) {
      data[i] = limb & 255;
      limb >>>= 8;
    }
  }
  return at + width;
}

/** Reads an unsigned field of `width` bytes, big endian. */
export function getBig(data: Uint8Array, at: number, width: number): bigint {
  invariant(at >= 0 && at + width <= data.length, 'field outside the buffer');
  if (width > 8) return BigInt(toHex(data.subarray(at, at + width)));
  const low = Math.min(width, 4);
  const high = BigInt(getUint(data, at, width - low)) << BigInt(8 * low);
  return high | BigInt(getUint(data, at + width - low, low));
}

/** Reads a two's complement field of `width` bytes, big endian. */
export function getSignedBig(data: Uint8Array, at: number, width: number): bigint {
  return BigInt.asIntN(8 * width, getBig(data, at, width));
}
