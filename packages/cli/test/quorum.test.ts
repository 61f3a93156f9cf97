import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sleep } from '@holdfast/host';
import { verifySignature } from '@holdfast/quorum';
import { fromHex, type Hex } from '@holdfast/units';
import { runWith } from '../src/index.ts';
import { terminal } from './terminal.ts';

type Run = { exit: number; out: string; err: string };

describe('holdfast quorum', () => {
  let cwd: string;
  let port = 0;
  const running: { abort: AbortController; ended: Promise<Run> }[] = [];

  function start(words: readonly string[]) {
    const abort = new AbortController();
    const { io, seen } = terminal(cwd, { signal: abort.signal });
    const ended = runWith(['quorum', ...words], io).then((exit) => ({ exit, ...seen }));
    return { abort, ended, seen };
  }

  const run = (...words: string[]): Promise<Run> => start(words).ended;
  async function json<T>(...words: string[]): Promise<T> {
    const { exit, out, err } = await run(...words, '--json');
    assert.equal(exit, 0, err);
    return JSON.parse(out) as T;
  }
  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 600; i++) {
      if (await holds()) return;
      await sleep(50);
    }
    throw new Error(`${what} did not come about`);
  }

  /** Runs a command in the background until it says that it is ready. */
  async function background(...words: string[]): Promise<() => Promise<void>> {
    const process = start(words);
    running.push(process);
    let isOver = false;
    void process.ended.then(() => {
      isOver = true;
    });
    await until(words.join(' '), async () => isOver || process.seen.out.includes('"ready"'));
    assert.ok(process.seen.out.includes('"ready"'), process.seen.err);
    const line = process.seen.out.split('\n').find((each) => each.includes('"ready"'));
    port = JSON.parse(line!).port ?? port;
    return async () => {
      process.abort.abort();
      assert.equal((await process.ended).exit, 0);
    };
  }

  const secret = () => join(cwd, 'secret');
  const party = (name: string, invitation: string) =>
    background(
      ...['party', '--dir', name, '--invitation', invitation],
      ...['--passphrase-file', secret()],
    );
  const isAt = (gen: number, names: string[]) => async () => {
    const all = await Promise.all(
      names.map((name) => json<{ gen: number; state: string }>('status', '--dir', name)),
    );
    return all.every((each) => each.gen === gen && each.state === 'idle');
  };

  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'hq-'));
    writeFileSync(secret(), 'a passphrase\n', { mode: 0o600 });
  });
  after(async () => {
    for (const { abort } of running) abort.abort();
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(cwd, { recursive: true, force: true });
  });

  it('founds a committee, whose operators compare its roster', async () => {
    await background('relay', '--port', '0');
    const words = ['init', '--name', 'oracle', '--parties', 'ann,bob,cid', '--threshold'];
    const contract = ['--contract', `0x${'11'.repeat(20)}`];
    const bad = await run(...words, '4', ...contract);
    assert.equal(bad.exit, 1);
    assert.match(bad.err, /ThresholdWrong/);
    const relay = `ws://127.0.0.1:${port}`;
    const { exit, out } = await run(...words, '2', ...contract, '--relay', relay);
    assert.equal(exit, 0);
    assert.match(out, /Next: send each party its file/);
    const again = await run(...words, '2', ...contract, '--relay', relay);
    assert.match(again.err, /exists; give another --out/);
    for (const name of ['ann', 'bob', 'cid']) {
      await party(name, `invitations/invitation-${name}.json`);
    }
    type Status = { state: string };
    await until('the enrolment', async () => {
      const all = await Promise.all(
        ['ann', 'bob', 'cid'].map((name) => json<Status>('status', '--dir', name)),
      );
      return all.every((each) => each.state === 'comparing');
    });
    const shown = await run('accept', '--dir', 'ann');
    assert.match(shown.out, /fingerprint +([0-9a-f]{4} ){7}[0-9a-f]{4}\n/);
    const { hash } = await json<{ hash: Hex }>('accept', '--dir', 'bob');
    const wrong = await run('accept', `0x${'00'.repeat(32)}`, '--dir', 'ann');
    assert.match(wrong.err, /RosterWrong/);
    for (const name of ['ann', 'bob', 'cid']) {
      assert.equal((await run('accept', hash, '--dir', name)).exit, 0);
    }
    await until('a key', isAt(1, ['ann', 'bob', 'cid']));
  });

  it('signs what was allowed', async () => {
    const words = ['--message', 'pay nobody'];
    const refused = await run('sign', ...words, '--dir', 'ann');
    assert.equal(refused.exit, 1);
    assert.match(refused.err, /QuorumShort: .*MessageUnapproved/);
    await run('allow', ...words, '--dir', 'bob');
    await run('allow', ...words, '--dir', 'cid');
    type Signed = { message: Hex; signature: Hex; groupKey: Hex };
    const { message, signature, groupKey } = await json<Signed>('sign', ...words, '--dir', 'ann');
    assert.ok(verifySignature(groupKey, fromHex(message), signature));
    assert.equal((await run('sign', '--dir', 'ann')).exit, 2);
    assert.equal((await run('sign', '--digest', '0x12', '--dir', 'ann')).exit, 2, 'no bare digest');
  });

  it('deals the key anew, and to another party', async () => {
    assert.equal((await run('refresh', '--dir', 'bob')).exit, 0);
    await until('a refresh', isAt(2, ['ann', 'bob', 'cid']));
    await json('invite', 'dan', '--dir', 'ann');
    await party('dan', 'invitation-dan.json');
    const replaced = ['replace', '--lost', 'cid', '--card', 'dan/card.json'];
    const nobody = await run('replace', '--lost', 'zed', '--card', 'dan/card.json', '--dir', 'ann');
    assert.match(nobody.err, /there is no party "zed" \(there are ann, bob, cid\)/);
    const { file } = await json<{ file: string }>(...replaced, '--dir', 'ann');
    assert.ok(existsSync(file));
    for (const name of ['bob', 'dan', 'cid']) {
      assert.match((await run('approve', file, '--dir', name)).out, /approved/);
    }
    await until('the new roster', isAt(3, ['ann', 'bob', 'dan']));
    const { out } = await run('status', '--dir', 'dan');
    assert.match(out, /signs +2 of ann, bob, dan/);
    assert.match(out, /holds a share +yes/);
  });

  it('looks parties over', async () => {
    const well = await run('doctor', '--dir', 'ann');
    assert.equal(well.exit, 0, well.out + well.err);
    assert.match(well.out, /ok +key +generation 3, 2 of 3/);
    chmodSync(join(cwd, 'ann', 'vault.json'), 0o644);
    const exposed = await run('doctor', '--dir', 'ann');
    assert.equal(exposed.exit, 3);
    assert.match(exposed.out, /fail +vault .*644\n +cure: chmod 600/);
    chmodSync(join(cwd, 'ann', 'vault.json'), 0o600);
    const cut = await run('doctor', '--dir', 'ann', '--relay', 'ws://127.0.0.1:1');
    assert.match(cut.out, /fail +relay .*ECONNREFUSED/);
    const none = await run('doctor', '--dir', 'nobody');
    assert.equal(none.exit, 3);
    const down = await run('status', '--dir', 'nobody');
    assert.match(down.err, /PartyDown: no party runs in/);
    const nameless = await run('party', '--dir', 'nobody', '--passphrase-file', secret());
    assert.match(nameless.err, /PartyMissing.*\n.*quorum party --invitation/);
    assert.equal(existsSync(join(cwd, 'nobody')), false);
  });
});
