import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  applyEvent,
  type Book,
  type BookEvent,
  emptyBook,
  memberOf,
  sumsFault,
} from '../src/book.ts';
import { marginFault, memberHealth, onlyReduces, uncovered } from '../src/margin.ts';
import { shareOut } from '../src/shares.ts';
import { market } from './market.ts';

function bookOf(...events: readonly BookEvent[]): Book {
  const book = emptyBook();
  for (let i = 0; i < 3; i++)
    applyEvent(book, { type: 'joined', address: `0x${i}`, key: BigInt(i + 1) });
  for (const id of [0, 1]) applyEvent(book, { type: 'market', market: id, to: market });
  for (const event of events) applyEvent(book, event);
  return book;
}

const tokens = (n: number): bigint => BigInt(n) * 1_000_000n;
const buy = (member: number | undefined, lots: number, price = 1_000_000): BookEvent => ({
  type: 'fills',
  fills: [{ member, market: 0, lots, price, role: 'taker' }],
});
const flow = (member: number, n: number): BookEvent => ({ type: 'flow', member, quote: tokens(n) });

describe('book', () => {
  it('gives a fill with its fee to the member of the order', () => {
    const book = bookOf(flow(1, 1000), buy(1, 10));
    // 10 lots are 1,000 tokens; the taker's fee is 0.45.
    equal(memberOf(book, 1).cash, -450_000n << 32n);
    deepEqual([...memberOf(book, 1).sizes], [[0, 10]]);
    equal(memberHealth(book, 1).equity, 999_550_000n);
  });

  it('charges a fee rounded up, as the chain does', () => {
    const book = bookOf(flow(1, 1000), buy(1, 1, 1));
    // 100 quote units of notional: the fee of 0.045 is one unit.
    equal(memberOf(book, 1).cash, (tokens(1000) - 100n - 1n) << 32n);
  });

  it('gives what nobody is known for to the operator', () => {
    const book = bookOf(flow(1, 5), buy(undefined, 3));
    equal(memberOf(book, 0).sizes.get(0), 3);
    applyEvent(book, { type: 'omnibus', cash: book.total.cash + 77n, sizes: [] });
    equal(memberOf(book, 1).cash, tokens(5) << 32n);
    equal(sumsFault(book), undefined);
  });

  it('settles funding exactly, whoever is on which side', () => {
    const book = bookOf(flow(1, 1000), flow(2, 1000), buy(1, 7), buy(2, -7));
    const before = [1, 2].map((n) => memberHealth(book, n).equity);
    applyEvent(book, { type: 'market', market: 0, to: { index: (3n << 32n) + 1n } });
    const after = [1, 2].map((n) => memberHealth(book, n).equity);
    equal(after[0], (before[0] as bigint) - 22n);
    equal(after[1], (before[1] as bigint) + 21n);
    equal(book.total.sizes.get(0), undefined);
  });

  it('takes a liquidation off the side that shrank, by lots, at what the chain paid', () => {
    const book = bookOf(flow(0, 9), flow(1, 1000), flow(2, 1000), buy(1, 9), buy(2, 3), buy(0, -2));
    const cash = book.total.cash;
    // Four of the ten lots are gone for 40,000 units less than the mark.
    const paid = (4n * 100_000_000n - 40_000n) << 32n;
    const equityBefore = [0, 1, 2].map((n) => memberHealth(book, n).equity);
    applyEvent(book, { type: 'omnibus', cash: cash + paid, sizes: [[0, 6]] });
    deepEqual(
      [0, 1, 2].map((n) => memberOf(book, n).sizes.get(0)),
      [-2, 6, 2],
    );
    const lost = [0, 1, 2].map((n) => (equityBefore[n] as bigint) - memberHealth(book, n).equity);
    deepEqual(lost, [0n, 30_000n, 10_000n]);
    equal(book.total.cash, cash + paid);
    equal(sumsFault(book), undefined);
  });

  it('shares a levy on the side of the account, the rest is the operator’s', () => {
    const book = bookOf(flow(1, 1000), flow(2, 1000), buy(1, 2), buy(2, 5), buy(0, -1));
    const before = [0, 1, 2].map((n) => memberOf(book, n).cash);
    applyEvent(book, { type: 'levied', market: 0, perLot: 5n });
    const paid = [0, 1, 2].map((n) => (before[n] as bigint) - memberOf(book, n).cash);
    // Six lots owe 30: 2/7 and 5/7 of it are 8.57 and 21.43.
    deepEqual(paid, [1n, 8n, 21n]);
    equal(sumsFault(book), undefined);
  });

  it('sums to the account after any events', () => {
    const number = fc.integer({ min: 0, max: 2 });
    const id = fc.integer({ min: 0, max: 1 });
    const event: fc.Arbitrary<BookEvent> = fc.oneof(
      fc.record({
        type: fc.constant('flow' as const),
        member: number,
        quote: fc.bigInt({ min: -(10n ** 9n), max: 10n ** 12n }),
      }),
      fc.record({
        type: fc.constant('fills' as const),
        fills: fc.array(
          fc.record({
            member: fc.option(number, { nil: undefined }),
            market: id,
            lots: fc.integer({ min: -50, max: 50 }).filter((n) => n !== 0),
            price: fc.integer({ min: 1, max: 2_000_000 }),
            role: fc.constantFrom('maker' as const, 'taker' as const),
          }),
          { maxLength: 4 },
        ),
      }),
      fc.record({
        type: fc.constant('levied' as const),
        market: id,
        perLot: fc.bigInt({ min: 1n, max: 10n ** 15n }),
      }),
      fc.record({
        type: fc.constant('market' as const),
        market: id,
        to: fc.record({ index: fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }) }),
      }),
      fc.record({
        type: fc.constant('omnibus' as const),
        cash: fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
        sizes: fc.uniqueArray(fc.tuple(id, fc.integer({ min: -99, max: 99 })), {
          selector: ([m]) => m,
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const book = bookOf();
        for (const each of events) {
          applyEvent(book, each);
          equal(sumsFault(book), undefined);
          if (each.type !== 'omnibus') continue;
          equal(book.total.cash, each.cash);
          for (const [m, size] of each.sizes) equal(book.total.sizes.get(m) ?? 0, size);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

describe('shareOut', () => {
  it('gives all that fits, nobody more than its weight', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 1000n }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 3000n }), weights, (amount, w) => {
        const { shares, left } = shareOut(amount, w);
        equal(
          shares.reduce((a, b) => a + b, left),
          amount,
        );
        ok(shares.every((share, i) => share >= 0n && share <= (w[i] as bigint)));
      }),
      { seed: 3 },
    );
  });
});

describe('margin', () => {
  const order = (lots: number, isBuy = true, price = 1_000_000) => ({
    market: 0,
    isBuy,
    lots,
    price,
  });

  it('asks initial margin with all open orders at their worst', () => {
    const book = bookOf(flow(1, 100));
    // 10 lots are 1,000 tokens: 50 of margin and 0.45 of fee each.
    equal(marginFault(book, 1, order(10), []), undefined);
    equal(marginFault(book, 1, order(9), [order(10)]), undefined);
    equal(marginFault(book, 1, order(10), [order(10)])?.code, 'MarginShort');
    equal(marginFault(book, 1, order(10, false), [order(10)])?.code, undefined);
    // A limit far above the mark loses at once.
    equal(marginFault(book, 1, order(10, true, 1_050_000), [])?.code, 'MarginShort');
    equal(marginFault(bookOf(), 1, order(1), [])?.code, 'MarginShort');
  });

  it('lets an uncovered member reduce, and no more than it has', () => {
    const book = bookOf(flow(1, 60), buy(1, 10));
    applyEvent(book, { type: 'market', market: 0, to: { mark: 960_000 } });
    deepEqual(uncovered(book), [1]);
    equal(marginFault(book, 1, order(10, false, 900_000), []), undefined);
    equal(onlyReduces(book, 1, order(10, false), [order(1, false)]), false);
    equal(marginFault(book, 1, order(10, false, 900_000), [order(1, false)])?.code, 'MarginShort');
    equal(marginFault(book, 1, order(1), [])?.code, 'MarginShort');
  });
});
