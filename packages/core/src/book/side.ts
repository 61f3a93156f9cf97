/**
 * One side's price levels, in packed arrays that are used again: nothing is allocated for a level
 * that comes or goes. The ladder holds prices in order, the best at its end; a level's numbers lie
 * at its id, and each level knows the next worse one. Orders are known by their slot in the book.
 */
import { invariant } from '@holdfast/units';

export const none = -1;
const levelsAtBirth = 64;

export class Side {
  readonly isBuy: boolean;
  /** Of each level: lots, orders, first and last slot, next worse level. */
  readonly lots: number[] = [];
  orders = new Int32Array(levelsAtBirth);
  head = new Int32Array(levelsAtBirth);
  tail = new Int32Array(levelsAtBirth);
  worse = new Int32Array(levelsAtBirth);
  /** The ladder: prices (uint32) and the level of each. */
  private prices = new Uint32Array(levelsAtBirth);
  private ids = new Int32Array(levelsAtBirth);
  private height = 0;
  /** Ids never used begin here; those given back are a list through `worse`. */
  private fresh = 0;
  private freed = none;

  constructor(isBuy: boolean) {
    this.isBuy = isBuy;
  }

  /** The best level, or none. */
  best(): number {
    return this.height === 0 ? none : (this.ids[this.height - 1] as number);
  }

  /** The level of a price, made if there is none. An id given back has no lots left. */
  open(price: number): number {
    const at = this.search(price);
    if (at < this.height && this.prices[at] === price) return this.ids[at] as number;
    const id = this.claim();
    this.prices.copyWithin(at + 1, at, this.height);
    this.ids.copyWithin(at + 1, at, this.height);
    this.prices[at] = price;
    this.ids[at] = id;
    this.height += 1;
    this.worse[id] = at === 0 ? none : (this.ids[at - 1] as number);
    if (at + 1 < this.height) this.worse[this.ids[at + 1] as number] = id;
    this.head[id] = none;
    this.tail[id] = none;
    return id;
  }

  /** Takes an empty level out. */
  close(price: number): void {
    const at = this.search(price);
    invariant(at < this.height && this.prices[at] === price, 'there is no such price level');
    const id = this.ids[at] as number;
    if (at + 1 < this.height) {
      this.worse[this.ids[at + 1] as number] = this.worse[id] as number;
    }
    this.prices.copyWithin(at, at + 1, this.height);
    this.ids.copyWithin(at, at + 1, this.height);
    this.height -= 1;
    this.worse[id] = this.freed;
    this.freed = id;
  }

  /** Calls back with the best levels, best first. */
  each(levels: number, see: (price: number, id: number) => void): void {
    const end = Math.max(this.height - levels, 0);
    for (let at = this.height - 1; at >= end; at--) {
      see(this.prices[at] as number, this.ids[at] as number);
    }
  }

  /** How many levels are at a price or better. */
  reaching(price: number): number {
    return this.height - this.search(price);
  }

  /** Index in the ladder where a price is or belongs. */
  private search(price: number): number {
    const { prices, isBuy } = this;
    let low = 0;
    let high = this.height;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = prices[middle] as number;
      if (isBuy ? other < price : other > price) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private claim(): number {
    const id = this.freed;
    if (id !== none) {
      this.freed = this.worse[id] as number;
      return id;
    }
    if (this.fresh === this.ids.length) this.grow();
    // Lots may need 53 bits: a packed array of numbers, which only grows.
    this.lots.push(0);
    this.fresh += 1;
    return this.fresh - 1;
  }

  private grow(): void {
    const size = this.ids.length * 2;
    this.orders = widened(this.orders, size);
    this.head = widened(this.head, size);
    this.tail = widened(this.tail, size);
    this.worse = widened(this.worse, size);
    this.ids = widened(this.ids, size);
    const prices = new Uint32Array(size);
    prices.set(this.prices);
    this.prices = prices;
  }
}

/** A copy with room for `size` numbers. */
export function widened(old: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(size);
  wide.set(old);
  return wide;
}
