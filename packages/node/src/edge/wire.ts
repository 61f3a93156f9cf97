/**
 * What a gateway and the sequencer tell each other: entries, many to a WebSocket message. An entry
 * is kind u8, subject u32, length u32, payload, big endian. The subject is a session, or what the
 * kind says. Both ends are the operator's, so a malformed message ends the link.
 */
import { type OrderItem, packedOrderBytes } from '@holdfast/order';
import {
  EnvironmentError,
  getBig,
  getUint,
  type Hex,
  putBig,
  putInt,
  toHex,
} from '@holdfast/units';
import { VERDICT_BYTES } from '../verify/verify.ts';

/** From the gateway. `taken`: so many bytes of the session have gone to its client. */
export const up = { open: 1, close: 2, text: 3, binary: 4, orders: 5, taken: 6 } as const;
/**
 * From the sequencer. `fan`: the subject counts sessions, u32 each, that get the text behind them.
 * `epoch`: orders of account `subject` are signed for that epoch.
 */
export const down = {
  text: 17,
  binary: 18,
  fan: 19,
  pause: 20,
  resume: 21,
  end: 22,
  epoch: 23,
} as const;

export type Entry = {
  readonly kind: number;
  readonly subject: number;
  readonly payload: Uint8Array;
};

const headBytes = 9;
/** Bytes after which a message leaves before the end of the turn. */
const MESSAGE_BYTES = 1 << 18;
/** A client's frame is at most a MiB, and a message holds one entry more than its measure. */
export const messageBytesMax = 1 << 22;

/** Gathers the entries of one turn of the event loop into one message. */
export function createPacker(send: (message: Uint8Array) => void) {
  let parts: Uint8Array[] = [];
  let bytes = 0;

  function flush(): void {
    if (bytes === 0) return;
    const message = Buffer.concat(parts, bytes);
    parts = [];
    bytes = 0;
    send(message);
  }

  return {
    put(kind: number, subject: number, payload: Uint8Array = new Uint8Array(0)): void {
      if (bytes === 0) setImmediate(flush);
      const head = new Uint8Array(headBytes);
      head[0] = kind;
      putInt(head, 1, 4, subject);
      putInt(head, 5, 4, payload.length);
      parts.push(head, payload);
      bytes += headBytes + payload.length;
      if (bytes >= MESSAGE_BYTES) flush();
    },
  };
}
export type Packer = ReturnType<typeof createPacker>;

function malformed(): EnvironmentError {
  return new EnvironmentError('LinkMalformed', 'the other end of the link sent nonsense');
}

/** The entries of a message; payloads are views into it. @throws EnvironmentError LinkMalformed */
export function* readEntries(message: Uint8Array): Generator<Entry> {
  let at = 0;
  while (at < message.length) {
    if (message.length - at < headBytes) throw malformed();
    const end = at + headBytes + getUint(message, at + 5, 4);
    if (end > message.length) throw malformed();
    const payload = message.subarray(at + headBytes, end);
    yield { kind: message[at] as number, subject: getUint(message, at + 1, 4), payload };
    at = end;
  }
}

export const number32 = (value: number): Uint8Array => {
  const out = new Uint8Array(4);
  putInt(out, 0, 4, value);
  return out;
};

/** Who signed an order, by the word of a gateway, if it was signed for that epoch. */
export type Word = { readonly epoch: number; readonly signer: Hex | undefined };
export type Vouched = { readonly item: OrderItem; readonly word: Word };

// Client id u64, packed order 90, epoch u32, whether the client gave the epoch u8, verdict 21.
const itemBytes = 8 + packedOrderBytes + 4 + 1 + VERDICT_BYTES;

/** @param verdicts {@link VERDICT_BYTES} for each */
export function encodeVouched(
  items: readonly OrderItem[],
  epochs: readonly number[],
  verdicts: readonly (Hex | undefined)[],
  isBinary: boolean,
): Uint8Array {
  const out = new Uint8Array(1 + items.length * itemBytes);
  out[0] = Number(isBinary);
  items.forEach((item, i) => {
    const at = 1 + i * itemBytes;
    putBig(out, at, 8, BigInt(item.clientId));
    out.set(item.packed, at + 8);
    putInt(out, at + 98, 4, epochs[i] as number);
    out[at + 102] = Number(item.epoch !== undefined);
    const signer = verdicts[i];
    if (signer === undefined) return;
    out[at + 103] = 1;
    out.set(Buffer.from(signer.slice(2), 'hex'), at + 104);
  });
  return out;
}

/** @throws EnvironmentError LinkMalformed */
export function decodeVouched(bytes: Uint8Array): { items: Vouched[]; isBinary: boolean } {
  const count = (bytes.length - 1) / itemBytes;
  if (!Number.isInteger(count) || count < 1) throw malformed();
  const items = Array.from({ length: count }, (_, i): Vouched => {
    const at = 1 + i * itemBytes;
    const epoch = getUint(bytes, at + 98, 4);
    const item: OrderItem = {
      clientId: getBig(bytes, at, 8).toString(),
      packed: bytes.slice(at + 8, at + 98),
      ...(bytes[at + 102] === 1 ? { epoch: epoch as never } : {}),
    };
    const isSigned = bytes[at + 103] === 1;
    const signer = isSigned ? toHex(bytes.subarray(at + 104, at + itemBytes)) : undefined;
    return { item, word: { epoch, signer } };
  });
  return { items, isBinary: bytes[0] === 1 };
}
