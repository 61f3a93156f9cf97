import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type ChainReader,
  type JsonServer,
  serveJson,
  silentLogger,
  type Venue,
} from '@holdfast/host';
import {
  assembleReport,
  encodeReport,
  type Observation,
  observationDigest,
  observationQuorum,
} from '@holdfast/oracle';
import { addressOf, signDigest } from '@holdfast/order';
import { isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import type { KeptReport } from '../src/judge.ts';
import type { Mirror } from '../src/mirror.ts';
import { createReportReader } from '../src/reports.ts';

const keys = ['a', 'b', 'thief'].map((name) => keccak256(utf8(name)));
const base = {
  chainId: 31_337,
  contracts: { verifier: `0x${'44'.repeat(20)}` },
  reporters: { k: 2, n: 2, addresses: keys.slice(0, 2).map(addressOf) },
};

function reportAt(round: number, by: readonly Uint8Array[], price = 1_000_000): KeptReport {
  const quotes = [{ market: 0, price, mark: price, rate: 0 }];
  const of = { round, time: round, quotes } as unknown as Observation;
  const digest = observationDigest(observationQuorum(base as never).separator, of);
  const signed = by.map((key) => {
    return { ...of, signer: addressOf(key), signature: signDigest(digest, key) };
  });
  const report = assembleReport(signed, 1);
  assert.ok(!isRejection(report));
  return { round, time: round, quotes, raw: toHex(encodeReport(report)) };
}

describe('reports that a keeper reads', () => {
  let relay: JsonServer;
  let served: KeptReport[] = [];
  const terms = { priceAgeSecondsMax: 60, bandPpm: 100_000, markClampPpm: 20_000 };
  const [marks, markets] = [new Map(), new Map([[0, terms]])];
  const mirror = { round: () => 0, reportTime: () => 0, marks, markets } as unknown as Mirror;
  before(async () => {
    const routes = { 'GET /v1/reports': () => ({ status: 200, body: served }) };
    relay = await serveJson({ host: '127.0.0.1', port: 0, routes });
  });
  after(() => relay.close());

  async function usable(reports: readonly KeptReport[]): Promise<KeptReport | undefined> {
    served = [...reports];
    const venue = { ...base, relay: { host: '127.0.0.1', port: relay.port } };
    return createReportReader({
      venue: venue as unknown as Venue,
      reader: {} as ChainReader,
      clock: { now: () => 100 } as never,
      logger: silentLogger(),
    }).usable(mirror);
  }

  it('are the newest that the reporters signed, whatever else the relay has', async () => {
    const [good, forged] = [reportAt(90, keys.slice(0, 2)), reportAt(96, keys.slice(1, 3))];
    const short = reportAt(95, keys.slice(0, 1));
    const dated = { ...good, round: 97 };
    const found = await usable([good, short, forged, dated, { ...good, raw: '0xzz', round: 98 }]);
    assert.deepEqual(found, good);
    assert.equal(await usable([short, forged]), undefined);
  });

  it('say what their bytes say, not what the relay adds', async () => {
    const good = reportAt(90, keys.slice(0, 2));
    const lie = { ...good, quotes: [{ market: 0, price: 1, mark: 1, rate: 1 }] };
    assert.deepEqual(await usable([lie]), good);
  });
});
