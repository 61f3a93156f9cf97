/**
 * The gateway's client frames: one schema for what arrives as JSON, and the same types for the
 * binary form in `binary.ts`. Parsing never throws: what is malformed is a rejection.
 */
import {
  type AccountId,
  type Epoch,
  fromHex,
  type Lane,
  type Lots,
  type MarketId,
  type Rejection,
  reject,
  type Seconds,
  type Seq,
  type Ticks,
  toHex,
} from '@holdfast/units';
import { z } from 'zod';
import { decodeClientBinary, frameItemsMax } from './binary.ts';
import { isContractSigned, packedOrderBytes, packOrder } from './packed.ts';
import type { TimeInForce } from './types.ts';

const uint = (max: number, min = 0) => z.number().int().min(min).max(max);

/** Fields of the wire by unit; they give branded numbers. */
export const fields = {
  account: uint(2 ** 32 - 1).transform((value) => value as AccountId),
  market: uint(255).transform((value) => value as MarketId),
  lane: uint(65_535).transform((value) => value as Lane),
  seq: uint(2 ** 32 - 1, 1).transform((value) => value as Seq),
  epoch: uint(2 ** 32 - 1).transform((value) => value as Epoch),
  seconds: uint(2 ** 40 - 1).transform((value) => value as Seconds),
  size: uint(2 ** 40 - 1).transform((value) => value as Lots),
  price: uint(2 ** 32 - 1).transform((value) => value as Ticks),
  lots: z
    .number()
    .int()
    .transform((value) => value as Lots),
  whole: uint(Number.MAX_SAFE_INTEGER),
  /** A u64 as a decimal string. */
  clientId: z
    .string()
    // What is no number must not reach the next check, which would throw.
    .regex(/^(0|[1-9][0-9]{0,19})$/, { abort: true })
    .refine((text) => BigInt(text) < 1n << 64n, 'a client id fits in 64 bits'),
  /** A whole number of any size, signed, as a decimal string. */
  amount: z.string().regex(/^-?[0-9]{1,60}$/),
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .transform((text) => text as `0x${string}`),
  bytes: (length: number) =>
    z
      .string()
      .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`))
      .transform(fromHex),
  blob: (lengthMax: number) =>
    z
      .string()
      .max(2 + 2 * lengthMax)
      .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
      .transform(fromHex),
};

const timeInForce = z
  .union([z.literal([0, 1, 2]), z.enum(['GTC', 'IOC', 'FOK'])])
  .transform((value) => timeInForceOf(value));

const timeInForceOf = (value: 0 | 1 | 2 | 'GTC' | 'IOC' | 'FOK'): TimeInForce =>
  typeof value === 'number' ? value : (['GTC', 'IOC', 'FOK'].indexOf(value) as TimeInForce);

const contractSignatureBytesMax = 4096;

/** An order spelled out field by field. */
const plainOrder = z.strictObject({
  account: fields.account,
  market: fields.market,
  isBuy: z.boolean(),
  size: fields.size,
  price: fields.price,
  timeInForce: timeInForce.prefault(0),
  reduceOnly: z.boolean().default(false),
  postOnly: z.boolean().default(false),
  expiry: fields.seconds,
  lane: fields.lane,
  seq: fields.seq,
  epoch: fields.epoch.optional(),
  signature: fields.bytes(64).optional(),
  contractSignature: fields.blob(contractSignatureBytesMax).optional(),
});

/** One order of a frame. Exactly one of a compact and a contract signature belongs to it. */
export type OrderItem = {
  /** u64, decimal; unique per connection, comes back in the ack. */
  readonly clientId: string;
  /** 90 bytes, see `packed.ts`. */
  readonly packed: Uint8Array;
  /** The epoch that the client signed, when it says so; the account's own otherwise. */
  readonly epoch?: Epoch;
  /** Bytes of an ERC-1271 signature; then `packed` has the contract flag, offset 0. */
  readonly contractSignature?: Uint8Array;
};

const orderItem = z
  .strictObject({
    clientId: fields.clientId,
    packed: fields.bytes(packedOrderBytes).optional(),
    order: plainOrder.optional(),
    epoch: fields.epoch.optional(),
    contractSignature: fields.blob(contractSignatureBytesMax).optional(),
  })
  .transform((item, context): OrderItem => {
    const made = item.packed
      ? packedItem(item.clientId, item.packed, item.epoch, item.contractSignature)
      : item.order && plainItem(item.clientId, item.order);
    if (made && !(item.packed && item.order)) return made;
    context.addIssue({ code: 'custom', message: 'give one of packed and order, with a signature' });
    return z.NEVER;
  });

function packedItem(
  clientId: string,
  packed: Uint8Array,
  epoch: Epoch | undefined,
  contractSignature: Uint8Array | undefined,
): OrderItem | undefined {
  if (isContractSigned(packed) !== (contractSignature !== undefined)) return undefined;
  return {
    clientId,
    packed,
    ...(epoch === undefined ? {} : { epoch }),
    ...(contractSignature === undefined ? {} : { contractSignature }),
  };
}

function plainItem(clientId: string, order: z.output<typeof plainOrder>): OrderItem | undefined {
  const { signature, contractSignature, epoch, ...rest } = order;
  if ((signature === undefined) === (contractSignature === undefined)) return undefined;
  const signed = signature ?? { offset: 0, length: contractSignature?.length ?? 0 };
  const packed = packOrder({ ...rest, signature: signed });
  return packedItem(clientId, packed, epoch, contractSignature);
}

const cancelItem = z.strictObject({
  clientId: fields.clientId,
  account: fields.account,
  lane: fields.lane,
  /** Only this order; without it whatever is live on the lane. */
  seq: fields.seq.optional(),
});
export type CancelItem = {
  readonly clientId: string;
  readonly account: AccountId;
  readonly lane: Lane;
  readonly seq?: Seq | undefined;
};

const items = <T extends z.ZodType>(of: T) => z.array(of).min(1).max(frameItemsMax);

/** `book:0`, `trades:0`, `auction:0`, `account:7`, `status`. */
export const channelPattern = /^(?:(?:book|trades|auction):\d{1,3}|account:\d{1,10}|status)$/;
const channels = z.array(z.string().regex(channelPattern)).min(1).max(256);
/** Echoed in the answer to a request that is not answered by an ack. */
const id = fields.whole.optional();

/** Every frame that a client may send as JSON. */
export const clientFrameSchema = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('login'),
    id,
    account: fields.account,
    expiry: fields.seconds,
    /** Compact, or any bytes for an ERC-1271 owner. */
    signature: fields.blob(contractSignatureBytesMax),
  }),
  z.strictObject({ op: z.literal('orders'), orders: items(orderItem) }),
  z.strictObject({ op: z.literal('cancel'), items: items(cancelItem) }),
  z.strictObject({
    op: z.literal('cancelAll'),
    account: fields.account,
    clientId: fields.clientId.default('0'),
  }),
  z.strictObject({ op: z.literal('subscribe'), id, channels }),
  z.strictObject({ op: z.literal('unsubscribe'), id, channels }),
  z.strictObject({
    op: z.literal('cancelOnDisconnect'),
    id,
    account: fields.account,
    on: z.boolean(),
  }),
  z.strictObject({
    op: z.literal('deadman'),
    id,
    account: fields.account,
    /** Cancel all unless renewed within this; 0 switches it off. */
    seconds: uint(86_400).transform((value) => value as Seconds),
  }),
  z.strictObject({ op: z.literal('ping'), id }),
]);
export type ClientFrame = z.output<typeof clientFrameSchema>;
export type OrdersFrame = { readonly op: 'orders'; readonly orders: OrderItem[] };
export type CancelFrame = { readonly op: 'cancel'; readonly items: CancelItem[] };

/** One answer: what became of a request, and its receipt. */
export type AckItem = {
  readonly clientId: string;
  readonly status: 'rejected' | 'accepted' | 'cancelled';
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** With `Busy`: when to send again, ms. JSON only. */
  readonly retryMs?: number | undefined;
  readonly seq: number;
  readonly leaf: Uint8Array;
  readonly head: Uint8Array;
};
export type AckFrame = {
  readonly op: 'ack';
  readonly items: AckItem[];
  readonly signature: Uint8Array;
};

/** Largest frame in characters or bytes, either direction. */
export const frameBytesMax = 1 << 20;

/** Reads a JSON client frame; `Malformed` or `FrameTooLarge` says where it is wrong. */
export function parseClientFrame(text: string): ClientFrame | Rejection {
  return parseWith(clientFrameSchema, text);
}

/** Reads a client frame in either form. */
export function readClientFrame(data: string | Uint8Array): ClientFrame | Rejection {
  return typeof data === 'string' ? parseClientFrame(data) : decodeClientBinary(data);
}

/** Whether a parse gave a frame. An `error` frame has a code too, so `isRejection` is no test. */
export const isFrame = <T extends { readonly op: string }>(value: T | Rejection): value is T =>
  'op' in value;

/** Parses JSON text against a schema, without a throw. */
export function parseWith<T>(schema: z.ZodType<T>, text: string): T | Rejection {
  if (text.length > frameBytesMax) {
    return reject('FrameTooLarge', `a frame has at most ${frameBytesMax} bytes`, {
      found: text.length,
      required: frameBytesMax,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return reject('Malformed', 'the frame is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  return reject('Malformed', `${where || 'frame'}: ${issue?.message ?? 'malformed'}`, { where });
}

/** JSON of any frame, either direction: bytes as 0x strings, bigints as decimal strings. */
export const encodeFrame = (frame: object): string =>
  JSON.stringify(frame, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return toHex(value);
    return typeof value === 'bigint' ? value.toString() : value;
  });
