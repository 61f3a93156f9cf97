/**
 * The packed order, 90 bytes big endian, as it stands in calldata and in binary frames:
 * account u32 | lane u16 | seq u32 | market u8 | flags u8 | size u40 | price u32 | expiry u40 |
 * r 32 | vs 32. Flags: bit 0 buy, 1 reduce-only, 2 post-only, 3-4 time in force, 7 contract
 * signature, whose r and vs are then offset and length inside a `signatures` blob.
 */
import {
  type AccountId,
  type Epoch,
  getBig,
  getUint,
  invariant,
  type Lane,
  type Lots,
  type MarketId,
  putBig,
  putInt,
  type Rejection,
  reject,
  type Seconds,
  type Seq,
  type Ticks,
} from '@holdfast/units';
import type { BatchFill, PackedOrder, SignatureSpan, SignedOrder, TimeInForce } from './types.ts';

export const packedOrderBytes = 90;
export const packedFillBytes = 13;
export const bodyBytes = 26;
const flagsAt = 11;
const contractBit = 0x80;
const signatureSpanMax = 2 ** 32;

/**
 * Packs an order into 90 bytes.
 * @param span place of a contract signature in the batch's `signatures`; needed for such only.
 */
export function packOrder(order: SignedOrder | PackedOrder, span?: SignatureSpan): Uint8Array {
  const out = new Uint8Array(packedOrderBytes);
  packOrderInto(out, 0, order, span);
  return out;
}

/** As {@link packOrder}, into `out` at byte `at`. */
export function packOrderInto(
  out: Uint8Array,
  at: number,
  order: SignedOrder | PackedOrder,
  span?: SignatureSpan,
): void {
  const signature = order.signature instanceof Uint8Array ? order.signature : undefined;
  const place = signature ? undefined : (span ?? spanOf(order.signature));
  const flags =
    (order.isBuy ? 1 : 0) |
    (order.reduceOnly ? 2 : 0) |
    (order.postOnly ? 4 : 0) |
    (order.timeInForce << 3) |
    (place ? contractBit : 0);
  putInt(out, at, 4, order.account);
  putInt(out, at + 4, 2, order.lane);
  putInt(out, at + 6, 4, order.seq);
  putInt(out, at + 10, 1, order.market);
  putInt(out, at + flagsAt, 1, flags);
  putInt(out, at + 12, 5, order.size);
  putInt(out, at + 17, 4, order.price);
  putInt(out, at + 21, 5, order.expiry);
  if (signature) {
    invariant(signature.length === 64, 'a compact signature has 64 bytes');
    out.set(signature, at + bodyBytes);
  } else if (place) {
    putBig(out, at + bodyBytes, 32, BigInt(place.offset));
    putBig(out, at + bodyBytes + 32, 32, BigInt(place.length));
  }
}

/** Whether a packed order says that a contract signed it. */
export const isContractSigned = (packed: Uint8Array): boolean =>
  ((packed[flagsAt] ?? 0) & contractBit) !== 0;

function spanOf(signature: SignedOrder['signature'] | SignatureSpan): SignatureSpan {
  if (signature instanceof Uint8Array || 'contract' in signature) {
    // A contract signature that travels beside its order starts its own blob.
    invariant(!(signature instanceof Uint8Array), 'a compact signature needs no span');
    return { offset: 0, length: signature.bytes.length };
  }
  return signature;
}

/**
 * Reads 90 bytes at `at`. Ranges that the widths do not enforce are left to
 * {@link validateOrderShape}.
 * @returns a rejection `Malformed` when bytes are missing or bits that mean nothing are set.
 */
export function unpackOrder(bytes: Uint8Array, at = 0): PackedOrder | Rejection {
  if (at < 0 || bytes.length < at + packedOrderBytes) {
    return reject('Malformed', `a packed order has ${packedOrderBytes} bytes`, {
      found: Math.max(bytes.length - at, 0),
      required: packedOrderBytes,
    });
  }
  const flags = bytes[at + flagsAt] ?? 0;
  const timeInForce = (flags >> 3) & 3;
  if ((flags & 0x60) !== 0 || timeInForce === 3) {
    return reject('Malformed', 'the flags of a packed order use a bit that means nothing', {
      flags,
    });
  }
  const signature = unpackSignature(bytes, at + bodyBytes, (flags & contractBit) !== 0);
  if ('code' in signature) return signature;
  return {
    account: getUint(bytes, at, 4) as AccountId,
    market: getUint(bytes, at + 10, 1) as MarketId,
    isBuy: (flags & 1) !== 0,
    size: getUint(bytes, at + 12, 5) as Lots,
    price: getUint(bytes, at + 17, 4) as Ticks,
    timeInForce: timeInForce as TimeInForce,
    reduceOnly: (flags & 2) !== 0,
    postOnly: (flags & 4) !== 0,
    expiry: getUint(bytes, at + 21, 5) as Seconds,
    lane: getUint(bytes, at + 4, 2) as Lane,
    seq: getUint(bytes, at + 6, 4) as Seq,
    signature,
  };
}

function unpackSignature(
  bytes: Uint8Array,
  at: number,
  isContract: boolean,
): Uint8Array | SignatureSpan | Rejection {
  if (!isContract) return bytes.slice(at, at + 64);
  const offset = getBig(bytes, at, 32);
  const length = getBig(bytes, at + 32, 32);
  if (offset >= signatureSpanMax || length >= signatureSpanMax) {
    return reject('Malformed', 'a contract signature lies outside of any batch', {
      offset: offset.toString(),
      length: length.toString(),
    });
  }
  return { offset: Number(offset), length: Number(length) };
}

/**
 * Completes an unpacked order: adds the account's epoch and, for a contract signature, its bytes.
 * @param signatures the blob that contract signatures point into.
 */
export function completeOrder(
  packed: PackedOrder,
  epoch: Epoch,
  signatures: Uint8Array = new Uint8Array(),
): SignedOrder | Rejection {
  const { signature } = packed;
  if (signature instanceof Uint8Array) return { ...packed, signature, epoch };
  const end = signature.offset + signature.length;
  if (end > signatures.length) {
    return reject('Malformed', 'a contract signature lies outside of the signatures', {
      found: signatures.length,
      required: end,
    });
  }
  const bytes = signatures.slice(signature.offset, end);
  return { ...packed, epoch, signature: { contract: true, bytes } };
}

/** 13 bytes: maker index u16 | taker index u16 | lots u40 | price u32. */
export function packFill(fill: BatchFill): Uint8Array {
  const out = new Uint8Array(packedFillBytes);
  putInt(out, 0, 2, fill.maker);
  putInt(out, 2, 2, fill.taker);
  putInt(out, 4, 5, fill.lots);
  putInt(out, 9, 4, fill.price);
  return out;
}

/** Reads 13 bytes at `at`; a rejection `Malformed` when bytes are missing. */
export function unpackFill(bytes: Uint8Array, at = 0): BatchFill | Rejection {
  if (at < 0 || bytes.length < at + packedFillBytes) {
    return reject('Malformed', `a packed fill has ${packedFillBytes} bytes`, {
      found: Math.max(bytes.length - at, 0),
      required: packedFillBytes,
    });
  }
  return {
    maker: getUint(bytes, at, 2),
    taker: getUint(bytes, at + 2, 2),
    lots: getUint(bytes, at + 4, 5) as Lots,
    price: getUint(bytes, at + 9, 4) as Ticks,
  };
}
