import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  actOf,
  counterpartiesOf,
  createPacer,
  findVictims,
  isHelpable,
  type KeptMarket,
  type KeptReport,
  type Mirror,
  marksAfter,
  usableReport,
} from '@holdfast/keeper';
import { baseAlone, type MarketContext } from '@holdfast/risk';
import {
  accountId,
  cashQ32,
  fundingIndex,
  lots,
  type MarketId,
  marketId,
  ppm,
  ticks,
} from '@holdfast/units';

const terms = { priceAgeSecondsMax: 60, bandPpm: 100_000, markClampPpm: 20_000 } as KeptMarket;

function mirrorWith(price: number, round: number): Mirror {
  const zero = `0x${'0'.repeat(40)}` as const;
  const q32 = 1n << 32n;
  const account = (tokens: bigint, size: number) => ({
    owner: zero,
    cash: cashQ32((tokens * 1_000_000n - BigInt(size) * 1_000_000n * 100n) * q32),
    positions: new Map(size === 0 ? [] : [[marketId(0), lots(size)]]),
  });
  // Entered at 1,000,000 ticks of 100: one lot is worth 100 tokens.
  const accounts = new Map([
    [accountId(0), account(0n, 0)],
    [accountId(2), account(100n, 10)],
    [accountId(3), account(40n, 10)],
    [accountId(4), account(20n, -10)],
    [accountId(5), account(-5n, 0)],
  ]);
  return {
    accounts,
    markets: new Map([[marketId(0), terms]]),
    marks: new Map([
      [marketId(0), { price: ticks(price), mark: ticks(price), index: fundingIndex(0n) }],
    ]),
    round: () => round,
    reportTime: () => round,
    apply: () => undefined,
  };
}

const context =
  (price: number) =>
  (id: MarketId): MarketContext | undefined =>
    id !== 0
      ? undefined
      : baseAlone({
          price: ticks(price),
          index: fundingIndex(0n),
          tickValue: 100,
          initialPpm: ppm(50_000),
          maintenancePpm: ppm(30_000),
        });

const report = (round: number, price: number): KeptReport => ({
  round,
  time: round,
  raw: '0x01',
  quotes: [{ market: 0, price, mark: price, rate: 0 }],
});

describe('victims', () => {
  it('are those below maintenance, the worst first, and only with positions', () => {
    const mirror = mirrorWith(1_000_000, 100);
    const found = (price: number, spare = false) =>
      findVictims(mirror, context(price), (id) => spare && id === 4).map((v) => v.account);
    assert.deepEqual(found(1_000_000), [4]);
    assert.deepEqual(found(1_000_000, true), []);
    // Ten lots lose 1 token per 1000 ticks down; maintenance is about 30 tokens.
    assert.deepEqual(found(989_000), [3]);
    assert.deepEqual(found(920_000), [3, 2]);
  });

  it('wait while a market has no price', () => {
    const mirror = mirrorWith(1_000_000, 100);
    assert.deepEqual(
      findVictims(
        mirror,
        () => undefined,
        () => false,
      ),
      [],
    );
  });
});

describe('marks of a report that is to come', () => {
  it('are those that the chain would accept, not those reported', () => {
    const mirror = mirrorWith(1_000_000, 100);
    const wild = {
      ...report(110, 1_000_000),
      quotes: [{ market: 0, price: 1_000_000, mark: 1, rate: 0 }],
    };
    assert.deepEqual([...marksAfter(wild, mirror)], [[0, 990_000]]);
    // The index carries the mark however far.
    assert.deepEqual([...marksAfter(report(110, 900_000), mirror)], [[0, 900_000]]);
  });
});

describe('what helps', () => {
  const zero = marketId(0);
  const victim = (account: number, equity: bigint) => ({
    account: accountId(account),
    equity,
    maintenance: 30n,
    markets: [zero],
  });

  it('is a keeper above close-out and the waterfall below, with the whole other side', () => {
    const mirror = mirrorWith(1_000_000, 100);
    assert.deepEqual(actOf(mirror, victim(2, 20n), 9), {
      name: 'liquidate',
      args: [2, 0, 0, 9],
      market: 0,
    });
    assert.deepEqual(actOf(mirror, victim(2, 19n), 9).args, [2, 0, [4]]);
    assert.deepEqual(actOf(mirror, victim(4, -1n), 9).args, [4, 0, [2, 3]]);
  });

  it('is, of the waterfall, what one block takes of a market, and all of it in the next', () => {
    const mirror = mirrorWith(1_000_000, 100);
    const of = (partPpm: number): Mirror => ({
      ...mirror,
      markets: new Map([[zero, { ...terms, liquidationPartPpm: partPpm }]]),
    });
    const [first, second] = [2, 3].map((id) => actOf(mirror, victim(id, 19n), 9));
    assert.ok(first !== undefined && second !== undefined);
    // Twenty lots are open, ten in each of the two.
    const fits = createPacer(of(250_000));
    assert.deepEqual([fits(first), fits(second)], [true, false]);
    assert.equal(createPacer(of(250_000))(second), true);
    const whole = createPacer(of(1_000_000));
    assert.deepEqual([whole(first), whole(second)], [true, true]);
    // What a keeper takes over itself has a speed cap of its own, position by position.
    const liquidation = actOf(mirror, victim(2, 20n), 9);
    assert.equal(liquidation.name, 'liquidate');
    assert.equal(fits(liquidation), true);
  });

  it('leaves a fund alone until the waterfall may act', () => {
    const fund = 2 ** 32 - 256;
    assert.equal(isHelpable(victim(fund, 20n)), false);
    assert.equal(isHelpable(victim(fund, 19n)), true);
    assert.equal(isHelpable(victim(2, 29n)), true);
  });

  it('lists the largest of a side that fits no call, ids ascending, at least a crowd', () => {
    const mirror = mirrorWith(1_000_000, 100);
    const accounts = new Map(mirror.accounts);
    const short = (size: number) => ({
      owner: `0x${'0'.repeat(40)}` as const,
      cash: cashQ32(0n),
      positions: new Map([[zero, lots(-size)]]),
    });
    for (let id = 10; id < 1_010; id += 1) {
      accounts.set(accountId(id), short(id < 20 ? 10_000 : 1));
    }
    const list = counterpartiesOf({ ...mirror, accounts }, zero, true);
    assert.equal(list.length, 512);
    assert.deepEqual(
      [...list].sort((a, b) => a - b),
      list,
    );
    for (let id = 10; id < 20; id += 1) assert.ok(list.includes(accountId(id)));
  });
});

describe('usable report', () => {
  it('is the newest that the chain would accept', () => {
    const mirror = mirrorWith(1_000_000, 100);
    const pick = (reports: KeptReport[], now = 130) => usableReport(reports, mirror, now)?.round;
    assert.equal(pick([report(110, 1_000_000), report(120, 1_010_000)]), 120);
    assert.equal(pick([report(100, 1_000_000)]), undefined);
    assert.equal(pick([report(110, 1_000_000)], 400), undefined);
  });

  it('goes there in steps when the newest is outside the band', () => {
    const mirror = mirrorWith(1_000_000, 100);
    const path = [report(110, 950_000), report(112, 901_000), report(114, 850_000)];
    assert.equal(usableReport(path, mirror, 130)?.round, 112);
    assert.equal(usableReport(path.slice(2), mirror, 130), undefined);
  });
});
