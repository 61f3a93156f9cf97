/** Where findings go: log, signed webhook, metrics, and all of it as one desk. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createLogger, silentLogger } from '@holdfast/host';
import { createLedger, observeBlock, readFindings } from '../src/findings/index.ts';
import {
  createWebhook,
  loadWebhookKey,
  openDesk,
  signBody,
  verifyBody,
  type WebhookOptions,
} from '../src/outputs/index.ts';
import type { Finding, Severity } from '../src/rule.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-outputs-'));
after(() => rmSync(root, { recursive: true, force: true }));

const key = Buffer.from('k'.repeat(40));
const finding = (name: string, severity: Severity = 'high'): Finding => ({
  rule: 'price-creep',
  tier: 'flow',
  severity,
  scope: 1,
  key: name,
  title: `it creeps in ${name}`,
  evidence: { market: 0 },
});

const changes = (name: string, severity?: Severity) =>
  observeBlock(
    createLedger(),
    [{ finding: finding(name, severity), shadow: false, action: undefined }],
    { block: 1, time: 1, pending: false, nowMs: 1 },
  );

interface Receiver {
  readonly url: string;
  readonly got: { headers: IncomingHttpHeaders; body: string }[];
  close(): Promise<void>;
}

/** Answers with the statuses given, then with 200. */
async function receiver(statuses: number[] = [], delayMs = 0): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      const status = statuses.shift() ?? 200;
      setTimeout(() => response.writeHead(status, { location: '/elsewhere' }).end(), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`,
    got,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function post(to: Receiver, options: Partial<WebhookOptions>, names: string[]) {
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line) => lines.push(line) } });
  const webhook = createWebhook({ url: to.url, key, logger, pauseMs: 1, ...options });
  for (const name of names) webhook.tell(changes(name));
  await webhook.close();
  await to.close();
  return { counts: webhook.counts(), log: lines.join('') };
}

describe('the webhook', () => {
  it('signs time and body, so that neither can be changed', async () => {
    const to = await receiver();
    await post(to, { nowMs: () => 1_700_000_000_000 }, ['market 0']);
    const [one] = to.got;
    assert.ok(one);
    const check = (body: string, headers = one.headers, now = 1_700_000_000) =>
      verifyBody(key, headers, body, now);
    assert.equal(check(one.body), true);
    assert.equal(check(`${one.body} `), false);
    assert.equal(check(one.body, { ...one.headers, 'holdfast-timestamp': '1700000001' }), false);
    assert.equal(check(one.body, one.headers, 1_700_000_301), false, 'a replay is too old');
    assert.equal(check(one.body, {}), false);
    assert.equal(verifyBody(Buffer.from('x'.repeat(40)), one.headers, one.body, 1.7e9), false);
    const { version, event, finding: told } = JSON.parse(one.body);
    assert.deepEqual([version, event, told.rule], [1, 'opened', 'price-creep']);
    assert.match(String(one.headers['holdfast-id']), /^[0-9a-f]{16}-opened-1$/);
  });

  it('has a signature that others can compute', () => {
    // printf '1.{}' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
    const wanted = 'c873b4160876ad1a4df6208ec5325f976974599631a72d56c59ad52fdda332ae';
    assert.equal(signBody(key, 1, '{}'), `v1=${wanted}`);
  });

  it('tries again what may pass, and not what was refused', async () => {
    const busy = await receiver([503, 429]);
    assert.deepEqual((await post(busy, {}, ['a'])).counts, {
      sent: 1,
      failed: 0,
      dropped: 0,
      waiting: 0,
    });
    assert.equal(busy.got.length, 3);
    assert.equal(new Set(busy.got.map(({ headers }) => headers['holdfast-id'])).size, 1);
    const refusing = await receiver([400]);
    const { counts, log } = await post(refusing, {}, ['a']);
    assert.deepEqual([counts.failed, refusing.got.length], [1, 1]);
    assert.match(log, /status 400/);
    assert.doesNotMatch(log, /secret-path|kkkk/, 'neither path nor key is logged');
  });

  it('gives up after its attempts, and follows no redirect', async () => {
    const dead = await receiver([500, 500, 500, 500]);
    assert.equal((await post(dead, { attemptsMax: 3 }, ['a'])).counts.failed, 1);
    assert.equal(dead.got.length, 3);
    const moved = await receiver([302, 302]);
    assert.equal((await post(moved, { attemptsMax: 2 }, ['a'])).counts.failed, 1);
    assert.equal(moved.got.length, 2);
  });

  it('keeps a bounded queue: what is least severe goes first', async () => {
    const slow = await receiver([], 30);
    const webhook = createWebhook({ url: slow.url, key, logger: silentLogger(), queueMax: 2 });
    webhook.tell(changes('first', 'high'));
    for (const name of ['a', 'b', 'c']) webhook.tell(changes(name, 'medium'));
    webhook.tell(changes('worst', 'critical'));
    assert.equal(slow.got.length, 0, 'telling does not wait');
    assert.equal(webhook.counts().dropped, 2);
    await webhook.close();
    await slow.close();
    const told = slow.got.map(({ body }) => JSON.parse(body).finding.key);
    assert.deepEqual(told, ['first', 'c', 'worst']);
  });

  it('leaves out what is not severe enough, or only goes on', async () => {
    const to = await receiver();
    const webhook = createWebhook({ url: to.url, key, logger: silentLogger() });
    webhook.tell(changes('a', 'low'));
    webhook.tell(changes('b').map((change) => ({ ...change, kind: 'seen' as const })));
    await webhook.close();
    await to.close();
    assert.equal(to.got.length, 0);
  });

  it('refuses an open key, a short one, and an address that is not https', () => {
    const path = join(root, 'key');
    writeFileSync(path, key, { mode: 0o600 });
    assert.equal(loadWebhookKey(path).length, 40);
    chmodSync(path, 0o644);
    assert.throws(() => loadWebhookKey(path), { code: 'WebhookKeyOpen', message: /mode 644/ });
    writeFileSync(join(root, 'short'), 'abc', { mode: 0o600 });
    assert.throws(() => loadWebhookKey(join(root, 'short')), { code: 'WebhookKeyShort' });
    assert.throws(() => loadWebhookKey(join(root, 'none')), { code: 'WebhookKeyUnreadable' });
    const logger = silentLogger();
    for (const url of ['http://example.org/', 'ftp://localhost/', 'nonsense']) {
      assert.throws(() => createWebhook({ url, key, logger }), { code: 'WebhookUrlWrong' });
    }
  });
});

describe('the desk', () => {
  it('keeps, tells and measures what the engine reports', async () => {
    const folder = join(root, 'sentinel');
    mkdirSync(folder);
    const to = await receiver();
    writeFileSync(join(folder, 'hook.key'), key, { mode: 0o600 });
    const webhook = { url: to.url, keyFile: 'hook.key' };
    writeFileSync(join(folder, 'outputs.json'), JSON.stringify({ webhook }));
    writeFileSync(
      join(folder, 'rules.json'),
      JSON.stringify({ 'price-creep': { shadow: true }, 'self-trade': { enabled: false } }),
    );
    const desk = await openDesk({ folder, logger: silentLogger() });
    assert.equal(desk.rules.find(({ rule }) => rule.id === 'price-creep')?.shadow, true);
    assert.equal(
      desk.rules.some(({ rule }) => rule.id === 'self-trade'),
      false,
    );
    const place = { shadow: false, block: 7, hash: '0x07', pending: false };
    desk.report({ finding: finding('market 0'), ...place });
    assert.doesNotMatch(await desk.metrics(), /findings_total{/, 'it waits for the time');
    desk.settle(7, 100);
    desk.report({ finding: finding('market 0'), ...place, block: 8, hash: '0x08' });
    desk.report({ finding: finding('market 2'), ...place, block: 8, hash: '0x08' });
    // Another block 8: what began in the first one is taken back.
    desk.report({ finding: finding('market 1'), ...place, block: 8, hash: '0x99' });
    const metrics = await desk.metrics();
    assert.match(metrics, /findings_total\{rule="price-creep",[^}]*\} 3/);
    assert.match(metrics, /findings_open\{tier="flow",severity="high"\} 2/);
    desk.settle(100, 1000);
    await desk.close();
    await to.close();
    const kept = readFindings(join(folder, 'findings'));
    assert.deepEqual(
      kept.map(({ key: name, count, endedBy }) => [name, count, endedBy]),
      [
        ['market 0', 2, 'quiet'],
        ['market 2', 1, 'reorganised'],
        ['market 1', 1, 'quiet'],
      ],
    );
    assert.equal(to.got.length, 6);
  });

  it('says at the start what is wrong in its folder', async () => {
    const folder = join(root, 'wrong');
    mkdirSync(folder);
    const open = () => openDesk({ folder, logger: silentLogger() });
    const choices = join(folder, 'rules.json');
    writeFileSync(choices, JSON.stringify({ 'no-such': {} }));
    await assert.rejects(open(), { code: 'RuleChoicesMalformed', message: /no rule no-such/ });
    writeFileSync(choices, JSON.stringify({ 'price-creep': { settings: { partPpm: -1 } } }));
    await assert.rejects(open(), { code: 'RuleSettingsWrong', message: /partPpm is -1/ });
    writeFileSync(choices, JSON.stringify({ 'price-creep': { settings: { nonsense: 1 } } }));
    await assert.rejects(open(), { code: 'RuleSettingsWrong', message: /there are: / });
    writeFileSync(
      choices,
      JSON.stringify({ 'funding-spike': { settings: { falsePerMonth: 0.001 } } }),
    );
    await assert.rejects(open(), { code: 'BudgetUnknown', message: /the least is/ });
    writeFileSync(choices, '{}');
    writeFileSync(join(folder, 'outputs.json'), '{"webhook":{}}');
    await assert.rejects(open(), { code: 'OutputsMalformed' });
  });
});
