import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { scryptForRandom, silentLogger, sleep } from '@holdfast/host';
import {
  callParty,
  foundParty,
  type Invitation,
  invite,
  inviteToJoin,
  makeIdentity,
  openParty,
  type PartyStatus,
  type Relay,
  type RunningParty,
  runParty,
  serveRelay,
} from '@holdfast/party';
import { defaultTiming, type Roster, rosterHash, verifySignature } from '@holdfast/quorum';
import { fromHex, isRejection } from '@holdfast/units';
import WebSocket from 'ws';
import { signWith } from '../src/identity.ts';
import { loginBytes } from '../src/relay.ts';

const logger = silentLogger();
const timing = { ...defaultTiming, phaseMs: 3_000, resendMs: 300, answerMs: 700, leadMs: 500 };

async function until(what: string, holds: () => boolean, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not come about in ${ms} ms`);
    await sleep(20);
  }
}

describe('a committee over a relay', () => {
  let dir: string;
  let relay: Relay;
  const parties = new Map<string, RunningParty>();
  const home = (name: string): string => join(dir, name);
  const party = (name: string): RunningParty => parties.get(name)!;

  async function start(name: string, policy: 'open' | 'listed' = 'listed'): Promise<void> {
    const vault = await openParty(home(name), 'pass');
    parties.set(name, await runParty({ dir: home(name), vault, logger, timing, policy }));
  }
  async function add(invitation: Invitation): Promise<void> {
    await foundParty(home(invitation.you), invitation, 'pass', scryptForRandom);
    await start(invitation.you);
  }
  async function stop(name: string): Promise<void> {
    await party(name).close();
    parties.delete(name);
  }
  const everybody = (gen: number) => () =>
    [...parties.values()].every((each) => each.status().gen === gen);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'hq-'));
    relay = await serveRelay({ host: '127.0.0.1', port: 0, logger });
  });
  after(async () => {
    for (const name of [...parties.keys()]) await stop(name);
    await relay.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('waits until its operators have compared the roster', async () => {
    const invitations = invite({
      name: 'oracle',
      chainId: 31_337,
      contract: `0x${'11'.repeat(20)}`,
      threshold: 2,
      parties: ['ann', 'bob', 'cid'],
      relay: `ws://127.0.0.1:${relay.port}`,
    });
    assert.ok(!isRejection(invitations));
    for (const invitation of invitations) await add(invitation);
    await until('the enrolment', () =>
      [...parties.values()].every((each) => each.proposed() !== undefined),
    );
    const hashes = [...parties.values()].map((each) => rosterHash(each.proposed() as Roster));
    assert.equal(new Set(hashes).size, 1);
    assert.equal(party('ann').status().state, 'comparing');
    const wrong = await party('ann').accept(`0x${'00'.repeat(32)}`);
    assert.equal(wrong?.code, 'RosterWrong');
    for (const each of parties.values()) assert.equal(await each.accept(hashes[0]!), undefined);
    await until('a key', everybody(1));
  });

  it('signs what its operators allowed', async () => {
    const message = fromHex('0x1234');
    const alone = await party('ann').sign(message);
    assert.ok(isRejection(alone) && alone.code === 'QuorumShort', String(alone));
    assert.match(alone.message, /MessageUnapproved/);
    party('bob').allow(message);
    party('cid').allow(message);
    const signature = await party('ann').sign(message);
    assert.ok(!isRejection(signature));
    const { groupKey } = party('cid').status();
    assert.ok(verifySignature(groupKey!, message, signature));
  });

  it('signs in one round with nonces given in advance', async () => {
    for (const each of parties.values()) each.allow(fromHex('0x77'));
    await party('ann').prepare();
    const { pool } = party('ann').committee().coordinator!;
    await until('nonces', () => pool.size === 3);
    const before = pool.get(1)!.length;
    assert.ok(!isRejection(await party('ann').sign(fromHex('0x77'))));
    assert.ok(pool.get(1)!.length < before);
  });

  it('answers its operator over a socket of its own, and runs once', async () => {
    const { body } = await callParty(home('ann'), 'GET', '/status');
    const status = body as PartyStatus;
    assert.deepEqual([status.name, status.gen, status.state], ['ann', 1, 'idle']);
    assert.ok(!JSON.stringify(body).includes('share'));
    const bad = await callParty(home('ann'), 'POST', '/sign', { message: 'hello' });
    assert.equal(bad.status, 409);
    await assert.rejects(start('ann'), /PartyRunning|already/);
    await assert.rejects(callParty(home('nobody'), 'GET', '/status'), /no party runs/);
  });

  it('replaces a party that is lost, once the others agree', async () => {
    await stop('cid');
    const active = party('ann').committee().records.active!;
    await add(inviteToJoin(active, `ws://127.0.0.1:${relay.port}`, 'dan'));
    const { name, key, committee } = party('dan');
    const seal = (await openParty(home('dan'), 'pass')).secrets.identity.seal.public;
    assert.equal(committee().records.active?.certificate.gen, 1);
    const kept = active.roster.parties.filter((each) => each.name !== 'cid');
    const roster = { ...active.roster, parties: [...kept, { name, key, seal }] };
    const begun = await callParty(home('ann'), 'POST', '/reshare', { roster });
    assert.equal(begun.status, 200, JSON.stringify(begun.body));
    for (const each of ['bob', 'dan']) {
      await callParty(home(each), 'POST', '/approve', { hash: rosterHash(roster) });
    }
    await until('a new generation', everybody(2));
    assert.ok(party('dan').status().isHolder);
    for (const each of parties.values()) each.allow(fromHex('0x88'));
    const signature = await party('dan').sign(fromHex('0x88'));
    assert.ok(!isRejection(signature));
    assert.ok(verifySignature(active.certificate.groupKey, fromHex('0x88'), signature));
    // The lost one comes back: it learns that it is out, and its share is gone.
    await start('cid');
    await until('the news', () => party('cid').status().gen === 2);
    assert.equal(party('cid').status().isHolder, false);
  });
});

describe('a relay', () => {
  let relay: Relay;
  before(async () => {
    relay = await serveRelay({ host: '127.0.0.1', port: 0, logger });
  });
  after(() => relay.close());

  /** What the relay says to whoever answers its challenge like this. */
  async function speak(answer: (challenge: string) => object): Promise<string[]> {
    const socket = new WebSocket(`ws://127.0.0.1:${relay.port}`);
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data));
        heard.push(frame.code ?? frame.op);
        if (frame.op === 'challenge') socket.send(JSON.stringify(answer(frame.challenge)));
        else resolve();
      });
      socket.on('close', () => resolve());
    });
    socket.terminate();
    return heard;
  }

  it('delivers to a key only what its owner can claim', async () => {
    const [ann, mal] = [makeIdentity(), makeIdentity()];
    const login = (signer: typeof ann, challenge: string) => ({
      op: 'login',
      key: ann.sign.public,
      signature: signWith(signer.sign)(loginBytes(challenge)),
    });
    assert.deepEqual(await speak((c) => login(ann, c)), ['challenge', 'ready']);
    assert.deepEqual(await speak((c) => login(mal, c)), ['challenge', 'SignatureWrong']);
    assert.deepEqual(await speak(() => login(ann, 'old')), ['challenge', 'SignatureWrong']);
    const early = { op: 'send', to: [ann.sign.public], envelope: '{}' };
    assert.deepEqual(await speak(() => early), ['challenge', 'LoginMissing']);
    assert.deepEqual(await speak(() => ({ op: 'no' })), ['challenge', 'FrameMalformed']);
  });

  it('says why it cannot listen', async () => {
    const taken = serveRelay({ host: '127.0.0.1', port: relay.port, logger });
    await assert.rejects(taken, /cannot listen/);
  });
});
