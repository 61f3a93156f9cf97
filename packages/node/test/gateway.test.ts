import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stateHash } from '@holdfast/core';
import {
  type AckFrame,
  domain,
  domainSeparator,
  encodeCancels,
  encodeOrders,
  followChain,
  loginDigest,
  type ReceiptLink,
  readServerFrame,
  receiptsSignedBy,
  signDigest,
} from '@holdfast/order';
import { fromHex, seconds, toHex } from '@holdfast/units';
import { localDisk } from '../src/journal/disk.ts';
import {
  alice,
  bob,
  type Client,
  type Fixture,
  keyOf,
  makeOrder,
  makeReport,
  reporters,
  START,
  startFixture,
  theDomain,
  withNode,
} from './fixture.ts';

const separator = domainSeparator(theDomain);

async function login(client: Client, account: number, secret: Uint8Array): Promise<void> {
  const { nonce } = await client.next('hello');
  const request = {
    account,
    expiry: seconds(START + 3600),
    nonce: fromHex(nonce as unknown as string),
  };
  const signature = toHex(signDigest(loginDigest(separator, request as never), secret));
  client.send({ op: 'login', account, expiry: START + 3600, signature });
  await client.next('ok', (frame) => frame.for === 'login');
}

async function place(client: Client, packed: Uint8Array, clientId: string) {
  client.send({ op: 'orders', orders: [{ clientId, packed: toHex(packed) }] });
  const ack = await client.next('ack', ({ items }) => items[0]?.clientId === clientId);
  return { ack, item: ack.items[0] as (typeof ack.items)[number] };
}

const link = (item: { seq: number; leaf: unknown; head: unknown }): ReceiptLink => ({
  seq: item.seq,
  leaf: fromHex(item.leaf as string),
  head: fromHex(item.head as string),
});

async function postReport(node: Fixture, raw: Uint8Array) {
  const response = await fetch(`${node.url}/v1/reports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ report: toHex(raw) }),
  });
  return { status: response.status, body: (await response.json()) as { code?: string } };
}

describe('gateway', () => {
  it('matches two signed orders and answers with receipts that the node signed', () =>
    withNode(async (node) => {
      const client = await node.connect();
      client.send({ op: 'subscribe', channels: ['book:0', 'trades:0'] });
      await client.next('book');
      const maker = await place(client, makeOrder(alice.secret), '1');
      assert.equal(maker.item.status, 'accepted');
      const taker = await place(
        client,
        makeOrder(bob.secret, { account: 3 as never, isBuy: false, size: 4 as never }),
        '1',
      );
      assert.equal(taker.item.status, 'accepted');
      const trade = await client.next('trade');
      assert.deepEqual([trade.price, trade.lots, trade.takerIsBuy], [1_000_000, 4, false]);
      const diff = await client.next('bookDiff', ({ bids }) => bids[0]?.[1] === 6);
      assert.deepEqual(diff.bids, [[1_000_000, 6]]);
      const memory = new Map();
      for (const { ack, item } of [maker, taker]) {
        const signature = fromHex(ack.signature as unknown as string);
        const links = [link(item)];
        assert.ok(receiptsSignedBy(separator, links, signature, node.parts.key.address));
        assert.ok(!receiptsSignedBy(separator, links, signature, alice.address));
        assert.equal(followChain(memory, links[0] as ReceiptLink), undefined);
      }
      assert.equal(memory.size, 2);
    }));

  it('takes the binary form of the same frames', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await login(client, 2, alice.secret);
      const orders = [1, 2, 3].map((lane) => ({
        clientId: String(100 + lane),
        packed: makeOrder(alice.secret, { lane: lane as never }),
      }));
      client.send(encodeOrders(orders));
      client.send(encodeCancels([{ clientId: '200', account: 2 as never, lane: 2 as never }]));
      for (let i = 0; client.binary.length < 2 && i < 400; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const frames = client.binary.map((bytes) => readServerFrame(bytes));
      const items = frames.flatMap((frame) => ('items' in frame ? (frame as AckFrame).items : []));
      assert.deepEqual(items.map((item) => `${item.clientId} ${item.status}`).sort(), [
        '101 accepted',
        '102 accepted',
        '103 accepted',
        '200 cancelled',
      ]);
      const { body } = await node.get('/v1/accounts/2/orders');
      assert.equal((body as unknown as unknown[]).length, 2);
      // An order that rests keeps its own bytes, not the message that it came in.
      const account = node.parts.engine.state.accounts.get(2 as never);
      assert.ok(account);
      const resting = [...account.lanes.values()].flatMap((each) => each.resting ?? []);
      assert.equal(resting.length, 2);
      for (const { order } of resting) {
        assert.equal((order.signature as Uint8Array).buffer.byteLength, 64);
      }
    }));

  it('answers a repeated client id with the first receipt and refuses another use of it', () =>
    withNode(async (node) => {
      const client = await node.connect();
      const packed = makeOrder(alice.secret);
      const first = await place(client, packed, '7');
      const before = node.parts.engine.applied();
      const again = await place(client, packed, '7');
      assert.deepEqual(again.item, first.item);
      assert.equal(node.parts.engine.applied(), before, 'nothing entered the journal');
      const other = await place(client, makeOrder(alice.secret, { seq: 2 as never }), '7');
      assert.equal(other.item.code, 'DuplicateClientId');
    }));

  it('answers two copies of one request in flight with one receipt', () =>
    withNode(async (node) => {
      const [a, b] = [await node.connect(), await node.connect()];
      const packed = makeOrder(alice.secret);
      const [one, two] = await Promise.all([place(a, packed, '9'), place(b, packed, '9')]);
      assert.equal(one.item.status, 'accepted');
      assert.deepEqual(one.item, two.item);
    }));

  it('keeps the order of one connection: a cancel finds the order before it', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await login(client, 2, alice.secret);
      const packed = toHex(makeOrder(alice.secret));
      client.send({ op: 'orders', orders: [{ clientId: '1', packed }] });
      client.send({ op: 'cancel', items: [{ clientId: '2', account: 2, lane: 0 }] });
      const ack = await client.next('ack', ({ items }) => items[0]?.clientId === '2');
      assert.equal(ack.items[0]?.status, 'cancelled');
    }));

  it('lets a session key trade until it expires', () =>
    withNode(async (node) => {
      const key = keyOf('session');
      const client = await node.connect();
      const packed = makeOrder(key.secret);
      assert.equal((await place(client, packed, '1')).item.code, 'SignatureWrong');
      const grant = { type: 'session' as const, account: 2 as never, expiry: seconds(START + 60) };
      await node.parts.engine.submit([{ ...grant, key: key.address.toLowerCase() as never }]);
      assert.equal((await place(client, packed, '2')).item.status, 'accepted');
      node.advance(100);
      const later = makeOrder(key.secret, { seq: 2 as never });
      assert.equal((await place(client, later, '3')).item.code, 'SessionExpired');
    }));

  it('cancels everything when a connection that asked for it goes away', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await login(client, 2, alice.secret);
      client.send({ op: 'cancelOnDisconnect', account: 2, on: true });
      await client.next('ok', (frame) => frame.for === 'cancelOnDisconnect');
      await place(client, makeOrder(alice.secret), '1');
      await client.close();
      for (let i = 0; i < 100; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        const { body } = await node.get('/v1/accounts/2/orders');
        if ((body as unknown as unknown[]).length === 0) return;
      }
      assert.fail('the order outlived its connection');
    }));
});

describe('gateway against bad input', () => {
  it('refuses malformed frames with a clear error and no state change', () =>
    withNode(async (node) => {
      const before = stateHash(node.parts.engine.state);
      const client = await node.connect();
      const bad: (object | string | Uint8Array)[] = [
        'not json',
        '{"op":"orders"}',
        '{"op":"steal"}',
        { op: 'orders', orders: [] },
        { op: 'orders', orders: [{ clientId: '-1', packed: '0x00' }] },
        { op: 'orders', orders: [{ clientId: '1', packed: `0x${'00'.repeat(89)}` }] },
        {
          op: 'orders',
          orders: [{ clientId: `1${'0'.repeat(30)}`, packed: `0x${'00'.repeat(90)}` }],
        },
        { op: 'subscribe', channels: ['book:9'] },
        { op: 'subscribe', channels: ['account:2'] },
        { op: 'deadman', account: 2, seconds: 5 },
        new Uint8Array([]),
        new Uint8Array([1, 0, 5, 1, 2, 3]),
        new Uint8Array([99, 0, 1]),
        encodeOrders([{ clientId: '1', packed: makeOrder(alice.secret) }]).subarray(0, 50),
      ];
      for (const frame of bad) {
        client.send(frame);
        const error = await client.next('error');
        assert.ok(error.code.length > 0 && error.message.length > 5, JSON.stringify(error));
      }
      assert.equal(stateHash(node.parts.engine.state), before);
    }));

  it('refuses every bad order by its own code', () =>
    withNode(async (node) => {
      const client = await node.connect();
      const a = alice.secret;
      const otherChain = domain(1, theDomain.verifyingContract);
      const otherVenue = domain(theDomain.chainId, `0x${'ab'.repeat(20)}`);
      await place(client, makeOrder(a, { lane: 5 as never, seq: 9 as never }), '1000');
      const cases: [string, Uint8Array][] = [
        ['SignatureWrong', makeOrder(a, {}, otherChain)],
        ['SignatureWrong', makeOrder(a, {}, otherVenue)],
        ['SignatureWrong', makeOrder(bob.secret)],
        ['SignatureWrong', makeOrder(a, { epoch: 1 as never })],
        ['OrderExpired', makeOrder(a, { expiry: START as never })],
        ['SeqStale', makeOrder(a, { lane: 5 as never, seq: 9 as never })],
        ['SeqStale', makeOrder(a, { lane: 5 as never, seq: 8 as never })],
        ['MarketUnknown', makeOrder(a, { market: 200 as never })],
        ['AccountUnknown', makeOrder(a, { account: 77 as never })],
        ['SizeOutOfRange', makeOrder(a, { size: 0 as never })],
        ['PriceOutOfRange', makeOrder(a, { price: 0 as never })],
        ['MarginShort', makeOrder(a, { size: (2 ** 30) as never })],
      ];
      const head = node.parts.acks.head().seq;
      for (const [at, [code, packed]] of cases.entries()) {
        const { item } = await place(client, packed, String(at + 1));
        assert.equal(item.status, 'rejected', `${code}: ${JSON.stringify(item)}`);
        assert.equal(item.code, code, JSON.stringify(item));
        assert.ok((item.message ?? '').length > 10);
      }
      assert.ok(node.parts.acks.head().seq > head, 'refusals by the core have receipts');
      const { body } = await node.get('/v1/accounts/2/orders');
      assert.equal((body as unknown as unknown[]).length, 1);
    }));

  it('refuses a mutated signed order, whichever bit is flipped', () =>
    withNode(async (node) => {
      const client = await node.connect();
      const whole = makeOrder(alice.secret, { lane: 3 as never });
      for (let bit = 0; bit < 26 * 8; bit++) {
        // The contract flag makes it a frame that no schema knows.
        if (bit === 95) continue;
        const packed = Uint8Array.from(whole);
        packed[bit >> 3] = (packed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { item } = await place(client, packed, String(bit + 1));
        assert.equal(item.status, 'rejected', `bit ${bit} was accepted`);
      }
      assert.equal((await place(client, whole, '999')).item.status, 'accepted');
    }));

  it('wants a login for cancels and private channels', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await place(client, makeOrder(alice.secret), '1');
      await login(client, 3, bob.secret);
      client.send({ op: 'cancel', items: [{ clientId: '5', account: 2, lane: 0 }] });
      const ack = await client.next('ack', ({ items }) => items[0]?.clientId === '5');
      assert.equal(ack.items[0]?.code, 'LoginRequired');
      client.send({
        op: 'login',
        account: 2,
        expiry: START + 9,
        signature: `0x${'11'.repeat(64)}`,
      });
      assert.equal((await client.next('error')).code, 'SignatureWrong');
      client.send({ op: 'subscribe', channels: ['account:2'] });
      assert.equal((await client.next('error')).code, 'LoginRequired');
    }));

  it('refuses a login that was signed for another connection', () =>
    withNode(async (node) => {
      const [a, b] = [await node.connect(), await node.connect()];
      const { nonce } = await a.next('hello');
      await b.next('hello');
      const request = { account: 2, expiry: START + 60, nonce: fromHex(nonce as never) } as never;
      const signature = toHex(signDigest(loginDigest(separator, request), alice.secret));
      b.send({ op: 'login', account: 2, expiry: START + 60, signature });
      assert.equal((await b.next('error')).code, 'SignatureWrong');
    }));

  it('refuses reports that no quorum stands behind', () =>
    withNode(async (node) => {
      node.advance(2);
      const at = START + 3;
      const two = makeReport(at, 1_001_000, reporters.slice(0, 2));
      assert.equal((await postReport(node, two)).body.code, 'QuorumShort');
      const stranger = [...reporters.slice(0, 2), keyOf('stranger')];
      const strange = await postReport(node, makeReport(at, 1_001_000, stranger));
      assert.equal(strange.body.code, 'SignerUnknown');
      const good = makeReport(at, 1_001_000);
      const one = good.length - 76;
      const twice = Uint8Array.from(good);
      twice.copyWithin(one, one - 76, one);
      assert.equal((await postReport(node, twice)).body.code, 'SignersUnordered');
      const far = makeReport(at, 2_000_000);
      assert.equal((await postReport(node, far)).body.code, 'PriceOutsideBand');
      assert.equal((await postReport(node, good.subarray(1))).body.code, 'ReportMalformed');
      assert.equal((await postReport(node, good)).status, 200);
      assert.equal((await postReport(node, good)).body.code, 'RoundNotNewer');
    }));

  it('answers a full disk clearly and changes nothing', async () => {
    let full = false;
    const disk: typeof localDisk = {
      ...localDisk,
      async write(file, bytes, position) {
        if (full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        await localDisk.write(file, bytes, position);
      },
    };
    await withNode(async (node) => {
      const client = await node.connect();
      const before = stateHash(node.parts.engine.state);
      full = true;
      const { item } = await place(client, makeOrder(alice.secret), '1');
      assert.equal(item.code, 'DiskFull');
      assert.equal(stateHash(node.parts.engine.state), before);
      full = false;
      assert.equal((await place(client, makeOrder(alice.secret), '2')).item.status, 'accepted');
    }, disk);
  });

  it('takes cancels and refuses orders while it is halted', () =>
    withNode(async (node) => {
      const client = await node.connect();
      await login(client, 2, alice.secret);
      await place(client, makeOrder(alice.secret), '1');
      node.halt('core and chain differ');
      const refused = await place(client, makeOrder(alice.secret, { lane: 1 as never }), '2');
      assert.equal(refused.item.code, 'Halted');
      client.send({ op: 'cancel', items: [{ clientId: '3', account: 2, lane: 0 }] });
      const ack = await client.next('ack', ({ items }) => items[0]?.clientId === '3');
      assert.equal(ack.items[0]?.status, 'cancelled');
      assert.equal((await node.get('/health')).status, 503);
    }));
});

describe('node after a restart', () => {
  for (const withSnapshot of [false, true]) {
    it(`has the same state and receipts ${withSnapshot ? 'from a snapshot' : 'by replay'}`, () =>
      withNode(async (node, dir) => {
        const client = await node.connect();
        const first = await place(client, makeOrder(alice.secret), '1');
        if (withSnapshot) await node.snapshot();
        const sell = { account: 3 as never, isBuy: false, size: 3 as never };
        await place(client, makeOrder(bob.secret, sell), '2');
        const { state } = node.parts.engine;
        const expected = [stateHash(state), toHex(node.parts.acks.head().head)];
        await client.close();
        const again = await startFixture(dir);
        try {
          const { engine, acks, tape } = again.parts;
          assert.deepEqual([stateHash(engine.state), toHex(acks.head().head)], expected);
          assert.equal(tape.fills({ limit: 10 }).length, 1);
          const reader = await again.connect();
          const repeat = await place(reader, makeOrder(alice.secret), '1');
          assert.deepEqual(repeat.item, first.item, 'client ids survive');
        } finally {
          await again.close();
        }
      }));
  }
});
