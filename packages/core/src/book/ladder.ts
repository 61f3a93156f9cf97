/**
 * The fast book: per side a sorted ladder of price levels (`side.ts`); per level a FIFO list
 * threaded through an arena of integer slots, those given back first. Remove is O(1) while its
 * level lives on; insert costs a binary search, a new or emptied level a shift near the top.
 */
import { invariant } from '@holdfast/units';
import type { Book, Buckets, Level, Resting } from './book.ts';
import { none, Side, widened } from './side.ts';

const slotsAtBirth = 256;

/** See the head of this file; one monomorphic class so that every field has a fixed place. */
export class LadderBook implements Book {
  private readonly bids = new Side(true);
  private readonly asks = new Side(false);
  /** Of each slot: its order, when that expires, its level, its neighbours in the level. */
  private readonly orders: (Resting | undefined)[] = [];
  private readonly expiry: number[] = [];
  private level = new Int32Array(slotsAtBirth);
  private previous = new Int32Array(slotsAtBirth);
  private following = new Int32Array(slotsAtBirth);
  /** Slots given back are a list through `following`. */
  private freed = none;
  private live = 0;

  get count(): number {
    return this.live;
  }

  insert(resting: Resting): void {
    const side = this.side(resting.order.isBuy);
    const id = side.open(resting.order.price);
    const slot = this.claim(resting);
    const last = side.tail[id] as number;
    this.level[slot] = id;
    this.previous[slot] = last;
    this.following[slot] = none;
    if (last === none) side.head[id] = slot;
    else this.following[last] = slot;
    side.tail[id] = slot;
    side.lots[id] = (side.lots[id] as number) + resting.remaining;
    side.orders[id] = (side.orders[id] as number) + 1;
  }

  remove(resting: Resting): void {
    const slot = this.slotOf(resting);
    const side = this.side(resting.order.isBuy);
    const id = this.level[slot] as number;
    const before = this.previous[slot] as number;
    const after = this.following[slot] as number;
    if (before === none) side.head[id] = after;
    else this.following[before] = after;
    if (after === none) side.tail[id] = before;
    else this.previous[after] = before;
    side.lots[id] = (side.lots[id] as number) - resting.remaining;
    const left = (side.orders[id] as number) - 1;
    side.orders[id] = left;
    if (left === 0) side.close(resting.order.price);
    this.orders[slot] = undefined;
    this.expiry[slot] = Number.MAX_SAFE_INTEGER;
    this.following[slot] = this.freed;
    this.freed = slot;
    this.live -= 1;
    resting.slot = none;
  }

  shrink(resting: Resting, lots: number): void {
    const slot = this.slotOf(resting);
    invariant(lots > 0 && lots < resting.remaining, 'shrink must leave a lot');
    const side = this.side(resting.order.isBuy);
    const id = this.level[slot] as number;
    resting.remaining -= lots;
    side.lots[id] = (side.lots[id] as number) - lots;
  }

  best(isBuy: boolean): Resting | undefined {
    return this.firstOf(this.side(isBuy), this.side(isBuy).best());
  }

  next(resting: Resting): Resting | undefined {
    const slot = this.slotOf(resting);
    const after = this.following[slot] as number;
    if (after !== none) return this.orders[after];
    const side = this.side(resting.order.isBuy);
    return this.firstOf(side, side.worse[this.level[slot] as number] as number);
  }

  expiring(last: number, into: Resting[]): number {
    // A walk over numbers that lie side by side: a millisecond for a million orders.
    const { expiry, orders } = this;
    let next = Number.MAX_SAFE_INTEGER;
    for (let slot = 0; slot < orders.length; slot++) {
      const at = expiry[slot] as number;
      if (at <= last) into.push(orders[slot] as Resting);
      else if (at < next) next = at;
    }
    return next;
  }

  depth(isBuy: boolean, levels: number): Level[] {
    const side = this.side(isBuy);
    const out: Level[] = [];
    side.each(levels, (price, id) => {
      out.push([price, side.lots[id] as number, side.orders[id] as number]);
    });
    return out;
  }

  buckets(isBuy: boolean, limit: number): Buckets {
    const side = this.side(isBuy);
    const prices: number[] = [];
    const lots: number[] = [];
    side.each(side.reaching(limit), (price, id) => {
      prices.push(price);
      lots.push(side.lots[id] as number);
    });
    return { prices, lots };
  }

  private side(isBuy: boolean): Side {
    return isBuy ? this.bids : this.asks;
  }

  private firstOf(side: Side, level: number): Resting | undefined {
    return level === none ? undefined : this.orders[side.head[level] as number];
  }

  private slotOf(resting: Resting): number {
    const { slot } = resting;
    invariant(slot >= 0 && this.orders[slot] === resting, 'the order does not rest in this book');
    return slot;
  }

  private claim(resting: Resting): number {
    const slot = this.freed === none ? this.orders.length : this.freed;
    if (slot === this.freed) this.freed = this.following[slot] as number;
    else if (slot >= this.level.length) this.grow();
    this.orders[slot] = resting;
    this.expiry[slot] = resting.order.expiry;
    this.live += 1;
    resting.slot = slot;
    return slot;
  }

  private grow(): void {
    const size = this.level.length * 2;
    this.level = widened(this.level, size);
    this.previous = widened(this.previous, size);
    this.following = widened(this.following, size);
  }
}
