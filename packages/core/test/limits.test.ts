/** Limits of one account: tokens, markets, stale prices; and what follows fills, in which order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, cashQ32, lots, marketId, seconds } from '@holdfast/units';
import { apply, checkLaws, createState } from '../src/index.ts';
import type { Command, CoreConfig, State } from '../src/types.ts';
import { cancelsOf, config, deposit, order, owner, params, q32, report, Venue } from './support.ts';

const refused = (events: ReturnType<Venue['place']>) => {
  const found = events.find((event) => event.type === 'rejected');
  return found?.type === 'rejected' ? [found.code, found.data] : undefined;
};

describe('tokens', () => {
  const limited = (rateLimit: CoreConfig['rateLimit']) => new Venue(4, 10_000_000, { rateLimit });

  it('run out, and say what is there and what is needed', () => {
    const venue = limited({ burst: 2, perSecond: 1, quotePerToken: 1_000_000_000n });
    for (const seq of [1, 2])
      assert.equal(refused(venue.place(2, true, { price: 990, seq })), undefined);
    assert.deepEqual(refused(venue.place(2, true, { price: 990, seq: 3 })), [
      'RateLimited',
      { found: 0, required: 1000 },
    ]);
    venue.at += 1;
    assert.equal(refused(venue.place(2, true, { price: 990, seq: 3 })), undefined);
  });

  it('come back by trading, never beyond the burst', () => {
    const venue = limited({ burst: 3, perSecond: 0, quotePerToken: 100_000n });
    venue.place(3, false, { size: 3 });
    venue.place(2, true, { size: 1 });
    // 100,000 units are one token, for both sides.
    assert.equal(venue.account(2).bucket.milli, 3_000);
    venue.place(2, true, { size: 2, seq: 2 });
    assert.equal(venue.account(2).bucket.milli, 3_000, 'two are earned, one was missing');
    assert.equal(venue.account(3).bucket.milli, 3_000);
    venue.place(4, true, { price: 990, seq: 1 });
    venue.place(4, true, { price: 990, seq: 2 });
    venue.place(5, false, { price: 990, size: 1 });
    assert.equal(venue.account(4).bucket.milli, 1_000, '99,000 units are not a token yet');
    assert.equal(venue.account(4).bucket.carry, 99_000n);
  });
});

describe('prices', () => {
  it('that are not there are stale at any second', () => {
    const state = createState(config);
    const run = (command: Command) => apply(state, command).events;
    run({ type: 'open', at: seconds(1), account: accountId(2), owner: owner(2) });
    run(deposit(2, 1_000_000, 1));
    const events = run({ type: 'order', at: seconds(2), order: order(2, true) });
    assert.deepEqual(refused(events), [
      'PriceStale',
      { market: 0, found: Number.MAX_SAFE_INTEGER, required: 55 },
    ]);
  });

  it('of every market that values an account must be fresh, for positions and for orders', () => {
    for (const isFilled of [true, false]) {
      const venue = new Venue();
      if (isFilled) venue.place(3, false, { market: 1 });
      venue.place(2, true, { market: 1, price: isFilled ? 1_000 : 990 });
      venue.at += 60;
      venue.run(report(2, [1000], venue.at));
      assert.deepEqual(refused(venue.place(2, true, { lane: 1, price: 990 })), [
        'PriceStale',
        { market: 1, found: 60, required: 55 },
      ]);
      assert.equal(refused(venue.place(4, true, { lane: 1, price: 990 })), undefined);
    }
  });
});

describe('refusals', () => {
  it('name the market that is not there, and the most that there may be', () => {
    assert.deepEqual(refused(new Venue().place(2, true, { market: 9 })), [
      'MarketUnknown',
      { market: 9 },
    ]);
  });

  it('spare orders that rest at the very ends of the band', () => {
    for (const [isBuy, price, beyond] of [
      [true, 1_050, 1_051],
      [false, 950, 949],
    ] as const) {
      const venue = new Venue();
      const required = price;
      assert.equal(refused(venue.place(2, isBuy, { price, postOnly: true })), undefined);
      assert.deepEqual(refused(venue.place(3, isBuy, { price: beyond, postOnly: true })), [
        'OutsideBand',
        { found: beyond, required },
      ]);
    }
  });
});

describe('markets of an account', () => {
  const markets = Array.from({ length: 20 }, (_, id) => ({ id: marketId(id), params }));
  /** An account with positions in the first markets and orders in some. */
  const crowded = (positions: number, orders: readonly number[]) => {
    const venue = new Venue(2, 10_000_000, { markets });
    venue.at += 1;
    venue.run(
      report(
        2,
        markets.map(() => 1000),
        venue.at,
      ),
    );
    const sizes = markets.slice(0, positions).map(({ id }) => [id, lots(1)] as const);
    venue.run({ ...deposit(2, 0, venue.at), cause: 'transfer', sizes } as Command);
    for (const [lane, market] of orders.entries())
      venue.place(2, true, { market, lane, price: 990 });
    return (market: number) => refused(venue.place(2, true, { market, lane: 40, price: 990 }));
  };

  it('are sixteen at most, orders counted, each once', () => {
    for (const [positions, orders, market, expected] of [
      [15, [], 17, undefined],
      [16, [], 17, 'PositionsTooMany'],
      [16, [], 3, undefined],
      [15, [17], 18, 'PositionsTooMany'],
      [15, [17], 17, undefined],
      [15, [17], 3, undefined],
      [15, [3, 4], 17, undefined],
      [14, [3, 17], 18, undefined],
      [14, [16, 17], 18, 'PositionsTooMany'],
    ] as const) {
      assert.deepEqual(
        crowded(positions, orders)(market),
        expected && [expected, { required: 16 }],
        `${positions} ${orders} ${market}`,
      );
    }
  });
});

describe('after a fill', () => {
  it('accounts are trimmed in the order of their ids', () => {
    const venue = new Venue(6);
    for (const id of [5, 3]) {
      venue.place(6, false, { size: 10, lane: id });
      venue.place(id, true, { size: 10 });
      venue.place(id, false, { size: 10, price: 1_001, lane: 1 });
      venue.place(id, false, { size: 10, price: 1_040, lane: 2, reduceOnly: true });
    }
    const events = venue.place(4, true, { size: 20, price: 1_001 });
    assert.deepEqual(
      cancelsOf(events).map(({ account }) => account),
      [3, 5],
    );
  });
});

describe('the whole check', () => {
  /** A venue with a position, a plain and a reduce-only order, and a second bid. */
  const busy = (book: CoreConfig['book'] = 'ladder'): Venue => {
    const venue = new Venue(4, 1_000_000, { book });
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    venue.place(2, true, { size: 5, price: 990, lane: 1 });
    venue.place(4, true, { size: 5, price: 980 });
    venue.place(4, true, { size: 5, price: 980, lane: 1 });
    venue.place(2, false, { size: 4, price: 1_010, lane: 2, reduceOnly: true });
    venue.place(3, true, { size: 4, price: 970, lane: 2, reduceOnly: true });
    venue.place(4, false, { size: 6, price: 1_020, lane: 2 });
    return venue;
  };
  const account = (state: State, id: number) => {
    const found = state.accounts.get(accountId(id));
    assert.ok(found);
    return found;
  };
  const market = (state: State) => {
    const found = state.markets.get(marketId(0));
    assert.ok(found);
    return found;
  };
  const resting = (state: State, id: number, lane: number) => {
    const found = account(state, id).lanes.get(lane as never)?.resting;
    assert.ok(found);
    return found as { -readonly [K in keyof typeof found]: (typeof found)[K] };
  };
  const sums = (state: State, id: number) => {
    const found = account(state, id).open.get(marketId(0));
    assert.ok(found);
    return found;
  };

  it('finds nothing in a sound state', () => {
    assert.deepEqual(checkLaws(busy().state), []);
    assert.deepEqual(checkLaws(createState(config)), []);
  });

  const faults: [name: string, spoil: (state: State) => void, breaches: string[]][] = [
    [
      'cash',
      (state) => {
        account(state, 2).cash = cashQ32(account(state, 2).cash + q32(1));
      },
      [`L01: cash is ${1n << 32n} (Q32) away from the liabilities`],
    ],
    [
      'suspense',
      (state) => {
        state.suspense.cash -= 1n;
      },
      ['L01: cash is -1 (Q32) away from the liabilities'],
    ],
    [
      'a position',
      (state) => {
        account(state, 4).positions.set(marketId(0), lots(-1));
      },
      ['L04: a net position is not zero'],
    ],
    [
      'sizes in transit',
      (state) => {
        state.suspense.sizes.set(marketId(0), 1);
      },
      ['L04: a net position is not zero'],
    ],
    [
      'open interest',
      (state) => {
        market(state).openInterest = 9;
        market(state).interestLow = 9;
      },
      ['L05: open interest is not the sum of longs'],
    ],
    [
      'the low end of the range',
      (state) => {
        market(state).interestLow = 11;
      },
      ['open interest of market 0 is outside of its range'],
    ],
    [
      'the high end of the range',
      (state) => {
        market(state).interestHigh = 9;
      },
      ['open interest of market 0 is outside of its range'],
    ],
    [
      'time priority',
      (state) => {
        resting(state, 4, 1).placed = 1;
      },
      ['the book of market 0 is not in priority'],
    ],
    [
      'equal placements',
      (state) => {
        resting(state, 4, 1).placed = resting(state, 4, 0).placed;
      },
      ['the book of market 0 is not in priority'],
    ],
    [
      'a reserve',
      (state) => {
        resting(state, 2, 1).reserve -= 1n;
        account(state, 2).reserved -= 1n;
      },
      ['an order of account 2 has too small a reserve'],
    ],
    [
      'the sum of reserves',
      (state) => {
        account(state, 2).reserved += 1n;
      },
      ['account 2 reserves something else'],
    ],
    [
      'the count of orders',
      (state) => {
        account(state, 2).openCount += 1;
      },
      ['account 2 miscounts its orders'],
    ],
    [
      'open buys',
      (state) => {
        sums(state, 2).buys += 1;
      },
      ['account 2 has wrong open sums in market 0'],
    ],
    [
      'open sells',
      (state) => {
        sums(state, 4).sells += 1;
      },
      ['account 4 has wrong open sums in market 0'],
    ],
    [
      'reduce-only buys',
      (state) => {
        sums(state, 3).reduceBuys += 1;
      },
      ['account 3 has wrong open sums in market 0'],
    ],
    [
      'reduce-only sells',
      (state) => {
        sums(state, 2).reduceSells += 1;
      },
      ['account 2 has wrong open sums in market 0'],
    ],
  ];
  for (const [name, spoil, breaches] of faults) {
    it(`names one fault and no other: ${name}`, () => {
      const { state } = busy();
      spoil(state);
      assert.deepEqual(checkLaws(state), breaches);
    });
  }

  it('finds orders that should have gone', () => {
    // The ladder would not find an order whose price has changed.
    const crossed = busy('naive');
    const ask = resting(crossed.state, 2, 2);
    (ask as { order: object }).order = { ...ask.order, price: 990 };
    assert.deepEqual(checkLaws(crossed.state), ['the book of market 0 is crossed']);
    const unsorted = busy('naive');
    const bid = resting(unsorted.state, 4, 1);
    (bid as { order: object }).order = { ...bid.order, price: 995 };
    assert.ok(checkLaws(unsorted.state).includes('the book of market 0 is not in priority'));
    const empty = busy();
    resting(empty.state, 4, 1).remaining = 0;
    assert.ok(checkLaws(empty.state).includes('an order without lots rests in market 0'));
    const beyond = busy();
    for (const id of [2, 3]) account(beyond.state, id).positions.delete(marketId(0));
    const found = checkLaws(beyond.state);
    for (const id of [2, 3]) {
      assert.ok(
        found.includes(`account ${id} has reduce-only orders beyond its position in market 0`),
      );
    }
    const counted = busy();
    const { book } = market(counted.state);
    const wrong = new Proxy(book, {
      get: (target, key) => {
        const value = Reflect.get(target, key, target);
        if (key === 'count') return 99;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    (market(counted.state) as { book: typeof book }).book = wrong;
    assert.deepEqual(checkLaws(counted.state), ['the book of market 0 miscounts']);
  });
});
