import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AssertionError, ticksMax } from '@holdfast/units';
import fc from 'fast-check';
import type { Book, Resting } from '../src/book/book.ts';
import { LadderBook } from '../src/book/ladder.ts';
import { createNaiveBook } from '../src/book/naive.ts';
import { none, Side } from '../src/book/side.ts';
import { apply, bestPrices, checkLaws, createState, depth, stateHash } from '../src/index.ts';
import { opening, stream } from './stream.ts';
import { config, numbers, order } from './support.ts';

const books: [string, () => Book][] = [
  ['naive', createNaiveBook],
  ['ladder', () => new LadderBook()],
];

function resting(placed: number, isBuy: boolean, price: number, size = 10): Resting {
  return {
    order: order(2, isBuy, { price, size, expiry: 100 + ((placed * 37) % 101) }),
    placed,
    remaining: size,
    adverse: 0,
    reserve: 0n,
    hash: undefined,
    slot: -1,
  };
}

/** Placements of the orders that expire by then, in order, and when the next does. */
function expiring(book: Book, last: number): unknown {
  const dead: Resting[] = [];
  const next = book.expiring(last, dead);
  return [dead.map(({ placed }) => placed).sort((a, b) => a - b), next];
}

function walkSide(book: Book, isBuy: boolean): number[] {
  const out: number[] = [];
  for (let each = book.best(isBuy); each !== undefined; each = book.next(each)) {
    out.push(each.placed);
  }
  return out;
}

for (const [name, create] of books) {
  describe(`${name} book`, () => {
    it('keeps price, then time', () => {
      const book = create();
      const all = [100, 101, 100, 99, 101].map((price, i) => resting(i, true, price));
      for (const each of all) book.insert(each);
      assert.deepEqual(walkSide(book, true), [1, 4, 0, 2, 3]);
      assert.equal(book.best(false), undefined);
      assert.deepEqual(book.depth(true, 2), [
        [101, 20, 2],
        [100, 20, 2],
      ]);
    });

    it('puts the lowest ask first', () => {
      const book = create();
      for (const [i, price] of [100, 99, 101].entries()) book.insert(resting(i, false, price));
      assert.deepEqual(walkSide(book, false), [1, 0, 2]);
    });

    it('keeps the place of an order that shrinks', () => {
      const book = create();
      const first = resting(0, true, 100);
      book.insert(first);
      book.insert(resting(1, true, 100));
      book.shrink(first, 4);
      assert.deepEqual(walkSide(book, true), [0, 1]);
      assert.deepEqual(book.depth(true, 5), [[100, 16, 2]]);
      assert.throws(() => book.shrink(first, 6), AssertionError);
    });

    it('finds what expires, up to the second', () => {
      const book = create();
      // Of placements 0, 1 and 2: 100, 137 and 174.
      const all = [0, 1, 2].map((placed) => resting(placed, placed === 1, 100));
      assert.deepEqual(expiring(book, 999), [[], Number.MAX_SAFE_INTEGER]);
      for (const each of all) book.insert(each);
      assert.deepEqual(expiring(book, 99), [[], 100]);
      assert.deepEqual(expiring(book, 137), [[0, 1], 174]);
      book.remove(all[1] as Resting);
      assert.deepEqual(expiring(book, 137), [[0], 174]);
      assert.deepEqual(expiring(book, 174), [[0, 2], Number.MAX_SAFE_INTEGER]);
    });

    it('refuses to remove what does not rest in it', () => {
      const book = create();
      const stranger = resting(0, true, 100);
      assert.throws(() => book.remove(stranger), AssertionError);
      book.insert(stranger);
      book.remove(stranger);
      assert.throws(() => book.remove(stranger), AssertionError);
      assert.equal(book.count, 0);
    });
  });
}

describe('a side', () => {
  it('uses levels again that were given back', () => {
    const side = new Side(true);
    const room = side.head.length;
    for (let price = 1; price <= 10 * room; price++) {
      side.open(price);
      side.close(price);
    }
    assert.equal(side.best(), none);
    assert.deepEqual([side.head.length, side.lots.length], [room, 1]);
  });
});

describe('ladder against naive', () => {
  it('agrees on any sequence of inserts, removes and shrinks', () => {
    const action = fc.record({
      kind: fc.constantFrom('insert', 'insert', 'remove', 'shrink'),
      isBuy: fc.boolean(),
      price: fc.oneof(fc.integer({ min: 90, max: 110 }), fc.integer({ min: 1, max: ticksMax })),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const pair = [createNaiveBook(), new LadderBook()];
        const live: [Resting, Resting][] = [];
        actions.forEach(({ kind, isBuy, price, pick }, i) => {
          const at = pick % Math.max(live.length, 1);
          const chosen = live[at];
          if (kind === 'insert') {
            const twins: [Resting, Resting] = [resting(i, isBuy, price), resting(i, isBuy, price)];
            pair.forEach((book, which) => {
              book.insert(twins[which] as Resting);
            });
            live.push(twins);
          } else if (chosen !== undefined && kind === 'remove') {
            pair.forEach((book, which) => {
              book.remove(chosen[which] as Resting);
            });
            live.splice(at, 1);
          } else if (chosen !== undefined && chosen[0].remaining > 1) {
            pair.forEach((book, which) => {
              book.shrink(chosen[which] as Resting, 1);
            });
          }
        });
        const [naive, ladder] = pair as [Book, Book];
        assert.equal(ladder.count, naive.count);
        for (const isBuy of [true, false]) {
          assert.deepEqual(walkSide(ladder, isBuy), walkSide(naive, isBuy));
          assert.deepEqual(ladder.depth(isBuy, 50), naive.depth(isBuy, 50));
        }
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it('agrees where hundreds of levels come and go', () => {
    const dice = numbers(3);
    const [naive, ladder] = [createNaiveBook(), new LadderBook()];
    const live: [Resting, Resting][] = [];
    for (let i = 0; i < 6000; i++) {
      // Waves: the book fills to some 700 levels, then drains, and ids are used again.
      const fills = Math.floor(i / 1000) % 2 === 0;
      if (dice(10) < (fills ? 9 : 1) || live.length === 0) {
        const [isBuy, price] = [dice(2) === 0, 1 + dice(2000)];
        const twins: [Resting, Resting] = [resting(i, isBuy, price), resting(i, isBuy, price)];
        naive.insert(twins[0]);
        ladder.insert(twins[1]);
        live.push(twins);
      } else {
        const [[slow, fast] = []] = live.splice(dice(live.length), 1);
        naive.remove(slow as Resting);
        ladder.remove(fast as Resting);
      }
      if (i % 100 !== 0) continue;
      for (const last of [99, 100, 100 + dice(101), 200]) {
        assert.deepEqual(expiring(ladder, last), expiring(naive, last));
      }
      for (const isBuy of [true, false]) {
        assert.deepEqual(walkSide(ladder, isBuy), walkSide(naive, isBuy));
        assert.deepEqual(ladder.depth(isBuy, 2000), naive.depth(isBuy, 2000));
        assert.deepEqual(ladder.depth(isBuy, 3), naive.depth(isBuy, 3));
      }
    }
  });

  it('gives the same events, depth and accounts on random streams', () => {
    for (const seed of [11, 12, 13]) {
      const fast = createState(config);
      const slow = createState({ ...config, book: 'naive' });
      const next = stream(seed);
      const queue = opening();
      for (let i = 0; i < 3000; i++) {
        const command = queue.shift() ?? next(fast);
        const events = apply(fast, command).events;
        assert.deepEqual(apply(slow, command).events, events);
      }
      for (const { id } of config.markets) {
        assert.deepEqual(depth(slow, id, 100), depth(fast, id, 100));
        assert.deepEqual(bestPrices(slow, id), bestPrices(fast, id));
      }
      assert.deepEqual(checkLaws(slow), []);
      const renamed = { ...slow, config };
      assert.equal(stateHash(renamed), stateHash(fast));
    }
  });
});
