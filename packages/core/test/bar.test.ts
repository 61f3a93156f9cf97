/** Accounts that guardians let only reduce: as the chain judges them, so that no fill is undone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, seconds } from '@holdfast/units';
import { restore, snapshot, stateHash } from '../src/index.ts';
import type { CoreEvent } from '../src/types.ts';
import { auctionOf, Hall } from './hall.ts';
import { fillsOf, Venue } from './support.ts';

function bar(venue: Venue, account: number, length: number): readonly CoreEvent[] {
  const until = seconds(length === 0 ? 0 : venue.at + length);
  return venue.run({ type: 'bar', at: seconds(venue.at), account: accountId(account), until });
}

/** Why each order that was cancelled was, by account. */
const cancelled = (events: readonly CoreEvent[]) =>
  events.flatMap((event) => (event.type === 'cancelled' ? [[event.account, event.reason]] : []));

/** Account 2 is ten lots long, account 3 ten lots short. */
function holding<T extends Venue>(venue: T): T {
  venue.place(3, false, { size: 10 });
  venue.place(2, true, { size: 10 });
  return venue;
}

describe('a barred account', () => {
  it('places what reduces, and nothing that could grow', () => {
    const venue = holding(new Venue());
    const told = bar(venue, 2, 50).map((event) => ({ ...event, eventSeq: 0 }));
    assert.deepEqual(told, [{ type: 'bar', account: 2, until: venue.at + 50, eventSeq: 0 }]);
    assert.equal(venue.refusal(2, true, { size: 1, price: 990, lane: 1 }), 'AccountBarred');
    assert.equal(venue.refusal(2, false, { size: 11, price: 1010, lane: 1 }), 'AccountBarred');
    assert.equal(venue.refusal(2, false, { size: 10, price: 1010, lane: 1 }), undefined);
    assert.equal(venue.refusal(4, true, { size: 1, price: 990 }), undefined);
  });

  it('is cut to what reduces when an older order of it is met', () => {
    const venue = holding(new Venue());
    venue.place(2, false, { size: 15, price: 1005, lane: 1 });
    bar(venue, 2, 50);
    const events = venue.place(4, true, { size: 15, price: 1005 });
    assert.deepEqual(
      fillsOf(events).map((fill) => fill.lots),
      [10],
    );
    assert.deepEqual(cancelled(events), [[2, 'AccountBarred']]);
  });

  it('grows no more in an auction: its order is cancelled, those behind it trade', () => {
    const hall = new Hall();
    hall.call(30);
    hall.place(2, true, { size: 5, price: 1000 });
    hall.place(4, true, { size: 5, price: 1000 });
    hall.place(3, false, { size: 5, price: 1000 });
    bar(hall, 2, 500);
    const events = hall.wait(30);
    assert.equal(auctionOf(events)?.lots, 5);
    assert.deepEqual(
      fillsOf(events).map(({ maker, taker }) => [maker.account, taker.account]),
      [[4, 3]],
    );
    assert.deepEqual(cancelled(events), [[2, 'AccountBarred']]);
  });

  it('is free again when the bar expires, or when the chain takes it back', () => {
    for (const taken of [true, false]) {
      const venue = new Venue();
      bar(venue, 2, 20);
      assert.equal(venue.refusal(2, true, { price: 990 }), 'AccountBarred');
      if (taken) bar(venue, 2, 0);
      else venue.at += 20;
      assert.equal(venue.refusal(2, true, { price: 990 }), undefined);
      bar(venue, 5, 20);
      assert.deepEqual([...venue.state.barred.keys()], [5], 'what has expired is forgotten');
    }
  });

  it('stays barred over a snapshot, and a state without any has the bytes that it had', () => {
    const venue = holding(new Venue());
    const before = stateHash(venue.state);
    bar(venue, 2, 50);
    assert.notEqual(stateHash(venue.state), before);
    const again = restore(snapshot(venue.state));
    assert.deepEqual([...again.barred], [[2, venue.at + 50]]);
    assert.equal(stateHash(again), stateHash(venue.state));
    bar(venue, 2, 0);
    assert.equal(snapshot(venue.state).length, snapshot(holding(new Venue()).state).length);
  });

  it('keeps its bar over a snapshot with auctions in use', () => {
    const hall = new Hall();
    hall.policy(10, 20);
    bar(hall, 3, 50);
    const again = restore(snapshot(hall.state));
    assert.deepEqual([...again.barred], [[3, hall.at + 50]]);
    assert.equal(again.auctions.size, 1);
  });
});
