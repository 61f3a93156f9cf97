import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  chainAccess,
  createChainReader,
  fetchJson,
  findFreePort,
  type JsonServer,
  serveJson,
  silentLogger,
  type Venue,
} from '@holdfast/host';
import { decodeReport, type SignedObservation, verifyQuorum } from '@holdfast/oracle';
import {
  createCollector,
  createSense,
  observe,
  recoverObserver,
  reporterSeparator,
  roundAt,
  serveRelay,
  signObservation,
  writeObservation,
} from '@holdfast/reporter';
import { fromHex, isRejection, ticks } from '@holdfast/units';
import { at, plainVenue, reporters } from './fixture.ts';
import { btc, doge } from './markets.ts';

const listed = reporters.slice(0, 5);

function venueWith(ports: { node: number; relay: number; rpc: number }): Venue {
  return plainVenue({
    rpcUrl: `http://127.0.0.1:${ports.rpc}`,
    markets: [doge, btc],
    gateway: { host: '127.0.0.1', port: ports.node },
    relay: { host: '127.0.0.1', port: ports.relay },
  });
}

const plain = venueWith({ node: 1, relay: 2, rpc: 3 });
const separator = reporterSeparator(plain);
const collect = () => createCollector({ k: 3, signers: plain.reporters.addresses, separator });

async function said(index: number, price: number, time = at): Promise<SignedObservation> {
  const account = reporters[index];
  assert.ok(account !== undefined);
  const prices = new Map([
    ['BTC-USD', { price8: price * 1e7, perps8: [] }],
    ['DOGE-USD', { price8: 22_000_000, perps8: [] }],
  ]);
  const noise = { signer: account.address, noisePpm: 0 };
  const observation = observe(plain, time, prices, new Map(), noise, createSense());
  assert.ok(observation !== undefined);
  return signObservation(account, separator, observation);
}

describe('observations', () => {
  it('cover every market in ascending order, inside the band; blind, the mark is the index', () => {
    const prices = new Map([
      ['BTC-USD', { price8: 2_000_000 * 1e7, perps8: [] }],
      ['DOGE-USD', { price8: 22_000_000, perps8: [] }],
    ]);
    const noise = { signer: '0xabc', noisePpm: 0 };
    const reference = new Map([[0, ticks(1_000_000)]]);
    const observation = observe(plain, at, prices, reference, noise, createSense());
    assert.deepEqual(observation?.quotes, [
      { market: 0, price: 1_100_000, mark: 1_100_000, rate: 0 },
      { market: 3, price: 22_000, mark: 22_000, rate: 0 },
    ]);
    prices.delete('DOGE-USD');
    assert.equal(observe(plain, at, prices, reference, noise, createSense()), undefined);
  });

  it('number rounds by time, so that no interval makes them fall', () => {
    assert.equal(roundAt(1007, 2), 1006);
    assert.equal(roundAt(1007, 100), 1000);
  });

  it('recover to their signer, and to another once a number changes', async () => {
    const signed = await said(0, 1_000_000);
    assert.equal(await recoverObserver(separator, signed), listed[0]?.address.toLowerCase());
    const forged = { ...signed, time: (signed.time + 1) as never };
    assert.notEqual(await recoverObserver(separator, forged), listed[0]?.address.toLowerCase());
  });
});

describe('collector', () => {
  it('makes one report of three, with lower medians and a quorum that verifies', async () => {
    const collector = collect();
    const all = await Promise.all([said(4, 1_000_030), said(1, 1_000_010), said(2, 1_000_020)]);
    assert.equal(await collector.take(all[0] as SignedObservation), 'waiting');
    assert.equal(await collector.take(all[1] as SignedObservation), 'waiting');
    assert.equal(collector.count(at), 2);
    const report = await collector.take(all[2] as SignedObservation);
    assert.ok(report !== 'waiting' && !isRejection(report));
    assert.equal(report.quotes[0]?.price, 1_000_020);
    const decoded = decodeReport(fromHex(report.raw));
    assert.ok(!isRejection(decoded));
    const order = new Map<string, string>();
    for (const each of all) order.set(Buffer.from(each.signature).toString('hex'), each.signer);
    const recover = (_digest: Uint8Array, signature: Uint8Array) =>
      order.get(Buffer.from(signature).toString('hex'));
    const quorum = { k: 3, signers: plain.reporters.addresses, separator };
    assert.equal(verifyQuorum(decoded, quorum, recover), undefined);
  });

  it('refuses strangers, forgeries, repeats and closed rounds', async () => {
    const collector = collect();
    const code = async (observation: SignedObservation): Promise<string> => {
      const outcome = await collector.take(observation);
      return isRejection(outcome) ? outcome.code : 'taken';
    };
    assert.equal(await code(await said(5, 1)), 'SignerUnknown');
    const honest = await said(0, 1_000_000);
    const forged = { ...honest, signer: (await said(1, 1)).signer };
    assert.equal(await code(forged), 'SignatureWrong');
    assert.equal(await code(honest), 'taken');
    assert.equal(await code(honest), 'ObservationRepeated');
    assert.equal(await code(await said(0, 1_000_001)), 'ObservationRepeated');
    await collector.take(await said(1, 1_000_000));
    await collector.take(await said(2, 1_000_000));
    assert.equal(await code(await said(3, 1_000_000)), 'RoundClosed');
  });

  it('cannot be filled by one reporter with many rounds', async () => {
    const collector = collect();
    for (let i = 0; i < 40; i += 1) await collector.take(await said(0, 1_000_000, at + i));
    assert.equal(collector.count(at), 0);
    assert.equal(collector.count(at + 39), 1);
    await collector.take(await said(1, 1_000_000, at));
    await collector.take(await said(2, 1_000_000, at));
    for (let i = 1; i < 40; i += 1) await collector.take(await said(0, 1_000_000, at + 40 + i));
    assert.equal(collector.count(at), 2);
    assert.notEqual(await collector.take(await said(3, 1_000_000, at)), 'waiting');
  });
});

describe('relay', () => {
  let node: JsonServer;
  let relay: JsonServer;
  let base = '';
  const received: string[] = [];
  before(async () => {
    node = await serveJson({
      host: '127.0.0.1',
      port: 0,
      routes: {
        'POST /v1/reports': ({ body }) => {
          received.push((body as { report: string }).report);
          return { status: 200, body: {} };
        },
        'GET /v1/reports/latest': () => ({
          status: 200,
          body: { quotes: [{ market: 0, price: 77, rate: 0 }] },
        }),
      },
    });
    const venue = venueWith({ node: node.port, relay: await findFreePort(), rpc: 9 });
    const reader = createChainReader(chainAccess(venue));
    relay = await serveRelay({ venue, logger: silentLogger(), reader });
    base = `http://127.0.0.1:${relay.port}`;
  });
  after(async () => {
    await relay.close();
    await node.close();
  });

  it('hands the node one report per round and keeps it for keepers', async () => {
    const post = async (observation: SignedObservation) =>
      fetchJson(`${base}/v1/observations`, { body: writeObservation(observation) });
    assert.equal((await fetchJson(`${base}/v1/reports/latest`)).status, 404);
    for (const index of [0, 1]) {
      const reply = await post(await said(index, 1_000_000));
      assert.deepEqual(reply.body, { ok: true, complete: false });
    }
    assert.equal((await post(await said(1, 1_000_000))).status, 422);
    assert.equal(received.length, 0);
    assert.deepEqual((await post(await said(2, 1_000_000))).body, { ok: true, complete: true });
    const kept = (await fetchJson(`${base}/v1/reports/latest`)).body as { raw: string };
    for (let i = 0; i < 100 && received.length === 0; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(received, [kept.raw]);
    const later = await fetchJson(`${base}/v1/reports?after=${at}`);
    assert.deepEqual(later.body, []);
  });

  it('refuses nonsense with a reason', async () => {
    const reply = await fetchJson(`${base}/v1/observations`, { body: { round: 'x' } });
    assert.equal(reply.status, 422);
    assert.match((reply.body as { message: string }).message, /round/);
  });

  it('tells reporters the prices that the node accepted last', async () => {
    const reply = await fetchJson(`${base}/v1/reference`);
    assert.deepEqual(reply.body, { origin: 'node', prices: { 0: 77 } });
  });
});
