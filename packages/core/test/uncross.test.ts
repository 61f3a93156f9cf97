/** The end of a call: who fills, in what order, and what becomes of orders that may not stand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, cashQ32, marketId, ppm, seconds } from '@holdfast/units';
import { checkLaws } from '../src/index.ts';
import { auctionOf, Hall, market } from './hall.ts';
import { naiveClear, naiveShares } from './naive-clear.ts';
import { cancelsOf, deposit, fillsOf, numbers, params, report, type Shorthand } from './support.ts';

/** A book of many accounts in a call: who trades is what plain arithmetic says. */
function crowded(seed: number) {
  const dice = numbers(seed);
  const hall = new Hall(60, 100_000_000);
  hall.call();
  const orders: { account: number; isBuy: boolean; price: number; lots: number }[] = [];
  for (let account = 2; account < 62; account++) {
    const isBuy = dice(2) === 0;
    for (let lane = 0; lane <= dice(4); lane++) {
      const price = 970 + dice(61);
      const lots = 1 + dice(40);
      orders.push({ account, isBuy, price, lots });
      hall.place(account, isBuy, { price, size: lots, lane });
    }
  }
  return { hall, orders };
}

describe('an auction of a crowd', () => {
  for (let seed = 1; seed <= 60; seed++) {
    it(`fills whom price and time say, seed ${seed}`, () => {
      const { hall, orders } = crowded(seed);
      const expected = naiveClear(orders, 1000);
      const before = hall.state.liabilities;
      const events = hall.wait(30);
      const auction = auctionOf(events);
      assert.deepEqual(
        [auction?.price, auction?.lots],
        [expected?.price ?? 0, expected?.lots ?? 0],
      );
      if (expected === undefined) return;
      const fills = fillsOf(events);
      const filled = new Map<string, number>();
      for (const { price, lots, maker, taker } of fills) {
        assert.equal(price, expected.price);
        for (const { account, lane } of [maker, taker]) {
          filled.set(`${account}/${lane}`, (filled.get(`${account}/${lane}`) ?? 0) + lots);
        }
      }
      let lane = 0;
      naiveShares(orders, expected).forEach((share, i) => {
        const { account } = orders[i] as (typeof orders)[number];
        lane = orders[i - 1]?.account === account ? lane + 1 : 0;
        assert.equal(filled.get(`${account}/${lane}`) ?? 0, share);
      });
      assert.equal(hall.state.liabilities, before);
      assert.deepEqual(checkLaws(hall.state), []);
    });
  }
});

/** Takes nearly all money off an account behind the core's back: nothing looks at its margin. */
function impoverish(hall: Hall, id: number): void {
  for (const [account, sign] of [
    [hall.account(id), -1n],
    [hall.account(5), 1n],
  ] as const) {
    account.cash = cashQ32(account.cash + sign * (995_000n << 32n));
  }
}

describe('an order that may not stand', () => {
  /** Account 2 bids for far more than it can keep at the mark of 1000 once it is poor. */
  function poor(more: Shorthand = {}): Hall {
    const hall = new Hall(5, 1_000_000);
    hall.call();
    hall.place(2, true, { price: 1010, size: 100, ...more });
    hall.place(3, true, { price: 1005, size: 40 });
    hall.place(4, false, { price: 1000, size: 60 });
    impoverish(hall, 2);
    return hall;
  }

  it('is cancelled, and the price is found without it', () => {
    const hall = poor();
    const events = hall.wait(30);
    assert.deepEqual(
      cancelsOf(events).map(({ account, reason }) => [account, reason]),
      [[2, 'MarginShort']],
    );
    const expected = naiveClear(
      [
        { isBuy: true, price: 1005, lots: 40 },
        { isBuy: false, price: 1000, lots: 60 },
      ],
      1000,
    );
    assert.equal(auctionOf(events)?.price, expected?.price);
    assert.equal(auctionOf(events)?.lots, 40);
    assert.deepEqual(
      fillsOf(events).map(({ maker, lots }) => [maker.account, lots]),
      [[3, 40]],
    );
    assert.deepEqual(checkLaws(hall.state), []);
  });

  it('is not even asked where its limit does not reach the price', () => {
    const hall = poor();
    hall.place(6, true, { price: 960, size: 5 });
    impoverish(hall, 6);
    const events = hall.wait(30);
    assert.deepEqual(
      cancelsOf(events).map(({ account }) => account),
      [2],
    );
  });

  it('leaves nothing behind where it was the only one', () => {
    const hall = poor();
    hall.run({ type: 'cancelAll', at: seconds(hall.at), account: accountId(3) });
    const sizes = hall.state.accounts.get(accountId(4))?.positions.size;
    const events = hall.wait(30);
    assert.equal(auctionOf(events)?.lots, 0);
    assert.equal(hall.state.accounts.get(accountId(4))?.positions.size, sizes);
    assert.equal(hall.state.markets.get(market)?.openInterest, 0);
    assert.equal(hall.state.markets.get(market)?.interestHigh, 0);
  });

  it('goes when another of its markets has no fresh price', () => {
    const hall = new Hall();
    hall.place(3, false, { market: 1, size: 5, lane: 9 });
    hall.place(2, true, { market: 1, size: 5, lane: 9 });
    hall.call(60);
    hall.at += 30;
    hall.run(report(2, [1000], hall.at));
    hall.place(2, true, { price: 1000 });
    hall.place(4, false, { price: 1000 });
    hall.at += 29;
    hall.run(report(3, [1000], hall.at));
    const events = hall.wait(1);
    assert.deepEqual(
      cancelsOf(events).map(({ account, reason }) => [account, reason]),
      [[2, 'PriceStale']],
    );
    assert.equal(auctionOf(events)?.lots, 0);
  });

  it('is the later one of a pair that would exceed the open interest', () => {
    const capped = { ...params, openInterestMax: 30 as never };
    const hall = new Hall(4, 1_000_000, { markets: [{ id: market, params: capped }] });
    hall.run(report(2, [1000], ++hall.at));
    hall.call();
    hall.place(2, true, { price: 1000, size: 20 });
    hall.place(3, false, { price: 1000, size: 20 });
    hall.place(4, true, { price: 1000, size: 20 });
    hall.place(5, false, { price: 1000, size: 20 });
    const events = hall.wait(30);
    assert.deepEqual(
      cancelsOf(events).map(({ account, reason }) => [account, reason]),
      [[5, 'OpenInterestCapped']],
    );
    assert.equal(auctionOf(events)?.lots, 20);
    assert.equal(hall.state.markets.get(market)?.openInterest, 20);
  });

  it('that only reduces comes before the others of its account', () => {
    const hall = new Hall();
    hall.place(3, false, { size: 10 });
    hall.place(2, true, { size: 10 });
    hall.call();
    hall.place(2, false, { price: 990, size: 10, lane: 1 });
    hall.place(2, false, { price: 995, size: 10, lane: 2, reduceOnly: true });
    hall.place(4, true, { price: 1000, size: 20 });
    const events = hall.wait(30);
    assert.deepEqual(
      fillsOf(events).map(({ maker, lots }) => [maker.lane, lots]),
      [
        [2, 10],
        [1, 10],
      ],
    );
    assert.equal(hall.size(2), -10);
  });

  it('that only reduces waits for its turn beyond the margin', () => {
    const hall = new Hall();
    hall.place(3, false, { size: 10 });
    hall.place(2, true, { size: 10 });
    hall.call();
    hall.place(5, false, { price: 990, size: 10, lane: 1 });
    hall.place(2, false, { price: 995, size: 10, lane: 2, reduceOnly: true });
    hall.place(4, true, { price: 1000, size: 10 });
    assert.deepEqual(
      fillsOf(hall.wait(30)).map(({ maker, lots }) => [maker.account, lots]),
      [[5, 10]],
    );
    assert.equal(hall.size(2), 10);
  });

  it('that only reduces outlives a round in which its account’s others were before it', () => {
    const hall = new Hall(5);
    hall.place(3, false, { size: 10 });
    hall.place(6, true, { size: 10 });
    hall.call();
    hall.place(6, false, { price: 990, size: 10, lane: 1 });
    hall.place(2, false, { price: 991, size: 100, lane: 1 });
    hall.place(6, false, { price: 991, size: 10, lane: 2, reduceOnly: true });
    hall.place(4, true, { price: 1000, size: 20 });
    impoverish(hall, 2);
    const events = hall.wait(30);
    assert.deepEqual(
      cancelsOf(events).map(({ account, reason }) => [account, reason]),
      [[2, 'MarginShort']],
    );
    assert.deepEqual(
      fillsOf(events).map(({ maker, lots }) => [maker.account, maker.lane, lots]),
      [
        [6, 2, 10],
        [6, 1, 10],
      ],
    );
  });

  it('is trimmed where the account’s other orders have reduced already', () => {
    const hall = new Hall();
    hall.place(3, false, { size: 10 });
    hall.place(2, true, { size: 10 });
    hall.call();
    hall.place(2, false, { price: 990, size: 8, lane: 1 });
    hall.place(2, false, { price: 1020, size: 10, lane: 2, reduceOnly: true });
    hall.place(4, true, { price: 1000, size: 8 });
    const events = hall.wait(30);
    assert.deepEqual(
      cancelsOf(events).map(({ lots, remaining, reason }) => [lots, remaining, reason]),
      [[8, 2, 'ReduceOnlyBroken']],
    );
  });

  it('costs an isolated market’s rule no more than anywhere', () => {
    const lone = { ...params, isolated: 1, initialPpm: ppm(50_000) };
    const hall = new Hall(4, 1_000_000, {
      markets: [
        { id: market, params },
        { id: marketId(1), params: lone },
      ],
    });
    hall.call();
    hall.place(2, true, { price: 1000 });
    hall.place(3, false, { price: 1000 });
    // A position that the chain brings, in a market that stands no other.
    hall.run({
      ...deposit(2, 0, hall.at),
      sizes: [[marketId(1), 5 as never]],
      cause: 'transfer',
    } as never);
    const events = hall.wait(30);
    assert.deepEqual(
      cancelsOf(events).map(({ account, reason }) => [account, reason]),
      [[2, 'IsolatedMarket']],
    );
  });
});
