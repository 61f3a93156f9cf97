/**
 * The binary form of the gateway's hot frames, big endian. First byte type, then u16 count, then
 * items: 0x01 orders (clientId u64, packed order 90); 0x02 cancels (clientId u64, account u32,
 * lane u16, seq u32); 0x81 acks (clientId u64, status u8, code u16, seq u64, leaf 32, head 32),
 * then a signature of 64. Orders with a contract signature travel as JSON.
 */
import {
  type AccountId,
  getBig,
  getUint,
  type Lane,
  putBig,
  putInt,
  type Rejection,
  reject,
  type Seq,
} from '@holdfast/units';
import { codeAt, codePlace } from './codes.ts';
import { packedOrderBytes } from './packed.ts';
import { type AckStatus, ackStatusNames } from './receipts.ts';
import type { AckFrame, AckItem, CancelFrame, CancelItem, OrderItem, OrdersFrame } from './wire.ts';

const ordersType = 0x01;
const cancelsType = 0x02;
const acksType = 0x81;
const headBytes = 3;
const orderItemBytes = 8 + packedOrderBytes;
const cancelItemBytes = 18;
const ackItemBytes = 83;
const signatureBytes = 64;
/** Most items of one frame. */
export const frameItemsMax = 1024;

function frame(type: number, count: number, itemBytes: number, tail = 0): Uint8Array {
  const out = new Uint8Array(headBytes + count * itemBytes + tail);
  out[0] = type;
  putInt(out, 1, 2, count);
  return out;
}

/** Assumes that no item has a contract signature. */
export function encodeOrders(items: readonly OrderItem[]): Uint8Array {
  const out = frame(ordersType, items.length, orderItemBytes);
  items.forEach((item, i) => {
    const at = headBytes + i * orderItemBytes;
    putBig(out, at, 8, BigInt(item.clientId));
    out.set(item.packed, at + 8);
  });
  return out;
}

export function encodeCancels(items: readonly CancelItem[]): Uint8Array {
  const out = frame(cancelsType, items.length, cancelItemBytes);
  items.forEach((item, i) => {
    const at = headBytes + i * cancelItemBytes;
    putBig(out, at, 8, BigInt(item.clientId));
    putInt(out, at + 8, 4, item.account);
    putInt(out, at + 12, 2, item.lane);
    putInt(out, at + 14, 4, item.seq ?? 0);
  });
  return out;
}

export function encodeAcks(acks: AckFrame): Uint8Array {
  const { items, signature } = acks;
  const out = frame(acksType, items.length, ackItemBytes, signatureBytes);
  items.forEach((item, i) => {
    const at = headBytes + i * ackItemBytes;
    putBig(out, at, 8, BigInt(item.clientId));
    putInt(out, at + 8, 1, ackStatusNames.indexOf(item.status));
    putInt(out, at + 9, 2, item.code === undefined ? 0 : codePlace(item.code));
    putBig(out, at + 11, 8, BigInt(item.seq));
    out.set(item.leaf, at + 19);
    out.set(item.head, at + 51);
  });
  out.set(signature, out.length - signatureBytes);
  return out;
}

/** Reads a client's binary frame; a rejection `Malformed` or `FrameTooLarge`, never a throw. */
export function decodeClientBinary(bytes: Uint8Array): OrdersFrame | CancelFrame | Rejection {
  const type = bytes[0];
  if (type === ordersType) {
    const count = itemCount(bytes, orderItemBytes, 0);
    if (typeof count !== 'number') return count;
    return { op: 'orders', orders: readItems(bytes, count, orderItemBytes, readOrder) };
  }
  if (type === cancelsType) {
    const count = itemCount(bytes, cancelItemBytes, 0);
    if (typeof count !== 'number') return count;
    return { op: 'cancel', items: readItems(bytes, count, cancelItemBytes, readCancel) };
  }
  return reject('Malformed', 'the first byte of a binary frame is 0x01 (orders) or 0x02 (cancels)');
}

/** Reads a server's binary frame of acks; a rejection `Malformed`, never a throw. */
export function decodeServerBinary(bytes: Uint8Array): AckFrame | Rejection {
  if (bytes[0] !== acksType) {
    return reject('Malformed', 'the first byte of a binary server frame is 0x81 (acks)');
  }
  const count = itemCount(bytes, ackItemBytes, signatureBytes);
  if (typeof count !== 'number') return count;
  const items = readItems(bytes, count, ackItemBytes, readAck);
  if (items.some((item) => item === undefined)) {
    return reject('Malformed', 'an ack has a status that means nothing');
  }
  return {
    op: 'ack',
    items: items as AckItem[],
    signature: bytes.slice(bytes.length - signatureBytes),
  };
}

function itemCount(bytes: Uint8Array, itemBytes: number, tail: number): number | Rejection {
  const count = bytes.length < headBytes ? 0 : getUint(bytes, 1, 2);
  const required = headBytes + count * itemBytes + tail;
  if (count === 0 || bytes.length !== required) {
    return reject('Malformed', 'the length of a binary frame does not match its count', {
      found: bytes.length,
      required,
    });
  }
  return count <= frameItemsMax
    ? count
    : reject('FrameTooLarge', `a frame has at most ${frameItemsMax} items`, {
        found: count,
        required: frameItemsMax,
      });
}

function readItems<T>(
  bytes: Uint8Array,
  count: number,
  itemBytes: number,
  read: (bytes: Uint8Array, at: number) => T,
): T[] {
  return Array.from({ length: count }, (_, i) => read(bytes, headBytes + i * itemBytes));
}

const readOrder = (bytes: Uint8Array, at: number): OrderItem => ({
  clientId: getBig(bytes, at, 8).toString(),
  packed: bytes.slice(at + 8, at + orderItemBytes),
});

function readCancel(bytes: Uint8Array, at: number): CancelItem {
  const seq = getUint(bytes, at + 14, 4) as Seq;
  return {
    clientId: getBig(bytes, at, 8).toString(),
    account: getUint(bytes, at + 8, 4) as AccountId,
    lane: getUint(bytes, at + 12, 2) as Lane,
    ...((seq as number) === 0 ? {} : { seq }),
  };
}

function readAck(bytes: Uint8Array, at: number): AckItem | undefined {
  const status = ackStatusNames[bytes[at + 8] as AckStatus];
  const place = getUint(bytes, at + 9, 2);
  const seq = getBig(bytes, at + 11, 8);
  if (status === undefined || seq > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    clientId: getBig(bytes, at, 8).toString(),
    status,
    ...(place === 0 ? {} : { code: codeAt(place) }),
    seq: Number(seq),
    leaf: bytes.slice(at + 19, at + 51),
    head: bytes.slice(at + 51, at + 83),
  };
}
