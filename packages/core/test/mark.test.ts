import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, marketId, ppm, seconds, ticks } from '@holdfast/units';
import { accountView, impactView, marketView } from '../src/index.ts';
import { params, report, Venue } from './support.ts';

const market = marketId(0);

/** Clamp 2 % in the first market, where account 2 holds 10 lots against account 3. */
function marked(overrides: Partial<typeof params> = {}): Venue {
  const venue = new Venue();
  const next = { ...params, markClampPpm: ppm(20_000), ...overrides };
  venue.run({ type: 'params', at: seconds(venue.at), market, params: next });
  venue.place(3, false, { price: 1000, size: 10 });
  venue.place(2, true, { price: 1000, size: 10 });
  return venue;
}

/** A report in which the first market has this mark. */
function push(venue: Venue, round: number, price: number, mark: number, rate = 0, wait = 1): void {
  venue.at += wait;
  const command = report(round, [price, 1000], venue.at, rate);
  assert.equal(command.type, 'report');
  const quotes = command.report.quotes.map((quote) =>
    quote.market === market ? { ...quote, mark: ticks(mark) } : quote,
  );
  venue.run({ ...command, report: { ...command.report, quotes } });
}

const equityOf = (venue: Venue, id: number): bigint =>
  accountView(venue.state, accountId(id))?.equity ?? 0n;

describe('the mark in the engine', () => {
  it('is what accounts are worth, within its slew', () => {
    const venue = marked();
    const before = equityOf(venue, 2);
    push(venue, 2, 1000, 1_000_000);
    assert.equal(marketView(venue.state, market)?.mark, 1010);
    assert.equal(marketView(venue.state, market)?.price, 1000);
    // 10 lots of 100 quote units a tick, 10 ticks.
    assert.equal(equityOf(venue, 2) - before, 10_000n);
    push(venue, 3, 1000, 1_000_000);
    push(venue, 4, 1000, 1_000_000);
    assert.equal(marketView(venue.state, market)?.mark, 1020);
  });

  it('leaves the fill band at the index', () => {
    const venue = marked();
    push(venue, 2, 1000, 1010);
    const refusal = (price: number) =>
      venue.refusal(4, true, { price, lane: price, postOnly: true });
    assert.equal(refusal(1051), 'OutsideBand');
    assert.equal(refusal(1050), undefined);
  });

  it('reserves against the mark: what a fill costs at once is its distance from there', () => {
    const venue = marked();
    venue.place(4, true, { price: 1005, size: 10, lane: 1 });
    const at = (id: number) => accountView(venue.state, accountId(id))?.reserved ?? 0n;
    const above = at(4);
    push(venue, 2, 1000, 1010);
    venue.place(5, true, { price: 1005, size: 10, lane: 1 });
    // 5 ticks above the index, but below the mark: only the fee is left.
    assert.equal(above - at(5), 10n * 5n * 100n);
  });

  it('accrues nothing over a gap, and goes on from its end', () => {
    const venue = marked({ fundingGapSecondsMax: 30 });
    const index = () => marketView(venue.state, market)?.index ?? 0n;
    push(venue, 2, 1000, 1000, 100_000, 31);
    assert.equal(index(), 0n);
    push(venue, 3, 1000, 1000, 100_000, 30);
    assert.equal(index(), (100_000n * 1000n * 100n * 30n * 2n ** 32n) / 86_400_000_000n);
  });
});

describe('impact prices', () => {
  it('are the means of the lots that the impact notional is, against the premium', () => {
    const venue = new Venue(4, 10_000_000_000);
    // 500 tokens at 50 % are 10^9 quote units: at a price of 10^5 a lot, 10,000 lots.
    const half = { ...params, initialPpm: ppm(500_000) };
    venue.run({ type: 'params', at: seconds(venue.at), market, params: half });
    assert.equal(impactView(venue.state, market)?.lots, 10_000);
    venue.place(2, false, { price: 1001, size: 6_000, lane: 1 });
    const thin = impactView(venue.state, market);
    assert.deepEqual([thin?.bid, thin?.ask, thin?.impactAsk], [undefined, 1001, undefined]);
    venue.place(3, false, { price: 1004, size: 7_000, lane: 1 });
    venue.place(4, true, { price: 999, size: 9_990, lane: 1 });
    venue.place(5, true, { price: 998, size: 10, lane: 1 });
    const deep = impactView(venue.state, market);
    // 0.6 · 1001 + 0.4 · 1004 = 1002.2, up; 0.999 · 999 + 0.001 · 998 = 998.999, down.
    assert.deepEqual([deep?.impactBid, deep?.impactAsk], [998, 1003]);
    assert.equal(impactView(venue.state, marketId(9)), undefined);
  });
});
