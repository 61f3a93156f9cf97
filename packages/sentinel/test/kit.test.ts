/** What rules stand on: windows, clusters, values. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusters, follow, membersOf } from '../src/rules/kit/clusters.ts';
import { coverOf, deficit, equityOf, shortfall } from '../src/rules/kit/value.ts';
import { buckets, deviations, noMoments, observe, put, sum } from '../src/rules/kit/window.ts';
import { addressOf, createTape } from '../src/rules/tape/venue.ts';

describe('a sliding window', () => {
  it('sums what lies in it, forgets the rest, and leaves older ones as they were', () => {
    const empty = buckets<bigint>(60, 10);
    const one = put(empty, 100, 5n);
    const two = put(put(one, 105, 2n), 131, 1n);
    assert.deepEqual([sum(empty, 100, 0n), sum(one, 100, 0n), sum(two, 131, 0n)], [0n, 5n, 8n]);
    assert.deepEqual([sum(two, 169, 0n), sum(two, 170, 0n), sum(two, 300, 0n)], [8n, 1n, 0n]);
    assert.equal(two.rows.length, 2, 'one row for a bucket');
  });

  it('knows deviations once enough was seen', () => {
    let moments = noMoments;
    for (let i = 0; i < 200; i += 1) moments = observe(moments, i % 2 === 0 ? 9 : 11, 0.99);
    assert.ok(Math.abs(deviations(moments, 13, 0.1, 20) - 3) < 0.1);
    assert.equal(deviations(observe(noMoments, 1, 0.99), 100, 0.1, 20), 0);
  });
});

describe('clusters of accounts', () => {
  it('follow owners, money and transfers', () => {
    const tape = createTape();
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => tape.join(100 + i)) as [
      number,
      number,
      number,
      number,
    ];
    const e = tape.join(5, { owner: addressOf(0xa0000 + a) });
    const linked = follow(clusters(50), tape.block(2));
    assert.deepEqual(membersOf(linked, e), [a, e]);
    tape.withdraw(b, 10, addressOf(0x77));
    tape.deposit(c, 10, addressOf(0x77));
    const args = { from: a, to: b, quote: 1n };
    tape.event({ source: 'clearingHouse', name: 'Transferred', args });
    const all = follow(linked, tape.block(2));
    assert.deepEqual(membersOf(all, c), [a, b, c, e]);
    assert.deepEqual(membersOf(all, d), [d]);
    assert.deepEqual(membersOf(linked, c), [c], 'what was before is as it was');
  });

  it('know owners of accounts that were there before, and let a custodian link nobody', () => {
    const tape = createTape();
    const [a, b] = [tape.join(1), tape.join(1, { owner: addressOf(0xa0000 + 3) })];
    tape.block(2);
    const from = addressOf(0xcafe);
    const many = [1, 2, 3].map(() => tape.join(7, { from }));
    const three = follow(clusters(3), tape.block(2));
    assert.deepEqual(membersOf(three, many[0] as number), many);
    assert.deepEqual(membersOf(three, b), [a, b]);
    const fourth = tape.join(8, { from });
    const none = follow(three, tape.block(2));
    assert.deepEqual(membersOf(none, fourth), [fourth]);
    assert.deepEqual(membersOf(none, many[1] as number), [many[1]]);
    assert.deepEqual(membersOf(none, b), [a, b]);
  });

  it('link openings of one block that take one side in one block', () => {
    const tape = createTape();
    const makers = [tape.join(9_000), tape.join(9_000)] as const;
    const twins = [tape.join(500), tape.join(500), tape.join(501)] as const;
    let linked = follow(clusters(50), tape.block(2));
    for (const twin of twins) tape.trade(3, twin, makers[0], 10);
    linked = follow(linked, tape.block(2));
    assert.deepEqual(membersOf(linked, twins[0]), [twins[0], twins[1]]);
    assert.deepEqual(membersOf(linked, twins[2]), [twins[2]]);
  });
});

describe('what the venue would lose', () => {
  it('is counted for each account, in the worse direction', () => {
    const tape = createTape({ insurance: 10, markets: [{ price: 10_000, insurance: 5 }] });
    const [long, short, rich] = [tape.join(1_000), tape.join(1_000), tape.join(50_000)];
    // A lot at 10,000 ticks is worth one token; fees are 0.045 % and 0.015 % of it.
    tape.trade(0, long as number, short as number, 9_000);
    tape.trade(0, rich as number, short as number, 1_000);
    const { state } = tape.block(2);
    const row = (id: number | undefined) => state.accounts.get(id as number) as never;
    assert.equal(equityOf(state, row(long)), 995_950_000n);
    const owed = shortfall(state, [row(long), row(short), row(rich)], 0, 200_000);
    // Up by a fifth: the short of 10,000 lots loses 2,000 and has 1,000 less its fees.
    assert.equal(owed, 2_000_000_000n - equityOf(state, row(short)));
    assert.equal(shortfall(state, [row(rich)], 0, 200_000), 0n);
    assert.equal(coverOf(state, 0), 15_000_000n);
    assert.equal(deficit(state), 0n);
    const up = new Map([[0, 12_000]]);
    assert.equal(deficit(state, up), owed);
  });
});
