/** A desk with a venue that does as it is told, for tests of closings. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Order, ServerFrame } from '@holdfast/order';
import type { Client } from '@holdfast/sdk';
import type { Hex } from '@holdfast/units';
import { applyEvent, type Book, emptyBook } from '../src/book.ts';
import type { PoolInfo } from '../src/contract.ts';
import { createDesk } from '../src/desk.ts';
import type { Followed } from '../src/follow.ts';
import { openJournal } from '../src/journal.ts';
import { market } from './market.ts';

export const pool: Hex = `0x${'11'.repeat(20)}`;
const place = { chainId: 31_337, pool, account: 9, markets: [0, 1], scale: 1n };
export const info = place as unknown as PoolInfo;

export const addressOf = (number: number): Hex => `0x${`${number + 1}`.repeat(40)}`;

export const buy = (book: Book, member: number, lots: number, market = 0): void =>
  applyEvent(book, {
    type: 'fills',
    fills: [{ member, market, lots, price: 1_000_000, role: 'maker' }],
  });
export const flow = (book: Book, member: number, tokens: number): void =>
  applyEvent(book, { type: 'flow', member, quote: BigInt(tokens) * 1_000_000n });
export const mark = (book: Book, price: number, market = 0): void =>
  applyEvent(book, { type: 'market', market, to: { mark: price } });

/** Three members; number 1 is long ten lots, worth 1,000 tokens, on 60 of its own. */
export function followed(): Followed {
  const book = emptyBook();
  for (const number of [0, 1, 2]) {
    const key = BigInt(number + 1);
    applyEvent(book, { type: 'joined', address: addressOf(number), key });
  }
  for (const id of [0, 1]) applyEvent(book, { type: 'market', market: id, to: market });
  flow(book, 0, 1_000);
  flow(book, 1, 60);
  flow(book, 2, 1_000);
  buy(book, 1, 10);
  const rest = { shared: [], coveredQuote: 0n, lapsedTime: 0, block: 7, blockHash: '0x' as Hex };
  return { book, filled: new Map(), epochs: new Map(), freshUntil: 5_000, ...rest };
}

export type Sent = {
  market: number;
  side: 'buy' | 'sell';
  size: number;
  price: number;
  reduceOnly: boolean;
  timeInForce: string;
  expiry: number;
};

export type Rig = {
  readonly desk: ReturnType<typeof createDesk>;
  readonly state: Followed;
  readonly path: string;
  readonly now: { at: number };
  /** What reached the venue. */
  readonly sent: Sent[];
  readonly cancelled: { lane: number; seq?: number | undefined }[];
  /** What the venue does; tests change it. */
  readonly venue: {
    /** Changes an order on its way into the hook, as a client that errs would. */
    twist(order: Order): Order;
    /** Before the hook is told: the chain goes on while the order waits. */
    before(): void;
    /** Lots that an order fills; undefined: nothing is ever told of it. */
    fills(sent: Sent): number | undefined;
    /** What a cancel comes to. */
    cancel: 'cancelled' | 'OrderUnknown';
    /** How often the client signs it: the lane had moved on. */
    signs: number;
    /** The answer is lost. */
    isDeaf: boolean;
  };
  /** The chain settles what an order has matched. */
  settle(seq: number, lots: number, price: number): void;
  again(): Rig;
};

const orderOf = (input: Sent, seq: number): Order =>
  ({
    market: input.market,
    isBuy: input.side === 'buy',
    size: input.size,
    price: input.price,
    timeInForce: input.timeInForce === 'IOC' ? 1 : 0,
    reduceOnly: input.reduceOnly,
    lane: 3,
    seq,
  }) as unknown as Order;

function made(dir: string, state: Followed, seqs: { last: number }): Rig {
  const path = join(dir, 'orders.jsonl');
  const journal = openJournal(path);
  const now = { at: 1_000 };
  const [sent, cancelled]: [Sent[], Rig['cancelled']] = [[], []];
  const venue: Rig['venue'] = {
    twist: (order) => order,
    before: () => undefined,
    fills: ({ size }) => size,
    cancel: 'cancelled',
    signs: 1,
    isDeaf: false,
  };
  const frame = (seq: number, status: string, filled: number): void =>
    desk.onFrame({ op: 'order', account: 9, lane: 3, seq, status, filled } as never as ServerFrame);
  const place = async (input: Sent) => {
    for (let signed = 0; signed < venue.signs; signed++) {
      seqs.last += 1;
      venue.before();
      await desk.beforeSend(venue.twist(orderOf(input, seqs.last)), input as never);
    }
    const seq = seqs.last;
    sent.push(input);
    if (venue.isDeaf) throw new Error('nobody answered');
    const filled = venue.fills(input);
    if (filled !== undefined) frame(seq, filled === input.size ? 'filled' : 'cancelled', filled);
    return { status: 'accepted', lane: 3, seq, clientId: '1', receipt: 1 };
  };
  const cancelMany = async (wanted: Rig['cancelled']) => {
    cancelled.push(...wanted);
    return wanted.map(({ lane, seq = 0 }) => {
      if (venue.cancel === 'OrderUnknown') {
        return { status: 'rejected', code: 'OrderUnknown', lane, seq, clientId: '', receipt: 1 };
      }
      frame(seq, 'cancelled', 0);
      return { status: 'cancelled', lane, seq, clientId: '', receipt: 1 };
    });
  };
  const client = () => ({ place, cancelMany }) as unknown as Client;
  const desk = createDesk({ info, journal, now: () => now.at, state: () => state, client });
  const settle = (seq: number, lots: number, price: number): void => {
    state.filled.set(`3:${seq}`, Math.abs(lots));
    const member = desk.ownerOf(3, seq);
    const side = { member, market: 0, lots, price, role: 'taker' as const };
    applyEvent(state.book, { type: 'fills', fills: [side] });
  };
  const again = (): Rig => made(dir, state, seqs);
  return { desk, state, path, now, sent, cancelled, venue, settle, again };
}

export async function rig(body: (r: Rig) => Promise<void>, state = followed()): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'pool-closing-'));
  try {
    await body(made(dir, state, { last: 0 }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
