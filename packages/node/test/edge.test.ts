import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '@holdfast/host';
import {
  type AckFrame,
  domainSeparator,
  encodeCancels,
  encodeOrders,
  loginDigest,
  readServerFrame,
  receiptsSignedBy,
  signDigest,
} from '@holdfast/order';
import { fromHex, type Hex, seconds, toHex } from '@holdfast/units';
import { WebSocket } from 'ws';
import { parseAddress } from '../src/edge/address.ts';
import { startGateway } from '../src/edge/gateway.ts';
import { serveHub } from '../src/edge/hub.ts';
import { gatewayTls } from '../src/edge/secret.ts';
import {
  createPacker,
  down,
  type Entry,
  encodeVouched,
  number32,
  readEntries,
  up,
} from '../src/edge/wire.ts';
import {
  alice,
  bob,
  type Client,
  connectTo,
  type Fixture,
  keyOf,
  makeOrder,
  START,
  theDomain,
  withNode,
} from './fixture.ts';

const separator = domainSeparator(theDomain);
const secret = keyOf('gateway 1').secret;
const logger = silentLogger();
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 800; i++) {
    if (holds()) return;
    await wait(5);
  }
  throw new Error(`waited in vain until ${what}`);
}

/** Counts what the node verifies itself. */
function countVerified({ parts }: Fixture): () => number {
  const pool = parts.pool as { signers: typeof parts.pool.signers };
  const verify = pool.signers;
  let count = 0;
  pool.signers = (orders) => {
    count += orders.length;
    return verify(orders);
  };
  return () => count;
}

const hubOf = (node: Fixture, port = 0) =>
  serveHub(
    { gateway: node.gateway, api: node.api, logger },
    { host: '127.0.0.1', port, secrets: new Map([['1', secret]]) },
  );

const gatewayTo = (port: number, key = secret) =>
  startGateway({
    name: '1',
    secret: key,
    targets: [{ host: '127.0.0.1', port }],
    host: '127.0.0.1',
    port: 0,
    threads: 0,
    verifier: 'native',
    separator,
    logger,
  });

type Scene = {
  node: Fixture;
  hub: Awaited<ReturnType<typeof hubOf>>;
  gateway: Awaited<ReturnType<typeof gatewayTo>>;
  verified: () => number;
};

async function withGateway(run: (scene: Scene) => Promise<void>): Promise<void> {
  await withNode(async (node) => {
    const verified = countVerified(node);
    const hub = await hubOf(node);
    const gateway = await gatewayTo(hub.port);
    try {
      await until('the gateway is linked', gateway.isLinked);
      await run({ node, hub, gateway, verified });
    } finally {
      await gateway.close();
      await hub.close();
    }
  });
}

async function login(client: Client, account = 2): Promise<void> {
  const { nonce } = await client.next('hello');
  const request = { account, expiry: seconds(START + 3600), nonce: fromHex(nonce as never) };
  const signature = toHex(signDigest(loginDigest(separator, request as never), alice.secret));
  client.send({ op: 'login', account, expiry: START + 3600, signature });
  await client.next('ok', (frame) => frame.for === 'login');
}

async function place(client: Client, packed: Uint8Array, clientId: string, more: object = {}) {
  client.send({ op: 'orders', orders: [{ clientId, packed: toHex(packed), ...more }] });
  const ack = await client.next('ack', ({ items }) => items[0]?.clientId === clientId);
  return { ack, item: ack.items[0] as (typeof ack.items)[number] };
}

/** The protocol of the link by hand: a gateway that does what a test wants. */
async function rawLink(port: number, key = secret) {
  const socket = new WebSocket(`wss://127.0.0.1:${port}`, gatewayTls('1', key) as object);
  const entries: Entry[] = [];
  let isClosed = false;
  socket.on('message', (data) => entries.push(...readEntries(data as Buffer)));
  socket.on('close', () => {
    isClosed = true;
  });
  await new Promise((done, fail) => socket.once('open', done).once('error', fail));
  const packer = createPacker((message) => socket.send(message));
  return { socket, entries, put: packer.put, isClosed: () => isClosed };
}

describe('a gateway', () => {
  it('passes orders on, with receipts that the node signed, and the node verifies few', () =>
    withGateway(async ({ gateway, node, verified }) => {
      const client = await connectTo(gateway.url);
      const other = await connectTo(gateway.url);
      for (const each of [client, other])
        each.send({ op: 'subscribe', channels: ['book:0', 'trades:0'] });
      await client.next('book');
      await other.next('book');
      const maker = await place(client, makeOrder(alice.secret), '1');
      assert.equal(maker.item.status, 'accepted');
      const change = { account: 3 as never, isBuy: false, size: 4 as never };
      const taker = await place(client, makeOrder(bob.secret, change), '2');
      assert.equal(taker.item.status, 'accepted');
      for (const { ack, item } of [maker, taker]) {
        const links = [
          { ...item, leaf: fromHex(item.leaf as never), head: fromHex(item.head as never) },
        ];
        const signature = fromHex(ack.signature as never);
        assert.ok(receiptsSignedBy(separator, links, signature, node.parts.key.address));
      }
      for (const each of [client, other]) await each.next('trade');
      assert.ok(verified() <= 1, `${verified()} orders were verified twice`);
      await client.close();
      await until('the node forgets the session', () => node.gateway.connections() === 1);
      await other.close();
    }));

  it('serves binary frames, logins and cancels', () =>
    withGateway(async ({ gateway }) => {
      const client = await connectTo(gateway.url);
      await login(client);
      const orders = Array.from({ length: 50 }, (_, i) => ({
        clientId: String(i + 1),
        packed: makeOrder(alice.secret, { lane: i as never, price: 900_000 as never }),
      }));
      client.send(encodeOrders(orders));
      const cancels = orders.map((_, i) => ({ clientId: String(100 + i), account: 2, lane: i }));
      client.send(encodeCancels(cancels as never));
      const acksOf = () =>
        client.binary.flatMap((bytes) => (readServerFrame(bytes) as AckFrame).items);
      await until('all are answered', () => acksOf().length >= 100);
      const acks = acksOf();
      // Cancels go first inside a frame of the journal, so only the statuses are certain.
      const statusOf = (id: number) => acks.find(({ clientId }) => clientId === String(id))?.status;
      for (let i = 0; i < 50; i++) {
        assert.deepEqual([statusOf(i + 1), statusOf(i + 100)], ['accepted', 'cancelled']);
      }
      await client.close();
    }));

  it('refuses what the node refuses: nonsense, forged orders, cancels of strangers', () =>
    withGateway(async ({ gateway }) => {
      const client = await connectTo(gateway.url);
      client.send('{');
      assert.equal((await client.next('error')).code, 'Malformed');
      client.send(new Uint8Array([9]));
      assert.equal((await client.next('error')).code, 'Malformed');
      const forged = await place(client, makeOrder(bob.secret), '1');
      assert.equal(forged.item.code, 'SignatureWrong');
      client.send({ op: 'cancel', items: [{ clientId: '3', account: 2, lane: 0 }] });
      const { items } = await client.next('ack', (ack) => ack.items[0]?.clientId === '3');
      assert.equal(items[0]?.code, 'LoginRequired');
      await client.close();
    }));

  it('learns the epoch of an account from the first order that it got wrong', () =>
    withGateway(async ({ gateway, node, verified }) => {
      await node.parts.engine.submit([
        { type: 'epoch', account: 2 as never, epoch: 7 as never, block: 2 } as never,
      ]);
      const client = await connectTo(gateway.url);
      const of = (lane: number) => makeOrder(alice.secret, { lane, epoch: 7 } as never);
      assert.equal((await place(client, of(1), '1')).item.status, 'accepted');
      assert.equal(verified(), 1);
      let count = 1;
      for (let i = 2; i < 12; i++) {
        assert.equal((await place(client, of(i), String(i))).item.status, 'accepted');
        count += 1;
      }
      assert.ok(verified() < count / 2, `${verified()} of ${count} verified again`);
      await client.close();
    }));

  it('passes requests to the API of the node', () =>
    withGateway(async ({ gateway, node }) => {
      const [mine, its] = await Promise.all(
        [gateway.url, node.url].map(async (url) => (await fetch(`${url}/v1/markets`)).text()),
      );
      assert.equal(mine, its);
      assert.equal((await fetch(`${gateway.url}/v1/nothing`)).status, 404);
      assert.equal((await fetch(`${gateway.url}/health`)).status, 200);
    }));

  it('drops its clients when the link breaks, and serves again when there is one', () =>
    withNode(async (node) => {
      const hub = await hubOf(node);
      const gateway = await gatewayTo(hub.port);
      await until('the gateway is linked', gateway.isLinked);
      const client = await connectTo(gateway.url);
      await login(client);
      client.send({ op: 'cancelOnDisconnect', account: 2, on: true });
      await client.next('ok', (frame) => frame.for === 'cancelOnDisconnect');
      await place(client, makeOrder(alice.secret), '1');
      await hub.close();
      await until('the client is dropped', () => gateway.connections() === 0);
      assert.equal((await fetch(`${gateway.url}/health`)).status, 503);
      await until('the node forgets it', () => node.gateway.connections() === 0);
      await node.parts.engine.idle();
      const { body } = await node.get('/v1/accounts/2/orders');
      assert.deepEqual(body, [], 'its orders are cancelled, as it asked');
      await assert.rejects(connectTo(gateway.url), /503/);
      const again = await hubOf(node, hub.port);
      await until('it is linked again', gateway.isLinked);
      await (await connectTo(gateway.url)).close();
      await gateway.close();
      await again.close();
    }));
});

describe('the link of a gateway', () => {
  it('is refused to whoever has another key', () =>
    withGateway(async ({ hub }) => {
      await assert.rejects(rawLink(hub.port, keyOf('another').secret));
      assert.equal(hub.links(), 1);
    }));

  it('ends for good with a gateway that vouches for a false signature', () =>
    withGateway(async ({ hub, gateway }) => {
      await gateway.close();
      const liar = await rawLink(hub.port);
      liar.put(up.open, 1);
      const owner = alice.address.toLowerCase() as Hex;
      let sent = 0;
      while (!liar.isClosed() && sent < 2000) {
        const change = { lane: sent % 60_000, price: 900_000 } as never;
        const packed = makeOrder(bob.secret, change);
        liar.put(
          up.orders,
          1,
          encodeVouched([{ clientId: String(sent + 1), packed }], [0], [owner], true),
        );
        sent += 1;
        await wait(0);
      }
      assert.ok(liar.isClosed(), `${sent} false words were taken`);
      await assert.rejects(rawLink(hub.port), 'the key of a liar is refused');
    }));

  it('ends with a gateway that sends nonsense', () =>
    withGateway(async ({ hub }) => {
      const again = [up.open, 0, 0, 0, 1, 0, 0, 0, 0];
      for (const message of [
        [1],
        [1, 0, 0, 0, 1, 0, 0, 0, 9],
        [99, 0, 0, 0, 1, 0, 0, 0, 0],
        again,
      ]) {
        const link = await rawLink(hub.port);
        link.put(up.open, 1);
        await wait(5);
        link.socket.send(Uint8Array.from(message));
        await until(`${message} ends it`, link.isClosed);
      }
    }));

  it('stops a client that takes no answers, and lets it go on when it has', () =>
    withGateway(async ({ hub }) => {
      const link = await rawLink(hub.port);
      const seen = (kind: number) => link.entries.filter((entry) => entry.kind === kind).length;
      link.put(up.open, 1);
      const ping = Buffer.from(JSON.stringify({ op: 'ping', id: 1 }));
      for (let i = 0; seen(down.pause) === 0 && i < 200; i++) {
        for (let k = 0; k < 500; k++) link.put(up.text, 1, ping);
        await wait(2);
      }
      await until('it is paused', () => seen(down.pause) > 0);
      await wait(100);
      assert.equal(seen(down.resume), 0);
      link.put(up.taken, 1, number32(1 << 24));
      await until('it reads on', () => seen(down.resume) > 0);
      link.socket.terminate();
    }));
});

describe('parseAddress', () => {
  it('reads a host and a port, and nothing else', () => {
    assert.deepEqual(parseAddress('--node', 'a.example:1'), { host: 'a.example', port: 1 });
    assert.deepEqual(parseAddress('--node', '[::1]:0'), { host: '::1', port: 0 });
    for (const text of ['', ':1', 'a', 'a:', 'a:70000', 'a b:1', '::1:5']) {
      assert.throws(() => parseAddress('--node', text), /--node is HOST:PORT/, text);
    }
  });
});
