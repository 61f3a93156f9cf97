/** The uniform price alone: bucket sums against every tick tried, and the rules one by one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Book, Resting } from '../src/book/book.ts';
import { LadderBook } from '../src/book/ladder.ts';
import { createNaiveBook } from '../src/book/naive.ts';
import { type Clearing, clear } from '../src/index.ts';
import { type Bid, naiveClear } from './naive-clear.ts';
import { numbers, order } from './support.ts';

const bid = (price: number, lots: number): Bid => ({ isBuy: true, price, lots });
const ask = (price: number, lots: number): Bid => ({ isBuy: false, price, lots });

function fill(book: Book, orders: readonly Bid[]): Book {
  orders.forEach(({ isBuy, price, lots }, placed) => {
    const signed = order(2, isBuy, { price, size: lots });
    const sums = { adverse: 0, reserve: 0n, hash: undefined, slot: -1 };
    book.insert({ order: signed, placed, remaining: lots, ...sums } as Resting);
  });
  return book;
}

function cleared(orders: readonly Bid[], reference: number, book: Book = new LadderBook()) {
  fill(book, orders);
  return clear(book.buckets(true, 1), book.buckets(false, 2 ** 31), reference);
}

const at = (found: Clearing | undefined) => found && [found.price, found.lots];

describe('a uniform price', () => {
  it('is none where nothing crosses', () => {
    assert.equal(cleared([], 100), undefined);
    assert.equal(cleared([bid(99, 5)], 100), undefined);
    assert.equal(cleared([bid(99, 5), ask(100, 5)], 100), undefined);
  });

  it('lets most lots trade, however far from the reference that is', () => {
    const orders = [bid(110, 5), bid(108, 20), ask(90, 10), ask(107, 15)];
    assert.deepEqual(at(cleared(orders, 90)), [107, 25]);
  });

  it('then leaves fewest over', () => {
    // Ten lots trade from 95 to 105; from 101 on the bid of 99 no longer waits.
    const orders = [bid(105, 10), bid(100, 7), ask(95, 10)];
    assert.deepEqual(at(cleared(orders, 96)), [101, 10]);
  });

  it('then is nearest to the reference', () => {
    const orders = [bid(110, 10), ask(90, 10)];
    for (const [reference, price] of [
      [100, 100],
      [80, 90],
      [120, 110],
    ] as const) {
      assert.deepEqual(at(cleared(orders, reference)), [price, 10]);
    }
  });

  it('is at the reference where either side of it is as good', () => {
    const orders = [bid(99, 2), bid(101, 8), ask(99, 8), ask(101, 2)];
    const found = cleared(orders, 100);
    assert.deepEqual(found, naiveClear(orders, 100));
    const apart = [bid(110, 4), bid(98, 2), ask(90, 4), ask(102, 2)];
    assert.deepEqual(at(cleared(apart, 100)), [100, 4]);
    const even = [bid(110, 4), bid(101, 1), bid(98, 1), ask(90, 4), ask(102, 1), ask(99, 1)];
    assert.deepEqual(cleared(even, 100), naiveClear(even, 100));
  });

  it('counts sums beyond 32 bits', () => {
    const large = 2 ** 39;
    const orders = [bid(110, large), bid(109, large), ask(100, large), ask(101, large)];
    assert.deepEqual(at(cleared(orders, 105)), [105, 2 * large]);
  });

  const side = (isBuy: boolean) =>
    fc.record({
      isBuy: fc.constant(isBuy),
      price: fc.integer({ min: 1, max: 40 }),
      lots: fc.integer({ min: 1, max: 9 }),
    });
  const orders = fc.array(fc.oneof(side(true), side(false)), { minLength: 1, maxLength: 40 });

  it('is what trying every tick finds, over both books', () => {
    const reference = fc.integer({ min: 1, max: 45 });
    fc.assert(
      fc.property(orders, reference, (all, index) => {
        const expected = naiveClear(all, index);
        assert.deepEqual(cleared(all, index), expected);
        assert.deepEqual(cleared(all, index, createNaiveBook()), expected);
      }),
      { numRuns: 3_000, seed: 5 },
    );
  });

  it('is what trying every tick finds in books of hundreds of orders', () => {
    const dice = numbers(77);
    for (let run = 0; run < 40; run++) {
      const width = 5 + dice(200);
      const all = Array.from({ length: 50 + dice(300) }, () => ({
        isBuy: dice(2) === 0,
        price: 1_000 + dice(width),
        lots: 1 + dice(50),
      }));
      const index = 990 + dice(width + 20);
      assert.deepEqual(cleared(all, index), naiveClear(all, index));
    }
  });

  it('stops at the limit that buckets are asked for', () => {
    for (const book of [new LadderBook(), createNaiveBook()]) {
      fill(book, [bid(100, 1), bid(100, 2), bid(98, 4), bid(95, 8), ask(101, 16), ask(103, 32)]);
      assert.deepEqual(book.buckets(true, 98), { prices: [100, 98], lots: [3, 4] });
      assert.deepEqual(book.buckets(true, 97), { prices: [100, 98], lots: [3, 4] });
      assert.deepEqual(book.buckets(true, 101), { prices: [], lots: [] });
      assert.deepEqual(book.buckets(false, 102), { prices: [101], lots: [16] });
      assert.deepEqual(book.buckets(false, 103), { prices: [101, 103], lots: [16, 32] });
    }
  });
});
