import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crowdMost } from '@holdfast/risk';
import fc from 'fast-check';
import { bisect, type Verdict } from '../src/bisect.ts';
import { type Chooser, candidates, fullCandidate, remakes } from '../src/choose.ts';
import { createCrowd } from '../src/crowd.ts';
import type { FillTerms } from '../src/fills.ts';
import { firstFills, firstGasModel, takeFills } from '../src/planner.ts';
import { predict } from '../src/predictor.ts';
import { createWorld, land, newReport, push, seal, trade, type World } from './world.ts';

const fillsOf = (w: World) => [...w.core.unconfirmed.values()];
const roomy = { fillsMax: 100, gasMax: 30_000_000 };
const head = { number: 9, hash: '0x09', time: 2_000, gasLimit: 30_000_000 } as never;

/** Both markets ask for more from half of the cap on. */
function crowded(openInterestMax = 200, openInterestLowPpm = 500_000): World {
  const w = createWorld();
  push(w);
  for (const [id, row] of w.ledger.mirror.params) {
    w.ledger.mirror.params.set(id, { ...row, openInterestMax, openInterestLowPpm });
  }
  return w;
}

/** Open interest of a market as the chain will have it after these fills. */
function interestAfter(w: World, fills: readonly FillTerms[], market: number): number {
  const sizes = new Map<number, number>();
  for (const [id, account] of w.ledger.mirror.accounts) {
    sizes.set(id, account.sizes.get(market) ?? 0);
  }
  for (const { maker, taker, lots, ...fill } of fills) {
    if (fill.market !== market) continue;
    for (const { account, isBuy } of [maker, taker]) {
      sizes.set(account, (sizes.get(account) ?? 0) + (isBuy ? lots : -lots));
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + Math.max(size, 0), 0);
}

const idsOf = (fills: readonly { id: number }[]) => fills.map(({ id }) => id);

function chooserOf(w: World): Chooser {
  return {
    ledger: w.ledger,
    state: () => w.core,
    receipts: () => '0x',
    report: () => undefined,
    clock: undefined as never,
    blockMs: 1_000,
    gasSharePpm: 1_000_000,
    unsigned: { round: 0 },
  };
}

describe('what fills add to open interest', () => {
  it('is what the longs grow by, and at most a step above where margin starts to grow', () => {
    const w = crowded();
    for (const lots of [60, 50, 1]) trade(w, 2, 3, 0, lots);
    const [first, second, third] = fillsOf(w).map((fill) => [fill]);
    assert(first && second && third);
    const crowd = createCrowd(w.ledger.mirror);
    for (const atom of [first, second]) {
      assert.equal(crowd.fits(atom), true);
      crowd.join(atom);
    }
    assert.equal(crowd.fits(third), false);
    assert.equal(crowd.fits(third), false, 'asking changes nothing');
    const [{ maker, taker, ...fill } = assert.fail()] = first;
    const flipped = (order: typeof maker) => ({ ...order, isBuy: !order.isBuy });
    const back = [{ ...fill, maker: flipped(maker), taker: flipped(taker) }];
    assert.equal(crowd.fits(back), true);
    crowd.join(back);
    assert.equal(crowd.fits(third), true, 'what is closed in the same batch makes room');
  });

  it('is counted for each market', () => {
    const w = crowded();
    trade(w, 2, 3, 0, 111);
    trade(w, 2, 3, 1, 110);
    const [over, inside] = fillsOf(w).map((fill) => [fill]);
    assert(over && inside);
    const crowd = createCrowd(w.ledger.mirror);
    assert.deepEqual([crowd.fits(over), crowd.fits(inside)], [false, true]);
    assert.equal(crowd.fits([...inside, ...over]), false);
  });

  it('starts from what is on its way, which the chain then has itself', () => {
    const many = fc.array(
      fc.record({
        a: fc.integer({ min: 2, max: 5 }),
        b: fc.integer({ min: 2, max: 5 }),
        market: fc.nat(1),
        lots: fc.integer({ min: 1, max: 90 }),
      }),
      { minLength: 2, maxLength: 12 },
    );
    let counted = 0;
    const check = (trades: { a: number; b: number; market: number; lots: number }[]) => {
      const w = crowded();
      for (const { a, b, market, lots } of trades) trade(w, a, b, market, lots);
      const fills = fillsOf(w);
      const ahead = fills.slice(0, fills.length >> 1);
      const rest = fills.slice(ahead.length).map((fill) => [fill]);
      const answers = () => {
        const crowd = createCrowd(w.ledger.mirror, isLanded ? [] : ahead);
        return rest.map((atom) => {
          const fits = crowd.fits(atom);
          crowd.join(atom);
          return fits;
        });
      };
      let isLanded = false;
      const before = answers();
      if (ahead.length > 0) land(w, ahead.length);
      isLanded = true;
      assert.deepEqual(answers(), before);
      counted += before.filter((fits) => !fits).length;
    };
    fc.assert(fc.property(many, check), { numRuns: 60, seed: 11 });
    assert(counted > 20, `${counted} did not fit`);
  });
});

describe('a batch', () => {
  it('ends where one more fill would crowd, and the next goes on from there', () => {
    const w = crowded(200, 0);
    for (let i = 0; i < 12; i++) trade(w, 2 + (i % 2), 4 + (i % 2), i % 2, 4);
    const sizes: number[] = [];
    let rest = fillsOf(w);
    const ahead: FillTerms[] = [];
    while (rest.length > 0) {
      const crowd = createCrowd(w.ledger.mirror, ahead);
      const taken = takeFills(rest, roomy, firstGasModel, false, 9, crowd);
      const twin = firstFills(rest, 100, createCrowd(w.ledger.mirror, ahead));
      assert.deepEqual(idsOf(twin), idsOf(taken));
      for (const market of [0, 1]) {
        const before = interestAfter(w, ahead, market);
        const after = interestAfter(w, [...ahead, ...taken], market);
        const { mirror } = w.ledger;
        assert(after <= crowdMost(mirror.params.get(market) as never, before));
      }
      sizes.push(taken.length);
      ahead.push(...taken);
      rest = rest.slice(taken.length);
    }
    // Ten lots in each of two markets: two fills of four in each.
    assert.deepEqual(sizes, [4, 4, 4]);
  });

  it('is a single fill, or a whole fill-or-kill order, where that alone is too much', () => {
    const w = crowded(200, 0);
    for (let i = 0; i < 3; i++) trade(w, 2, 3, 0, 40);
    const fills = fillsOf(w);
    const take = (list: typeof fills) => {
      const crowd = createCrowd(w.ledger.mirror);
      return takeFills(list, roomy, firstGasModel, false, 9, crowd).length;
    };
    assert.equal(take(fills), 1);
    const key = { lane: 3, seq: 77, account: 9, timeInForce: 2 };
    const whole = fills.map((fill, i) => {
      return i < 2 ? { ...fill, taker: { ...fill.taker, ...key } } : fill;
    });
    assert.equal(take(whole as typeof fills), 2);
  });

  it('counts as full when the next fill would crowd, and counts what flies before it', () => {
    const w = crowded(200, 0);
    const sizes = { fillsMax: 100, model: firstGasModel };
    const full = (ahead: Parameters<typeof fullCandidate>[4] = []) => {
      const taken = new Set(ahead.flatMap(({ fills }) => idsOf(fills)));
      const fills = fillsOf(w).filter(({ id }) => !taken.has(id));
      return fullCandidate(chooserOf(w), sizes, fills, head, ahead)?.fills.length;
    };
    trade(w, 2, 3, 0, 5);
    trade(w, 2, 3, 0, 5);
    assert.equal(full(), undefined, 'a step and no more: there may be room');
    trade(w, 2, 3, 0, 6);
    trade(w, 2, 3, 0, 4);
    assert.equal(full(), 2);
    const first = seal(w, 2);
    assert(first !== undefined);
    assert.equal(full([first]), undefined, 'ten more, from ten on');
    trade(w, 2, 3, 0, 1);
    assert.equal(full([first]), 2);
    // A fill of another price waits for its own batch, whatever it adds.
    const later = crowded(200, 0);
    trade(later, 2, 3, 0, 5);
    newReport(later, 100, 200);
    trade(later, 2, 3, 0, 9);
    const all = fillsOf(later);
    assert.equal(fullCandidate(chooserOf(later), sizes, all, head, []), undefined);
  });

  it('is cut in all its ways, also when it is made again', () => {
    const w = crowded(200, 0);
    const sizes = { fillsMax: 100, model: firstGasModel };
    for (let i = 0; i < 4; i++) trade(w, 2, 3, 0, 4);
    const counts = candidates(chooserOf(w), sizes, fillsOf(w), head).map((c) => c.fills.length);
    assert.deepEqual(new Set(counts), new Set([2]));
    const version = seal(w, 4);
    assert.equal(version?.fills.length, 4);
    const again = remakes(chooserOf(w), sizes, version as never).map((c) => c.fills.length);
    assert.deepEqual(new Set(again), new Set([2]));
  });
});

describe('bisection of a crowd', () => {
  const fakes = (n: number) =>
    Array.from({ length: n }, (_, id) => ({
      id,
      taker: { timeInForce: 0 },
    })) as never as FillTerms[];
  const refused = (code: string): Verdict => ({ kind: 'refused', code, message: '' });

  /** At most `most` fills at once, one alone in any case; some are spoilt. */
  const judgeOf = (bad: readonly number[], most: number) => (fills: readonly FillTerms[]) => {
    if (fills.some(({ id }) => bad.includes(id))) return refused('OrderExpired');
    return fills.length > Math.max(most, 1) ? refused('BatchCrowds') : ({ kind: 'ok' } as const);
  };

  it('blames nobody, and settles all but the spoilt in as many batches as it takes', async () => {
    const spoilt = fc.uniqueArray(fc.nat(31), { maxLength: 5 });
    const property = fc.asyncProperty(
      spoilt,
      fc.integer({ min: 1, max: 40 }),
      async (bad, most) => {
        const judge = judgeOf(bad, most);
        const gone: number[] = [];
        const settled: number[] = [];
        let rest = fakes(32);
        for (let batch = 0; rest.length > 0; batch++) {
          assert(batch < 64, 'it goes on for ever');
          const found = await bisect(rest, judge);
          assert.equal(found.hold, undefined);
          assert(found.refused.every(({ code }) => code === 'OrderExpired'));
          assert.equal(judge(found.kept).kind, 'ok');
          gone.push(...found.refused.map(({ fill }) => fill.id));
          settled.push(...idsOf(found.kept));
          const done = new Set([...gone, ...settled]);
          rest = rest.filter(({ id }) => !done.has(id));
        }
        assert.deepEqual(
          gone.sort((a, b) => a - b),
          [...bad].sort((a, b) => a - b),
        );
        assert.deepEqual(
          settled,
          [...settled].sort((a, b) => a - b),
          'in their order',
        );
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 5 });
  });

  it('leaves what follows for the next batch, since it may need what was deferred', async () => {
    const found = await bisect(fakes(8), (fills) => {
      const ids = idsOf(fills);
      // Fill 6 closes what fill 4 opens.
      if (ids.includes(6) && !ids.includes(4)) return refused('ReduceOnlyBroken');
      return judgeOf([], 3)(fills);
    });
    assert.deepEqual([idsOf(found.kept), found.refused], [[0, 1, 2], []]);
  });

  it('refuses what crowds alone', async () => {
    const found = await bisect(fakes(1), () => refused('BatchCrowds'));
    assert.equal(found.refused[0]?.code, 'BatchCrowds');
  });
});

describe('the forecast of a crowd', () => {
  const say = (w: World, fills: readonly FillTerms[]) => {
    const verdict = predict(w.ledger.mirror, fills, { now: w.time });
    return verdict.kind === 'ok' ? 'ok' : verdict.code;
  };
  const withCash = (w: World, account: number, quote: bigint) => {
    const row = w.ledger.mirror.accounts.get(account);
    assert(row !== undefined);
    w.ledger.mirror.accounts.set(account, { ...row, cash: quote << 32n });
  };

  it('judges a single fill at the open interest after it, several at that before', () => {
    const w = crowded(1_000, 0);
    trade(w, 2, 3, 0, 40);
    trade(w, 4, 5, 0, 10);
    const fills = fillsOf(w);
    // 40 lots of 10,000 need 5 % at nothing, and 8.8 % at a twenty-fifth of the cap.
    withCash(w, 2, 30_000n);
    assert.equal(say(w, fills), 'ok');
    assert.equal(say(w, fills.slice(0, 1)), 'MarginShort');
    withCash(w, 2, 35_380n);
    assert.equal(say(w, fills.slice(0, 1)), 'ok');
  });

  it('lets a single fill add more than a step, and several not', () => {
    const w = crowded(1_000, 0);
    trade(w, 2, 3, 0, 51);
    trade(w, 2, 3, 0, 1);
    const fills = fillsOf(w);
    assert.equal(say(w, fills.slice(0, 1)), 'ok');
    assert.equal(say(w, fills), 'BatchCrowds');
    const { mirror } = w.ledger;
    const params = mirror.params.get(0);
    assert(params !== undefined);
    mirror.params.set(0, { ...params, openInterestLowPpm: params.openInterestHighPpm });
    assert.equal(say(w, fills), 'ok', 'where margin does not grow');
  });

  it('asks a single fill that closes for nothing more', () => {
    const w = crowded(1_000, 0);
    trade(w, 2, 3, 0, 40);
    land(w, 1);
    trade(w, 3, 2, 0, 40);
    withCash(w, 2, 1_000n);
    const params = w.ledger.mirror.params.get(0);
    w.ledger.mirror.params.set(0, {
      ...params,
      openInterestMax: 40,
      openInterestLowPpm: 0,
    } as never);
    assert.equal(say(w, fillsOf(w).slice(-1)), 'ok');
  });
});
