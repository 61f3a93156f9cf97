/** Findings: one record per condition, on disk through a kill, acknowledged, measured. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  acknowledge,
  compactFindings,
  createLedger,
  type FindingRecord,
  fatigue,
  observeBlock,
  openStore,
  readFindings,
  restore,
  retract,
} from '../src/findings/index.ts';
import type { Finding, Severity } from '../src/rule.ts';
import type { Judged } from '../src/rules/run.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-findings-'));
  folders.push(made);
  return made;
}

const judged = (change: Partial<Finding> = {}, shadow = false): Judged => ({
  finding: {
    rule: 'price-creep',
    tier: 'flow',
    severity: 'high',
    scope: 1,
    key: 'market 0',
    title: 'it creeps',
    evidence: { market: 0 },
    ...change,
  },
  shadow,
  action: undefined,
});

const at = (block: number, more: { pending?: boolean; nowMs?: number } = {}) => ({
  block,
  time: 1000 + block * 2,
  pending: more.pending ?? false,
  nowMs: more.nowMs ?? block * 2000,
});

describe('a ledger of findings', () => {
  it('makes one record of what stands, counts it, and ends it when it ends', () => {
    const ledger = createLedger(10);
    const [opened] = observeBlock(ledger, [judged()], at(1));
    assert.equal(opened?.kind, 'opened');
    const [seen] = observeBlock(ledger, [judged({ title: 'it still creeps' })], at(2));
    assert.deepEqual([seen?.kind, seen?.record.count], ['seen', 2]);
    assert.equal(seen?.record.id, opened?.record.id);
    assert.equal(seen?.record.title, 'it still creeps');
    assert.deepEqual(observeBlock(ledger, [], at(7)), []);
    const [ended] = observeBlock(ledger, [], at(8));
    assert.deepEqual([ended?.kind, ended?.record.endedBy], ['ended', 'quiet']);
    assert.equal(ledger.open.size, 0);
    const [anew] = observeBlock(ledger, [judged()], at(20));
    assert.notEqual(anew?.record.id, opened?.record.id);
  });

  it('gives the same id to whoever sees it begin, and others to other conditions', () => {
    const id = (each: Judged, block = 5) =>
      observeBlock(createLedger(), [each], at(block))[0]?.record.id;
    const one = id(judged());
    assert.match(one ?? '', /^[0-9a-f]{16}$/);
    assert.equal(id(judged({ title: 'other words', evidence: { price: 1 } })), one);
    const others = [id(judged({ key: 'market 1' })), id(judged({ scope: 2 })), id(judged(), 6)];
    others.push(id(judged({ rule: 'price-reference' })), id(judged({}, true)));
    assert.equal(new Set([one, ...others]).size, 6);
  });

  it('tells when it gets worse: severity, damage, or no longer only pending', () => {
    const ledger = createLedger();
    observeBlock(ledger, [judged()], at(1, { pending: true }));
    const change = (each: Judged, block: number) => observeBlock(ledger, [each], at(block))[0];
    assert.deepEqual([change(judged(), 2)?.kind, change(judged(), 3)?.kind], ['raised', 'seen']);
    assert.equal(change(judged({ severity: 'critical' }), 4)?.kind, 'raised');
    const calmer = change(judged({ severity: 'low' }), 5);
    assert.deepEqual([calmer?.kind, calmer?.record.severity], ['seen', 'critical']);
    assert.equal(change(judged({ damage: true }), 6)?.kind, 'raised');
  });

  it('takes back what began in blocks that a reorganisation removed', () => {
    const ledger = createLedger();
    observeBlock(ledger, [judged()], at(10));
    observeBlock(ledger, [judged({ key: 'market 1' })], at(12));
    const [gone] = retract(ledger, 11);
    assert.deepEqual([gone?.record.key, gone?.record.endedBy], ['market 1', 'reorganised']);
    assert.equal(ledger.open.size, 1);
  });
});

const ack = { by: 'ada', atMs: 9_000, note: 'known', verdict: 'false' } as const;

describe('findings on disk', () => {
  it('are there again after a new start, with what was said of them', () => {
    const dir = folder();
    const store = openStore(dir);
    const ledger = createLedger(10);
    for (let block = 1; block < 40; block += 1) {
      store.write(observeBlock(ledger, [judged()], at(block)));
    }
    store.close();
    const [record] = readFindings(dir);
    assert.ok(record);
    // What only goes on is written when it has grown by a quarter.
    assert.ok(record.count > 30 && record.count < 40, `${record.count}`);
    const lines = readFileSync(join(dir, 'findings.jsonl'), 'utf8').trim().split('\n');
    assert.ok(lines.length < 20, `${lines.length} lines`);
    assert.equal(statSync(join(dir, 'findings.jsonl')).mode & 0o777, 0o600);
    assert.equal(acknowledge(dir, record.id.slice(0, 6), ack).ack?.by, 'ada');
    assert.deepEqual(readFindings(dir)[0]?.ack, ack);
    const again = createLedger(10);
    for (const each of readFindings(dir)) restore(again, each);
    const [seen] = observeBlock(again, [judged()], at(41));
    assert.deepEqual([seen?.kind, seen?.record.id], ['seen', record.id]);
  });

  it('lose a torn line and nothing before it', () => {
    const dir = folder();
    const store = openStore(dir);
    store.write(observeBlock(createLedger(), [judged()], at(1)));
    store.close();
    appendFileSync(join(dir, 'findings.jsonl'), '{"id":"0123');
    assert.equal(readFindings(dir).length, 1);
    const reopened = openStore(dir);
    reopened.write(observeBlock(createLedger(), [judged({ key: 'market 1' })], at(2)));
    reopened.close();
    assert.deepEqual(
      readFindings(dir).map(({ key }) => key),
      ['market 0', 'market 1'],
    );
  });

  it('are one line each once the file is large, and tell the same', async () => {
    const dir = folder();
    const path = join(dir, 'findings.jsonl');
    const store = openStore(dir);
    const ledger = createLedger(10);
    for (let block = 1; block < 40; block += 1) {
      const keys = block < 20 ? ['market 0', 'market 1'] : ['market 1'];
      const said = keys.map((key) => judged({ key }));
      store.write(observeBlock(ledger, said, at(block)));
    }
    store.close();
    const before = readFindings(dir);
    const { size } = statSync(path);
    await compactFindings(dir, size);
    assert.equal(statSync(path).size, size);
    await compactFindings(dir, size - 1);
    assert.deepEqual(readFindings(dir), before);
    assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 2);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await compactFindings(folder(), 0);
  });

  it('say which line is none of theirs', () => {
    const dir = folder();
    writeFileSync(join(dir, 'findings.jsonl'), '{"id":"no"}\n');
    assert.throws(() => readFindings(dir), { code: 'FindingsMalformed', message: /line 1 of/ });
    assert.throws(() => acknowledge(folder(), 'ab', ack), { code: 'FindingUnknown' });
  });

  it('survive a kill in the middle of writing', async () => {
    const dir = folder();
    const url = (path: string) => pathToFileURL(join(import.meta.dirname, path)).href;
    const text = `
      import { createLedger, observeBlock, openStore } from '${url('../src/findings/index.ts')}';
      const store = openStore(${JSON.stringify(dir)});
      for (let block = 1; ; block += 1) {
        const finding = { rule: 'r', tier: 'flow', severity: 'high', scope: 0, key: 'k' + block,
          title: 't', evidence: {} };
        const place = { block, time: block, pending: false, nowMs: block };
        store.write(observeBlock(createLedger(), [{ finding, shadow: false }], place));
        process.stdout.write(block + '\\n');
      }`;
    const script = join(dir, 'writer.mts');
    writeFileSync(script, text);
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        told = Number(chunk.toString().trim().split('\n').at(-1) ?? told);
        if (told > 40 && !child.killed) child.kill('SIGKILL');
      });
      child.on('exit', () => resolve());
    });
    const found = readFindings(dir);
    assert.ok(found.length >= told, `${found.length} found, ${told} were told of`);
    assert.equal(found[told - 1]?.key, `k${told}`);
  });
});

const day = 86_400_000;

function record(change: Partial<FindingRecord>): FindingRecord {
  const [made] = observeBlock(createLedger(), [judged()], at(1));
  assert.ok(made);
  return { ...made.record, ...change };
}

describe('alert fatigue', () => {
  const now = 100 * day;

  it('counts a day’s findings by tier, and how many somebody has seen', () => {
    const severity: Severity = 'high';
    const seen = { by: 'ada', note: '', verdict: 'true', atMs: now - day + 60_000 } as const;
    const records = [
      record({ openedAtMs: now - day, severity, ack: seen }),
      record({ openedAtMs: now - 2 * day }),
      record({ openedAtMs: now - 3 * day, shadow: true }),
      record({ openedAtMs: now - 3 * day, endedBy: 'reorganised' }),
      record({ openedAtMs: now - 20 * day }),
    ];
    const [law, flow] = fatigue(records, {}, now).tiers;
    assert.deepEqual([law?.findings, law?.acknowledgedShare], [0, 1]);
    assert.deepEqual([flow?.findings, flow?.acknowledgedShare], [2, 0.5]);
    assert.deepEqual([flow?.acknowledgedAfterSeconds, flow?.falseShare], [60, 0]);
    assert.equal(flow?.perDay, 2 / 7);
  });

  it('tells a budget that is overrun, without what was right', () => {
    const rule = 'funding-spike';
    const wrong = (verdict: 'true' | 'false') =>
      record({ rule, openedAtMs: now - day, ack: { by: 'a', note: '', atMs: now, verdict } });
    const over = (records: FindingRecord[]) => fatigue(records, { [rule]: 1 }, now).overruns;
    assert.deepEqual(over([wrong('false'), wrong('true'), wrong('true')]), []);
    const [found] = over([wrong('false'), wrong('false'), wrong('true')]);
    assert.deepEqual(found, { rule, findings: 2, budget: 1 });
  });
});
