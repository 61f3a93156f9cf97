/** Calls as traders and operators see them: when they begin, what they take, how they end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, marketId, seconds } from '@holdfast/units';
import {
  bestPrices,
  type CallView,
  checkLaws,
  impactView,
  restore,
  seizureOrder,
  snapshot,
  stateHash,
} from '../src/index.ts';
import type { CoreEvent } from '../src/types.ts';
import { auctionOf, Hall, market } from './hall.ts';
import { cancelsOf, codeOf, config, fillsOf, params, report, typesOf } from './support.ts';

const never = Number.MAX_SAFE_INTEGER;

/** Code and data of a rejection. */
function refusal(events: readonly CoreEvent[]): unknown {
  const found = events.find(({ type }) => type === 'rejected');
  return found?.type === 'rejected' ? [found.code, found.data] : undefined;
}

describe('a call', () => {
  it('collects orders that cross, and fills them at one price when it ends', () => {
    const hall = new Hall();
    assert.deepEqual(typesOf(hall.call()), ['call']);
    hall.place(2, true, { price: 1010, size: 10 });
    hall.place(3, false, { price: 990, size: 6 });
    hall.place(4, false, { price: 1005, size: 20 });
    assert.equal(hall.state.fills, 0);
    assert.deepEqual(bestPrices(hall.state, market), { bid: 1010, ask: 990 });
    const { cause, ...rest } = hall.view() as CallView;
    assert.equal(cause, 'operator');
    assert.deepEqual(rest, { until: 1030, price: 1005, lots: 10, bid: 10, offered: 26 });
    assert.deepEqual(hall.wait(29), []);
    const events = hall.wait(1);
    assert.deepEqual(typesOf(events), ['auction', 'fill', 'fill']);
    assert.deepEqual(
      fillsOf(events).map(({ price, lots, maker, taker }) => [
        price,
        lots,
        maker.account,
        taker.account,
      ]),
      [
        [1005, 6, 2, 3],
        [1005, 4, 2, 4],
      ],
    );
    assert.equal(auctionOf(events)?.lots, 10);
    assert.equal(hall.view(), undefined);
    // What is left goes on in the continuous book.
    assert.deepEqual(bestPrices(hall.state, market), { bid: undefined, ask: 1005 });
    assert.equal(fillsOf(hall.place(2, true, { price: 1005, size: 3, lane: 1 })).length, 1);
    assert.deepEqual(checkLaws(hall.state), []);
  });

  it('ends before the first command of its last second or later', () => {
    const hall = new Hall();
    hall.call(10);
    hall.place(2, true, { price: 1000 });
    hall.at += 10;
    const events = hall.place(3, false, { price: 1000 });
    assert.deepEqual(typesOf(events), ['auction', 'accepted', 'fill']);
    assert.equal(auctionOf(events)?.lots, 0);
  });

  it('refuses what cannot wait and what could never fill', () => {
    const hall = new Hall();
    hall.call();
    assert.equal(hall.refusal(2, true, { tif: 1 }), 'CallRunning');
    assert.equal(hall.refusal(2, true, { tif: 2 }), 'CallRunning');
    assert.equal(hall.refusal(2, true, { price: 1051 }), 'OutsideBand');
    assert.equal(hall.refusal(2, false, { price: 949 }), 'OutsideBand');
    assert.equal(hall.refusal(2, true, { price: 1050 }), undefined);
    assert.equal(hall.refusal(3, true, { size: 1_000_000 }), 'MarginShort');
    assert.equal(hall.refusal(3, true, { reduceOnly: true }), 'ReduceOnlyBroken');
  });

  it('lets a post-only order in that crosses nothing yet, as the maker of what comes', () => {
    const hall = new Hall();
    hall.call();
    hall.place(2, false, { price: 1000 });
    assert.equal(hall.refusal(3, true, { price: 1000, postOnly: true }), 'PostOnlyCrosses');
    assert.equal(hall.refusal(3, true, { price: 999, postOnly: true }), undefined);
    hall.place(4, false, { price: 999, size: 10 });
    const [fill] = fillsOf(hall.wait(30));
    assert.equal(fill?.maker.account, 3);
    assert.equal(fill?.taker.account, 4);
  });

  it('takes cancels, replacements and expiry as ever', () => {
    const hall = new Hall();
    hall.call(40);
    hall.place(2, true, { price: 1010 });
    hall.place(2, true, { price: 1001, seq: 2 });
    hall.place(3, false, { price: 1000, lane: 1 });
    hall.place(3, false, { price: 999, lane: 2, expiry: hall.at + 20 });
    hall.run({ type: 'cancel', at: seconds(hall.at), account: accountId(3), lane: 1 as never });
    assert.deepEqual(typesOf(hall.wait(15)), ['expired']);
    const events = hall.wait(25);
    assert.equal(auctionOf(events)?.lots, 0);
    assert.deepEqual(bestPrices(hall.state, market), { bid: 1001, ask: undefined });
  });

  it('cancels an account’s own order where a later one crosses it', () => {
    const hall = new Hall();
    hall.call();
    hall.place(2, true, { price: 1000, lane: 0 });
    hall.place(2, true, { price: 990, lane: 1 });
    const events = hall.place(2, false, { price: 995, lane: 2 });
    assert.deepEqual(
      cancelsOf(events).map(({ lane, reason }) => [lane, reason]),
      [[0, 'SelfTrade']],
    );
    hall.place(3, true, { price: 995 });
    assert.equal(fillsOf(hall.wait(30)).length, 1);
  });

  it('has no prices that funding could be made of, and sells of nobody', () => {
    const hall = new Hall();
    hall.place(3, false, { price: 1000, size: 100_000 });
    hall.call();
    assert.equal(impactView(hall.state, market)?.ask, undefined);
    const aim = seizureOrder(hall.state, accountId(2), market);
    assert.equal('code' in aim && aim.code, 'CallRunning');
  });

  it('ends at once when the operator says so, and says why it cannot', () => {
    const hall = new Hall();
    assert.deepEqual(refusal(hall.call(0)), ['CallMissing', { market: 0 }]);
    assert.deepEqual(refusal(hall.call(86_401)), [
      'AuctionWrong',
      { found: 86_401, required: 86_400 },
    ]);
    assert.equal(codeOf(hall.call(1.5)), 'AuctionWrong');
    const unlisted = { type: 'call', at: seconds(hall.at), seconds: 1 } as const;
    const nowhere = hall.run({ ...unlisted, market: marketId(9) });
    assert.deepEqual(refusal(nowhere), ['MarketUnknown', { market: 9 }]);
    assert.equal(refusal(hall.call(86_400)), undefined);
    hall.call(1_000);
    hall.call(500);
    assert.equal(hall.view()?.until, 1_500);
    hall.breaker(1, 10);
    assert.deepEqual(refusal(hall.call(0)), ['BreakerTripped', { level: 1 }]);
    hall.breaker(0, 0);
    hall.at += 56;
    assert.deepEqual(refusal(hall.call(0)), ['PriceStale', { market: 0 }]);
    hall.price([1000, 1000]);
    assert.deepEqual(typesOf(hall.call(0)), ['auction']);
  });

  it('goes on while a breaker is in force or the price is too old', () => {
    const hall = new Hall();
    hall.call(10);
    hall.breaker(2, 20);
    hall.place(2, true, { price: 1000 });
    assert.equal(hall.state.nextCall, hall.at + 10);
    assert.equal(hall.state.nextLift, hall.at + 20);
    assert.deepEqual(hall.wait(10), []);
    // Time alone ends it no more: nobody needs to look at every command.
    assert.equal(hall.state.nextCall, never);
    assert.ok(hall.isCalling());
    assert.deepEqual(typesOf(hall.wait(10)), ['auction']);
    assert.equal(hall.state.nextLift, never);
    hall.call(100);
    assert.equal(hall.state.nextLift, never);
    hall.wait(100);
    assert.ok(hall.isCalling());
    assert.deepEqual(typesOf(hall.price([1000, 1000])), ['report', 'auction']);
  });
});

describe('a policy', () => {
  it('of none leaves everything as it was', () => {
    const hall = new Hall();
    hall.breaker(1, 5);
    assert.equal(hall.state.nextLift, never);
    hall.wait(100);
    hall.price([1000, 1000]);
    assert.ok(!hall.isCalling());
    assert.equal(snapshot(hall.state)[1], 2);
  });

  it('opens a market by auction at its first price', () => {
    const third = { id: marketId(2), params };
    const hall = new Hall(4, 1_000_000, { markets: [...config.markets, third] });
    hall.policy(20, 0);
    hall.at += 1;
    const events = hall.run(report(2, [1000, 1000, 500], hall.at));
    assert.deepEqual(typesOf(events), ['report', 'call']);
    assert.equal(hall.state.markets.get(marketId(2))?.call?.cause, 'opening');
    assert.ok(!hall.isCalling(0));
    hall.place(2, true, { market: 2, price: 510, size: 4 });
    hall.place(3, false, { market: 2, price: 490, size: 4 });
    const [fill] = fillsOf(hall.wait(20));
    assert.equal(fill?.price, 500);
  });

  it('reopens by auction after an outage of prices', () => {
    const hall = new Hall();
    hall.policy(0, 20);
    hall.wait(55);
    hall.price([1000, 1000]);
    assert.ok(hall.isCalling());
    hall.wait(20);
    assert.ok(!hall.isCalling());
    hall.wait(35);
    assert.deepEqual(typesOf(hall.price([1000, 1000])), ['report', 'call', 'call']);
    // A second outage while it collects begins the time anew.
    hall.wait(60);
    assert.ok(hall.isCalling());
    hall.price([1000, 1000]);
    assert.equal(hall.view()?.until, hall.at + 20);
  });

  it('reopens by auction when a breaker has run out, or was taken back', () => {
    for (const taken of [true, false]) {
      const hall = new Hall();
      hall.policy(0, 20);
      hall.breaker(1, 30, 1);
      assert.ok(!hall.isCalling());
      const events = taken ? hall.breaker(0, 0, 1) : hall.wait(30);
      assert.ok(typesOf(events).includes('call'));
      assert.ok(hall.isCalling(0));
      assert.ok(!hall.isCalling(1));
      assert.equal(hall.view()?.cause, 'breaker');
      assert.equal(hall.view()?.until, hall.at + 20);
      assert.equal(hall.state.nextLift, never);
      hall.wait(20);
      assert.ok(!hall.isCalling());
    }
  });

  it('counts from when it was set: a breaker before it is seen too', () => {
    const hall = new Hall();
    hall.breaker(1, 30);
    hall.policy(0, 20);
    hall.wait(30);
    assert.ok(hall.isCalling(0) && hall.isCalling(1));
  });

  it('of a market goes before the venue’s, and can be taken back', () => {
    const hall = new Hall();
    hall.policy(0, 20);
    hall.policy(0, 0, 1);
    hall.breaker(1, 5);
    hall.wait(5);
    assert.ok(!hall.isCalling(0) && hall.isCalling(1));
    hall.wait(20);
    hall.policy(0, 0, 2);
    hall.breaker(1, 5);
    hall.wait(5);
    assert.ok(!hall.isCalling(0) && !hall.isCalling(1));
    hall.wait(20);
    hall.run({ type: 'auctions', at: seconds(hall.at), scope: 0, policy: null });
    for (const scope of [1, 2]) {
      hall.run({ type: 'auctions', at: seconds(hall.at), scope, policy: null });
    }
    hall.breaker(1, 5);
    hall.wait(5);
    assert.ok(!hall.isCalling(0) && !hall.isCalling(1));
    assert.equal(snapshot(hall.state)[1], 2);
  });

  it('refuses durations that are none', () => {
    const hall = new Hall();
    for (const [open, reopen] of [
      [-1, 0],
      [0, 86_401],
      [0.5, 0],
    ] as const) {
      assert.equal(codeOf(hall.policy(open, reopen)), 'AuctionWrong');
    }
    assert.equal(hall.state.auctions.size, 0);
  });
});

describe('a snapshot', () => {
  it('keeps calls, policies and breakers seen, and what they lead to', () => {
    const make = (): Hall => {
      const hall = new Hall();
      hall.policy(7, 20, 1);
      hall.policy(0, 30);
      hall.breaker(1, 15, 2);
      hall.call(10);
      hall.place(2, true, { price: 1010 });
      hall.place(3, false, { price: 990 });
      return hall;
    };
    const [hall, other] = [make(), make()];
    const copy = restore(snapshot(other.state));
    assert.equal(stateHash(copy), stateHash(hall.state));
    assert.equal(copy.markets.get(marketId(1))?.call, undefined);
    assert.deepEqual([copy.nextCall, copy.nextLift], [hall.state.nextCall, hall.state.nextLift]);
    Object.defineProperty(other, 'state', { value: copy });
    for (const length of [9, 1, 5, 30]) {
      assert.deepEqual(other.wait(length), hall.wait(length));
      assert.equal(stateHash(copy), stateHash(hall.state));
    }
    assert.equal(hall.state.fills, 1);
  });
});
