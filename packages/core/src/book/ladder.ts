/**
 * The fast book: per side a map from price to level and the sorted ladder of prices with the best
 * at its end; per level a FIFO list threaded through an arena of integer slots. Insert and remove
 * at an existing level are O(1); a new level costs a binary search and a shift near the top.
 */
import { invariant } from '@holdfast/units';
import type { Book, Level, Resting } from './book.ts';

type Rung = { readonly price: number; lots: number; orders: number; head: number; tail: number };
type Side = { readonly isBuy: boolean; readonly rungs: Map<number, Rung>; readonly ladder: Rung[] };

const none = -1;
const slotsAtBirth = 256;

/** Index in the ladder where a price is or belongs; better prices are nearer the end. */
function search(side: Side, price: number): number {
  const { ladder, isBuy } = side;
  let low = 0;
  let high = ladder.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = (ladder[middle] as Rung).price;
    if (isBuy ? other < price : other > price) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** See the head of this file; one monomorphic class so that every field has a fixed place. */
export class LadderBook implements Book {
  private readonly bids: Side = { isBuy: true, rungs: new Map(), ladder: [] };
  private readonly asks: Side = { isBuy: false, rungs: new Map(), ladder: [] };
  private readonly orders: (Resting | undefined)[] = [];
  private previous = new Int32Array(slotsAtBirth);
  private following = new Int32Array(slotsAtBirth);
  private readonly free: number[] = [];
  private live = 0;

  get count(): number {
    return this.live;
  }

  insert(resting: Resting): void {
    const side = this.side(resting.order.isBuy);
    const { price } = resting.order;
    let rung = side.rungs.get(price);
    if (rung === undefined) {
      rung = { price, lots: 0, orders: 0, head: none, tail: none };
      side.rungs.set(price, rung);
      side.ladder.splice(search(side, price), 0, rung);
    }
    const slot = this.claim(resting);
    this.previous[slot] = rung.tail;
    this.following[slot] = none;
    if (rung.tail === none) rung.head = slot;
    else this.following[rung.tail] = slot;
    rung.tail = slot;
    rung.lots += resting.remaining;
    rung.orders += 1;
  }

  remove(resting: Resting): void {
    const side = this.side(resting.order.isBuy);
    const rung = this.rungOf(side, resting);
    const { slot } = resting;
    const before = this.previous[slot] as number;
    const after = this.following[slot] as number;
    if (before === none) rung.head = after;
    else this.following[before] = after;
    if (after === none) rung.tail = before;
    else this.previous[after] = before;
    rung.lots -= resting.remaining;
    rung.orders -= 1;
    if (rung.orders === 0) {
      side.rungs.delete(rung.price);
      side.ladder.splice(search(side, rung.price), 1);
    }
    this.orders[slot] = undefined;
    this.free.push(slot);
    this.live -= 1;
    resting.slot = none;
  }

  shrink(resting: Resting, lots: number): void {
    const rung = this.rungOf(this.side(resting.order.isBuy), resting);
    invariant(lots > 0 && lots < resting.remaining, 'shrink must leave a lot');
    resting.remaining -= lots;
    rung.lots -= lots;
  }

  best(isBuy: boolean): Resting | undefined {
    const { ladder } = this.side(isBuy);
    const top = ladder[ladder.length - 1];
    return top === undefined ? undefined : this.orders[top.head];
  }

  next(resting: Resting): Resting | undefined {
    const side = this.side(resting.order.isBuy);
    this.rungOf(side, resting);
    const after = this.following[resting.slot] as number;
    if (after !== none) return this.orders[after];
    const worse = side.ladder[search(side, resting.order.price) - 1];
    return worse === undefined ? undefined : this.orders[worse.head];
  }

  depth(isBuy: boolean, levels: number): Level[] {
    const { ladder } = this.side(isBuy);
    const out: Level[] = [];
    for (let i = ladder.length - 1; i >= 0 && out.length < levels; i--) {
      const { price, lots, orders } = ladder[i] as Rung;
      out.push([price, lots, orders]);
    }
    return out;
  }

  private side(isBuy: boolean): Side {
    return isBuy ? this.bids : this.asks;
  }

  private rungOf(side: Side, resting: Resting): Rung {
    const rung = side.rungs.get(resting.order.price);
    invariant(
      rung !== undefined && this.orders[resting.slot] === resting,
      'the order does not rest in this book',
    );
    return rung;
  }

  private claim(resting: Resting): number {
    const slot = this.free.pop() ?? this.orders.length;
    if (slot >= this.previous.length) {
      this.previous = grown(this.previous);
      this.following = grown(this.following);
    }
    this.orders[slot] = resting;
    this.live += 1;
    resting.slot = slot;
    return slot;
  }
}

function grown(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(old.length * 2);
  wide.set(old);
  return wide;
}
