/**
 * The journal in PostgreSQL: a primary node with a standby over two servers in synchronous
 * replication. A frozen primary that wakes up is out; a commit that was not awaited is not
 * acknowledged; and when node and database die at once, no acknowledged order is lost.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { apply, type Command, createState, type State, stateHash } from '@holdfast/core';
import { findFreePort, silentLogger, sleep } from '@holdfast/host';
import { coreConfig, openJournal } from '@holdfast/node';
import { createAcks } from '../../packages/node/src/acks.ts';
import { createJournal } from '../../packages/node/src/journal/group.ts';
import type { Holding } from '../../packages/node/src/journal/postgres/holding.ts';
import { createKeeper } from '../../packages/node/src/journal/postgres/keeper.ts';
import { readRow } from '../../packages/node/src/journal/postgres/lease.ts';
import { replayFrames } from '../../packages/node/src/journal/postgres/read.ts';
import * as sql from '../../packages/node/src/journal/postgres/schema.ts';
import { createServer } from '../../packages/node/src/journal/postgres/server.ts';
import type { PostgresSettings } from '../../packages/node/src/journal/postgres/settings.ts';
import { follow, newborn, packRecovered } from '../../packages/node/src/recovery.ts';
import { compareCommits } from './harness/commits.ts';
import { type Pair, startPair } from './harness/postgres.ts';
import { inFolder, tell } from './harness/stage.ts';
import { type Stream, startStream, type Told } from './harness/stream.ts';
import { until } from './harness/until.ts';
import { type VenueNodeArgs, venueOf } from './harness/venue-node.ts';

const LEASE_MS = 3_000;
const began = Date.now();
const config = coreConfig(venueOf({ port: 1, began }));
const script = fileURLToPath(new URL('./harness/venue-node.ts', import.meta.url));

type Node = {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
  output(): string;
  readonly ready: Promise<unknown>;
  readonly ended: Promise<number | null>;
};

describe('a journal in PostgreSQL with a standby', { timeout: 300_000 }, () => {
  let pair: Pair;
  let release = (): void => {};
  const nodes: Node[] = [];
  const ports = new Map<string, number>();

  before(async () => {
    await new Promise<void>((ready, failed) => {
      inFolder(async (dir) => {
        pair = await startPair(dir);
        await new Promise<void>((done) => {
          release = done;
          ready();
        });
        for (const { child } of nodes) child.kill('SIGKILL');
        await pair.close();
      }).catch(failed);
    });
    for (const name of ['a', 'b']) ports.set(name, await findFreePort());
  });
  after(() => release());

  function settingsOf(name: string): Omit<PostgresSettings, 'urls'> & { url: readonly string[] } {
    const { primary, standby, passwordFile } = pair;
    const url = [primary.url, standby.url];
    return {
      kind: 'postgres',
      url,
      passwordFile,
      name,
      takeover: 'automatic',
      leaseMs: LEASE_MS,
      // After the failover of the database its new primary has no standby yet.
      alone: 'allow',
      giveUpMs: 30_000,
    };
  }

  function start(name: string, more: Partial<PostgresSettings> = {}): Node {
    const port = ports.get(name) as number;
    const args: VenueNodeArgs = { port, began, journal: { ...settingsOf(name), ...more } };
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(args)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const url = `http://127.0.0.1:${port}`;
    const node: Node = {
      name,
      url,
      child,
      output: () => output,
      ready: Promise.race([
        once(child, 'message'),
        ended.then((code) => {
          throw new Error(`${name} ended with ${code}: ${output.slice(-600)}`);
        }),
      ]),
      ended,
    };
    // Whether anybody waits for it or not.
    node.ready.catch(() => undefined);
    nodes.push(node);
    return node;
  }

  /** All answers so far, and how many orders were sent. */
  const told: Told[] = [];
  let count = 0;
  async function finish(stream: Stream): Promise<void> {
    await stream.stop();
    told.push(...stream.told);
    count = stream.count();
  }

  const running = (name: string): Node =>
    nodes.findLast((node) => node.name === name && node.child.exitCode === null) as Node;

  /** The command of the runbook, over a venue folder of this test. */
  function journalCommand(...args: readonly string[]) {
    const folder = join(pair.primary.dir, '..', '..', 'venue');
    mkdirSync(folder, { recursive: true });
    const venue = JSON.stringify(venueOf({ port: 1, began }));
    writeFileSync(join(folder, 'venue.json'), venue);
    writeFileSync(join(folder, 'node.json'), JSON.stringify({ journal: settingsOf('reader') }));
    const script = fileURLToPath(
      new URL('../../packages/node/src/journal/main.ts', import.meta.url),
    );
    return promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      script,
      ...args,
      '--venue',
      folder,
    ]);
  }

  const standingBy = (node: Node): Promise<unknown> =>
    until(
      `${node.name} stands by`,
      60_000,
      () => {
        if (node.output().includes('standing by')) return true;
        throw new Error(node.output().slice(-600));
      },
      20,
    );

  /** What the journal of the server in charge makes, from its first frame. */
  async function replayed() {
    const { url: urls, ...rest } = settingsOf('reader');
    const server = createServer({ ...rest, urls }, silentLogger());
    const state: State = createState(config);
    const acks = createAcks();
    const accepted = new Map<string, number>();
    let commands = 0;
    await replayFrames(server, 0, (value) => {
      const command = value as Command;
      const { events } = apply(state, command);
      acks.take(command, events);
      commands += 1;
      if (command.type !== 'order' || !events.some(({ type }) => type === 'accepted')) return;
      const { account, lane, seq } = command.order;
      for (const key of [`id ${account} ${command.clientId}`, `order ${account} ${lane} ${seq}`]) {
        accepted.set(key, (accepted.get(key) ?? 0) + 1);
      }
    });
    await server.close();
    return { state, acks, accepted, commands };
  }

  /** All that was told is in the journal, at its place, once; and the node is in its state. */
  async function requireKept(node: Node, told: readonly Told[]): Promise<void> {
    const { state, acks, accepted, commands } = await replayed();
    for (const { clientId, status, seq, head } of told) {
      if (status === 'rejected' && seq === 0) continue;
      const kept = acks.receipt(seq);
      assert.equal(kept?.clientId, clientId, `receipt ${seq} is of another order`);
      assert.equal(`0x${Buffer.from(kept?.link.head ?? []).toString('hex')}`, head);
    }
    const twice = [...accepted].filter(([, times]) => times > 1);
    assert.deepEqual(twice, [], 'an order was accepted twice');
    type Status = { applied: number; stateHash: string };
    const status = (await (await fetch(`${node.url}/v1/status?hash=true`)).json()) as Status;
    assert.equal(status.applied, commands);
    assert.equal(status.stateHash, stateHash(state), 'the node is in another state');
  }

  const grows = (stream: Stream, by: number): Promise<unknown> => {
    const had = stream.told.length;
    return until('orders are answered', 60_000, () => stream.told.length >= had + by, 10);
  };

  it('takes over the journal of a folder, whole, and once', async () => {
    const dir = join(pair.primary.dir, '..', '..', 'folder');
    const local = await openJournal({ dir, segmentBytesMax: 200 });
    const ticks = Array.from({ length: 10 }, (_, i) => ({ type: 'tick', at: 1_700_000_000 + i }));
    const known = newborn(config);
    for (const tick of ticks.slice(0, 6)) {
      await local.append([tick]);
      follow(known, tick as Command);
    }
    writeFileSync(join(dir, 'conditionals.jsonl'), '{"last":5}\n');
    await journalCommand('import', '--from', dir);
    // A second run goes on where the first ended.
    for (const tick of ticks.slice(6)) await local.append([tick]);
    await local.saveSnapshot(6, packRecovered(known));
    const head = local.head();
    const { stdout } = await journalCommand('import', '--from', dir, '--json');
    assert.deepEqual(JSON.parse(stdout), { frames: 4, commands: 10, head });
    const lines = await pair.primary.query('SELECT line FROM holdfast_lines');
    assert.deepEqual(lines, [{ line: '{"last":5}' }]);
    const other = join(pair.primary.dir, '..', '..', 'other');
    const foreign = await openJournal({ dir: other });
    for (const tick of ticks) await foreign.append([tick, tick]);
    await foreign.close();
    await assert.rejects(
      journalCommand('import', '--from', other),
      /not the beginning of this one/,
    );
    const { url: urls, ...rest } = settingsOf('reader');
    tell(await compareCommits(local, { ...rest, urls }));
    await local.close();
  });

  it('fences a primary that was frozen, and loses nothing', async () => {
    const a = start('a');
    await a.ready;
    const b = start('b');
    await standingBy(b);
    const stream = startStream([a.url, b.url]);
    await grows(stream, 200);
    stream.gap();
    a.child.kill('SIGSTOP');
    await b.ready;
    await grows(stream, 100);
    tell(`frozen primary: ${Math.round(stream.gap())} ms without an answer, lease ${LEASE_MS} ms`);
    a.child.kill('SIGCONT');
    assert.equal(await a.ended, 1, 'the old primary has to end');
    assert.match(a.output(), /JournalFenced/);
    assert.match(a.output(), /node a lost the journal: its term \d+ is over/);
    await grows(stream, 50);
    await finish(stream);
    const terms = await pair.primary.query('SELECT term FROM holdfast_frames ORDER BY first');
    const order = terms.map(({ term }) => Number(term));
    assert.deepEqual(
      order,
      [...order].sort((x, y) => x - y),
      'an old term wrote after a new one',
    );
    await requireKept(b, told);
    assert.equal(told.filter(({ status }) => status === 'accepted').length > 300, true);
  });

  it('writes nothing under an old term or behind another frame, by guards alone', async () => {
    const { url: urls, ...rest } = settingsOf('thief');
    const settings = { ...rest, urls };
    const server = createServer(settings, silentLogger());
    const { term, next, head } = await readRow(server);
    const old: Holding = { settings, server, term: term - 1, renewedAt: 1e12, lost: undefined };
    const keeper = createKeeper(old, { next, head }, silentLogger(), () => {});
    const journal = createJournal(keeper);
    await assert.rejects(journal.append(['stolen']), { code: 'JournalFenced' });
    await assert.rejects(journal.saveSnapshot(next, new Uint8Array(3)), { code: 'JournalFenced' });
    const lines = await keeper.lines?.('settle');
    const write = {
      append: async () => lines?.append('x'),
      rewrite: async () => lines?.rewrite([]),
    };
    for (const each of Object.values(write))
      await assert.rejects(each(), { code: 'JournalFenced' });
    const values = [next, 1, head, head, term - 1, head, 1000, true];
    const wrongHead = [next, 1, head, head, term, Buffer.alloc(32, 7), 1000, true];
    const mutants = [
      [sql.APPEND, values, 0],
      [sql.APPEND, wrongHead, 0],
      [sql.APPEND.replace('term = $5 AND', '$5::bigint = $5 AND'), values, 1],
      [sql.APPEND.replace('AND head = $6', 'AND $6::bytea = $6'), wrongHead, 1],
    ] as const;
    for (const [text, given, written] of mutants) {
      const { client } = await server.link();
      await client.query('BEGIN');
      const { rowCount } = await client.query(text, [...given]);
      await client.query('ROLLBACK');
      assert.equal(rowCount, written, text);
    }
    await server.close();
    const after = await pair.primary.query(
      'SELECT count(*) FROM holdfast_snapshots WHERE part = 0',
    );
    assert.ok(Number(after[0]?.count) <= 2);
  });

  it('acknowledges no commit that the standby server does not have', async () => {
    const b = running('b');
    const stream = startStream([b.url], count);
    await grows(stream, 20);
    pair.standby.freeze('SIGSTOP');
    await sleep(200);
    const had = stream.told.length;
    const cancelled = await pair.primary.query(`
      SELECT pg_cancel_backend(pid) FROM pg_stat_activity
      WHERE wait_event = 'SyncRep' AND application_name LIKE 'holdfast%'`);
    await sleep(300);
    const now = stream.told.length;
    pair.standby.freeze('SIGCONT');
    assert.ok(cancelled.length > 0, 'no commit waited for the standby');
    assert.equal(now, had, 'an order was acknowledged that one server alone had');
    await grows(stream, 20);
    await finish(stream);
    await requireKept(b, told);
  });

  it('is handed over by a command', async () => {
    // Such a standby takes nothing by itself, however slow the machine.
    const a = start('a', { takeover: 'manual' });
    await standingBy(a);
    const b = running('b');
    const stream = startStream([b.url, a.url], count);
    await grows(stream, 50);
    stream.gap();
    const { stdout } = await journalCommand('promote', '--to', 'a');
    assert.match(stdout, /takenBy +a/);
    await a.ready;
    await grows(stream, 50);
    tell(`handed over: ${Math.round(stream.gap())} ms without an answer`);
    assert.equal(await b.ended, 1);
    await finish(stream);
    await requireKept(a, told);
    const verified = JSON.parse((await journalCommand('verify', '--json')).stdout);
    assert.ok(verified.commands > told.length);
  });

  it('loses nothing when node and database die at once', async () => {
    const primary = running('a');
    const next = start('b');
    await standingBy(next);
    const stream = startStream([primary.url, next.url], count);
    await grows(stream, 200);
    stream.gap();
    const before = stream.told.length;
    const [p50, p99] = [stream.wait(0.5), stream.wait(0.99)].map((ms) => ms.toFixed(1));
    tell(`an order to its answer, both servers written: p50 ${p50} ms, p99 ${p99} ms`);
    process.kill(primary.child.pid as number, 'SIGKILL');
    await pair.primary.kill();
    pair.promote();
    await next.ready;
    await grows(stream, 200);
    const gap = Math.round(stream.gap());
    tell(`node and database killed: ${gap} ms without an answer, lease ${LEASE_MS} ms`);
    await finish(stream);
    tell(`${told.length} answers in all, ${before} of this stream before the death, none lost`);
    await requireKept(next, told);
  });

  it('goes on over a lone server only where that is allowed', async () => {
    const { url: urls, ...rest } = settingsOf('b');
    const settings = { ...rest, urls, alone: 'refuse' as const };
    const server = createServer(settings, silentLogger());
    const { term, next, head } = await readRow(server);
    const strict: Holding = { settings, server, term, renewedAt: 1e12, lost: undefined };
    const journal = createJournal(createKeeper(strict, { next, head }, silentLogger(), () => {}));
    await assert.rejects(journal.append(['alone']), { code: 'JournalAlone', retry: true });
    await server.close();
  });
});
