import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@holdfast/units';
import { alice, bob, type Client, makeOrder, withNode } from './fixture.ts';

async function place(client: Client, packed: Uint8Array, clientId: string): Promise<void> {
  client.send({ op: 'orders', orders: [{ clientId, packed: toHex(packed) }] });
  await client.next('ack', ({ items }) => items[0]?.clientId === clientId);
}

describe('HTTP', () => {
  it('serves what it describes and describes what it serves', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await place(client, makeOrder(alice.secret), '1');
      await place(client, makeOrder(bob.secret, { account: 3 as never, isBuy: false }), '2');
      const { body: api } = await node.get('/openapi.json');
      const samples: Record<string, string> = {
        '/v1/book/{market}': '/v1/book/0?depth=5',
        '/v1/trades/{market}': '/v1/trades/0',
        '/v1/markets/{market}/impact': '/v1/markets/0/impact',
        '/v1/accounts/{account}': '/v1/accounts/2',
        '/v1/accounts/{account}/orders': '/v1/accounts/2/orders',
        '/v1/batches/{number}': '/v1/batches/1',
        '/v1/receipts/{seq}': '/v1/receipts/1',
      };
      for (const [path, methods] of Object.entries(api.paths as object)) {
        if (!('get' in methods)) continue;
        const { status, body } = await node.get(samples[path] ?? path);
        const expected = path === '/v1/batches/{number}' ? 404 : 200;
        assert.equal(status, expected, `${path}: ${JSON.stringify(body)}`);
      }
      const { body: account } = await node.get('/v1/accounts/2');
      assert.deepEqual(account.positions, [{ market: 0, size: 10 }]);
      const { body: impact } = await node.get('/v1/markets/0/impact');
      // Nothing rests any more: no sides, a last trade, 500 / 5 % = 10,000 tokens in lots of 100.
      assert.deepEqual({ ...impact, time: 0 }, { market: 0, lots: 100, last: 1_000_000, time: 0 });
      const metrics = await (await fetch(`${node.url}/metrics`)).text();
      assert.match(metrics, /holdfast_fills_total\{market="0"\} 1/);
    }));

  it('says what is wrong with a bad request', () =>
    withNode(async (node) => {
      for (const [path, status] of [
        ['/v1/book/7', 404],
        ['/v1/book/x', 400],
        ['/v1/markets/7/impact', 404],
        ['/v1/accounts/99', 404],
        ['/v1/fills?limit=100000', 400],
        ['/nothing', 404],
      ] as const) {
        const answer = await node.get(path);
        assert.equal(answer.status, status, path);
        assert.equal(typeof answer.body.code, 'string');
        assert.equal(typeof answer.body.message, 'string');
      }
    }));
});
