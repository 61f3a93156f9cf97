import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '@holdfast/laws';
import { acceptReport, emptyOracle, fundingDelta } from '@holdfast/oracle';
import { baseAlone, equity, fee, health, liquidationTerms, notional } from '@holdfast/risk';
import {
  cashQ32,
  fundingIndex,
  isRejection,
  lots,
  type MarketId,
  marketId,
  ppm,
  ppmPerDay,
  quote,
  round,
  seconds,
  ticks,
  toQ32,
} from '@holdfast/units';
import fc from 'fast-check';

const runs = { seed: 20_260_101, numRuns: 5_000 };
const price = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));
const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 40 - 1 }));
const tickValue = fc.constantFrom(1, 3, 100, 2 ** 20);

describe('rules hold the laws', () => {
  it('L09: a report is accepted exactly if it advances', () => {
    const few = fc.integer({ min: 0, max: 6 });
    const check = (r0: number, r1: number, t0: number, t1: number, now: number, skew: number) => {
      const state = { ...emptyOracle, round: round(r0), time: seconds(t0) };
      const report = { round: round(r1), time: seconds(t1), quotes: [] };
      const params = {
        reportSkewSecondsMax: skew,
        bandPpm: () => undefined,
        markClampPpm: () => ppm(0),
      };
      const accepted = !isRejection(acceptReport(state, report, params, seconds(now)));
      const times = { timeBefore: t0, time: t1, nowTime: now, skewSecondsMax: skew };
      assert.equal(judge('reportAdvances', { roundBefore: r0, round: r1, ...times }), accepted);
    };
    fc.assert(fc.property(few, few, few, few, few, few, check), runs);
  });

  it('L19: every funding step is within its bound, and one more is not at full rate', () => {
    const rate = fc.integer({ min: -400_000, max: 400_000 });
    const elapsed = fc.integer({ min: 0, max: 10_000 });
    const gapSecondsMax = 7_200;
    const check = (p: number, v: number, r: number, highest: number, elapsedSeconds: number) => {
      const step = { price: ticks(p), tickValue: v, elapsedSeconds, gapSecondsMax };
      const delta = fundingDelta({ ...step, rate: ppmPerDay(r), fundingRatePpmMax: ppm(highest) });
      const moved = { ...step, indexBefore: 7n, ratePpmMax: highest };
      assert.ok(judge('fundingWithin', { ...moved, indexAfter: 7n + delta }));
      if (elapsedSeconds > gapSecondsMax) {
        assert.equal(delta, 0n);
        assert.ok(!judge('fundingWithin', { ...moved, indexAfter: 8n }));
        return;
      }
      if (Math.abs(r) < highest || delta === 0n) return;
      const further = delta + (delta > 0n ? 1n : -1n);
      assert.ok(!judge('fundingWithin', { ...moved, indexAfter: 7n + further }));
    };
    const highest = fc.integer({ min: 0, max: 300_000 });
    fc.assert(fc.property(price, tickValue, rate, highest, elapsed, check), runs);
  });

  it('L21: every fee is exact', () => {
    const check = (n: number, p: number, v: number, feePpm: number) => {
      const amount = notional(n, ticks(p), v);
      const paid = fee(amount, ppm(feePpm));
      assert.ok(judge('feesWithin', { fee: paid, notional: amount, feePpm }));
      assert.ok(!judge('feesWithin', { fee: paid + 1n, notional: amount, feePpm }));
    };
    fc.assert(fc.property(size, price, tickValue, fc.nat({ max: 10_000 }), check), runs);
  });

  it('L20: every liquidation is needed and hurts nobody', () => {
    let liquidated = 0;
    const check = (n: number, p: number, v: number, isLong: boolean, ppmOfNotional: number) => {
      const [one, two] = [marketId(0), marketId(1)];
      const context = baseAlone({
        price: ticks(p),
        index: fundingIndex(0n),
        tickValue: v,
        initialPpm: ppm(50_000),
        maintenancePpm: ppm(30_000),
      });
      const marketOf = () => context;
      const signed = lots(isLong ? n : -n);
      const amount = notional(n, ticks(p), v);
      const worth = (amount * 2n * BigInt(ppmOfNotional)) / 1_000_000n;
      const held = BigInt(signed) * BigInt(p) * BigInt(v) * 2n;
      const cash = toQ32(quote(worth - held));
      const positions = new Map<MarketId, typeof signed>([
        [one, signed],
        [two, signed],
      ]);
      const account = { cash, positions };
      const terms = liquidationTerms(account, one, marketOf);
      const before = health(account, marketOf);
      if (isRejection(terms)) {
        assert.ok(before.equity >= before.maintenance || before.equity < 0n);
        return;
      }
      liquidated += 1;
      const rest = {
        cash: cashQ32(cash + terms.accountCashDelta),
        positions: new Map([
          [one, lots(signed - terms.size)],
          [two, signed],
        ]),
      };
      const lawful = judge('liquidationLawful', {
        equityBefore: before.equity,
        maintenanceBefore: before.maintenance,
        equityAfter: equity(rest, marketOf),
        maintenanceAfter: health(rest, marketOf).maintenance,
        penalty: terms.penalty,
        discount: terms.discount * BigInt(Math.abs(terms.size)) * BigInt(v),
        notional: notional(terms.size, ticks(p), v),
        maintenancePpm: 30_000,
      });
      assert.ok(lawful, `penalty ${terms.penalty} of notional ${amount}`);
      const moved = terms.accountCashDelta + terms.keeperCashDelta + terms.insuranceCashDelta;
      assert.ok(judge('conserved', { cashDeltaQ32: moved, liabilitiesDelta: 0n }));
    };
    const margin = fc.integer({ min: -20_000, max: 40_000 });
    fc.assert(fc.property(size, price, tickValue, fc.boolean(), margin, check), runs);
    assert.ok(liquidated > runs.numRuns / 2, `${liquidated} liquidations`);
  });
});
