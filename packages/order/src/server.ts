/** The gateway's server frames. Unknown fields pass, so that a node may say more. */
import type { Rejection } from '@holdfast/units';
import { z } from 'zod';
import { decodeServerBinary } from './binary.ts';
import { fields, parseWith } from './wire.ts';

const levels = z.array(z.tuple([fields.price, fields.lots]));
const fillIds = z.array(fields.whole);

const ack = z.looseObject({
  clientId: fields.clientId,
  status: z.enum(['rejected', 'accepted', 'cancelled']),
  code: z.string().optional(),
  message: z.string().optional(),
  retryMs: fields.whole.optional(),
  seq: fields.whole,
  leaf: fields.bytes(32),
  head: fields.bytes(32),
});

const position = z.looseObject({ market: fields.market, size: fields.lots });

const hello = z.looseObject({
  op: z.literal('hello'),
  nonce: fields.bytes(32),
  chainId: fields.whole,
  clearingHouse: fields.address,
  /** Address of the key that signs receipts. */
  node: fields.address,
});

/** Snapshot of a book: [ticks, lots] from the best price on. `seq` numbers the market's diffs. */
const book = z.looseObject({
  op: z.literal('book'),
  market: fields.market,
  bids: levels,
  asks: levels,
  seq: fields.whole,
});

/** Levels that changed; 0 lots: the level is gone. Follows the frame with seq - 1. */
const bookDiff = book.extend({ op: z.literal('bookDiff') });

const trade = z.looseObject({
  op: z.literal('trade'),
  market: fields.market,
  id: fields.whole,
  price: fields.price,
  lots: fields.lots,
  takerIsBuy: z.boolean(),
  at: fields.seconds,
});

/**
 * How a market matches. In a call: when it may end, and what would trade at which price now; when
 * it has ended: what did. Price 0: nothing.
 */
const auction = z.looseObject({
  op: z.literal('auction'),
  market: fields.market,
  phase: z.enum(['call', 'continuous']),
  until: fields.seconds.optional(),
  cause: z.string().optional(),
  price: fields.whole,
  lots: fields.lots,
  /** Lots bid for and offered at the price. */
  bid: fields.lots,
  offered: fields.lots,
  at: fields.seconds,
});

/** A fill of an account's own order. */
const fill = z.looseObject({
  op: z.literal('fill'),
  id: fields.whole,
  account: fields.account,
  market: fields.market,
  isBuy: z.boolean(),
  role: z.enum(['maker', 'taker']),
  price: fields.price,
  lots: fields.lots,
  lane: fields.lane,
  seq: fields.whole,
  /** Quote units, decimal. */
  fee: fields.amount,
  at: fields.seconds,
});

/** What became of an account's own order. */
const order = z.looseObject({
  op: z.literal('order'),
  account: fields.account,
  market: fields.market,
  lane: fields.lane,
  seq: fields.whole,
  status: z.enum(['open', 'filled', 'cancelled', 'expired', 'replaced', 'unwound']),
  filled: fields.lots,
  size: fields.lots,
  reason: z.string().optional(),
});

/** An account after a change; amounts in quote units, `cashQ32` with 32 fractional bits. */
const account = z.looseObject({
  op: z.literal('account'),
  account: fields.account,
  cashQ32: fields.amount,
  equity: fields.amount.optional(),
  initial: fields.amount.optional(),
  maintenance: fields.amount.optional(),
  epoch: fields.whole,
  positions: z.array(position),
});

/** Every frame that the server sends as JSON. */
export const serverFrameSchema = z.discriminatedUnion('op', [
  hello,
  z.looseObject({ op: z.literal('ack'), items: z.array(ack), signature: fields.bytes(64) }),
  book,
  bookDiff,
  trade,
  auction,
  fill,
  order,
  account,
  z.looseObject({
    op: z.literal('settled'),
    batch: fields.whole,
    fillIds,
    tx: z.string(),
  }),
  z.looseObject({ op: z.literal('unwound'), fillIds, reason: z.string() }),
  z.looseObject({ op: z.literal('status') }),
  /** Answer to a request that has no ack: login, subscribe, deadman and such. */
  z.looseObject({ op: z.literal('ok'), for: z.string(), id: fields.whole.optional() }),
  z.looseObject({ op: z.literal('pong'), id: fields.whole.optional() }),
  z.looseObject({
    op: z.literal('error'),
    code: z.string(),
    message: z.string(),
    id: fields.whole.optional(),
  }),
]);
export type ServerFrame = z.output<typeof serverFrameSchema>;
export type ServerFrameOf<Op extends ServerFrame['op']> = Extract<ServerFrame, { op: Op }>;

/** Reads a JSON server frame; `Malformed` says where it is wrong. */
export const parseServerFrame = (text: string): ServerFrame | Rejection =>
  parseWith(serverFrameSchema, text);

/** Reads a server frame in either form. */
export function readServerFrame(data: string | Uint8Array): ServerFrame | Rejection {
  return typeof data === 'string' ? parseServerFrame(data) : decodeServerBinary(data);
}
