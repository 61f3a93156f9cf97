import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClock } from '@holdfast/host';
import { encodeReport } from '@holdfast/oracle';
import { noResume } from '@holdfast/risk';
import { type Hex, toHex } from '@holdfast/units';
import { createLedger } from '../src/books.ts';
import { type Chooser, noteRefusal, reportOf } from '../src/choose.ts';
import { chainRow, emptyMirror } from '../src/mirror.ts';
import { dueReport } from '../src/refresh.ts';
import { demoParams, hashOf } from '../src/sim/chain.ts';

const NOW = 1_000;

/** A core that has seen `prices`, one a round from 11 on; the chain stands at round 10, at 100. */
function chooser(prices: readonly number[], chainAge: number): Chooser {
  const mirror = emptyMirror();
  mirror.params.set(0, { ...demoParams, bandPpm: 100_000 });
  const roundTime = NOW - chainAge;
  const seen = {
    price: 100,
    mark: 100,
    priceTime: roundTime,
    priceRound: 10,
    fundingTime: roundTime,
  };
  mirror.markets.set(0, { index: 0n, openInterest: 0, resume: noResume, ...seen });
  const times = { round: 10, roundTime, quietSeconds: 20, reportSkewSecondsMax: 600 };
  mirror.chain.set(0, { ...chainRow(mirror), ...times });
  const reports = new Map<number, Hex>();
  prices.forEach((price, i) => {
    const quotes = [{ market: 0, price, mark: price, rate: 0 }];
    const report = { round: 11 + i, time: roundTime + 1 + i, quotes, observations: [] };
    reports.set(11 + i, toHex(encodeReport(report as never)));
  });
  return {
    ledger: createLedger(mirror),
    state: () => ({ round: 10 + prices.length }) as never,
    receipts: () => hashOf(0),
    report: (round) => reports.get(round),
    clock: createClock({ wallEpochMs: 0, venueEpoch: NOW, speed: 1 }, () => 0),
    blockMs: 1000,
    gasSharePpm: 600_000,
    unsigned: { round: 0 },
  };
}

const head = { number: 5, hash: hashOf(5), parent: hashOf(4), time: NOW - 1 } as never;
const roundOf = (c: Chooser, idle: boolean) => dueReport(c, head, idle)?.report.round;

describe('reports without a batch', () => {
  it('gives the newest report when nothing is to settle and half the quiet time has passed', () => {
    assert.equal(roundOf(chooser([101, 102], 15), true), 12);
    assert.equal(roundOf(chooser([101, 102], 5), true), undefined, 'too early');
    assert.equal(roundOf(chooser([101, 102], 15), false), undefined, 'a batch will carry it');
    assert.equal(roundOf(chooser([], 15), true), undefined, 'the chain has everything');
  });

  it('leads a chain that was left behind up to the price, one band at a time', () => {
    // 132 is outside the band around 100, and so is 121; 110 is the last that the chain takes.
    assert.equal(roundOf(chooser([105, 110, 121, 132], 5), false), 12);
    assert.equal(roundOf(chooser([105, 110, 121, 132], 5), true), 12);
  });

  it('gives nothing when no report at hand is inside the band', () => {
    assert.equal(roundOf(chooser([150, 160], 50), true), undefined);
  });

  it('drops what a key signed that is out of force, for batches too', () => {
    const c = chooser([101, 102], 15);
    const last = reportOf(c, 12);
    noteRefusal(c, last, 'PriceOutsideBand');
    assert.equal(roundOf(c, true), 12, 'another refusal says nothing of the key');
    noteRefusal(c, last, 'ReportUnsigned');
    assert.equal(roundOf(c, true), undefined);
    assert.deepEqual([reportOf(c, 11), reportOf(c, 12)], [undefined, undefined]);
    const later = { ...c, state: () => ({ round: 13 }) as never, report: () => last?.raw };
    assert.notEqual(reportOf(later, 13), undefined, 'a later one is by the next key');
  });
});
