import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createMetrics, type Venue } from '@holdfast/host';
import {
  createMirror,
  createTriggers,
  type KeptMarket,
  type Mirror,
  type Triggers,
} from '@holdfast/keeper';
import type { SignedConditional } from '@holdfast/order';
import { accountId, cashQ32, fundingIndex, lots, marketId, ticks } from '@holdfast/units';

const self = `0x${'11'.repeat(20)}` as const;
const other = `0x${'22'.repeat(20)}` as const;
const now = 1_000;

const order = (change: object = {}): SignedConditional =>
  ({
    account: 2,
    market: 0,
    isBuy: false,
    size: 10,
    kind: 0,
    triggerPrice: 980_000,
    trailPpm: 0,
    limitPrice: 1,
    rewardPpm: 1_000,
    reduceOnly: true,
    since: 1,
    expiry: 5_000,
    nonce: 7,
    epoch: 0,
    signature: '0x1234',
    ...change,
  }) as unknown as SignedConditional;

type Sent = { functionName: string; args: readonly unknown[] };

describe('the keeper’s triggers', () => {
  let folder: string;
  let close: () => Promise<void>;
  let port: number;
  let rows: object[] | undefined;
  let sent: Sent[];
  let logs: { why?: string }[];
  let refuse: string | undefined;
  let triggers: Triggers;

  function mirrorAt(price: number, owner: `0x${string}` = other): Mirror {
    const account = { owner, cash: cashQ32(0n), positions: new Map([[marketId(0), lots(10)]]) };
    return {
      ...createMirror(),
      markets: new Map([[marketId(0), { tickValue: 100, priceAgeSecondsMax: 60 } as KeptMarket]]),
      accounts: new Map([[accountId(2), account]]),
      marks: new Map([
        [marketId(0), { price: ticks(price), mark: ticks(price), index: fundingIndex(0n) }],
      ]),
      round: () => 5,
      reportTime: () => now,
    };
  }

  function make(): Triggers {
    const venue = {
      contracts: { clearingHouse: `0x${'33'.repeat(20)}` },
      gateway: { host: '127.0.0.1', port },
    } as unknown as Venue;
    const note = (what: object) => logs.push(what);
    const reader = {
      simulateContract: async () => {
        if (refuse !== undefined) throw new Error(refuse);
      },
      readContract: async () => ['0x', 1_030_000, false],
      waitForTransactionReceipt: async () => ({ status: 'success' }),
    };
    const writer = {
      account: { address: self },
      writeContract: async (call: Sent) => {
        sent.push(call);
        return '0x01';
      },
    };
    return createTriggers({
      venue,
      reader: reader as never,
      writer: writer as never,
      logger: { info: note, warn: note, debug: note } as never,
      clock: { now: () => now } as never,
      account: 9,
      metrics: createMetrics(),
      folder,
    });
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-keeper-'));
    [rows, sent, logs, refuse] = [[], [], [], undefined];
    const server = createServer((_, response) => {
      response.writeHead(rows === undefined ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(rows ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as { port: number });
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    triggers = make();
  });
  afterEach(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });

  it('fill what the chain’s own price has reached, against the keeper’s account', async () => {
    rows = [{ id: 1, ...order() }];
    await triggers.turn(mirrorAt(980_001), undefined);
    assert.equal(sent.length, 0);
    await triggers.turn(mirrorAt(980_000), undefined);
    const [{ functionName, args } = { functionName: '', args: [] }] = sent;
    assert.equal(functionName, 'trigger');
    assert.deepEqual(args.slice(1), ['0x1234', 9, '0x']);
    await triggers.turn(mirrorAt(980_000), undefined);
    assert.equal(sent.length, 1, 'once');
  });

  it('bring a newer report when its price is the one that reaches', async () => {
    rows = [{ id: 1, ...order() }];
    const report = { round: 6, time: now, raw: '0xaa' as const, quotes: [] as never[] };
    const quotes = [{ market: 0, price: 979_000, mark: 979_000, rate: 0 }];
    await triggers.turn(mirrorAt(990_000), { ...report, quotes });
    assert.equal(sent[0]?.args.at(-1), '0xaa');
    sent.length = 0;
    await triggers.turn(mirrorAt(990_000), { ...report, round: 5, quotes });
    assert.equal(sent.length, 0, 'a report that the chain has is no news');
  });

  it('have a trailing stop follow from the best price that the chain has', async () => {
    const trail = order({ kind: 2, trailPpm: 20_000, triggerPrice: 1_000_000 });
    rows = [{ id: 1, ...trail }];
    await triggers.turn(mirrorAt(1_020_000), undefined);
    assert.equal(sent.length, 0, 'the chain has 1,030,000 already');
    await triggers.turn(mirrorAt(1_040_000), undefined);
    assert.equal(sent[0]?.functionName, 'ratchet');
    assert.deepEqual(sent[0]?.args.slice(1), ['0x1234', '0x']);
    await triggers.turn(mirrorAt(1_019_200), undefined);
    assert.equal(sent[1]?.functionName, 'trigger');
  });

  it('say why the chain refuses, once, and give up what is used', async () => {
    rows = [{ id: 1, ...order() }];
    refuse = 'MarginShort';
    await triggers.turn(mirrorAt(980_000), undefined);
    await triggers.turn(mirrorAt(980_000), undefined);
    assert.deepEqual(
      logs.map(({ why }) => why),
      ['MarginShort'],
    );
    refuse = 'NonceUsed';
    await triggers.turn(mirrorAt(980_000), undefined);
    refuse = undefined;
    await triggers.turn(mirrorAt(980_000), undefined);
    assert.equal(sent.length, 0);
    assert.deepEqual(
      logs.map(({ why }) => why),
      ['MarginShort', 'NonceUsed'],
    );
  });

  it('leave orders of the keeper’s own owner', async () => {
    rows = [{ id: 1, ...order() }];
    await triggers.turn(mirrorAt(980_000, self), undefined);
    assert.equal(sent.length, 0);
    assert.equal(logs[0]?.why, 'SelfTrigger');
  });

  it('take orders from a folder when the node is gone, and pass over other files', async () => {
    rows = undefined;
    writeFileSync(join(folder, 'a.json'), JSON.stringify(order()));
    writeFileSync(join(folder, 'b.json'), 'nonsense');
    writeFileSync(join(folder, 'c.json'), JSON.stringify(order({ kind: 9, nonce: 8 })));
    await triggers.turn(mirrorAt(980_000), undefined);
    assert.equal(sent.length, 1);
    assert.deepEqual(
      logs.find((each) => 'files' in each),
      { files: ['b.json'] },
    );
  });
});
