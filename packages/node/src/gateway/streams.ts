import { accountView, type CoreEvent, depth, type FillEvent, type FillSide } from '@holdfast/core';
import { encodeFrame } from '@holdfast/order';
import type { AccountId, Hex, Lots, MarketId, Seq } from '@holdfast/units';
import type { Outcome } from '../engine.ts';
import type { NodeParts } from '../parts.ts';
import { auctionFrame, endFrame } from './auctions.ts';

/** One subscriber: a connection that takes JSON frames. */
export type Subscriber = {
  /** False when the connection is too far behind; it then gets a fresh snapshot later. */
  send(frame: string, channel: string): boolean;
};

export type Streams = {
  subscribe(subscriber: Subscriber, channel: string): void;
  unsubscribe(subscriber: Subscriber, channel?: string): void;
  /** Feeds one applied command. */
  take(outcome: Outcome): void;
  /** A batch of ours that the chain holds. */
  settled(batch: number, fillIds: readonly number[], tx: Hex): void;
  /** Sends the book changes since the last flush. */
  flush(): void;
  sendStatus(): void;
  subscribers(): number;
};

/** Price levels of each side in a book channel. */
export const BOOK_LEVELS = 50;

type Levels = Map<number, number>;
type SentBook = { seq: number; bids: Levels; asks: Levels };

function levelsOf(side: readonly (readonly [number, number, number])[]): Levels {
  return new Map(side.map(([price, lots]) => [price, lots]));
}

function changes(before: Levels, after: Levels): [number, number][] {
  const changed: [number, number][] = [];
  for (const [price, lots] of after) if (before.get(price) !== lots) changed.push([price, lots]);
  for (const price of before.keys()) if (!after.has(price)) changed.push([price, 0]);
  return changed;
}

/** Frames about one account: its cash, positions and health. */
export function accountFrame(parts: NodeParts, id: AccountId): object | undefined {
  const view = accountView(parts.engine.state, id);
  if (view === undefined) return undefined;
  const { account, equity, initial, maintenance, free } = view;
  const positions = [...account.positions].map(([market, size]) => ({ market, size }));
  const { cash: cashQ32, epoch } = account;
  return {
    op: 'account',
    account: id,
    cashQ32,
    equity,
    initial,
    maintenance,
    free,
    epoch,
    positions,
  };
}

function fillFrames(event: FillEvent): [AccountId, object][] {
  const { id, market, price, lots, at } = event;
  const one = (side: FillSide, role: string, fee: bigint): [AccountId, object] => {
    const { account, isBuy, lane, seq } = side;
    const where = { account, market, isBuy, role, price, lots, lane, seq };
    return [account, { op: 'fill', id, ...where, fee, at }];
  };
  return [one(event.maker, 'maker', event.makerFee), one(event.taker, 'taker', event.takerFee)];
}

type OrderState = { status: string; filled: number; size: number; reason?: string };
type Ref = { account: AccountId; market: MarketId; lane: number; seq: Seq };

function orderFrame(ref: Ref, state: OrderState): [AccountId, object] {
  const { account, market, lane, seq } = ref;
  return [account, { op: 'order', account, market, lane, seq, ...state }];
}

type Context = {
  readonly parts: NodeParts;
  readonly status: () => object;
  readonly channels: Map<string, Set<Subscriber>>;
  /** Books as the subscribers know them. */
  readonly books: Map<MarketId, SentBook>;
  readonly dirty: Set<MarketId>;
};

function publish(c: Context, channel: string, frame: () => object | undefined): void {
  const listeners = c.channels.get(channel);
  if (listeners === undefined || listeners.size === 0) return;
  const made = frame();
  if (made === undefined) return;
  const text = encodeFrame(made);
  for (const listener of listeners) {
    if (!listener.send(text, channel)) listeners.delete(listener);
  }
}

/** Whether somebody follows the account: frames that nobody reads are not made. */
const isHeard = (c: Context, account: AccountId): boolean =>
  (c.channels.get(`account:${account}`)?.size ?? 0) > 0;

function toAccount(c: Context, account: AccountId, frame: object): void {
  publish(c, `account:${account}`, () => frame);
}

function takeFill(c: Context, event: FillEvent): void {
  c.dirty.add(event.market);
  const { id, market, price, lots, at } = event;
  const trade = { op: 'trade', market, id, price, lots, takerIsBuy: event.taker.isBuy, at };
  publish(c, `trades:${market}`, () => trade);
  for (const [account, frame] of fillFrames(event)) toAccount(c, account, frame);
  const orders = c.parts.engine.state.unconfirmed.get(id);
  if (orders === undefined) return;
  for (const side of ['maker', 'taker'] as const) {
    if (!isHeard(c, event[side].account)) continue;
    const { filled } = event[side];
    const { size } = orders[side];
    const status = filled >= size ? 'filled' : 'open';
    toAccount(c, ...orderFrame({ ...event[side], market }, { status, filled, size }));
  }
}

function takeEnd(c: Context, event: CoreEvent & { type: 'cancelled' | 'expired' }): void {
  c.dirty.add(event.market);
  if (!isHeard(c, event.account)) return;
  const lane = c.parts.engine.state.accounts.get(event.account)?.lanes.get(event.lane);
  const filled = lane?.seq === event.seq ? lane.filled : (0 as Lots);
  const remaining = 'remaining' in event ? event.remaining : 0;
  const status = remaining === 0 ? event.type : 'open';
  const why = 'reason' in event ? { reason: event.reason } : {};
  const size = filled + event.lots + remaining;
  toAccount(c, ...orderFrame(event, { status, filled, size, ...why }));
}

function takeUnwound(c: Context, event: CoreEvent & { type: 'unwound' }): void {
  const { fillIds, reason } = event;
  const touched = new Set<AccountId>();
  for (const id of fillIds) {
    const fill = c.parts.tape.fill(id);
    if (fill !== undefined) touched.add(fill.maker.account).add(fill.taker.account);
  }
  for (const account of touched) toAccount(c, account, { op: 'unwound', fillIds, reason });
}

function takeEvent(c: Context, event: CoreEvent): void {
  if (event.type === 'fill') takeFill(c, event);
  else if (event.type === 'cancelled' || event.type === 'expired') takeEnd(c, event);
  else if (event.type === 'unwound') takeUnwound(c, event);
  else if (event.type === 'call') c.dirty.add(event.market);
  else if (event.type === 'auction') {
    publish(c, `auction:${event.market}`, () => endFrame(event, c.parts.clock.now()));
  } else if (event.type === 'accepted') {
    c.dirty.add(event.market);
    const { filled, resting } = event;
    const size = filled + resting;
    if (resting > 0 && isHeard(c, event.account))
      toAccount(c, ...orderFrame(event, { status: 'open', filled, size }));
  }
}

function touchedBy(events: readonly CoreEvent[]): Set<AccountId> {
  const touched = new Set<AccountId>();
  for (const event of events) {
    if (event.type === 'fill') touched.add(event.maker.account).add(event.taker.account);
    else if (event.type === 'account') touched.add(event.account);
  }
  return touched;
}

function bookNow(c: Context, market: MarketId): SentBook {
  const { bids, asks } = depth(c.parts.engine.state, market, BOOK_LEVELS);
  const seq = c.books.get(market)?.seq ?? 0;
  return { seq, bids: levelsOf(bids), asks: levelsOf(asks) };
}

function flushBook(c: Context, market: MarketId): void {
  const before = c.books.get(market);
  if (before === undefined) return;
  const now = bookNow(c, market);
  const bids = changes(before.bids, now.bids);
  const asks = changes(before.asks, now.asks);
  if (bids.length + asks.length === 0) return;
  const seq = before.seq + 1;
  c.books.set(market, { ...now, seq });
  publish(c, `book:${market}`, () => ({ op: 'bookDiff', market, bids, asks, seq }));
}

/** While a market collects, everybody sees what it would come to. */
function flushAuction(c: Context, market: MarketId): void {
  if (c.parts.engine.state.markets.get(market)?.call === undefined) return;
  publish(c, `auction:${market}`, () => auctionFrame(c.parts, market));
}

function snapshotFrame(c: Context, channel: string): object | undefined {
  const [kind, id] = channel.split(':');
  if (kind === 'account') return accountFrame(c.parts, Number(id) as AccountId);
  if (kind === 'status') return { op: 'status', ...c.status() };
  if (kind === 'auction') return auctionFrame(c.parts, Number(id) as MarketId);
  if (kind !== 'book') return undefined;
  const market = Number(id) as MarketId;
  // Others follow diffs from the last flush: bring them up to date before a newcomer joins.
  flushBook(c, market);
  const book = c.books.get(market) ?? bookNow(c, market);
  c.books.set(market, book);
  return { op: 'book', market, bids: [...book.bids], asks: [...book.asks], seq: book.seq };
}

function subscribe(c: Context, subscriber: Subscriber, channel: string): void {
  const frame = snapshotFrame(c, channel);
  const listeners = c.channels.get(channel) ?? new Set();
  c.channels.set(channel, listeners.add(subscriber));
  if (frame !== undefined && !subscriber.send(encodeFrame(frame), channel)) {
    listeners.delete(subscriber);
  }
}

function settled(c: Context, batch: number, fillIds: readonly number[], tx: Hex): void {
  const touched = new Map<AccountId, number[]>();
  for (const id of fillIds) {
    const fill = c.parts.tape.fill(id);
    if (fill === undefined) continue;
    for (const { account } of [fill.maker, fill.taker]) {
      touched.set(account, [...(touched.get(account) ?? []), id]);
    }
  }
  for (const [account, ids] of touched) {
    toAccount(c, account, { op: 'settled', batch, fillIds: ids, tx });
  }
}

/** @param status - what the `status` channel says */
export function createStreams(parts: NodeParts, status: () => object): Streams {
  const c: Context = {
    parts,
    status,
    channels: new Map(),
    books: new Map(),
    dirty: new Set(),
  };
  return {
    subscribe: (subscriber, channel) => subscribe(c, subscriber, channel),
    unsubscribe(subscriber, channel) {
      if (channel !== undefined) c.channels.get(channel)?.delete(subscriber);
      else for (const listeners of c.channels.values()) listeners.delete(subscriber);
    },
    take({ events }) {
      for (const event of events) takeEvent(c, event);
      for (const account of touchedBy(events)) {
        publish(c, `account:${account}`, () => accountFrame(parts, account));
      }
    },
    settled: (batch, fillIds, tx) => settled(c, batch, fillIds, tx),
    flush() {
      for (const market of c.dirty) {
        flushBook(c, market);
        flushAuction(c, market);
      }
      c.dirty.clear();
    },
    sendStatus: () => publish(c, 'status', () => ({ op: 'status', ...status() })),
    subscribers: () => [...c.channels.values()].reduce((sum, set) => sum + set.size, 0),
  };
}
