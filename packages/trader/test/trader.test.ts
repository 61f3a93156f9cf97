import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AccountState,
  createBucket,
  createRandom,
  leverage,
  lotsWorth,
  type MarketView,
  makerStrategy,
  quoteLane,
  roster,
  takerStrategy,
  usualMaker,
  whaleStrategy,
} from '@holdfast/trader';

const btc: MarketView = { id: 0, index: 1_000_000, history: [1_000_000], tickValue: 100 };
const doge: MarketView = { id: 3, index: 22_000, history: [22_000], tickValue: 100 };
const markets = [btc, doge];
const life = 180;

function account(tokens: number, positions: [number, number][] = []): AccountState {
  return { equity: tokens * 1e6, positions: new Map(positions) };
}

describe('random', () => {
  it('gives the same stream for a seed and another for another', () => {
    const take = (seed: string) => {
      const random = createRandom(seed);
      return Array.from({ length: 8 }, () => random.next());
    };
    assert.deepEqual(take('a'), take('a'));
    assert.notDeepEqual(take('a'), take('b'));
    assert.ok(take('a').every((value) => value >= 0 && value < 1));
  });
});

describe('maker', () => {
  it('quotes both sides around the index, post-only, one lane per level', () => {
    const orders = makerStrategy([0])(markets, account(200_000), createRandom('m'), life);
    assert.equal(orders.length, usualMaker.levels * 2);
    for (const order of orders) {
      assert.equal(order.postOnly, true);
      const price = Number(order.price);
      assert.ok(order.side === 'buy' ? price < btc.index : price > btc.index);
      assert.ok(Math.abs(price / btc.index - 1) < 0.01);
    }
    assert.equal(new Set(orders.map((order) => order.lane)).size, orders.length);
    const all = markets.flatMap(({ id }) =>
      (['buy', 'sell'] as const).flatMap((side) => [0, 1, 2].map((n) => quoteLane(id, side, n))),
    );
    assert.equal(new Set(all).size, all.length);
  });

  it('leans against its inventory and stops growing it at its limit', () => {
    const mid = (state: AccountState): number => {
      const orders = makerStrategy([0])(markets, state, createRandom('m'), life);
      const prices = orders.map((order) => Number(order.price));
      return prices.reduce((sum, price) => sum + price, 0) / prices.length;
    };
    assert.ok(mid(account(200_000, [[0, 5000]])) < mid(account(200_000)));
    const full = account(200_000, [[0, 12_000]]);
    const orders = makerStrategy([0])(markets, full, createRandom('m'), life);
    assert.ok(orders.length > 0 && orders.every((order) => order.side === 'sell'));
  });

  it('goes round its markets', () => {
    const strategy = makerStrategy([0, 3]);
    const seen = [1, 2, 3].map(
      () => strategy(markets, account(1000), createRandom('m'), life)[0]?.market,
    );
    assert.deepEqual(seen, [0, 3, 0]);
  });
});

describe('taker', () => {
  it('sends immediate orders near the index', () => {
    const random = createRandom('t');
    for (let i = 0; i < 50; i += 1) {
      const [order] = takerStrategy('random')(markets, account(50_000), random, life);
      assert.ok(order !== undefined);
      assert.equal(order.timeInForce, 'IOC');
      const index = order.market === 0 ? btc.index : doge.index;
      assert.ok(Math.abs(Number(order.price) / index - 1) < 0.005);
    }
  });

  it('reduces first when it carries too much', () => {
    const heavy = account(1000, [[0, -100]]);
    assert.ok(leverage(markets, heavy) > 3);
    const [order] = takerStrategy('random')(markets, heavy, createRandom('t'), life);
    assert.deepEqual([order?.side, order?.reduceOnly, order?.size], ['buy', true, 34]);
  });

  it('follows a move, and waits without one', () => {
    const rising = { ...btc, history: [990_000, 1_000_000] };
    const follow = takerStrategy('momentum');
    assert.equal(follow([rising], account(50_000), createRandom('t'), life)[0]?.side, 'buy');
    assert.deepEqual(follow([btc], account(50_000), createRandom('t'), life), []);
  });
});

describe('whale', () => {
  it('builds up to its leverage, then holds, then turns round after losing it', () => {
    const whale = whaleStrategy(3);
    const state = account(20_000);
    const first = whale(markets, state, createRandom('w'), life)[0];
    assert.equal(first?.side, 'buy');
    const full = account(20_000, [[3, lotsWorth(doge, 20_000 * 17)]]);
    assert.deepEqual(whale(markets, full, createRandom('w'), life), []);
    assert.equal(whale(markets, state, createRandom('w'), life)[0]?.side, 'sell');
  });
});

describe('roster', () => {
  it('has makers for every market and exactly the accounts asked for', () => {
    for (const count of [1, 2, 3, 12, 60]) {
      const parts = roster(count, [0, 1, 2, 3], true);
      assert.equal(parts.length, count);
      assert.ok(parts.some((part) => part.role === 'maker'));
      assert.equal(parts.filter((part) => part.role === 'whale').length, count > 2 ? 1 : 0);
    }
  });
});

describe('bucket', () => {
  it('lets through no more than the rate', async () => {
    const bucket = createBucket(200);
    const { signal } = new AbortController();
    await bucket.take(200, signal);
    const began = performance.now();
    for (let i = 0; i < 10; i += 1) await bucket.take(2, signal);
    assert.ok(performance.now() - began > 80);
  });

  it('does not hold up a shutdown', async () => {
    const abort = new AbortController();
    const bucket = createBucket(0.01);
    await bucket.take(1, abort.signal);
    const waiting = bucket.take(100, abort.signal);
    abort.abort();
    assert.equal(await waiting, false);
  });
});
