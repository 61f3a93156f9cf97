import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  type Conditional,
  compactTo65,
  conditionalDigest,
  conditionalHash,
  domainSeparator,
  forgetDigest,
  signDigest,
} from '@holdfast/order';
import { accountId, type Hex, seconds, toHex } from '@holdfast/units';
import { openConditionals } from '../src/conditionals/store.ts';
import { alice, bob, type Fixture, keyOf, START, theDomain, withNode } from './fixture.ts';

const separator = domainSeparator(theDomain);

const terms = (change: object = {}): Conditional =>
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
    since: START,
    expiry: START + 3600,
    nonce: 7,
    epoch: 0,
    ...change,
  }) as Conditional;

const signed = (order: Conditional, secret = alice.secret) => ({
  ...order,
  signature: toHex(signDigest(conditionalDigest(separator, order), secret)),
});

async function send(node: Fixture, method: string, path: string, body: object) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(node.url + path, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const post = (node: Fixture, order: object, clientId?: string) =>
  send(node, 'POST', '/v1/conditionals', { order, ...(clientId ? { clientId } : {}) });

async function listed(node: Fixture, query = ''): Promise<Record<string, unknown>[]> {
  const { body } = await node.get(`/v1/conditionals${query}`);
  return body as unknown as Record<string, unknown>[];
}

async function forget(node: Fixture, order: Conditional, secret: Uint8Array, life = 60) {
  const hash = conditionalHash(order);
  const asked = { account: order.account, order: hash, expiry: seconds(START + life) };
  const signature = toHex(signDigest(forgetDigest(separator, asked), secret));
  const { account, expiry } = asked;
  return send(node, 'DELETE', `/v1/conditionals/${hash}`, { account, expiry, signature });
}

describe('conditional orders at the node', () => {
  it('are listed with the signature that a keeper needs, by account and market', () =>
    withNode(async (node) => {
      const order = signed(terms());
      const { status, body } = await post(node, order, 'mine');
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body.hash, conditionalHash(order));
      const other = signed(terms({ account: 3, nonce: 1 }), bob.secret);
      assert.equal((await post(node, other)).status, 200);
      const [mine] = await listed(node, '?account=2');
      assert.deepEqual(mine, { id: 1, hash: conditionalHash(order), at: START + 1, ...order });
      assert.equal((await listed(node)).length, 2);
      assert.equal((await listed(node, '?after=1')).length, 1);
      assert.equal((await listed(node, '?market=1')).length, 0);
      assert.equal((await listed(node, '?limit=1')).length, 1);
    }));

  it('are refused by the code of the contract', () =>
    withNode(async (node) => {
      const code = async (order: object) => (await post(node, order)).body.code;
      assert.equal(await code(signed(terms(), bob.secret)), 'SignatureWrong');
      assert.equal(await code({ ...signed(terms()), size: 11 }), 'SignatureWrong');
      assert.equal(await code(signed(terms({ rewardPpm: 10_001 }))), 'ConditionalMalformed');
      assert.equal(await code(signed(terms({ epoch: 1 }))), 'EpochWrong');
      assert.equal(
        await code(signed(terms({ since: START - 2, expiry: START + 1 }))),
        'OrderExpired',
      );
      assert.equal(await code(signed(terms({ market: 4 }))), 'MarketUnknown');
      assert.equal(await code(signed(terms({ account: 9 }))), 'AccountUnknown');
      node.use(8);
      assert.equal(await code(signed(terms({ nonce: 8 }))), 'NonceUsed');
      node.halt('a test');
      assert.equal(await code(signed(terms())), 'Halted');
    }));

  it('take signatures of 65 bytes and of wallet contracts', () =>
    withNode(async (node) => {
      const order = terms();
      const compact = signDigest(conditionalDigest(separator, order), alice.secret);
      const long = { ...order, signature: toHex(compactTo65(compact)) };
      assert.equal((await post(node, long)).status, 200);
      // The fixture's wallets sign whatever begins with 7.
      assert.equal((await post(node, { ...terms({ nonce: 9 }), signature: '0x07' })).status, 200);
    }));

  it('hold session keys to their scope', () =>
    withNode(async (node) => {
      const key = keyOf('session');
      const scope = { markets: 1n, orderLotsMax: 10, reduceOnly: true };
      await node.parts.engine.submit([
        {
          type: 'session',
          account: accountId(2),
          key: key.address.toLowerCase() as Hex,
          expiry: seconds(START + 100),
          scope,
        },
      ]);
      const code = async (change: object) =>
        (await post(node, signed(terms(change), key.secret))).body.code;
      assert.equal(await code({}), undefined);
      assert.equal(await code({ nonce: 8, size: 11 }), 'SessionOversize');
      assert.equal(await code({ nonce: 8, reduceOnly: false }), 'SessionReduceOnly');
      node.advance(100);
      assert.equal(await code({ nonce: 8 }), 'SessionExpired');
    }));

  it('are answered alike when sent again, and held to one order per client id', () =>
    withNode(async (node) => {
      const first = await post(node, signed(terms()), 'a');
      assert.deepEqual(await post(node, signed(terms()), 'a'), first);
      const both = await Promise.all([1, 2].map(() => post(node, signed(terms({ nonce: 8 })))));
      assert.deepEqual(both[0], both[1]);
      const other = await post(node, signed(terms({ nonce: 9 })), 'a');
      assert.equal(other.body.code, 'DuplicateClientId');
      assert.equal((await listed(node)).length, 2);
    }));

  it('are limited by rate and by number', () =>
    withNode(async (node) => {
      let accepted = 0;
      let code: unknown;
      for (let nonce = 100; code === undefined && nonce < 200; nonce += 1) {
        ({ code } = (await post(node, signed(terms({ nonce })))).body);
        if (code === undefined) accepted += 1;
      }
      assert.deepEqual([accepted, code], [40, 'RateLimited']);
      const other = await post(node, signed(terms({ account: 3 }), bob.secret));
      assert.equal(other.status, 200);
      node.advance(1);
      assert.equal((await post(node, signed(terms({ nonce: 300 })))).status, 200);
    }));

  it('are forgotten at the word of the owner alone', () =>
    withNode(async (node) => {
      const order = terms();
      await post(node, signed(order));
      assert.equal((await forget(node, order, bob.secret)).body.code, 'SignatureWrong');
      assert.equal((await forget(node, order, alice.secret, 0)).body.code, 'OrderExpired');
      assert.equal((await forget(node, order, alice.secret)).status, 200);
      assert.equal((await listed(node)).length, 0);
      assert.equal((await forget(node, order, alice.secret)).body.code, 'OrderUnknown');
    }));

  it('leave the list when they expire, when the epoch moves, when the number is used', () =>
    withNode(async (node) => {
      await post(node, signed(terms({ expiry: START + 50 })));
      await post(node, signed(terms({ nonce: 8 })));
      await post(node, signed(terms({ nonce: 9, account: 3 }), bob.secret));
      await node.conditionals.sweep();
      assert.equal(node.conditionals.size(), 3);
      node.advance(50);
      await node.conditionals.sweep();
      assert.equal(node.conditionals.size(), 2);
      node.use(8);
      await node.conditionals.sweep();
      assert.deepEqual(
        (await listed(node)).map(({ nonce }) => nonce),
        [9],
      );
      const epoch = { type: 'epoch', account: accountId(3), epoch: 1 as never } as const;
      await node.parts.engine.submit([epoch]);
      await node.conditionals.sweep();
      assert.equal(node.conditionals.size(), 0);
    }));
});

describe('the store of conditional orders', () => {
  it('keeps what was acknowledged, cuts a torn end, refuses damage', () =>
    withNode(async (node, dir) => {
      const path = join(dir, 'other.jsonl');
      const store = await openConditionals(path);
      const add = (nonce: number) => {
        const order = signed(terms({ nonce }));
        return store.add({ hash: conditionalHash(order), clientId: '', at: 1, order });
      };
      const [first, second] = await Promise.all([add(1), add(2), add(3)]);
      await store.end(second.hash, 'test');
      await store.close();
      await appendFile(path, '{"add":{"id":9');
      const again = await openConditionals(path);
      assert.deepEqual(
        [...again.live.values()].map(({ id }) => id),
        [1, 3],
      );
      assert.deepEqual(again.live.get(first.hash), first);
      await again.end([...again.live.keys()].at(-1) as Hex, 'test');
      await again.close();
      const third = await openConditionals(path);
      const order = signed(terms({ nonce: 4 }));
      const next = await third.add({ hash: conditionalHash(order), clientId: '', at: 1, order });
      assert.equal(next.id, 4, 'an id is given once');
      await third.close();
      await writeFile(path, `{"add"\n${await readFile(path, 'utf8')}`);
      await assert.rejects(openConditionals(path), { code: 'StoreDamaged' });
      assert.equal(node.conditionals.size(), 0);
    }));
});
