import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProtocol, protocolLane } from '@holdfast/order';
import { accountId, marketId, ppm, seconds } from '@holdfast/units';
import { orderIntake, restore, seizureOrder, snapshot, stateHash } from '../src/index.ts';
import type { Command } from '../src/types.ts';
import {
  cancelsOf,
  codeOf,
  config,
  deposit,
  fillsOf,
  params,
  type Shorthand,
  Venue,
} from './support.ts';

const seizeOf = (venue: Venue, account = 2, market = 0): Command => ({
  type: 'seize',
  at: seconds(venue.at),
  account: accountId(account),
  market: marketId(market),
});

/** Account 2 is long 100 lots, bought at 1000 with 520,000 quote units, and the mark is 975. */
function inNeed(isLong = true, price = isLong ? 975 : 1025): Venue {
  const venue = new Venue(4, 520_000);
  venue.run(deposit(3, 100_000_000, venue.at));
  venue.run(deposit(4, 100_000_000, venue.at));
  venue.place(3, !isLong, { size: 100 });
  venue.place(2, isLong, { size: 100 });
  assert.equal(Math.abs(venue.size(2)), 100);
  venue.price([price, 1000]);
  return venue;
}

const bid = (venue: Venue, price: number, size: number, more: Shorthand = {}) =>
  venue.place(4, true, { price, size, ...more });

describe('what the protocol sells', () => {
  it('is the partial size, to the best bids, no lower than the fillable price', () => {
    const venue = inNeed();
    bid(venue, 974, 20);
    bid(venue, 973, 200, { lane: 1 });
    const aim = seizureOrder(venue.state, accountId(2), marketId(0));
    assert.ok('order' in aim);
    // E 265,500 of MMR 292,500: 975 * 1.5 * 3 % * (1 - E / MMR) = 4.05 ticks.
    assert.equal(aim.order.price, 971);
    const events = venue.run(seizeOf(venue));
    const fills = fillsOf(events);
    assert.deepEqual(
      fills.map(({ lots, price }) => [lots, price]),
      [
        [20, 974],
        [aim.order.size - 20, 973],
      ],
    );
    assert.ok(fills.every(({ taker }) => isProtocol(taker) && taker.account === 2));
    assert.equal(venue.size(2), 100 - aim.order.size);
    assert.equal(venue.account(2).lanes.get(protocolLane)?.seq, 1);
  });

  it('is bought back for a short', () => {
    const venue = inNeed(false);
    venue.place(4, false, { price: 1026, size: 500 });
    const [fill] = fillsOf(venue.run(seizeOf(venue)));
    assert.equal(fill?.price, 1026);
    assert.equal(fill?.taker.isBuy, true);
    assert.ok(venue.size(2) > -100);
  });

  it('is no more than the market’s part per block', () => {
    const venue = inNeed();
    const part = { ...params, liquidationPartPpm: ppm(100_000) };
    venue.run({ type: 'params', at: seconds(venue.at), market: marketId(0), params: part });
    bid(venue, 975, 200);
    venue.run(seizeOf(venue));
    assert.equal(venue.size(2), 90);
  });

  it('ends where a lot more would leave the account less healthy', () => {
    // E 35,500 of MMR 285,600: the zero price is 3.55 ticks below the mark, the fillable one 37.
    const venue = inNeed(true, 952);
    bid(venue, 950, 5);
    bid(venue, 946, 100, { lane: 1 });
    assert.deepEqual(
      fillsOf(venue.run(seizeOf(venue))).map(({ lots, price }) => [lots, price]),
      [[5, 950]],
    );
  });

  it('takes the account’s resting orders away', () => {
    const venue = inNeed();
    venue.place(2, false, { price: 1000, size: 10, reduceOnly: true, lane: 3, seq: 1 });
    bid(venue, 974, 200);
    const events = venue.run(seizeOf(venue));
    assert.deepEqual(
      cancelsOf(events).map(({ account, lane, reason }) => [account, lane, reason]),
      [[2, 3, 'Liquidated']],
    );
  });
});

describe('a seizure is refused', () => {
  const refusal = (venue: Venue, account = 2, market = 0) => {
    const before = stateHash(venue.state);
    const code = codeOf(venue.run(seizeOf(venue, account, market)));
    // Nothing but the count of events has changed.
    venue.state.events -= 1;
    assert.equal(stateHash(venue.state), before);
    return code;
  };

  it('for whoever does not need it, or whom the book cannot help', () => {
    const venue = inNeed();
    assert.equal(refusal(venue, 3), 'NotLiquidatable');
    assert.equal(refusal(venue, 2, 1), 'PositionMissing');
    assert.equal(refusal(venue, 99), 'AccountUnknown');
    assert.equal(refusal(venue, 2, 9), 'MarketUnknown');
    assert.equal(refusal(inNeed(true, 940)), 'AccountBankrupt');
  });

  it('when nobody takes a lot at the limit', () => {
    const venue = inNeed();
    assert.equal(refusal(venue), 'NobodyTakes');
    bid(venue, 970, 100);
    venue.place(2, false, { price: 1000, size: 10, reduceOnly: true, lane: 3, seq: 1 });
    assert.equal(refusal(venue), 'NobodyTakes');
    assert.equal(venue.account(2).openCount, 1, 'its orders stay');
  });

  it('while the last one is not settled', () => {
    const venue = inNeed();
    bid(venue, 974, 1);
    assert.equal(fillsOf(venue.run(seizeOf(venue))).length, 1);
    bid(venue, 974, 1, { seq: 2 });
    assert.equal(refusal(venue), 'SeizurePending');
    const fillIds = fillsOf(venue.events)
      .filter(({ taker }) => isProtocol(taker))
      .map(({ id }) => id);
    venue.run({ type: 'unwind', at: seconds(venue.at), fillIds, reason: 'test' });
    assert.equal(venue.size(2), 100);
    assert.equal(fillsOf(venue.run(seizeOf(venue))).length, 1);
    assert.equal(venue.account(2).lanes.get(protocolLane)?.seq, 2);
  });

  it('under a breaker of level 2, and at stale prices', () => {
    const venue = inNeed();
    bid(venue, 974, 100);
    const until = seconds(venue.at + 10);
    venue.run({ type: 'breaker', at: seconds(venue.at), scope: 1, level: 2, until });
    assert.equal(refusal(venue), 'BreakerTripped');
    venue.at += 70;
    venue.run({ type: 'tick', at: seconds(venue.at) });
    assert.equal(refusal(venue), 'PriceStale');
  });
});

describe('the lane of the protocol', () => {
  it('takes no order and no cancel of a trader', () => {
    const venue = new Venue(2);
    assert.equal(venue.refusal(2, true, { lane: protocolLane }), 'LaneOutOfRange');
    const cancel = { account: accountId(2), lane: protocolLane, at: seconds(venue.at) };
    assert.equal(codeOf(venue.run({ type: 'cancel', ...cancel })), 'LaneOutOfRange');
  });

  it('survives a snapshot', () => {
    const venue = inNeed();
    bid(venue, 974, 5);
    venue.run(seizeOf(venue));
    const copy = restore(snapshot(venue.state));
    assert.equal(stateHash(copy), stateHash(venue.state));
    assert.equal([...copy.unconfirmed.values()].filter(({ taker }) => isProtocol(taker)).length, 1);
  });

  it('is served after the cancels of its frame', () => {
    const venue = new Venue(2, 1, config);
    const seize = seizeOf(venue);
    const cancel: Command = { type: 'cancelAll', at: seconds(1000), account: accountId(3) };
    assert.deepEqual(orderIntake([seize, cancel]), [cancel, seize]);
  });
});
