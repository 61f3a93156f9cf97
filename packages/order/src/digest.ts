/** Digests straight from packed bytes, for whoever verifies orders by the thousand. */
import { keccak256, putInt } from '@holdfast/units';
import { bodyBytes, packedOrderBytes } from './packed.ts';
import { orderTypeHash } from './typed.ts';

const wordBytes = 32;
const words = 13;
const flagsAt = 11;

/** Field of the packed form → last byte of its word in hashStruct(Order). */
const copies: readonly (readonly [from: number, width: number, word: number])[] = [
  [0, 4, 1],
  [10, 1, 2],
  [12, 5, 4],
  [17, 4, 5],
  [21, 5, 9],
  [4, 2, 10],
  [6, 4, 11],
];

/**
 * Makes {@link orderDigest} for the orders of one venue from their 90 packed bytes at `at`. Keeps
 * its buffers: the maker is for one thread. Assumes: the flags mean something (`unpackOrder`).
 */
export function packedDigest(
  separator: Uint8Array,
): (packed: Uint8Array, at: number, epoch: number) => Uint8Array {
  const struct = new Uint8Array(words * wordBytes);
  const tail = new Uint8Array(66);
  struct.set(orderTypeHash);
  tail.set([0x19, 0x01]);
  tail.set(separator, 2);
  const last = (word: number): number => (word + 1) * wordBytes - 1;
  return (packed, at, epoch) => {
    if (at + packedOrderBytes > packed.length) throw new RangeError('no packed order here');
    for (const [from, width, word] of copies) {
      const end = last(word) + 1;
      for (let i = 0; i < width; i++) struct[end - width + i] = packed[at + from + i] as number;
    }
    const flags = packed[at + flagsAt] as number;
    struct[last(3)] = flags & 1;
    struct[last(6)] = (flags >> 3) & 3;
    struct[last(7)] = (flags >> 1) & 1;
    struct[last(8)] = (flags >> 2) & 1;
    putInt(struct, last(12) - 3, 4, epoch);
    tail.set(keccak256(struct), 34);
    return keccak256(tail);
  };
}

/** Bytes of the compact signature of the packed order at `at`, a view. */
export const packedSignature = (packed: Uint8Array, at: number): Uint8Array =>
  packed.subarray(at + bodyBytes, at + packedOrderBytes);
