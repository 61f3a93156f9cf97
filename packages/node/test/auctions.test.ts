/** Auctions of a node: policies, the operator's socket, time, what clients see, and replay. */
import assert from 'node:assert/strict';
import { cpSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stateHash } from '@holdfast/core';
import { callSocket } from '@holdfast/host';
import { toHex } from '@holdfast/units';
import { applyPolicies, holdCalls, serveOperator } from '../src/auctions.ts';
import { loadAuctions, parseAuctions } from '../src/settings.ts';
import { sweepTime } from '../src/sweep.ts';
import {
  alice,
  bob,
  type Client,
  type Fixture,
  makeOrder,
  START,
  startFixture,
  withNode,
} from './fixture.ts';

type Ended = { price: number; lots: number; phase: string };

async function place(client: Client, packed: Uint8Array, clientId: string) {
  client.send({ op: 'orders', orders: [{ clientId, packed: toHex(packed) }] });
  const ack = await client.next('ack', ({ items }) => items[0]?.clientId === clientId);
  return ack.items[0];
}

const ask = (change: object = {}): Uint8Array =>
  makeOrder(bob.secret, { account: 3, isBuy: false, ...change } as never);

/** Time passes, and the node sees it as it does every quarter of a second. */
async function pass(node: Fixture, seconds: number): Promise<void> {
  node.advance(seconds);
  sweepTime(node.parts)();
  await node.parts.engine.idle();
}

const policy = (openSeconds: number, reopenSeconds: number, markets = {}) => ({
  venue: { openSeconds, reopenSeconds },
  markets,
});

describe('a call of a node', () => {
  it('shows phase and indicative price, and ends by time alone', () =>
    withNode(async (node) => {
      const client = await node.connect();
      client.send({ op: 'subscribe', channels: ['auction:0', 'trades:0'] });
      const first = await client.next('auction');
      assert.deepEqual([first.phase, first.price], ['continuous', 0]);
      await node.parts.engine.submit([{ type: 'call', market: 0 as never, seconds: 20 }]);
      await client.next('auction', ({ phase, lots }) => phase === 'call' && lots === 0);
      await place(client, makeOrder(alice.secret, { price: 1_000_100 as never }), '1');
      assert.equal((await place(client, ask({ timeInForce: 1 }), '2'))?.code, 'CallRunning');
      await place(client, ask({ price: 999_000, size: 4, lane: 1 }), '3');
      const seen = await client.next('auction', ({ lots }) => lots === 4);
      assert.deepEqual(
        [seen.price, seen.until, seen.bid, seen.offered],
        [1_000_000, START + 21, 10, 4],
      );
      const [market] = (await node.get('/v1/markets')).body as unknown as object[];
      const { call, phase } = market as { call: { price: number }; phase: string };
      assert.deepEqual([phase, call.price], ['call', 1_000_000]);
      const metrics = await fetch(`${node.url}/metrics`).then((answer) => answer.text());
      assert.match(metrics, /holdfast_commands_total\{type="call"\} 1/);
      await pass(node, 19);
      assert.equal(node.parts.engine.state.fills, 0);
      await pass(node, 1);
      const end = await client.next('auction', ({ phase: now }) => now === 'continuous');
      assert.deepEqual([end.price, end.lots], [1_000_000, 4]);
      const trade = await client.next('trade');
      assert.deepEqual([trade.price, trade.lots], [1_000_000, 4]);
      const after = await fetch(`${node.url}/metrics`).then((answer) => answer.text());
      assert.match(after, /holdfast_auctions_total\{market="0"\} 1/);
      const [again] = (await node.get('/v1/markets')).body as unknown as object[];
      assert.equal((again as { phase: string }).phase, 'continuous');
    }));

  it('is in the journal: another node over it comes to the same', () =>
    withNode(async (node, dir) => {
      const client = await node.connect();
      await applyPolicies(node.parts, policy(5, 30));
      await node.parts.engine.submit([{ type: 'call', market: 0 as never, seconds: 20 }]);
      await place(client, makeOrder(alice.secret, { price: 1_000_100 as never }), '1');
      await node.snapshot();
      await place(client, ask({ price: 999_000 }), '2');
      await pass(node, 20);
      assert.equal(node.parts.engine.state.fills, 1);
      const expected = stateHash(node.parts.engine.state);
      const copy = `${dir}-copy`;
      cpSync(dir, copy, { recursive: true });
      const other = await startFixture(copy);
      assert.equal(stateHash(other.parts.engine.state), expected);
      await other.close();
      rmSync(copy, { recursive: true });
    }));

  it('ends none when the node has halted', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await node.parts.engine.submit([{ type: 'call', market: 0 as never, seconds: 20 }]);
      await place(client, makeOrder(alice.secret), '1');
      await place(client, ask(), '2');
      holdCalls(node.parts);
      await node.parts.engine.idle();
      await pass(node, 30);
      assert.equal(node.parts.engine.state.fills, 0);
    }));
});

describe('policies', () => {
  it('become commands once, and go again when they are no longer wanted', () =>
    withNode(async (node) => {
      const { engine } = node.parts;
      const begin = engine.applied();
      await applyPolicies(node.parts, undefined);
      assert.equal(engine.applied(), begin);
      const own = { 'BTC-USD': { openSeconds: 0, reopenSeconds: 9 } };
      await applyPolicies(node.parts, policy(60, 30, own));
      assert.deepEqual(
        [...engine.state.auctions],
        [
          [0, { openSeconds: 60, reopenSeconds: 30 }],
          [1, own['BTC-USD']],
        ],
      );
      const applied = engine.applied();
      await applyPolicies(node.parts, policy(60, 30, own));
      assert.equal(engine.applied(), applied);
      await applyPolicies(node.parts, policy(0, 0));
      assert.equal(engine.state.auctions.size, 0);
      const unknown = policy(0, 0, { 'DOGE-USD': own['BTC-USD'] });
      await assert.rejects(applyPolicies(node.parts, unknown), /no market DOGE-USD/);
    }));

  it('are read from node.json and checked', () =>
    withNode(async (_node, dir) => {
      assert.deepEqual(loadAuctions(dir), policy(0, 0));
      const auctions = { reopenSeconds: 30, markets: { 'BTC-USD': { openSeconds: 5 } } };
      writeFileSync(join(dir, 'node.json'), JSON.stringify({ auctions }));
      const own = { 'BTC-USD': { openSeconds: 5, reopenSeconds: 0 } };
      assert.deepEqual(loadAuctions(dir), policy(0, 30, own));
      for (const wrong of [
        { auctions: { openSeconds: -1 } },
        { auctions: { openSeconds: 86_401 } },
        { auctions: { seconds: 5 } },
        { auctions: { markets: { 'BTC-USD': { openSeconds: 1.5 } } } },
      ]) {
        assert.throws(() => parseAuctions(wrong, 'node.json'), /node.json is wrong/);
      }
    }));
});

describe('the operator’s socket', () => {
  it('begins, lengthens, shows and ends calls, and says no in words', () =>
    withNode(async (node, dir) => {
      const path = join(dir, 'node.sock');
      const server = await serveOperator(node.parts, path);
      assert.ok(server !== undefined);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      const post = (body: object) => callSocket(path, 'POST', '/auctions', body);
      const code = async (body: object) => ((await post(body)).body as { code: string }).code;
      assert.equal(await code({ market: 'BTC-USD', seconds: 0 }), 'CallMissing');
      assert.equal(await code({ market: 'DOGE-USD', seconds: 5 }), 'MarketUnknown');
      assert.equal(await code({ market: 0, seconds: 1e9 }), 'AuctionWrong');
      assert.equal(await code({ market: 0 }), 'Malformed');
      const begun = await post({ market: 'btc-usd', seconds: 60 });
      assert.equal((begun.body as { until: number }).until, START + 61);
      const client = await node.connect();
      await place(client, makeOrder(alice.secret), '1');
      await place(client, ask(), '2');
      const [shown] = (await callSocket(path, 'GET', '/auctions')).body as { call: Ended }[];
      assert.equal(shown?.call.lots, 10);
      node.halt('a test');
      assert.equal(await code({ market: 0, seconds: 0 }), 'Halted');
      node.halt(undefined);
      const { body } = await post({ market: 0, seconds: 0 });
      const { price, lots, phase } = body as Ended;
      assert.deepEqual([price, lots, phase], [1_000_000, 10, 'continuous']);
      // A second node over the folder runs without commands; a dead one's socket is taken over.
      assert.equal(await serveOperator(node.parts, path), undefined);
      await server.close();
      await assert.rejects(callSocket(path, 'GET', '/auctions'), /nobody answers/);
      writeFileSync(path, '');
      const next = await serveOperator(node.parts, path);
      assert.equal((await callSocket(path, 'GET', '/auctions')).status, 200);
      await next?.close();
      assert.equal(await serveOperator(node.parts, join(dir, 'x'.repeat(120))), undefined);
    }));
});
