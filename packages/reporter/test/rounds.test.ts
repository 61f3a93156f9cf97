/** The relay of a committee: everybody gets one list, and only signed reports go on. */
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
import { encodeSignedReport, reportDigest, type SignedObservation } from '@holdfast/oracle';
import {
  committeeSeparator,
  createRounds,
  leaders,
  serveRelay,
  writeObservation,
} from '@holdfast/reporter';
import { isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import { encodeAbiParameters, parseAbiParameters } from 'viem';
import { at, committeeVenue, say } from './fixture.ts';

const venue = committeeVenue();

describe('rounds', () => {
  const code = (outcome: unknown): string =>
    isRejection(outcome) ? outcome.code : outcome === 'short' ? 'short' : 'closed';

  it('close when all have spoken, with the same list for everybody', async () => {
    const rounds = createRounds(venue);
    const said = await Promise.all([0, 1, 2, 3, 4].map((i) => say(venue, i)));
    const lists = await Promise.all(said.map((each) => rounds.take(each)));
    for (const list of lists) assert.deepEqual(list, lists[0]);
    assert.equal((lists[0] as readonly SignedObservation[]).length, 5);
    assert.deepEqual(rounds.silent(), []);
    assert.equal(code(await rounds.take(await say(venue, 0))), 'RoundClosed');
  });

  it('wait a little for who may still come, and not for who was silent before', async () => {
    // An eighth of a round is a second, which no busy machine mistakes.
    const rounds = createRounds({ ...venue, roundSeconds: 8 });
    const speak = async (round: number, who: readonly number[]) => {
      const began = performance.now();
      const all = await Promise.all(
        who.map(async (i) => rounds.take(await say(venue, i, { round }))),
      );
      assert.deepEqual(
        all.map(code),
        who.map(() => 'closed'),
      );
      return performance.now() - began;
    };
    assert.ok((await speak(at, [0, 1, 2])) >= 990, 'the first round waits for all');
    assert.ok((await speak(at + 8, [0, 1, 2])) < 990, 'the second knows who is silent');
    // Late for its round, but heard: the next one waits for it.
    assert.equal(code(await rounds.take(await say(venue, 3, { round: at + 8 }))), 'RoundClosed');
    assert.ok((await speak(at + 16, [0, 1, 2])) >= 990);
    assert.deepEqual(rounds.silent(), [5]);
    await speak(at + 32, [0, 1, 2]);
    assert.deepEqual(rounds.silent(), [4, 5]);
  });

  it('have no report without a quorum, and no room for what spoils them', async () => {
    const rounds = createRounds(venue);
    const two = await Promise.all([0, 1].map(async (i) => rounds.take(await say(venue, i))));
    assert.deepEqual(two.map(code), ['short', 'short']);
    const late = await say(venue, 2, { time: at + 1 });
    assert.equal(code(await rounds.take(late)), 'ObservationForeign');
    const forged = { ...(await say(venue, 2)), signer: (await say(venue, 3)).signer };
    assert.equal(code(await rounds.take(forged)), 'SignatureWrong');
    assert.equal(code(await rounds.take(await say(venue, 5))), 'SignerUnknown');
    rounds.end();
  });

  it('are led by each in turn of those who spoke', () => {
    assert.deepEqual(leaders([1, 2, 3, 4, 5], 5, 0), [1, 2, 3, 4, 5]);
    assert.deepEqual(leaders([1, 2, 3, 4, 5], 5, 7), [3, 4, 5, 1, 2]);
    assert.deepEqual(leaders([5, 2, 4], 5, 2), [4, 5, 2]);
    for (const turn of [0, 1, 2, 3, 4]) {
      assert.equal(leaders([1, 2, 3, 4, 5], 5, turn)[0], turn + 1);
    }
  });
});

describe('the relay of a committee', () => {
  const secret = keccak256(utf8('group'));
  const point = secp256k1.Point.fromBytes(secp256k1.getPublicKey(secret, true)).toAffine();
  const facts = 'uint256, bool, bool, uint8, uint8, uint32, uint32, bytes32';
  const registry = encodeAbiParameters(parseAbiParameters(facts), [
    point.x,
    point.y % 2n === 1n,
    false,
    3,
    5,
    1,
    0,
    `0x${'22'.repeat(32)}`,
  ]);
  const taken: string[] = [];
  const servers: JsonServer[] = [];
  let base = '';
  let own: Venue;

  before(async () => {
    const host = '127.0.0.1';
    const node = await serveJson({
      host,
      port: 0,
      routes: {
        'POST /v1/reports': ({ body }) => {
          taken.push((body as { report: string }).report);
          return { status: 200, body: {} };
        },
      },
    });
    const chain = await serveJson({
      host,
      port: 0,
      routes: {
        'POST /': ({ body }) => {
          const { id } = body as { id: number };
          return { status: 200, body: { jsonrpc: '2.0', id, result: registry } };
        },
      },
    });
    own = committeeVenue({
      rpcUrl: `http://${host}:${chain.port}`,
      gateway: { host, port: node.port },
      relay: { host, port: await findFreePort() },
    });
    const reader = createChainReader(chainAccess(own));
    const relay = await serveRelay({ venue: own, logger: silentLogger(), reader });
    servers.push(relay, chain, node);
    base = `http://${host}:${relay.port}`;
  });
  after(() => Promise.all(servers.map((server) => server.close())));

  async function report(round: number, by = secret) {
    const { quotes, time } = await say(own, 0, { round });
    const of = { round, time, quotes } as never as Parameters<typeof reportDigest>[1];
    const signature = secp256k1_FROST.sign(reportDigest(committeeSeparator(own), of), by);
    const bytes = encodeSignedReport({ ...of, signature });
    assert.ok(!isRejection(bytes));
    const body = { report: toHex(bytes), leader: 2, signers: [1, 2, 4] };
    return { raw: toHex(bytes), ...(await fetchJson(`${base}/v1/reports`, { body })) };
  }

  it('gives reporters the whole round', async () => {
    const said = await Promise.all([0, 1, 2, 3, 4].map((i) => say(own, i)));
    const replies = await Promise.all(
      said.map((each) => fetchJson(`${base}/v1/observations`, { body: writeObservation(each) })),
    );
    for (const { status, body } of replies) {
      const { complete, observations } = body as { complete: boolean; observations: unknown[] };
      assert.deepEqual([status, complete, observations.length], [200, true, 5]);
    }
  });

  it('hands on what the committee signed, once a round, and nothing else', async () => {
    const forged = await report(at, keccak256(utf8('thief')));
    assert.deepEqual(
      [forged.status, (forged.body as { code: string }).code],
      [422, 'SignatureWrong'],
    );
    const first = await report(at);
    assert.equal(first.status, 200);
    assert.equal((await report(at)).status, 200);
    assert.equal((await report(at - 2)).status, 200);
    const kept = (await fetchJson(`${base}/v1/reports?after=0`)).body as { raw: string }[];
    assert.deepEqual(
      kept.map(({ raw }) => raw),
      [first.raw],
    );
    assert.deepEqual(taken, [first.raw]);
    const nonsense = await fetchJson(`${base}/v1/reports`, { body: { report: 7 } });
    assert.deepEqual(
      [nonsense.status, (nonsense.body as { code: string }).code],
      [422, 'ReportMalformed'],
    );
  });

  it('tells who signed last and who is silent', async () => {
    const { body } = await fetchJson(`${base}/v1/committee`);
    const { signers, leader, silent, generation, key } = body as Record<string, unknown>;
    assert.deepEqual([signers, leader, silent, generation], [[1, 2, 4], 2, [], 1]);
    assert.equal(key, toHex(secp256k1.getPublicKey(secret, true)));
  });
});
