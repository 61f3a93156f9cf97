import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@holdfast/units';
import { alice, type Client, makeOrder, START, withNode } from './fixture.ts';

async function place(client: Client, packed: Uint8Array, clientId: string) {
  client.send({ op: 'orders', orders: [{ clientId, packed: toHex(packed) }] });
  const ack = await client.next('ack', ({ items }) => items[0]?.clientId === clientId);
  return { item: ack.items[0] as (typeof ack.items)[number] };
}

describe('admission', () => {
  it('refuses what is certain to be refused before it looks at a signature', () =>
    withNode(async (node) => {
      const client = await node.connect();
      const packed = makeOrder(alice.secret);
      const first = await place(client, packed, '1');
      assert.equal(first.item.status, 'accepted');
      const { pool } = node.parts;
      const { signers } = pool;
      let looked = 0;
      Object.assign(pool, {
        signers(orders: Parameters<typeof signers>[0]) {
          looked += orders.length;
          return signers(orders);
        },
      });
      assert.equal((await place(client, packed, '2')).item.code, 'SeqStale');
      const dead = makeOrder(alice.secret, { expiry: START as never, lane: 1 as never });
      assert.equal((await place(client, dead, '3')).item.code, 'OrderExpired');
      const fresh = makeOrder(alice.secret, { lane: 1 as never });
      const { bucket } = node.parts.engine.state.accounts.get(2 as never) as never as {
        bucket: { milli: number };
      };
      const { milli } = bucket;
      bucket.milli = 0;
      assert.equal((await place(client, fresh, '4')).item.code, 'RateLimited');
      bucket.milli = milli;
      assert.equal(looked, 0);
      assert.deepEqual(
        (await place(client, packed, '1')).item,
        first.item,
        'a repeat is no replay',
      );
      assert.equal((await place(client, fresh, '5')).item.status, 'accepted');
      assert.equal(looked, 1);
    }));

  it('answers Busy, with when to send again, to who finds no place', () =>
    withNode(async (node) => {
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const signers = (orders: readonly unknown[]) => gate.then(() => orders.map(() => undefined));
      Object.assign(node.parts.pool, { signers });
      const packed = toHex(makeOrder(alice.secret));
      const orders = Array.from({ length: 1000 }, () => ({ clientId: '0', packed }));
      const clients = await Promise.all(Array.from({ length: 14 }, () => node.connect()));
      for (const client of clients) {
        client.send({ op: 'orders', orders });
        client.send({ op: 'ping' });
        await client.next('pong');
      }
      open();
      const acks = await Promise.all(clients.map((client) => client.next('ack')));
      const busy = acks.flatMap(({ items }) => items.filter(({ code }) => code === 'Busy'));
      const judged = acks.flatMap(({ items }) =>
        items.filter(({ code }) => code === 'SignatureWrong'),
      );
      assert.ok(busy.length > 1000 && judged.length > 5000, `${busy.length} ${judged.length}`);
      assert.ok(busy.every(({ retryMs = 0 }) => retryMs >= 20));
      const own = acks.at(-1)?.items.filter(({ code }) => code === 'SignatureWrong') ?? [];
      assert.ok(own.length >= 32, 'the last to come has places of its own');
      for (const client of clients) await client.close();
    }));
});
