import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, lots, marketId, ppm, seconds } from '@holdfast/units';
import { accountView, bestPrices, checkLaws, stateHash } from '../src/index.ts';
import { cancelsOf, config, fillsOf, order, params, typesOf, Venue } from './support.ts';

describe('matching', () => {
  it('fills at the maker price in price-time priority', () => {
    const venue = new Venue();
    venue.place(2, false, { price: 1001, lane: 0 });
    venue.place(3, false, { price: 1000, lane: 0 });
    venue.place(2, false, { price: 1000, lane: 1 });
    const fills = fillsOf(venue.place(4, true, { price: 1001, size: 25 }));
    assert.deepEqual(
      fills.map(({ maker, price, lots: size }) => [maker.account, price, size]),
      [
        [3, 1000, 10],
        [2, 1000, 10],
        [2, 1001, 5],
      ],
    );
    assert.equal(venue.size(4), 25);
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('books exact cash and fees', () => {
    const venue = new Venue();
    venue.place(2, false, { price: 1010, size: 7 });
    const [fill] = fillsOf(venue.place(3, true, { price: 1010, size: 7 }));
    const notional = 7n * 1010n * 100n;
    assert.equal(fill?.makerFee, (notional * 150n + 999_999n) / 1_000_000n);
    assert.equal(fill?.takerFee, (notional * 450n + 999_999n) / 1_000_000n);
    const buyer = 1_000_000n - notional - (fill?.takerFee ?? 0n);
    assert.equal(venue.account(3).cash, buyer << 32n);
    const fees = (fill?.makerFee ?? 0n) + (fill?.takerFee ?? 0n);
    assert.equal(venue.account(1).cash, fees << 32n);
  });

  it('rests what is left of GTC and cancels what is left of IOC', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 4 });
    const ioc = venue.place(3, true, { size: 10, tif: 1 });
    assert.deepEqual(typesOf(ioc), ['accepted', 'fill', 'cancelled']);
    assert.equal(cancelsOf(ioc)[0]?.reason, 'ImmediateOrCancel');
    venue.place(2, false, { size: 4, lane: 1 });
    const gtc = venue.place(3, true, { size: 10, seq: 2 });
    assert.equal(gtc[0]?.type === 'accepted' && gtc[0].resting, 6);
    assert.equal(bestPrices(venue.state, marketId(0)).bid, 1000);
  });

  it('fills FOK whole or leaves everything as it was', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 4 });
    venue.place(3, false, { size: 4 });
    const before = venue.account(2).cash;
    assert.equal(venue.refusal(4, true, { size: 9, tif: 2 }), 'FillOrKillShort');
    assert.deepEqual([venue.size(2), venue.size(4), venue.account(2).cash], [0, 0, before]);
    assert.equal(venue.account(4).lanes.size, 0);
    assert.equal(bestPrices(venue.state, marketId(0)).ask, 1000);
    assert.equal(fillsOf(venue.place(4, true, { size: 8, tif: 2 })).length, 2);
  });

  it('keeps the replaced order when its FOK successor is refused', () => {
    const venue = new Venue();
    venue.place(4, true, { price: 990 });
    assert.equal(venue.refusal(4, true, { seq: 2, tif: 2 }), 'FillOrKillShort');
    assert.equal(bestPrices(venue.state, marketId(0)).bid, 990);
  });

  it('cancels the resting order instead of trading with itself', () => {
    const venue = new Venue();
    venue.place(2, false, { lane: 0 });
    venue.place(3, false, { lane: 0 });
    const events = venue.place(2, true, { lane: 1, size: 5 });
    assert.equal(cancelsOf(events)[0]?.reason, 'SelfTrade');
    assert.equal(fillsOf(events)[0]?.maker.account, 3);
  });

  it('cancels a maker that lost its margin and goes on to the next', () => {
    const venue = new Venue(4, 60_000);
    venue.place(2, false, { size: 10, price: 1000 });
    venue.place(3, false, { size: 10, price: 1000 });
    // The account is emptied behind the engine's back, as only a fault could do.
    venue.account(2).cash = (1n << 32n) as typeof cash;
    const cash = venue.account(2).cash;
    const events = venue.place(4, true, { size: 10 });
    assert.equal(cancelsOf(events)[0]?.reason, 'MarginShort');
    assert.equal(fillsOf(events)[0]?.maker.account, 3);
  });

  it('never fills outside the band, nor rests there', () => {
    const venue = new Venue(4, 10_000_000);
    venue.place(2, false, { price: 1060 });
    const events = venue.place(3, true, { price: 1100 });
    assert.deepEqual(typesOf(events), ['accepted', 'cancelled']);
    assert.equal(cancelsOf(events)[0]?.reason, 'OutsideBand');
  });

  it('stops a taker at the open interest cap', () => {
    const capped = { id: marketId(0), params: { ...params, openInterestMax: lots(5) } };
    const venue = new Venue(4, 1_000_000, { markets: [capped, ...config.markets.slice(1)] });
    venue.place(2, false, { size: 5, lane: 0 });
    venue.place(2, false, { size: 5, lane: 1 });
    const events = venue.place(3, true, { size: 10 });
    assert.equal(fillsOf(events).length, 1);
    assert.equal(cancelsOf(events)[0]?.reason, 'OpenInterestCapped');
  });
});

describe('lanes', () => {
  it('replace atomically by a higher seq', () => {
    const venue = new Venue();
    venue.place(2, true, { price: 990 });
    const events = venue.place(2, true, { price: 991, seq: 2 });
    assert.deepEqual(typesOf(events), ['cancelled', 'accepted']);
    assert.equal(cancelsOf(events)[0]?.reason, 'Replaced');
    assert.equal(accountView(venue.state, accountId(2))?.account.openCount, 1);
  });

  it('keep the resting order when its successor is refused', () => {
    const venue = new Venue();
    venue.place(2, true, { price: 990 });
    const before = venue.account(2).reserved;
    assert.equal(venue.refusal(2, true, { seq: 2, size: 1_000_000 }), 'MarginShort');
    assert.equal(bestPrices(venue.state, marketId(0)).bid, 990);
    assert.equal(venue.account(2).reserved, before);
  });

  it('count partial fills', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 10 });
    venue.place(3, true, { size: 4 });
    const [fill] = fillsOf(venue.place(3, true, { size: 4, lane: 1 }));
    assert.equal(fill?.maker.filled, 8);
    assert.equal([...venue.account(2).lanes.values()][0]?.filled, 8);
  });

  it('do not hold the margin of the replaced order against its successor', () => {
    const venue = new Venue(2, 60_000);
    assert.equal(venue.refusal(2, true, { size: 10 }), undefined);
    assert.equal(venue.refusal(2, true, { size: 11, seq: 2 }), undefined);
    assert.equal(venue.refusal(2, true, { size: 11, lane: 1 }), 'MarginShort');
  });
});

describe('reduce-only', () => {
  function withLong(): Venue {
    const venue = new Venue();
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    return venue;
  }

  it('is cut to the position and dies with it', () => {
    const venue = withLong();
    venue.place(2, false, { size: 30, price: 1005, reduceOnly: true, lane: 5 });
    assert.equal(venue.account(2).open.get(marketId(0))?.reduceSells, 10);
    venue.place(4, true, { size: 6, price: 999, lane: 0 });
    const events = venue.place(2, false, { size: 6, price: 999, lane: 6 });
    assert.deepEqual(
      cancelsOf(events).map(({ reason, lots: size, remaining }) => [reason, size, remaining]),
      [['ReduceOnlyBroken', 6, 4]],
    );
    venue.place(4, true, { size: 4, price: 999, lane: 1 });
    assert.equal(cancelsOf(venue.place(2, false, { size: 4, price: 999, lane: 7 }))[0]?.lots, 4);
    assert.equal(venue.account(2).openCount, 0);
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('never flips a position', () => {
    const venue = withLong();
    venue.place(4, true, { size: 50, price: 999 });
    venue.place(2, false, { size: 50, price: 999, reduceOnly: true, lane: 1 });
    assert.equal(venue.size(2), 0);
  });
});

describe('margin', () => {
  it('counts open orders at their worst', () => {
    const venue = new Venue(2, 100_000);
    assert.equal(venue.refusal(2, true, { size: 10, lane: 0, price: 990 }), undefined);
    assert.equal(venue.refusal(2, true, { size: 10, lane: 1, price: 990 }), 'MarginShort');
    assert.equal(venue.refusal(2, false, { size: 10, lane: 2, price: 1010 }), undefined);
  });

  it('lets a poor account reduce and nothing else', () => {
    const venue = new Venue(3, 60_000);
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    venue.price([970, 1000]);
    const poor = accountView(venue.state, accountId(2));
    assert.ok(poor !== undefined && poor.equity < poor.initial);
    assert.equal(venue.refusal(2, true, { size: 1, price: 970, lane: 1 }), 'MarginShort');
    venue.place(4, true, { size: 5, price: 970 });
    assert.equal(fillsOf(venue.place(2, false, { size: 5, price: 970, lane: 2 })).length, 1);
    assert.equal(venue.size(2), 5);
  });

  it('cancels risk-increasing orders, the heaviest first, when a report takes the margin', () => {
    const venue = new Venue(3, 100_000);
    venue.place(3, false, { size: 5 });
    venue.place(2, true, { size: 5 });
    venue.place(2, true, { size: 3, price: 950, lane: 1 });
    venue.place(2, true, { size: 6, price: 940, lane: 2 });
    venue.place(2, false, { size: 5, price: 1040, lane: 3 });
    const events = venue.price([930, 1000]);
    const gone = cancelsOf(events).map(({ lane, reason }) => [lane, reason]);
    assert.deepEqual(gone, [[2, 'MarginShort']]);
    assert.ok((accountView(venue.state, accountId(2))?.free ?? -1n) >= 0n);
  });

  it('cancels bids that a falling band leaves above it', () => {
    const venue = new Venue(3, 1_000_000);
    venue.place(2, true, { price: 1000, size: 1 });
    assert.equal(cancelsOf(venue.price([940, 1000]))[0]?.reason, 'OutsideBand');
  });
});

describe('rejections', () => {
  const codes: [string, (venue: Venue) => string | undefined][] = [
    ['AccountUnknown', (v) => v.refusal(99, true)],
    ['AccountUnknown', (v) => v.refusal(1, true)],
    ['MarketUnknown', (v) => v.refusal(2, true, { market: 7 })],
    ['SizeOutOfRange', (v) => refuseRaw(v, { size: 0 as never })],
    ['PriceOutOfRange', (v) => refuseRaw(v, { price: 0 as never })],
    ['SignatureWrong', (v) => refuseRaw(v, { signature: new Uint8Array(65) })],
    ['FlagsConflict', (v) => v.refusal(2, true, { postOnly: true, tif: 1 })],
    ['EpochWrong', (v) => v.refusal(2, true, { epoch: 1 })],
    ['OrderExpired', (v) => v.refusal(2, true, { expiry: v.at + config.expiryMarginSeconds })],
    [
      'SeqStale',
      (v) => {
        v.place(2, true, { seq: 4 });
        return v.refusal(2, true, { seq: 4 });
      },
    ],
    [
      'PriceStale',
      (v) => {
        v.at += 56;
        return v.refusal(2, true);
      },
    ],
    ['MarginShort', (v) => v.refusal(2, true, { size: 1_000 })],
    ['ReduceOnlyBroken', (v) => v.refusal(2, true, { reduceOnly: true })],
    [
      'PostOnlyCrosses',
      (v) => {
        v.place(3, false);
        return v.refusal(2, true, { postOnly: true });
      },
    ],
    ['OutsideBand', (v) => v.refusal(2, true, { postOnly: true, price: 1051 })],
    ['FillOrKillShort', (v) => v.refusal(2, true, { tif: 2 })],
    [
      'BreakerTripped',
      (v) => {
        trip(v, 1, 1);
        return v.refusal(2, true);
      },
    ],
    [
      'BreakerTripped',
      (v) => {
        trip(v, 0, 3);
        return v.refusal(2, true);
      },
    ],
    [
      'RateLimited',
      (v) => {
        v.account(2).bucket.milli = 999;
        return v.refusal(2, true);
      },
    ],
    [
      'PositionsTooMany',
      (v) => {
        fillUp(v);
        return v.refusal(2, true);
      },
    ],
  ];

  for (const [code, attack] of codes) {
    it(code, () => {
      const venue = new Venue();
      const hash = stateHash(venue.state);
      assert.equal(attack(venue), code);
      assert.notEqual(stateHash(venue.state), hash, 'a rejection is an event, and it is counted');
    });
  }

  it('do not come without their cause', () => {
    const venue = new Venue();
    assert.equal(venue.refusal(2, true, { expiry: venue.at + 11, price: 950 }), undefined);
    assert.equal(venue.refusal(2, true, { postOnly: true, price: 1050, seq: 2 }), undefined);
    venue.at += 55;
    assert.equal(venue.refusal(2, true, { seq: 3 }), undefined);
  });

  it('rate limits are regained by time and by trading', () => {
    const venue = new Venue(3, 1_000_000, {
      rateLimit: { burst: 2, perSecond: 1, quotePerToken: 400_000n },
    });
    venue.place(2, false, { lane: 0 });
    venue.place(2, false, { lane: 1 });
    assert.equal(venue.refusal(2, false, { lane: 2 }), 'RateLimited');
    venue.place(3, true, { size: 8 });
    assert.equal(venue.refusal(2, false, { lane: 2 }), undefined);
    venue.place(2, false, { lane: 3 });
    assert.equal(venue.refusal(2, false, { lane: 4 }), 'RateLimited');
    venue.at += 1;
    assert.equal(venue.refusal(2, false, { lane: 4 }), undefined);
  });

  it('breaker level 1 lets a position shrink, level 3 asks for the flag too', () => {
    const venue = new Venue();
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    venue.place(3, true, { size: 5, price: 990, lane: 1 });
    trip(venue, 1, 1);
    assert.equal(fillsOf(venue.place(2, false, { size: 5, price: 990, lane: 1 })).length, 1);
    trip(venue, 1, 3);
    assert.equal(venue.refusal(2, false, { size: 5, lane: 2 }), 'BreakerTripped');
    assert.equal(venue.refusal(2, false, { size: 5, lane: 2, reduceOnly: true }), undefined);
    venue.at += 60;
    venue.price([1000, 1000]);
    assert.equal(venue.refusal(4, true, { price: 990 }), undefined);
  });

  function refuseRaw(venue: Venue, fields: Partial<ReturnType<typeof order>>): string | undefined {
    const bad = { ...order(2, true), ...fields };
    const events = venue.run({ type: 'order', at: seconds(venue.at), order: bad });
    return events.flatMap((event) => (event.type === 'rejected' ? [event.code] : []))[0];
  }

  function trip(venue: Venue, scope: number, level: number): void {
    const until = seconds(venue.at + 50);
    venue.run({ type: 'breaker', at: seconds(venue.at), scope, level, until });
  }

  /** Sixteen other markets with a resting order each. */
  function fillUp(venue: Venue): void {
    const at = seconds(venue.at);
    for (let id = 10; id < 26; id++) {
      venue.run({
        type: 'params',
        at,
        market: marketId(id),
        params: { ...params, initialPpm: ppm(60_000) },
      });
    }
    venue.at += 1;
    const quotes = Array.from({ length: 16 }, (_, i) => ({
      market: marketId(10 + i),
      price: 1000,
    }));
    venue.run({
      type: 'report',
      at: seconds(venue.at),
      raw: '0x',
      report: {
        round: 2 as never,
        time: seconds(venue.at),
        quotes: quotes.map((quote) => ({ ...quote, mark: 1000, rate: 0 })) as never,
      },
    });
    for (let id = 10; id < 26; id++)
      venue.place(2, true, { market: id, size: 1, price: 990, lane: id });
  }
});
