import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wholeScope } from '@holdfast/order';
import fc from 'fast-check';
import { bisect, type Verdict } from '../src/bisect.ts';
import type { Version } from '../src/books.ts';
import { barDrafts, breakerDrafts, breakerLevel, isBarred } from '../src/breaker.ts';
import { effectOf } from '../src/effects.ts';
import type { FillTerms } from '../src/fills.ts';
import { applyEvent, emptyMirror, mirrorText, undo } from '../src/mirror.ts';
import { encodeBatch, firstGasModel, learnGas, ordersOf, takeFills } from '../src/planner.ts';
import { predict } from '../src/predictor.ts';
import { demoParams } from '../src/sim/chain.ts';
import { decodeRecord, encodeRecord } from '../src/store.ts';
import { verdictOf } from '../src/verdicts.ts';
import { createWorld, land, newReport, push, trade, type World } from './world.ts';

const fillsOf = (w: World) => [...w.core.unconfirmed.values()];

function loaded(): World {
  const w = createWorld();
  push(w);
  for (let i = 0; i < 8; i++) trade(w, 2 + (i % 4), 2 + ((i + 1) % 4), i % 2, 10 + i);
  return w;
}

function change<T extends FillTerms>(fill: T, side: 'maker' | 'taker', more: object): T {
  return { ...fill, [side]: { ...fill[side], ...more } };
}

const codeOf = (verdict: Verdict): string => (verdict.kind === 'ok' ? 'ok' : verdict.code);

describe('levies', () => {
  it('take from every position of a market, and come back with the block', () => {
    const mirror = emptyMirror();
    const owner = `0x${'ab'.repeat(20)}`;
    const fund = 2 ** 32 - 256;
    for (const account of [2, 3]) applyEvent(mirror, { type: 'AccountOpened', account, owner });
    const accounts = [
      { account: 2, cashAfter: 100n, sizes: [[0, 3]] as const },
      { account: 3, cashAfter: 100n, sizes: [[0, -2]] as const },
      { account: fund, cashAfter: 7n, sizes: [[0, -1]] as const },
    ];
    applyEvent(mirror, { type: 'Touched', cause: 1, accounts });
    const before = mirrorText(mirror);
    const event = { type: 'Levied', market: 0, perLot: 10n } as const;
    const entries = applyEvent(mirror, event);
    const { drafts, inverse } = effectOf(mirror, { event } as never, entries, 5, 0);
    const moved = (list: typeof drafts) =>
      list.map((draft) => {
        assert.ok(draft.type === 'external');
        return [draft.account, draft.cashDelta, draft.cause];
      });
    assert.deepEqual(moved(drafts), [
      [2, -30n, 'levy'],
      [3, -20n, 'levy'],
      [fund, -10n, 'levy'],
    ]);
    assert.deepEqual(moved(inverse), [
      [2, 30n, 'reorg'],
      [3, 20n, 'reorg'],
      [fund, 10n, 'reorg'],
    ]);
    undo(mirror, entries);
    assert.equal(mirrorText(mirror), before);
  });
});

describe('bisection', () => {
  const fakes = (n: number) =>
    Array.from({ length: n }, (_, id) => ({
      id,
      taker: { timeInForce: 0 },
    })) as never as FillTerms[];

  it('finds exactly the spoilt fills, whichever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(63), { maxLength: 6 }), async (bad) => {
        const judge = (fills: readonly FillTerms[]): Verdict =>
          fills.some(({ id }) => bad.includes(id))
            ? { kind: 'refused', code: 'OrderExpired', message: '' }
            : { kind: 'ok' };
        const { kept, refused } = await bisect(fakes(64), judge);
        assert.deepEqual(refused.map(({ fill }) => fill.id).sort(), [...bad].sort());
        assert.equal(kept.length + refused.length, 64);
        assert.equal(judge(kept).kind, 'ok');
      }),
      { numRuns: 50, seed: 7 },
    );
  });

  it('takes back a fill that was refused only because another came later', async () => {
    // Fill 0 closes what fill 5 opens: alone it is refused.
    const judge = (fills: readonly FillTerms[]): Verdict => {
      const ids = fills.map(({ id }) => id);
      const broken = (ids.includes(0) && !ids.includes(5)) || ids.includes(3);
      return broken ? { kind: 'refused', code: 'X', message: '' } : { kind: 'ok' };
    };
    const { refused } = await bisect(fakes(8), judge);
    assert.deepEqual(
      refused.map(({ fill }) => fill.id),
      [3],
    );
  });

  it('decides nothing while the judge holds', async () => {
    const judge = (): Verdict => ({ kind: 'hold', code: 'PriceStale', message: 'old' });
    const { kept, refused, hold } = await bisect(fakes(3), judge);
    assert.equal(hold?.code, 'PriceStale');
    assert.deepEqual([kept, refused], [[], []]);
  });

  it('blames no fill for a report or a price', () => {
    const of = (code: string) => verdictOf({ kind: 'revert', code, message: '', data: '0x' }).kind;
    assert.equal(of('PriceStale'), 'hold');
    assert.equal(of('BatchHeadWrong'), 'hold');
    for (const code of ['ReportUnsigned', 'KeyRevoked', 'CommitteeMissing']) {
      assert.equal(of(code), 'hold', 'nobody loses a fill because a committee changed its key');
    }
    assert.equal(of('MarginShort'), 'refused');
    assert.equal(of('SignatureWrong'), 'refused');
  });
});

describe('the forecast', () => {
  const w = loaded();
  const fills = fillsOf(w);
  const [first] = fills;
  assert(first !== undefined);
  const say = (list: readonly FillTerms[], now = w.time) =>
    codeOf(predict(w.ledger.mirror, list, { now }));
  const with0 = (side: 'maker' | 'taker', more: object) =>
    say([change(first, side, more), ...fills.slice(1)]);

  it('accepts what the core matched', () => {
    assert.equal(say(fills), 'ok');
  });

  it('names what is wrong with an order', () => {
    assert.equal(with0('maker', { expiry: w.time }), 'OrderExpired');
    assert.equal(with0('maker', { epoch: 9 }), 'SignatureWrong');
    assert.equal(with0('maker', { account: 99 }), 'AccountUnknown');
    assert.equal(with0('maker', { timeInForce: 1 }), 'RoleWrong');
    assert.equal(with0('taker', { postOnly: true }), 'RoleWrong');
    assert.equal(with0('taker', { size: first.lots - 1 }), 'OverFilled');
    assert.equal(with0('taker', { timeInForce: 2, size: first.lots + 1 }), 'FillOrKillShort');
    assert.equal(with0('maker', { reduceOnly: true }), 'ReduceOnlyBroken');
    assert.equal(with0('maker', { isBuy: !first.maker.isBuy }), 'SidesEqual');
    assert.equal(with0('maker', { account: first.taker.account }), 'SelfTrade');
  });

  it('names what is wrong with a fill', () => {
    const far = { ...first, price: 130 } as typeof first;
    assert.equal(say([far]), 'OutsideBand');
    const dear = { ...first, price: first.price + 1 } as typeof first;
    assert.equal(say([dear]), 'LimitBroken');
  });

  it('holds for a stale price and trips over the breaker', () => {
    assert.equal(say(fills, w.time + 601), 'PriceStale');
    const entry = { type: 'Tightened', scope: 0, level: 1, until: w.time + 50 } as const;
    const entries = applyEvent(w.ledger.mirror, entry);
    assert.equal(say(fills), 'BreakerTripped');
    assert.equal(say(fills, w.time + 50), 'ok');
    undo(w.ledger.mirror, entries);
    assert.equal(say(fills), 'ok');
  });

  it('weighs margin at the end, and open interest', () => {
    const row = w.ledger.mirror.accounts.get(first.maker.account);
    const poor = loaded();
    poor.ledger.mirror.accounts.set(first.maker.account, { ...row!, cash: 0n });
    const list = fillsOf(poor);
    assert.equal(codeOf(predict(poor.ledger.mirror, list, { now: poor.time })), 'MarginShort');
    const params = w.ledger.mirror.params.get(0)!;
    w.ledger.mirror.params.set(0, { ...params, openInterestMax: 1 });
    assert.equal(say(fills), 'OpenInterestExceeded');
    w.ledger.mirror.params.set(0, params);
  });

  it('weighs the terms of initial margin, own leverage and isolation', () => {
    const { mirror } = w.ledger;
    const { params, accounts, markets } = mirror;
    const before = params.get(0)!;
    const market = markets.get(0)!;
    const { account } = first.maker;
    const row = accounts.get(account)!;
    const forecast = (change: object, more: object = {}, own: object = {}) => {
      params.set(0, { ...before, ...change });
      markets.set(0, { ...market, ...more });
      accounts.set(account, { ...row, ...own });
      const said = say(fills);
      params.set(0, before);
      markets.set(0, market);
      accounts.set(account, row);
      return said;
    };
    // Six lots of 10,000 quote units and more: a few thousand at 5 %, all of it at 100 %.
    const cash = 200_000n << 32n;
    // The fills add 52 lots, and several may add a twentieth of the cap at once.
    const crowded = { openInterestMax: 1_040, openInterestLowPpm: 0 };
    assert.equal(forecast({}, {}, { cash }), 'ok');
    assert.equal(forecast(crowded, { openInterest: 0 }, { cash }), 'ok');
    assert.equal(forecast(crowded, { openInterest: 900 }, { cash }), 'MarginShort');
    const tighter = { ...crowded, openInterestMax: 1_039 };
    assert.equal(forecast(tighter, { openInterest: 0 }, { cash }), 'BatchCrowds');
    const share = { concentrationPpm: 1_000_000, concentrationCapPpm: 1_000_000 };
    assert.equal(forecast(share, { openInterest: 0 }, { cash }), 'MarginShort');
    assert.equal(forecast(share, { openInterest: 1_000_000 }, { cash }), 'ok');
    assert.equal(forecast({}, {}, { cash, userPpm: 1_000_000 }), 'MarginShort');
    assert.equal(forecast({ isolated: 1 }), 'IsolatedMarket');
  });

  it('knows what a lane has seen', () => {
    land(w, 100);
    assert.equal(say([fills.at(-1) as typeof first]), 'OverFilled');
    assert.equal(say([change(first, 'maker', { seq: 0 })]), 'SeqStale');
  });
});

describe('the planner', () => {
  it('sorts orders strictly and cuts by fills, gas and round', () => {
    const w = loaded();
    const early = fillsOf(w).length;
    newReport(w, 101, 201);
    trade(w, 2, 3, 0, 1);
    const fills = fillsOf(w);
    const keys = ordersOf(fills).map((o) => [o.account, o.lane, o.seq].join('.').padStart(20));
    assert.equal(new Set(keys).size, keys.length);
    const roomy = { fillsMax: 100, gasMax: 30_000_000 };
    const take = (limits: typeof roomy, last: number) =>
      takeFills(fills, limits, firstGasModel, false, last).length;
    assert.equal(take(roomy, 1), early);
    assert.equal(take(roomy, 2), fills.length);
    assert.equal(take({ ...roomy, fillsMax: 3 }, 2), 3);
    assert.equal(take({ ...roomy, gasMax: 500_000 }, 2), 2);
    assert.equal(take({ ...roomy, gasMax: 1 }, 2), 1);
  });

  it('keeps the fills of a fill-or-kill order together', () => {
    const w = loaded();
    const fills = fillsOf(w);
    const key = { lane: 3, seq: 77, account: 9, timeInForce: 2 };
    const whole = fills.map((fill, i) => (i < 4 ? change(fill, 'taker', key) : fill));
    const limits = { fillsMax: 2, gasMax: 30_000_000 };
    assert.equal(takeFills(whole, limits, firstGasModel, false, 9).length, 4);
  });

  it('encodes deterministically, and its record survives the disk', () => {
    const w = loaded();
    const context = {
      number: 1,
      previous: `0x${'00'.repeat(32)}` as const,
      receipts: `0x${'11'.repeat(32)}` as const,
      report: '0x' as const,
      round: null,
    };
    const version = encodeBatch(fillsOf(w), context);
    const record = decodeRecord(encodeRecord({ kind: 'version', version }));
    assert(record.kind === 'version');
    const again: Version = encodeBatch(record.version.fills, context);
    assert.equal(again.head, version.head);
    assert.equal(again.calldata, version.calldata);
  });

  it('learns gas without jumping', () => {
    const up = learnGas(firstGasModel, 100, 1_000);
    assert(up.perFill > firstGasModel.perFill && up.perFill <= firstGasModel.perFill * 2);
    const down = learnGas(firstGasModel, 100, 60);
    assert(down.perFill < firstGasModel.perFill);
  });
});

describe('own leverage', () => {
  it('comes from the log into mirror and core, and back with a reorganisation', () => {
    const { mirror } = createWorld().ledger;
    const set = (initialPpm: number) => {
      const event = { type: 'LeverageSet', account: 2, initialPpm } as const;
      const entries = applyEvent(mirror, event);
      const placed = { event, transaction: '0x01', logIndex: 0 } as const;
      return { entries, effect: effectOf(mirror, placed, entries, 7, 1) };
    };
    const draft = (initialPpm: number) => ({ type: 'leverage', account: 2, initialPpm });
    assert.deepEqual(set(100_000).effect, { drafts: [draft(100_000)], inverse: [draft(0)] });
    const { entries, effect } = set(50_000);
    assert.deepEqual(effect.inverse, [draft(100_000)]);
    assert.equal(mirror.accounts.get(2)?.userPpm, 50_000);
    undo(mirror, entries);
    assert.equal(mirror.accounts.get(2)?.userPpm, 100_000);
  });
});

describe('the mirror', () => {
  it('is the same after any events and their undo', () => {
    const w = loaded();
    const before = mirrorText(w.ledger.mirror);
    const entries = [
      applyEvent(w.ledger.mirror, {
        type: 'SessionSet',
        account: 2,
        key: '0xAB',
        expiry: 5,
        scope: wholeScope,
      }),
      applyEvent(w.ledger.mirror, { type: 'LaneCancelled', account: 2, lane: 1, seq: 4 }),
      applyEvent(w.ledger.mirror, { type: 'AllCancelled', account: 3, epoch: 1 }),
      applyEvent(w.ledger.mirror, { type: 'AccountOpened', account: 6, owner: '0x1' }),
    ];
    assert.notEqual(mirrorText(w.ledger.mirror), before);
    for (const each of entries.reverse()) undo(w.ledger.mirror, each);
    assert.equal(mirrorText(w.ledger.mirror), before);
  });

  /** Tells a core of nothing but levels; says how many commands there were. */
  function teller(mirror: ReturnType<typeof emptyMirror>) {
    const known = new Map<number, { level: number; until: number }>();
    const tell = (now: number) => {
      const drafts = breakerDrafts(mirror, known, now);
      for (const draft of drafts) {
        assert(draft.type === 'breaker');
        known.set(draft.scope, { level: draft.level, until: draft.until });
      }
      return drafts.length;
    };
    return { known, tell };
  }

  it('tells the core the level in force as levels expire one by one, and the way back', () => {
    const mirror = emptyMirror();
    applyEvent(mirror, { type: 'Tightened', scope: 1, level: 1, until: 120 });
    applyEvent(mirror, { type: 'Tightened', scope: 1, level: 3, until: 50 });
    applyEvent(mirror, { type: 'Halted', scope: 1, since: 10, until: 50 });
    const { known, tell } = teller(mirror);
    assert.equal(tell(10), 1);
    // The halt goes on for a quarter of its length, then there is no growth and no liquidation.
    assert.deepEqual(known.get(1), { level: 3, until: 60 });
    assert.equal(tell(50), 0);
    assert.equal(tell(60), 1);
    assert.deepEqual(known.get(1), { level: 2, until: 90 });
    assert.equal(tell(90), 1);
    assert.deepEqual(known.get(1), { level: 1, until: 120 });
    assert.equal(tell(120), 0);
    applyEvent(mirror, { type: 'Cleared', scope: 1 });
    assert.equal(tell(95), 1);
    // A clearing leaves what follows a halt.
    assert.deepEqual(known.get(1), { level: 1, until: 100 });
    assert.equal(breakerLevel(mirror, 0, 99), 1);
    assert.equal(breakerLevel(mirror, 0, 100), 0);
  });

  it('halts a market whose price on chain is old, and lets it back by the steps', () => {
    const mirror = emptyMirror();
    mirror.params.set(0, { ...demoParams, priceAgeSecondsMax: 60 });
    const report = (time: number, round: number) => {
      const quotes = [{ market: 0, price: 100, mark: 100, rate: 0, indexAfter: 0n }];
      applyEvent(mirror, { type: 'Refreshed', time, round, quotes });
    };
    report(1_000, 1);
    const { known, tell } = teller(mirror);
    assert.equal(tell(1_060), 0);
    assert.equal(tell(1_061), 1);
    assert.equal(known.get(1)?.level, 3);
    assert.equal(tell(1_100), 0);
    report(1_160, 2);
    assert.equal(tell(1_160), 1);
    assert.deepEqual(known.get(1), { level: 3, until: 1_185 });
    report(1_200, 3);
    assert.deepEqual(mirror.markets.get(0)?.resume, { start: 1_160, grace: 100 });
    assert.equal(breakerLevel(mirror, 0, 1_200), 2);
    assert.equal(breakerLevel(mirror, 0, 1_260), 1);
    assert.equal(breakerLevel(mirror, 0, 1_285), 0);
  });

  it('knows who is barred until when', () => {
    const mirror = emptyMirror();
    applyEvent(mirror, { type: 'Barred', accounts: [3, 5], until: 100 });
    applyEvent(mirror, { type: 'Barred', accounts: [5], until: 50 });
    assert.deepEqual([isBarred(mirror, 5, 99), isBarred(mirror, 5, 100)], [true, false]);
    assert.equal(isBarred(mirror, 4, 10), false);
    const bar = (account: number, until: number) => ({ type: 'bar', account, until });
    assert.deepEqual(barDrafts(mirror, new Map(), 10), [bar(3, 100), bar(5, 100)]);
    assert.deepEqual(barDrafts(mirror, new Map(), 100), [], 'what is over is not told');
    assert.deepEqual(barDrafts(mirror, new Map([[5, 100]]), 10), [bar(3, 100)]);
    applyEvent(mirror, { type: 'Cleared', scope: 258 });
    assert.equal(isBarred(mirror, 3, 10), false);
    assert.deepEqual(barDrafts(mirror, new Map([[5, 100]]), 10), [bar(5, 0)]);
  });
});
