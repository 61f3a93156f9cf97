import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findFreePort, serveJson, type Venue } from '@holdfast/host';
import { createSense, fetchBooks, readBookQuote, type Sight } from '@holdfast/reporter';
import { seconds, ticks } from '@holdfast/units';
import { btc, doge } from './markets.ts';

const start = 1_760_000_040;
const bookAt = (middle: number) => ({
  bid: ticks(middle - 1),
  ask: ticks(middle + 1),
  impactBid: ticks(middle - 2),
  impactAsk: ticks(middle + 2),
});
const see = (time: number, middle?: number): Sight => ({
  time: seconds(time),
  index: ticks(1_000_000),
  book: middle === undefined ? undefined : bookAt(middle),
  perps: [],
});

describe('the senses of a reporter', () => {
  it('turn a steady premium into its rate, and say nothing before they saw one', () => {
    const sense = createSense();
    assert.deepEqual(sense.take(btc, see(start)), { mark: ticks(1_000_000), rate: 0 });
    // Premium 0.999,998 %: less 0.05 % it is 0.949,998 % per 8 h.
    const seen = sense.take(btc, see(start + 2, 1_010_002));
    assert.equal(seen.rate, 28_500);
    assert.equal(sense.take(doge, see(start + 2)).rate, 0);
  });

  it('sample once a minute: the first look counts', () => {
    const sense = createSense();
    const rateAt = (time: number, middle?: number) => sense.take(btc, see(time, middle)).rate;
    const base = Math.ceil(start / 60) * 60;
    assert.equal(rateAt(base, 1_010_002), 28_500);
    assert.equal(rateAt(base + 58, 900_000), 28_500);
    // The mean of 1 % and 0: 0.5 % less 0.05 %.
    assert.equal(rateAt(base + 60, 1_000_000), 13_500);
  });

  it('let a gap count as nothing: neither zero nor the last premium goes on', () => {
    const sense = createSense();
    const rateAt = (time: number, middle?: number) => sense.take(btc, see(time, middle)).rate;
    assert.equal(rateAt(start, 1_010_002), 28_500);
    for (let minute = 1; minute < 480; minute += 1) {
      assert.equal(rateAt(start + 60 * minute), 28_500, 'a missing minute changed the mean');
    }
    // Eight hours after the only sample there is none, and so no rate.
    assert.equal(rateAt(start + 60 * 480), 0);
  });

  it('keep venue minutes when time is compressed', () => {
    const sense = createSense();
    // At speed 120 a round is 240 s: each look is of another minute, and each counts once.
    const middles = [1_010_002, 1_000_000, 1_010_002, 1_000_000];
    const rates = middles.map((middle, i) => sense.take(btc, see(start + 240 * i, middle)).rate);
    assert.deepEqual(
      rates.map((rate) => rate > 0),
      [true, true, true, true],
    );
    assert.equal(rates[3], 13_500);
  });
});

describe('books', () => {
  const venueAt = (port: number): Venue =>
    ({ gateway: { host: '127.0.0.1', port }, markets: [btc, doge] }) as unknown as Venue;

  it('come from the public page; what is missing or nonsense is absent, and said', async () => {
    const node = await serveJson({
      host: '127.0.0.1',
      port: 0,
      routes: {
        'GET /v1/markets/0/impact': () => ({ status: 200, body: { market: 0, bid: 5, last: -3 } }),
        'GET /v1/markets/3/impact': () => ({ status: 200, body: { bid: 'five' } }),
      },
    });
    const said: string[] = [];
    try {
      const books = await fetchBooks(venueAt(node.port), (problem) => said.push(problem));
      assert.deepEqual([...books.keys()], [0]);
      assert.equal(books.get(0)?.bid, 5);
      assert.equal(books.get(0)?.last, undefined);
      assert.equal(said.length, 1);
      assert.notEqual(said[0], '');
    } finally {
      await node.close();
    }
  });

  it('are none when the node is away: the reporter goes on without', async () => {
    const said: string[] = [];
    const venue = venueAt(await findFreePort());
    assert.equal((await fetchBooks(venue, (problem) => said.push(problem))).size, 0);
    assert.notEqual(said[0], '');
    assert.equal(readBookQuote('nonsense'), undefined);
  });
});
