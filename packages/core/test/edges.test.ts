/** The engine at its edges: the last unit of margin, bands that narrow, guards behind guards. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AssertionError,
  accountId,
  lane,
  lots,
  marketId,
  ppm,
  round,
  seconds,
} from '@holdfast/units';
import type { Resting } from '../src/book/book.ts';
import { LadderBook } from '../src/book/ladder.ts';
import { createNaiveBook } from '../src/book/naive.ts';
import { applyFill, fillTerms } from '../src/fill.ts';
import { accountView, createState, restore, snapshot } from '../src/index.ts';
import { createContext, holdConservation } from '../src/state.ts';
import type { Command, MarketParams } from '../src/types.ts';
import {
  cancelsOf,
  codeOf,
  config,
  deposit,
  fillsOf,
  order,
  params,
  q32,
  report,
  Venue,
} from './support.ts';

const at = (venue: Venue) => ({ at: seconds(venue.at) });
const withParams = (venue: Venue, change: Partial<MarketParams>, market = 0) =>
  venue.run({
    type: 'params',
    ...at(venue),
    market: marketId(market),
    params: { ...params, ...change },
  });
const reasons = (events: Parameters<typeof cancelsOf>[0]) =>
  cancelsOf(events).map(({ account, reason }) => [account, reason]);
const withdraw = (venue: Venue, account: number, quote: bigint) =>
  venue.run({
    ...deposit(account, 0, venue.at),
    cashDelta: q32(-quote),
    cause: 'withdraw',
  } as Command);

describe('books', () => {
  const resting = (price: number, placed: number, isBuy = true): Resting => ({
    order: order(2, isBuy, { price }),
    placed,
    remaining: 10,
    adverse: 0,
    reserve: 0n,
    hash: undefined,
    slot: -1,
  });

  for (const [name, make] of [
    ['ladder', () => new LadderBook()],
    ['naive', createNaiveBook],
  ] as const) {
    it(`shrink an order by at least one lot and leave one: ${name}`, () => {
      const book = make();
      const one = resting(10, 1);
      book.insert(one);
      for (const wrong of [0, -1, 10, 11])
        assert.throws(() => book.shrink(one, wrong), AssertionError);
      book.shrink(one, 9);
      assert.equal(one.remaining, 1);
    });

    it(`know an order of another book: ${name}`, () => {
      const [own, other] = [make(), make()];
      const [one, two] = [resting(10, 1), resting(10, 2)];
      own.insert(one);
      other.insert(resting(10, 3));
      other.insert(two);
      assert.throws(() => own.remove(two), AssertionError);
      assert.throws(() => own.next(two), AssertionError);
    });

    it(`hold more orders than they were born for, in priority: ${name}`, () => {
      const book = make();
      const all = Array.from({ length: 700 }, (_, i) => resting(10 + (i % 3), i + 1));
      for (const each of all) book.insert(each);
      const walked = () => {
        const placed: number[] = [];
        for (let each = book.best(true); each !== undefined; each = book.next(each)) {
          placed.push(each.placed);
        }
        return placed;
      };
      const expected = (from: readonly Resting[]) =>
        [12, 11, 10].flatMap((price) =>
          from.filter((each) => each.order.price === price).map(({ placed }) => placed),
        );
      assert.deepEqual(walked(), expected(all));
      assert.equal(book.count, 700);
      const odd = all.filter(({ placed }) => placed % 2 === 1);
      for (const each of odd) book.remove(each);
      const even = all.filter(({ placed }) => placed % 2 === 0);
      assert.deepEqual(walked(), expected(even));
      for (const each of even) book.remove(each);
      assert.equal(book.best(true), undefined);
    });
  }

  it('are ordered by placement in the naive one, however they came', () => {
    const book = createNaiveBook();
    for (const placed of [2, 3, 1]) book.insert(resting(10, placed));
    assert.equal(book.best(true)?.placed, 1);
  });

  it('are of the kind that the venue is configured for', () => {
    const kind = (book: 'ladder' | 'naive') =>
      createState({ ...config, book }).markets.get(marketId(0))?.book instanceof LadderBook;
    assert.deepEqual([kind('ladder'), kind('naive')], [true, false]);
  });
});

describe('matching at its edges', () => {
  it('fills an order that leaves exactly the initial margin, and none that leaves less', () => {
    // 10 lots at 1,000 ticks: 1,000,000 units, 5 % margin, 450 units of fee.
    for (const [cash, expected] of [
      [50_450, undefined],
      [50_449, 'MarginShort'],
    ] as const) {
      const venue = new Venue(3, 10_000_000);
      venue.run({ type: 'open', ...at(venue), account: accountId(9), owner: '0x09' });
      venue.run(deposit(9, cash, venue.at));
      venue.place(2, false);
      const events = venue.place(9, true);
      assert.equal(codeOf(events), expected);
      assert.equal(venue.size(9), expected === undefined ? 10 : 0);
    }
  });

  it('lets nobody who has grown in this round go on while short of margin', () => {
    const shrink = (rounds: number) => {
      const venue = new Venue(4, 1_000_000);
      venue.place(3, false, { size: 100 });
      venue.place(2, true, { size: 100 });
      withdraw(venue, 2, 700_000n);
      for (let i = 0; i < rounds; i++) venue.price([1000, 1000]);
      venue.place(4, true, { size: 10 });
      return [venue.place(2, false, { size: 10, lane: 1 }), venue.size(2)] as const;
    };
    const [events, size] = shrink(0);
    assert.deepEqual([size, reasons(events)], [100, [[2, 'MarginShort']]]);
    assert.equal(shrink(1)[1], 90);
  });

  it('counts reduce-only orders among what reduces', () => {
    const venue = new Venue(3, 600_000);
    venue.place(3, true, { size: 100 });
    venue.place(2, false, { size: 100 });
    withdraw(venue, 2, BigInt(accountView(venue.state, accountId(2))?.free ?? 0n));
    venue.place(2, true, { size: 60, price: 990, reduceOnly: true, lane: 1 });
    // 60 and 41 lots could buy back more than the 100 that are sold.
    assert.equal(venue.refusal(2, true, { size: 41, price: 990, lane: 2 }), 'MarginShort');
    assert.equal(venue.refusal(2, true, { size: 40, price: 990, lane: 2, seq: 2 }), undefined);
  });

  it('fills at the very ends of the band', () => {
    for (const [isBuy, price] of [
      [true, 950],
      [false, 1_050],
    ] as const) {
      const venue = new Venue();
      venue.place(2, isBuy, { price });
      assert.equal(fillsOf(venue.place(3, !isBuy, { price, tif: 1 })).length, 1);
    }
  });

  it('drops makers that a narrower band has left outside', () => {
    for (const [isBuy, outside, edge] of [
      [true, 1_040, 1_020],
      [false, 960, 980],
    ] as const) {
      const venue = new Venue();
      venue.place(2, isBuy, { price: outside });
      venue.place(3, isBuy, { price: edge });
      withParams(venue, { fillBandPpm: ppm(20_000) });
      const events = venue.place(4, !isBuy, { price: 1000, tif: 1 });
      assert.deepEqual(reasons(events), [[2, 'OutsideBand']]);
      assert.deepEqual(
        fillsOf(events).map(({ price }) => price),
        [edge],
      );
    }
  });

  it('drops a reduce-only maker whose position has gone in the same walk', () => {
    const venue = new Venue();
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    venue.place(2, false, { size: 10, price: 1_001, lane: 1 });
    venue.place(2, false, { size: 10, price: 1_002, lane: 2, reduceOnly: true });
    const events = venue.place(4, true, { size: 20, price: 1_002, tif: 1 });
    assert.deepEqual(reasons(events), [
      [2, 'ReduceOnlyBroken'],
      [4, 'ImmediateOrCancel'],
    ]);
  });

  it('drops a maker that a stale price values', () => {
    const venue = new Venue();
    venue.place(3, false, { market: 1 });
    venue.place(2, true, { market: 1 });
    venue.place(2, true, { lane: 1 });
    venue.at += 50;
    venue.run(report(2, [1000], venue.at));
    venue.at += 10;
    venue.run(report(3, [1000], venue.at));
    assert.deepEqual(reasons(venue.place(4, false, { tif: 1 })), [
      [2, 'PriceStale'],
      [4, 'ImmediateOrCancel'],
    ]);
  });

  it('drops a maker that is in sixteen other markets by now', () => {
    const markets = Array.from({ length: 18 }, (_, id) => ({ id: marketId(id), params }));
    const venue = new Venue(3, 10_000_000, { markets });
    venue.run(
      report(
        2,
        markets.map(() => 1000),
        venue.at,
      ),
    );
    const held = (count: number) => {
      const own = new Venue(3, 10_000_000, { markets });
      own.at += 1;
      own.run(
        report(
          2,
          markets.map(() => 1000),
          own.at,
        ),
      );
      own.place(2, true, { market: 17 });
      const sizes = markets.slice(0, count).map(({ id }) => [id, lots(1)] as const);
      own.run({ ...deposit(2, 0, own.at), cause: 'transfer', sizes } as Command);
      return reasons(own.place(3, false, { market: 17, tif: 1 }));
    };
    assert.deepEqual(held(15), []);
    assert.deepEqual(held(16)[0], [2, 'PositionsTooMany']);
  });

  it('lets positions change hands above a cap that was lowered, and none grow', () => {
    const venue = new Venue();
    venue.place(3, false);
    venue.place(2, true);
    withParams(venue, { openInterestMax: lots(5) });
    venue.place(2, false, { lane: 1 });
    assert.equal(fillsOf(venue.place(4, true, { tif: 1 })).length, 1);
    assert.deepEqual([venue.size(2), venue.size(4)], [0, 10]);
    venue.place(3, false, { lane: 1, size: 1 });
    assert.deepEqual(reasons(venue.place(2, true, { lane: 2, size: 1, tif: 1 })), [
      [2, 'OpenInterestCapped'],
    ]);
  });
});

describe('orders beyond the margin', () => {
  const free = (venue: Venue, account: number) =>
    accountView(venue.state, accountId(account))?.free ?? 0n;
  const live = (venue: Venue, account: number) =>
    [...venue.account(account).lanes].flatMap(([slot, { resting }]) => (resting ? [slot] : []));

  it('are cancelled until it suffices, to the unit', () => {
    const venue = new Venue();
    for (const slot of [0, 1, 2]) venue.place(2, true, { price: 990, lane: slot, size: 20 });
    withdraw(venue, 2, free(venue, 2));
    assert.deepEqual([free(venue, 2), live(venue, 2)], [0n, [0, 1, 2]]);
    // One order asks 100,000 units of margin and its fee of 891: the newest of equals goes.
    withdraw(venue, 2, 1n);
    assert.deepEqual(live(venue, 2), [0, 1]);
    withdraw(venue, 2, free(venue, 2) + 100_891n);
    assert.deepEqual([free(venue, 2), live(venue, 2)], [0n, [0]]);
    withdraw(venue, 2, 1n);
    assert.deepEqual(live(venue, 2), []);
  });

  it('are cancelled two at once where one is not enough', () => {
    const venue = new Venue();
    for (const slot of [0, 1, 2]) venue.place(2, true, { price: 990, lane: slot, size: 20 });
    withdraw(venue, 2, free(venue, 2) + 100_892n);
    assert.deepEqual(live(venue, 2), [0]);
  });

  it('go by weight, what they reserve included', () => {
    const venue = new Venue();
    venue.place(2, true, { price: 1_000, lane: 0 });
    venue.place(3, false, { price: 1_060, lane: 0 });
    // Ten lots each; the first reserves 400 units for every lot that is bought above the mark.
    venue.place(4, true, { price: 1_040, lane: 0 });
    venue.place(4, true, { price: 990, lane: 1 });
    venue.place(4, true, { price: 980, lane: 2 });
    withdraw(venue, 4, free(venue, 4) + 1n);
    assert.ok(venue.size(4) > 0 || !live(venue, 4).includes(lane(0)));
  });

  it('are left alone where they only reduce or turn a position', () => {
    const venue = new Venue();
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    venue.place(2, false, { size: 20, price: 1_010, lane: 1 });
    withdraw(venue, 2, free(venue, 2) + 1n);
    assert.deepEqual(live(venue, 2), [1], 'from 10 long to 10 short asks for no more');
    const other = new Venue();
    other.place(3, false, { size: 10 });
    other.place(2, true, { size: 10 });
    other.place(2, false, { size: 10, price: 1_010, lane: 1, reduceOnly: true });
    for (const slot of [2, 3, 4]) other.place(2, false, { size: 8, price: 1_010, lane: slot });
    withdraw(other, 2, free(other, 2) + 1n);
    assert.ok(live(other, 2).includes(lane(1)));
    assert.ok(live(other, 2).length < 4);
  });
});

describe('guards', () => {
  it('halt when cash or lots appear', () => {
    const state = createState(config);
    assert.doesNotThrow(() => holdConservation(createContext(state)));
    const cash = { ...createContext(state), cashDrift: 1n };
    assert.throws(() => holdConservation(cash), /cash is not conserved: 1 appeared/);
    const sizes = { ...createContext(state), sizeDrift: new Map([[marketId(0), -2]]) };
    assert.throws(() => holdConservation(sizes), /net position of market 0 moved by -2/);
  });

  it('halt when an account trades with itself', () => {
    const venue = new Venue();
    const market = venue.state.markets.get(marketId(0));
    assert.ok(market);
    const own = fillTerms(market, order(2, true), order(2, false), lots(1));
    assert.throws(() => applyFill(createContext(venue.state), market, own), /trade with itself/);
  });

  it('refuse a rate limit that volume cannot earn', () => {
    for (const quotePerToken of [0n, -1n]) {
      const rateLimit = { ...config.rateLimit, quotePerToken };
      assert.throws(() => createState({ ...config, rateLimit }), /must be positive/);
    }
  });

  it('keep a batch without a report apart from one of round zero', () => {
    const venue = new Venue();
    venue.run({ type: 'batch', ...at(venue), number: 1, fillIds: [], reportRound: null });
    venue.run({ type: 'batch', ...at(venue), number: 2, fillIds: [], reportRound: round(0) });
    venue.run({ type: 'batch', ...at(venue), number: 3, fillIds: [], reportRound: round(7) });
    const { batches } = restore(snapshot(venue.state));
    assert.deepEqual([...batches], [...venue.state.batches]);
  });
});

describe('seizures', () => {
  it('count as placements, and wait for their own account alone', () => {
    const venue = new Venue(6, 1_000_000);
    withParams(venue, { liquidationPartPpm: ppm(300_000) });
    for (const [short, long] of [
      [2, 4],
      [3, 5],
    ] as const) {
      venue.place(long, true, { size: 150 });
      venue.place(short, false, { size: 150 });
      withdraw(venue, short, 700_000n);
    }
    const seize = (account: number) =>
      venue.run({ type: 'seize', ...at(venue), account: accountId(account), market: marketId(0) });
    // Both have grown in this round; in the next they may be sold.
    venue.price([1000, 1000]);
    for (const seller of [6, 7]) venue.place(seller, false, { size: 50, price: 1_001 });
    const before = venue.state.placed;
    assert.equal(codeOf(seize(2)), undefined);
    assert.equal(venue.state.placed, before + 1);
    assert.equal(codeOf(seize(2)), 'SeizurePending');
    assert.equal(codeOf(seize(3)), undefined);
  });
});
