import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { domainSeparator, loginDigest, signDigest } from '@holdfast/order';
import { fromHex, seconds, toHex } from '@holdfast/units';
import type { Desk } from '../src/gateway/desk.ts';
import {
  alice,
  type Client,
  type Fixture,
  makeOrder,
  START,
  theDomain,
  withNode,
} from './fixture.ts';

const FLOODERS = 8;
const ORDERS = 40;
const EVERY_MS = 25;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function login(client: Client): Promise<void> {
  const { nonce } = await client.next('hello');
  const expiry = seconds(START + 3600);
  const request = { account: 2, expiry, nonce: fromHex(nonce as unknown as string) } as never;
  const signature = toHex(
    signDigest(loginDigest(domainSeparator(theDomain), request), alice.secret),
  );
  client.send({ op: 'login', account: 2, expiry, signature });
  await client.next('ok');
}

async function startFlood(
  url: string,
): Promise<{ sent(): Promise<number>; stop(): Promise<void> }> {
  const worker = new Worker(new URL('./flooder-boot.mjs', import.meta.url), {
    workerData: { url: `${url.replace('http', 'ws')}/v1/ws`, connections: FLOODERS },
  });
  const sent = (): Promise<number> => {
    worker.postMessage('sent');
    return new Promise((resolve) => worker.once('message', resolve));
  };
  while ((await sent()) < 5000) await wait(50);
  // What is measured is the flood, not its first moment.
  await wait(500);
  return { sent, stop: async () => void (await worker.terminate()) };
}

type Report = { accepted: number; p50: number; p99: number; cancelP99: number };

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;

/** An honest trader: an order every 25 ms, every third of them cancelled; ms from intended time. */
async function trade(node: Fixture): Promise<Report> {
  const client = await node.connect();
  await login(client);
  const packed = Array.from({ length: ORDERS }, (_, i) =>
    toHex(makeOrder(alice.secret, { lane: (i % 20) as never, seq: (i + 1) as never })),
  );
  const intended = new Map<string, number>();
  const begun = performance.now() + 50;
  for (let i = 0; i < ORDERS; i++) {
    const due = begun + i * EVERY_MS;
    await wait(Math.max(due - performance.now(), 0));
    intended.set(String(i + 1), due);
    client.send({ op: 'orders', orders: [{ clientId: String(i + 1), packed: packed[i] }] });
    if (i % 3 !== 2) continue;
    intended.set(String(1000 + i), due);
    client.send({
      op: 'cancel',
      items: [{ clientId: String(1000 + i), account: 2, lane: i % 20 }],
    });
  }
  for (let waited = 0; client.answered.size < intended.size && waited < 8000; waited += 20) {
    await wait(20);
  }
  const took = (isCancel: boolean) =>
    [...intended]
      .filter(([id]) => Number(id) >= 1000 === isCancel)
      .map(([id, due]) => (client.answered.get(id)?.at ?? Number.POSITIVE_INFINITY) - due)
      .sort((a, b) => a - b);
  const ok = [...client.answered.values()].filter(({ status }) => status !== 'rejected').length;
  await client.close();
  const [orders, cancels] = [took(false), took(true)];
  const accepted = ok / intended.size;
  return { accepted, p50: at(orders, 0.5), p99: at(orders, 0.99), cancelP99: at(cancels, 0.99) };
}

async function underFlood(around: (desk: Desk) => Desk): Promise<Report> {
  let report: Report | undefined;
  const run = async (node: Fixture) => {
    const flood = await startFlood(node.url);
    try {
      report = await trade(node);
      // All that it sent: what the node does not read yet stands before the honest account too.
      const share = ORDERS / (ORDERS + (await flood.sent()));
      assert.ok(share < 0.05, `the flooder is more than 95 % of the traffic: ${1 - share}`);
    } finally {
      await flood.stop();
    }
  };
  // Refusals are free here, so that turns alone must hold the flood.
  const budgetOf = () => ({ spend: () => 0 });
  await withNode(run, undefined, { threads: 1, around, budgetOf });
  return report as Report;
}

describe('flood', () => {
  it('leaves an honest account its share, which one queue for all does not', async (t) => {
    let quiet: Report | undefined;
    await withNode(
      async (node) => {
        quiet = await trade(node);
      },
      undefined,
      { threads: 1 },
    );
    const fair = await underFlood((desk) => desk);
    const oneQueue = await underFlood((desk) => ({
      ...desk,
      orders: (items, turn) => desk.orders(items, turn, { connection: 'all', flowOf: () => 'all' }),
    }));
    t.diagnostic(JSON.stringify({ quiet, fair, oneQueue }));
    assert.equal(quiet?.accepted, 1);
    assert.equal(fair.accepted, 1, 'every order and cancel of the honest account is taken');
    const isWorse = oneQueue.accepted < 0.95 || oneQueue.p50 > 2 * fair.p50;
    assert.ok(isWorse, 'the same flood hurts where all share one queue');
  });
});

describe('slow reader', () => {
  it('costs a bounded amount of memory, and nobody else anything', () =>
    withNode(
      async (node) => {
        const { hostname, port } = new URL(node.url);
        const socket = connectTcp(Number(port), hostname);
        const key = Buffer.alloc(16, 7).toString('base64');
        socket.write(
          `GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        );
        await new Promise((resolve) => socket.once('data', resolve));
        socket.pause();
        const text = Buffer.from('{"op":"ping","id":123456789}');
        const masked = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
        const many = Buffer.concat(Array.from({ length: 2000 }, () => masked));
        // It asks for ever and never reads an answer: the node must stop to read, not to remember.
        let written = 0;
        for (let idle = 0; idle < 10; ) {
          if (socket.writableLength > 1 << 20) {
            await wait(50);
            idle += 1;
            continue;
          }
          idle = 0;
          written += many.length;
          socket.write(many);
          await wait(1);
          if (written > 1 << 28) break;
        }
        assert.ok(written < 1 << 28, 'the node went on reading from who never reads');
        const honest = await node.connect();
        await login(honest);
        const packed = toHex(makeOrder(alice.secret));
        honest.send({ op: 'orders', orders: [{ clientId: '1', packed }] });
        const ack = await honest.next('ack');
        assert.equal(ack.items[0]?.status, 'accepted');
        socket.destroy();
      },
      undefined,
      { threads: 0 },
    ));
});
