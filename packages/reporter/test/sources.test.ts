import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '@holdfast/host';
import {
  liveSource,
  loadExchanges,
  simulatedSource,
  tick8,
  toTicks,
  walkLog,
} from '@holdfast/reporter';
import { btc, doge } from './markets.ts';

const start = 1_760_000_000;

describe('simulated source', () => {
  it('says the same in two processes, and something else for another seed', async () => {
    const one = simulatedSource('seed', [btc, doge]);
    const two = simulatedSource('seed', [btc, doge]);
    const other = simulatedSource('other', [btc, doge]);
    // Asked in a different order: nothing may depend on what was asked before.
    await two.pricesAt(start + 5000);
    for (const time of [start, start + 1, start + 86_400]) {
      assert.deepEqual(await one.pricesAt(time), await two.pricesAt(time));
      assert.notDeepEqual(await one.pricesAt(time), await other.pricesAt(time));
    }
  });

  it('moves like a walk: wider over longer times, never beyond the band in one round', () => {
    const sigma = 0.0002;
    const spread = (gap: number): number => {
      let sum = 0;
      for (let i = 0; i < 2000; i += 1) {
        const at = start + i * 977;
        sum += (walkLog(42, at + gap, sigma) - walkLog(42, at, sigma)) ** 2;
      }
      return Math.sqrt(sum / 2000);
    };
    const [second, minute, hour] = [spread(4), spread(60), spread(3600)];
    assert.ok(second > sigma && second < sigma * 6, `4 s: ${second}`);
    assert.ok(minute > second * 2 && minute < second * 8, `1 min: ${minute}`);
    assert.ok(hour > minute * 3 && hour < minute * 20, `1 h: ${hour}`);
    for (let i = 0; i < 5000; i += 1) {
      const step = walkLog(42, start + 2 * i + 2, sigma) - walkLog(42, start + 2 * i, sigma);
      assert.ok(Math.abs(step) < 0.09);
    }
  });

  it('stays positive and near its base for years', async () => {
    const source = simulatedSource('seed', [btc]);
    for (let day = 0; day < 1500; day += 1) {
      const price = (await source.pricesAt(start + day * 86_400)).get('BTC-USD');
      assert.ok(price !== undefined && price.price8 > 2e12 && price.price8 < 5e13);
      // The perpetual of another venue stays near: the mark's clamp is 2 %.
      const [perp = 0] = price.perps8;
      assert.ok(Math.abs(perp / price.price8 - 1) < 0.005);
    }
  });
});

describe('ticks', () => {
  it('rounds to the nearest tick', () => {
    assert.equal(tick8(btc), 10_000_000);
    assert.equal(toTicks(10_000_049_999_999, btc), 1_000_005);
    assert.equal(toTicks(22_123_456, doge), 22_123);
    assert.equal(toTicks(1, doge), 1);
  });
});

describe('live source', () => {
  it('answers with the median of fresh exchanges and drops stale ones', async () => {
    let wall = 1000;
    const at = (id: string, last: number) => ({ id, fetchTicker: async () => ({ last }) });
    const source = liveSource({
      markets: [btc],
      exchanges: [at('a', 100), at('b', 300), at('c', 200)],
      logger: silentLogger(),
      quoteAgeMsMax: 500,
      pollMs: 60_000,
      wallNow: () => wall,
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal((await source.pricesAt(0)).get('BTC-USD')?.price8, 200e8);
      wall += 501;
      assert.equal((await source.pricesAt(0)).size, 0);
    } finally {
      await source.close();
    }
  });

  it('takes along the perpetuals of the exchanges that have them', async () => {
    const fetchTicker = (perps: boolean) => async (pair: string) => {
      if (!pair.includes(':')) return { last: 100 };
      if (!perps) throw new Error('no such market');
      return { bid: 101, ask: 103 };
    };
    const source = liveSource({
      markets: [btc],
      exchanges: [
        { id: 'a', fetchTicker: fetchTicker(true) },
        { id: 'b', fetchTicker: fetchTicker(false) },
      ],
      logger: silentLogger(),
      pollMs: 60_000,
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const seen = (await source.pricesAt(0)).get('BTC-USD');
      assert.deepEqual(seen, { price8: 100e8, perps8: [102e8] });
    } finally {
      await source.close();
    }
  });

  it('needs at least two exchanges that answer', async () => {
    const good = { id: 'a', fetchTicker: async () => ({ bid: 99, ask: 101 }) };
    const bad = { id: 'b', fetchTicker: () => Promise.reject(new Error('down')) };
    const logger = silentLogger();
    const source = liveSource({ markets: [btc], exchanges: [good, bad], logger, pollMs: 60_000 });
    try {
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal((await source.pricesAt(0)).size, 0);
    } finally {
      await source.close();
    }
  });

  it('says how to install what is missing', async () => {
    try {
      await loadExchanges(['nowhere']);
      assert.fail('an exchange called nowhere exists');
    } catch (error) {
      const message = (error as Error).message;
      assert.match(message, /npm install --no-save ccxt|knows no exchange "nowhere"/);
    }
  });
});
