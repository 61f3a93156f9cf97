/** Cancels, trims, dead-man switches and reports at their edges. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, firstFundAccount, lane, lots, marketId, seconds, seq } from '@holdfast/units';
import { apply, createState } from '../src/index.ts';
import { release } from '../src/resting.ts';
import type { Command } from '../src/types.ts';
import { cancelsOf, codeOf, config, deposit, owner, report, Venue } from './support.ts';

const at = (venue: Venue) => ({ at: seconds(venue.at) });
const open = (venue: Venue, account: number, by: number) =>
  codeOf(venue.run({ type: 'open', ...at(venue), account: accountId(account), owner: owner(by) }));

describe('lanes', () => {
  it('of traders end before that of the protocol', () => {
    const venue = new Venue();
    const cancel = (number: number) =>
      venue.run({ type: 'cancel', ...at(venue), account: accountId(2), lane: lane(number) });
    assert.equal(codeOf(cancel(65_534)), 'OrderUnknown');
    assert.equal(codeOf(cancel(65_535)), 'LaneOutOfRange');
    const [event] = cancel(7);
    assert.ok(event && !('seq' in event), 'a cancel of no seq is refused for none');
  });

  it('keep what was filled when the chain cancels what rests', () => {
    const venue = new Venue();
    venue.place(2, false, { size: 10 });
    venue.place(3, true, { size: 4 });
    const one = seq(1);
    const events = venue.run({
      ...{ type: 'laneCancelled', ...at(venue) },
      ...{ account: accountId(2), lane: lane(0), seq: one },
    });
    assert.deepEqual(
      cancelsOf(events).map(({ reason, lots: left }) => [reason, left]),
      [['LaneCancelled', 6]],
    );
    const { seq: used, filled } = venue.account(2).lanes.get(lane(0)) ?? {};
    assert.deepEqual([used, filled], [1, 4]);
  });

  it('release nothing that they do not hold', () => {
    const venue = new Venue();
    venue.place(2, true, { price: 990 });
    venue.place(2, true, { price: 980, lane: 1 });
    const account = venue.account(2);
    const resting = account.lanes.get(lane(0))?.resting;
    assert.ok(resting);
    assert.throws(() => release(account, { ...resting, reserve: 10n ** 12n }), /went negative/);
    account.openCount = 0;
    account.reserved = 10n ** 13n;
    assert.throws(() => release(account, resting), /went negative/);
  });
});

describe('accounts', () => {
  it('change hands only when they hold nothing at all, and funds never', () => {
    const venue = new Venue();
    assert.equal(open(venue, 9, 9), undefined);
    assert.equal(open(venue, 9, 10), undefined);
    const sizes = [[marketId(0), lots(1)]] as const;
    venue.run({ ...deposit(9, 0, venue.at), cause: 'transfer', sizes } as Command);
    assert.equal(open(venue, 9, 11), 'AccountExists');
    assert.equal(open(venue, firstFundAccount, 9), 'AccountExists');
    assert.equal(open(venue, firstFundAccount - 1, 9), undefined);
    assert.equal(open(venue, 1, 9), 'AccountExists');
  });

  it('are cancelled by a switch that is due, and not by one that is off', () => {
    const venue = new Venue();
    const arm = (until: number) =>
      venue.run({ type: 'deadman', ...at(venue), account: accountId(2), until: seconds(until) });
    venue.place(2, true, { price: 990 });
    assert.deepEqual(cancelsOf(arm(0)), []);
    assert.equal(venue.state.nextDeadman, Number.MAX_SAFE_INTEGER);
    assert.deepEqual(cancelsOf(arm(venue.at + 1)), []);
    assert.equal(venue.state.nextDeadman, venue.at + 1);
    assert.deepEqual(
      cancelsOf(arm(venue.at)).map(({ reason }) => reason),
      ['Deadman'],
    );
  });
});

describe('reduce-only orders', () => {
  /** 20 long in both markets, 10 and then 4 lots to be sold of the first, 3 of the second. */
  const long = (): Venue => {
    const venue = new Venue(4, 10_000_000);
    for (const market of [0, 1]) {
      venue.place(3, false, { market, size: 20, lane: market });
      venue.place(2, true, { market, size: 20, lane: market });
    }
    const sell = { price: 1_010, reduceOnly: true };
    venue.place(2, false, { ...sell, size: 10, lane: 2 });
    venue.place(2, false, { ...sell, size: 4, lane: 3 });
    venue.place(2, false, { ...sell, size: 3, lane: 4, market: 1 });
    return venue;
  };
  const sold = (count: number) => {
    const venue = long();
    venue.place(4, true, { size: count });
    const events = venue.place(2, false, { size: count, lane: 5, tif: 1 });
    return cancelsOf(events).map((each) => [each.lane, each.lots, each.remaining, each.reason]);
  };

  it('are trimmed in their own market, the newest first, by no more than must be', () => {
    const why = 'ReduceOnlyBroken';
    assert.deepEqual(sold(6), []);
    assert.deepEqual(sold(7), [[3, 1, 3, why]]);
    assert.deepEqual(sold(10), [[3, 4, 0, why]]);
    assert.deepEqual(sold(12), [
      [3, 4, 0, why],
      [2, 2, 8, why],
    ]);
    assert.deepEqual(sold(20), [
      [3, 4, 0, why],
      [2, 10, 0, why],
    ]);
  });

  it('go when the fill that they reduce is unwound', () => {
    const venue = new Venue();
    venue.place(3, false, { size: 10 });
    venue.place(2, true, { size: 10 });
    venue.place(2, false, { size: 10, price: 1_010, lane: 1, reduceOnly: true });
    const events = venue.run({ type: 'unwind', ...at(venue), fillIds: [1], reason: 'refused' });
    assert.deepEqual(
      cancelsOf(events).map(({ account, lane: at, reason }) => [account, at, reason]),
      [[2, 1, 'ReduceOnlyBroken']],
    );
  });
});

describe('reports', () => {
  it('charge no funding for the time before the first', () => {
    const state = createState(config);
    apply(state, report(1, [1000, 1000], 1000, 100_000));
    assert.equal(state.markets.get(marketId(0))?.index, 0n);
    const other = new Venue(0);
    assert.equal(other.state.markets.get(marketId(0))?.fundingTime, 1000);
    other.at += 1;
    other.run(report(2, [1000, 1000], other.at, 100_000));
    // 10 % a day of 100,000 units for one second.
    const index = other.state.markets.get(marketId(0))?.index ?? 0n;
    assert.equal(index, (100_000n * 100_000n * (1n << 32n)) / (1_000_000n * 86_400n));
  });

  it('are remembered for sixty-four rounds', () => {
    const venue = new Venue(0);
    for (let i = 0; i < 62; i++) venue.price([1000, 1000]);
    const rounds = () =>
      venue.state.markets.get(marketId(0))?.indexes.map((each) => each.round) ?? [];
    assert.deepEqual([rounds().length, rounds()[0]], [63, 1]);
    venue.price([1000, 1000]);
    assert.deepEqual([rounds().length, rounds()[0]], [64, 1]);
    venue.price([1000, 1000]);
    assert.deepEqual([rounds().length, rounds()[0]], [64, 2]);
  });
});
