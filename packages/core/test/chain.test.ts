import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wholeScope } from '@holdfast/order';
import {
  AssertionError,
  accountId,
  epoch,
  fundingIndex,
  lane,
  lots,
  marketId,
  round,
  seconds,
  seq,
} from '@holdfast/units';
import {
  accountView,
  apply,
  bestPrices,
  checkLaws,
  createState,
  marketView,
  orderIntake,
  ordersOf,
  restore,
  snapshot,
  stateHash,
  unconfirmedFills,
} from '../src/index.ts';
import type { Command, CommandOf } from '../src/types.ts';
import { liquidation, opening, stream } from './stream.ts';
import {
  cancelsOf,
  codeOf,
  config,
  deposit,
  fillsOf,
  order,
  owner,
  params,
  q32,
  report,
  typesOf,
  Venue,
} from './support.ts';

const at = (venue: Venue) => ({ at: seconds(venue.at) });

describe('insurance funds', () => {
  it('are there from their first movement on, and nobody opens them', () => {
    const venue = new Venue();
    const fund = accountId(2 ** 32 - 256);
    const move = { ...deposit(2, 5, venue.at), account: fund } as CommandOf<'external'>;
    apply(venue.state, move);
    assert.equal(venue.state.accounts.get(fund)?.cash, move.cashDelta);
    const open = { type: 'open', account: fund, owner: owner(2), ...at(venue) } as Command;
    assert.equal(codeOf(apply(venue.state, open).events), 'AccountExists');
    const next = { ...open, account: accountId(2 ** 32 - 1) } as Command;
    assert.equal(codeOf(apply(venue.state, next).events), 'AccountExists');
  });
});

describe('cancels', () => {
  it('by lane, and say so when nothing rests', () => {
    const venue = new Venue();
    venue.place(2, true, { lane: 3 });
    const command = { type: 'cancel', ...at(venue), account: accountId(2), lane: lane(3) } as const;
    assert.equal(cancelsOf(venue.run({ ...command, clientId: '9' }))[0]?.clientId, '9');
    assert.equal(codeOf(venue.run(command)), 'OrderUnknown');
    assert.equal(codeOf(venue.run({ ...command, account: accountId(77) })), 'AccountUnknown');
  });

  it('with a seq kill an order that is still on its way', () => {
    const venue = new Venue();
    const kill = { type: 'cancel', ...at(venue), account: accountId(2), lane: lane(0) } as const;
    assert.deepEqual(typesOf(venue.run({ ...kill, seq: seq(5) })), ['laneCancelled']);
    assert.equal(venue.refusal(2, true, { seq: 5 }), 'SeqStale');
    assert.equal(venue.refusal(2, true, { seq: 6 }), undefined);
    assert.equal(codeOf(venue.run({ ...kill, seq: seq(5) })), 'OrderUnknown');
  });

  it('all, without touching the epoch', () => {
    const venue = new Venue();
    for (const slot of [0, 1, 2]) venue.place(2, true, { lane: slot, price: 990, size: 1 });
    const events = venue.run({ type: 'cancelAll', ...at(venue), account: accountId(2) });
    assert.equal(cancelsOf(events).length, 3);
    assert.deepEqual(ordersOf(venue.state, accountId(2)), []);
    assert.equal(venue.refusal(2, true, { seq: 2 }), undefined);
  });

  it('from the chain: lane and epoch', () => {
    const venue = new Venue();
    venue.place(2, true, { lane: 0, seq: 3 });
    const kill = { ...at(venue), account: accountId(2), lane: lane(0) } as const;
    assert.equal(cancelsOf(venue.run({ type: 'laneCancelled', ...kill, seq: seq(2) })).length, 0);
    assert.equal(cancelsOf(venue.run({ type: 'laneCancelled', ...kill, seq: seq(3) })).length, 1);
    venue.place(2, true, { lane: 0, seq: 4 });
    const bump = { type: 'epoch', ...at(venue), account: accountId(2), epoch: epoch(1) } as const;
    assert.equal(cancelsOf(venue.run(bump)).length, 1);
    assert.equal(venue.refusal(2, true, { seq: 5, epoch: 1 }), undefined);
  });

  it('go before post-only orders, those before takers, each stable', () => {
    const t = seconds(1);
    const take = (id: number): Command => ({ type: 'order', at: t, order: order(id, true) });
    const post: Command = { type: 'order', at: t, order: order(4, true, { postOnly: true }) };
    const kill: Command = { type: 'cancelAll', at: t, account: accountId(5) };
    const first = take(2);
    const second = take(3);
    assert.deepEqual(orderIntake([first, post, second, kill]), [kill, post, first, second]);
  });
});

describe('time', () => {
  it('expires orders before they could fail to settle', () => {
    const venue = new Venue();
    venue.place(2, true, { expiry: 1030 });
    assert.deepEqual(venue.run({ type: 'tick', at: seconds(1019) }), []);
    assert.deepEqual(typesOf(venue.run({ type: 'tick', at: seconds(1020) })), ['expired']);
  });

  it('expires before any other command too', () => {
    const venue = new Venue();
    venue.place(2, false, { expiry: 1030 });
    venue.at = 1020;
    assert.deepEqual(typesOf(venue.place(3, true)), ['expired', 'accepted']);
  });

  it('drops the dead-man switch', () => {
    const venue = new Venue();
    venue.place(2, true);
    const until = seconds(venue.at + 5);
    venue.run({ type: 'deadman', ...at(venue), account: accountId(2), until });
    venue.run({ type: 'deadman', ...at(venue), account: accountId(3), until: seconds(0) });
    const events = venue.run({ type: 'tick', at: until });
    assert.equal(cancelsOf(events)[0]?.reason, 'Deadman');
  });

  it('never runs backwards', () => {
    const venue = new Venue();
    assert.throws(() => venue.run({ type: 'tick', at: seconds(999) }), AssertionError);
  });
});

describe('reports', () => {
  const codes: [string, (venue: Venue) => Command][] = [
    ['RoundNotNewer', (v) => report(1, [1000], v.at + 1)],
    ['PriceOutsideBand', (v) => report(2, [1101], v.at + 1)],
    ['MarketUnlisted', (v) => report(2, [1000, 1000, 1000], v.at + 1)],
    [
      'ReportAhead',
      (v) => ({ ...(report(2, [1000], v.at + 31) as CommandOf<'report'>), at: seconds(v.at) }),
    ],
  ];
  for (const [code, make] of codes) {
    it(`are refused: ${code}`, () => {
      const venue = new Venue();
      assert.equal(codeOf(venue.run(make(venue))), code);
      assert.equal(venue.state.round, 1);
    });
  }

  it('accrue funding from longs to shorts, exactly', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 10 });
    venue.place(3, true, { size: 10 });
    venue.at += 3599;
    venue.price([1000, 1000], 86_400);
    const market = marketView(venue.state, marketId(0));
    // 8.64 % a day is 1 ppm a second: 3600 ppm of 100 000 quote units per lot.
    assert.equal(market?.index, (360n << 32n) as never);
    const fee = 450n;
    const long = accountView(venue.state, accountId(3));
    assert.equal(long?.equity, (1_000_000n - fee - 3600n) as never);
    assert.deepEqual(checkLaws(venue.state), []);
  });
});

describe('chain effects', () => {
  it('open accounts once', () => {
    const venue = new Venue();
    const open = { type: 'open', ...at(venue), account: accountId(2), owner: owner(2) } as const;
    assert.deepEqual(venue.run(open), []);
    assert.equal(codeOf(venue.run({ ...open, owner: owner(9) })), 'AccountExists');
    assert.equal(codeOf(venue.run({ ...open, account: accountId(1) })), 'AccountExists');
    venue.run({ ...open, account: accountId(8) });
    venue.run({ ...open, account: accountId(8), owner: owner(9) });
    assert.equal(venue.account(8).owner, owner(9), 'an empty account may get another owner');
  });

  it('keep conservation across the parts of a liquidation', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 10 });
    venue.place(3, true, { size: 10 });
    for (const command of liquidation(venue.state, 3, 4, -1_000_000n, 10)) {
      venue.run(command);
      assert.deepEqual(checkLaws(venue.state), []);
    }
    assert.deepEqual([venue.size(3), venue.size(4)], [0, 10]);
    assert.equal(venue.state.suspense.cash, 0n);
    assert.equal(venue.state.suspense.sizes.size, 0);
  });

  it('take risk-increasing orders with a withdrawal', () => {
    const venue = new Venue(2, 60_000);
    venue.place(2, true, { size: 10 });
    const out = { ...(deposit(2, -30_000, venue.at) as CommandOf<'external'>) };
    const events = venue.run({ ...out, cause: 'withdraw' });
    assert.equal(cancelsOf(events)[0]?.reason, 'MarginShort');
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('are refused for unknown accounts and markets', () => {
    const venue = new Venue();
    const effect = deposit(2, 1, venue.at) as CommandOf<'external'>;
    assert.equal(codeOf(venue.run({ ...effect, account: accountId(50) })), 'AccountUnknown');
    const sizes = [[marketId(9), lots(1)]] as const;
    assert.equal(codeOf(venue.run({ ...effect, sizes })), 'MarketUnknown');
  });

  it('change parameters but never the tick value', () => {
    const venue = new Venue();
    const change = { type: 'params', ...at(venue), market: marketId(0) } as const;
    const other = { ...params, tickValue: 5 };
    assert.equal(codeOf(venue.run({ ...change, params: other })), 'TickValueImmutable');
    venue.run({ ...change, market: marketId(3), params: other });
    assert.equal(marketView(venue.state, marketId(3))?.fresh, false);
  });

  it('remember session keys until they are revoked', () => {
    const venue = new Venue();
    const grant = { type: 'session', ...at(venue), account: accountId(2), key: owner(9) } as const;
    venue.run({ ...grant, expiry: seconds(5000) });
    assert.deepEqual(venue.account(2).sessions.get(owner(9)), {
      expiry: 5000,
      scope: wholeScope,
    });
    const scope = { markets: 1n << 127n, orderLotsMax: 2 ** 40 - 2, reduceOnly: true };
    venue.run({ ...grant, expiry: seconds(6000), scope });
    const kept = restore(snapshot(venue.state)).accounts.get(accountId(2))?.sessions;
    assert.deepEqual(kept?.get(owner(9)), { expiry: 6000, scope });
    venue.run({ ...grant, expiry: seconds(0) });
    assert.equal(venue.account(2).sessions.size, 0);
  });
});

describe('batches', () => {
  function withFill(): Venue {
    const venue = new Venue();
    venue.place(2, false, { size: 10 });
    venue.place(3, true, { size: 10 });
    return venue;
  }
  const seal = (venue: Venue, fillIds: number[], number = 1): Command => ({
    type: 'batch',
    ...at(venue),
    number,
    fillIds,
    reportRound: round(1),
  });

  it('remember both signed orders of a fill until it is confirmed', () => {
    const venue = withFill();
    const [fill] = unconfirmedFills(venue.state);
    assert.deepEqual([fill?.maker.account, fill?.taker.account, fill?.batch], [2, 3, null]);
    venue.run(seal(venue, [1]));
    assert.equal(unconfirmedFills(venue.state)[0]?.batch, 1);
    venue.run({ type: 'confirmed', ...at(venue), number: 1, indexes: [] });
    assert.deepEqual(unconfirmedFills(venue.state), []);
  });

  it('are refused with fills or numbers that are unknown', () => {
    const venue = withFill();
    assert.equal(codeOf(venue.run(seal(venue, [2]))), 'FillUnknown');
    const confirmed = { type: 'confirmed', ...at(venue), number: 4, indexes: [] } as const;
    assert.equal(codeOf(venue.run(confirmed)), 'BatchUnknown');
    const unwind = { type: 'unwind', ...at(venue), reason: 'x' } as const;
    assert.equal(codeOf(venue.run({ ...unwind, fillIds: [1, 1] })), 'FillUnknown');
    assert.equal(codeOf(venue.run({ ...unwind, fillIds: [9] })), 'FillUnknown');
  });

  it('correct cash once by the index of the chain, for all that is in flight', () => {
    const venue = withFill();
    venue.run(seal(venue, [1]));
    venue.place(2, false, { size: 5, lane: 1 });
    venue.place(3, true, { size: 5, lane: 1 });
    const before = venue.account(3).cash;
    const equity = accountView(venue.state, accountId(3))?.equity;
    const d = fundingIndex(7n << 32n);
    const indexes = [[marketId(0), d]] as const;
    venue.run({ type: 'confirmed', ...at(venue), number: 1, indexes });
    assert.equal(venue.account(3).cash - before, 15n * d);
    assert.equal(accountView(venue.state, accountId(3))?.equity, equity);
    venue.run(seal(venue, [2], 2));
    venue.run({ type: 'confirmed', ...at(venue), number: 2, indexes });
    assert.equal(venue.account(3).cash - before, 15n * d, 'the same difference counts once');
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('unwind is the exact inverse of a fill', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 4 });
    const cash = [1, 2, 3].map((id) => venue.account(id).cash);
    venue.place(3, true, { size: 10 });
    venue.price([1010, 1000], 50_000);
    const unwind = { type: 'unwind', ...at(venue), fillIds: [1], reason: 'SeqStale' } as const;
    const events = venue.run(unwind);
    assert.deepEqual(
      [1, 2, 3].map((id) => venue.account(id).cash),
      cash,
    );
    assert.deepEqual([venue.size(2), venue.size(3)], [0, 0]);
    assert.equal([...venue.account(3).lanes.values()][0]?.filled, 0);
    assert.equal(cancelsOf(events)[0]?.account, 3, 'the rest of the taker dies with it');
    assert.equal(bestPrices(venue.state, marketId(0)).bid, undefined);
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('unwind with culprits spares the others', () => {
    const venue = withFill();
    venue.place(2, false, { lane: 1, price: 1010 });
    venue.place(3, true, { lane: 1, price: 990 });
    const unwind = { type: 'unwind', ...at(venue), fillIds: [1], reason: 'x' } as const;
    venue.run({ ...unwind, culprits: [accountId(2)] });
    assert.deepEqual(bestPrices(venue.state, marketId(0)), { bid: 990, ask: undefined });
  });
});

describe('snapshots', () => {
  it('restore to the same bytes and the same future', () => {
    const state = createState(config);
    const next = stream(21, false);
    const queue = opening();
    for (let i = 0; i < 1500; i++) apply(state, queue.shift() ?? next(state));
    const bytes = snapshot(state);
    const twin = restore(bytes);
    assert.deepEqual(snapshot(twin), bytes);
    assert.equal(stateHash(twin), stateHash(state));
    assert.deepEqual(checkLaws(twin), []);
    const future = stream(22, false);
    for (let i = 0; i < 1500; i++) {
      const command = future(state);
      assert.deepEqual(apply(twin, command).events, apply(state, command).events);
    }
    assert.equal(stateHash(twin), stateHash(state));
  });

  it('are refused when malformed', () => {
    const bytes = snapshot(new Venue().state);
    assert.throws(() => restore(bytes.slice(0, -1)), AssertionError);
    assert.throws(() => restore(Uint8Array.from([...bytes, 0])), AssertionError);
    assert.throws(() => restore(Uint8Array.from([9, 9, ...bytes.slice(2)])), AssertionError);
  });

  it('hash what matters', () => {
    const venue = new Venue();
    const before = stateHash(venue.state);
    venue.account(2).cash = q32(5);
    assert.notEqual(stateHash(venue.state), before);
    assert.equal(fillsOf(venue.events).length, 0);
  });
});
