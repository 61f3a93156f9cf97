/** Canonical bytes: big-endian fixed fields, length-prefixed text. One value, one encoding. */
import {
  fromHex,
  getSignedBig,
  getUint,
  type Hex,
  invariant,
  putInt,
  toHex,
} from '@holdfast/units';

const bytesAtBirth = 4096;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Appends fields to a growing buffer. */
export type Writer = {
  /** Unsigned whole number of `width` bytes, at most 6. */
  uint(width: number, value: number): void;
  /** Any safe integer, 8 bytes two's complement. */
  int(value: number): void;
  /** Signed 32 bytes: wider than any amount, so that nothing is clipped. */
  big(value: bigint): void;
  flag(value: boolean): void;
  bytes(value: Uint8Array): void;
  text(value: string): void;
  hex(value: Hex): void;
  done(): Uint8Array;
};

export function createWriter(): Writer {
  let data = new Uint8Array(bytesAtBirth);
  let at = 0;
  const room = (width: number): void => {
    if (at + width <= data.length) return;
    const wide = new Uint8Array(Math.max(data.length * 2, at + width));
    wide.set(data);
    data = wide;
  };
  const raw = (value: Uint8Array): void => {
    room(value.length);
    data.set(value, at);
    at += value.length;
  };
  const uint = (width: number, value: number): void => {
    room(width);
    invariant(value >= 0, 'an unsigned field is negative');
    at = putInt(data, at, width, value);
  };
  const big = (value: bigint): void => {
    invariant(BigInt.asIntN(256, value) === value, 'an amount is wider than 32 bytes');
    room(32);
    const view = new DataView(data.buffer);
    for (let shift = 192n; shift >= 0n; shift -= 64n) {
      view.setBigUint64(at, BigInt.asUintN(64, value >> shift));
      at += 8;
    }
  };
  const bytes = (value: Uint8Array): void => {
    uint(4, value.length);
    raw(value);
  };
  return {
    uint,
    int(value) {
      const high = Math.floor(value / 2 ** 32);
      room(8);
      at = putInt(data, at, 4, high);
      at = putInt(data, at, 4, value - high * 2 ** 32);
    },
    big,
    flag: (value) => uint(1, value ? 1 : 0),
    bytes,
    text: (value) => bytes(encoder.encode(value)),
    hex: (value) => bytes(fromHex(value)),
    done: () => data.slice(0, at),
  };
}

/** Reads what a {@link Writer} wrote. @throws AssertionError past the end */
export type Reader = {
  uint(width: number): number;
  int(): number;
  big(): bigint;
  flag(): boolean;
  bytes(): Uint8Array;
  text(): string;
  hex(): Hex;
  /** @throws AssertionError if bytes are left over */
  end(): void;
};

export function createReader(data: Uint8Array): Reader {
  let at = 0;
  const uint = (width: number): number => {
    const value = getUint(data, at, width);
    at += width;
    return value;
  };
  const bytes = (): Uint8Array => {
    const length = uint(4);
    invariant(at + length <= data.length, 'the bytes end early');
    const value = data.slice(at, at + length);
    at += length;
    return value;
  };
  return {
    uint,
    int() {
      const high = uint(4);
      return (high >= 2 ** 31 ? high - 2 ** 32 : high) * 2 ** 32 + uint(4);
    },
    big() {
      const value = getSignedBig(data, at, 32);
      at += 32;
      return value;
    },
    flag: () => uint(1) === 1,
    bytes,
    text: () => decoder.decode(bytes()),
    hex: () => toHex(bytes()),
    end: () => invariant(at === data.length, 'bytes are left over'),
  };
}
