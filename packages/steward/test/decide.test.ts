import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { syntheticSeries } from '@holdfast/forecast';
import type { Venue } from '@holdfast/host';
import { createMirror, type Mirror } from '@holdfast/keeper';
import { tupleOf } from '@holdfast/risk';
import { accountId, cashQ32, fundingIndex, lots, marketId, ticks } from '@holdfast/units';
import {
  coverOf,
  createForecaster,
  decide,
  notice,
  readHistory,
  refuseShadow,
  type SteeredMarket,
  shadowApply,
  topShares,
} from '../src/index.ts';

const now = 1_900_000_000;
const anchor = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 100_000,
  concentrationCapPpm: 200_000,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 30,
  liquidationPartPpm: 250_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 10_000,
};
const terms = {
  initialMaxPpm: 3_000_000,
  maintenanceMaxPpm: 1_500_000,
  concentrationMaxPpm: 3_000_000,
  capMinPpm: 250_000,
  tightenPpm: 100_000,
  loosenPpm: 5_000,
  decayPpm: 50_000,
  moveSeconds: 600,
  holdSeconds: 21_600,
  noticeSeconds: 86_400,
  inputAgeSeconds: 300,
};
const fresh = {
  movedAt: 0,
  inputTime: 0,
  expiresAt: 0,
  decayedAt: 0,
  noticePpm: 0,
  noticeReadyAt: 0,
};

function market(current: object = {}, course: object = {}): SteeredMarket {
  const params = { ...anchor, ...current };
  return {
    market: 0,
    symbol: 'BTC-USD',
    anchor,
    params,
    current: tupleOf(params),
    terms,
    course: { ...fresh, ...course },
    now,
  };
}

const calm = { margin: 0.02, topShare: 0.1 };
const wild = { margin: 0.12, topShare: 0.1 };

describe('decide', () => {
  it('rests while the anchor is enough', () => {
    assert.deepEqual(decide(market(), calm, now), { do: 'rest', why: 'the anchor is enough' });
  });

  it('takes one step towards what is asked for', () => {
    const plan = decide(market(), wild, now);
    assert.ok(plan.do === 'move');
    assert.equal(plan.tuple.initialPpm, 55_000);
    assert.equal(plan.tuple.maintenancePpm, 30_000);
  });

  it('renews a tuple in the second half of its time, and not before', () => {
    const held = { initialPpm: 120_000 };
    const half = { movedAt: now - 3_600, inputTime: now - 3_600 };
    const early = decide(market(held, { ...half, expiresAt: now + 18_000 }), wild, now);
    assert.deepEqual(early, { do: 'rest', why: 'in force' });
    const late = decide(market(held, { ...half, expiresAt: now + 10_000 }), wild, now);
    assert.ok(late.do === 'move' && late.why === 'renewed');
  });

  it('lets go of nothing at once when the model fails, and lets it decay once expired', () => {
    const held = { initialPpm: 120_000 };
    const live = { movedAt: now - 700, inputTime: now - 700, expiresAt: now + 100 };
    assert.equal(decide(market(held, live), undefined, now).do, 'rest');
    const expired = { ...live, expiresAt: now - 3_600 };
    const plan = decide(market(held, expired), undefined, now);
    assert.ok(plan.do === 'decay');
    assert.equal(plan.tuple.initialPpm, 114_000);
    assert.equal(decide(market(), undefined, now).do, 'rest');
    assert.equal(decide(market(), { ...wild, margin: Number.NaN }, now).do, 'rest');
  });

  it('sends nothing that the contract refuses', () => {
    const course = { movedAt: now - 599, inputTime: now - 599 };
    assert.deepEqual(decide(market({}, course), wild, now), { do: 'rest', why: 'MoveEarly' });
    assert.deepEqual(decide(market(), wild, now - 301), { do: 'rest', why: 'InputTimeInvalid' });
  });

  it('announces one step of maintenance margin at a time', () => {
    assert.equal(notice(market(), calm), undefined);
    assert.equal(notice(market(), wild), 33_000);
    const waiting = { noticePpm: 33_000, noticeReadyAt: now + 50_000 };
    assert.equal(notice(market({}, waiting), wild), undefined);
    const over = { noticePpm: 33_000, noticeReadyAt: now - 86_401 };
    assert.equal(notice(market({}, over), wild), 33_000);
    assert.equal(notice(market(), undefined), undefined);
  });
});

/** Alice long and Bob short ten lots at a million ticks; Alice is thin. */
function mirrorOf(aliceCash: bigint, hasPrice = true): Mirror {
  const mirror = createMirror();
  const set = (id: number, cash: bigint, size: number) =>
    (mirror.accounts as Map<unknown, unknown>).set(accountId(id), {
      owner: `0x${'1'.repeat(40)}`,
      cash: cashQ32(cash << 32n),
      positions: new Map(size === 0 ? [] : [[marketId(0), lots(size)]]),
    });
  set(2, aliceCash - 1_000_000_000n, 10);
  set(3, 2_000_000_000n, -10);
  set(4, 5n, 0);
  if (hasPrice) {
    const at = { price: ticks(1_000_000), mark: ticks(1_000_000), index: fundingIndex(0n) };
    (mirror.marks as Map<unknown, unknown>).set(marketId(0), at);
  }
  return mirror;
}

const venue = { markets: [{ id: 0, symbol: 'BTC-USD', ...anchor }] } as unknown as Venue;
const before = () => anchor;

describe('shadow-apply', () => {
  it('names who is healthy now and would not be', () => {
    const mirror = mirrorOf(31_000_000n);
    assert.deepEqual(shadowApply(venue, mirror, before, before).liquidated, []);
    const raised = () => ({ ...anchor, maintenancePpm: 32_000 });
    const shadow = shadowApply(venue, mirror, before, raised);
    assert.deepEqual([shadow.accounts, shadow.liquidated], [2, [2]]);
    assert.match(refuseShadow(shadow, true) ?? '', /^ShadowLiquidates: 1 healthy, first 2/);
  });

  it('does not count who was liquidatable before', () => {
    const raised = () => ({ ...anchor, maintenancePpm: 32_000 });
    assert.deepEqual(shadowApply(venue, mirrorOf(29_000_000n), before, raised).liquidated, []);
  });

  it('counts who could no longer grow, and refuses nothing for it', () => {
    // All of an open interest of ten: concentration asks for 15 % at the anchor.
    const tight = () => ({ ...anchor, initialPpm: 190_000 });
    const shadow = shadowApply(venue, mirrorOf(160_000_000n), before, tight);
    assert.deepEqual([shadow.liquidated, shadow.confined], [[], 1]);
    assert.equal(refuseShadow(shadow, false), undefined);
  });

  it('refuses to raise maintenance margin over accounts without a price', () => {
    const shadow = shadowApply(venue, mirrorOf(31_000_000n, false), before, before);
    assert.equal(shadow.unknown, 2);
    assert.match(refuseShadow(shadow, true) ?? '', /^ShadowUnknown/);
    assert.equal(refuseShadow(shadow, false), undefined);
  });

  it('measures the largest account and what stands behind it', () => {
    const mirror = mirrorOf(31_000_000n);
    assert.equal(topShares(mirror).get(0), 1);
    assert.equal(coverOf(mirror, { id: 0, tickValue: 100 }, 0.05, 100_000_000n), 2);
    const none = mirrorOf(0n, false);
    assert.equal(coverOf(none, { id: 0, tickValue: 100 }, 0.05, 1n), undefined);
  });
});

describe('history', () => {
  const line = (i: number) => `${i * 3_600},1,2,1,1.5,9`;
  it('reads plain and packed files, BTC first, and says what is wrong with which line', () => {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-history-'));
    try {
      assert.throws(() => readHistory(join(dir, 'none')), /no folder/);
      assert.throws(() => readHistory(dir), /has no SYMBOL/);
      mkdirSync(join(dir, 'hourly'));
      const put = (name: string, text: string) =>
        writeFileSync(join(dir, 'hourly', name), name.endsWith('.gz') ? gzipSync(text) : text);
      const head = 'ts,open,high,low,close,volume';
      put('AAVEUSDT_1h.csv', [head, line(1), line(2)].join('\n'));
      put('BTCUSDT_1h.csv.gz', [head, line(1)].join('\n'));
      const series = readHistory(dir);
      assert.deepEqual([...series.keys()], ['BTC', 'AAVE']);
      assert.deepEqual(series.get('AAVE')?.[1], { ts: 7_200, high: 2, low: 1, close: 1.5 });
      assert.throws(() => readHistory(dir, ['ETH']), /none of ETH/);
      put('ETHUSDT_1h.csv', [head, line(1), '7201,1,2,1,1.5,9'].join('\n'));
      assert.throws(() => readHistory(dir), /line 3 is no hourly bar/);
      put('ETHUSDT_1h.csv', 'ts,open\n1,2');
      assert.throws(() => readHistory(dir), /lacks high, low, close/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('a forecaster', () => {
  const live = [...syntheticSeries(['BTC'], 200, 2).values()][0]!;
  it('needs bars of its own, or a history', () => {
    const options = { barSeconds: 3_600, barsMin: 48, closeOutSeconds: 3_600 };
    const plain = createForecaster(options);
    assert.equal(plain.model, 'ewma');
    assert.equal(plain.forecast('BTC-USD', new Map([['BTC-USD', live.slice(0, 40)]])), undefined);
    const found = plain.forecast('BTC-USD', new Map([['BTC-USD', live]]));
    assert.ok(found !== undefined && found.margin > found.sigma);
    const history = syntheticSeries(['BTC', 'ETH'], 4_000, 3);
    const learnt = createForecaster({ ...options, history });
    assert.equal(learnt.model, 'har-x');
    const far = live.map((bar) => ({ ...bar, ts: bar.ts + 9_000 * 3_600 }));
    assert.ok((learnt.forecast('BTC-USD', new Map([['BTC-USD', far]]))?.margin ?? 0) > 0);
    assert.equal(learnt.forecast('DOGE-USD', new Map()), undefined);
  });
});
