import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AccountId, Lane } from '@holdfast/units';
import { isRejection } from '@holdfast/units';
import fc from 'fast-check';
import {
  type AckItem,
  ackStatusNames,
  addressOf,
  cancelBody,
  codeAt,
  codePlace,
  domain,
  domainSeparator,
  encodeAcks,
  encodeCancels,
  encodeFrame,
  encodeOrders,
  followChain,
  frameItemsMax,
  genesisHead,
  isFrame,
  nextHead,
  packOrder,
  type ReceiptLink,
  readClientFrame,
  readServerFrame,
  receiptLeaf,
  receiptsDigest,
  receiptsSignedBy,
  rejectionCodes,
  signDigest,
} from '../src/index.ts';
import { anyOrder, anySignedOrder, bytesOf, seed } from './arbitrary.ts';

const clientId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const orderItem = fc
  .tuple(clientId, anySignedOrder)
  .map(([id, order]) => ({ clientId: id, packed: packOrder(order) }));
const cancelItem = fc
  .tuple(clientId, anyOrder, fc.boolean())
  .map(([id, { account, lane, seq }, any]) =>
    any ? { clientId: id, account, lane } : { clientId: id, account, lane, seq },
  );
const ackItem: fc.Arbitrary<AckItem> = fc
  .record({
    clientId,
    status: fc.constantFrom(...ackStatusNames),
    code: fc.constantFrom(...rejectionCodes.slice(1)),
    seq: fc.maxSafeNat(),
    leaf: bytesOf(32),
    head: bytesOf(32),
  })
  .map(({ code, ...rest }) => (rest.status === 'rejected' ? { ...rest, code } : rest));

describe('frames', () => {
  it('say the same in JSON and in binary: orders', () => {
    fc.assert(
      fc.property(fc.array(orderItem, { minLength: 1, maxLength: 5 }), (orders) => {
        const frame = { op: 'orders' as const, orders };
        assert.deepEqual(readClientFrame(encodeFrame(frame)), frame);
        assert.deepEqual(readClientFrame(encodeOrders(orders)), frame);
      }),
      { seed, numRuns: 60 },
    );
  });

  it('say the same in JSON and in binary: cancels', () => {
    fc.assert(
      fc.property(fc.array(cancelItem, { minLength: 1, maxLength: 5 }), (items) => {
        const frame = { op: 'cancel' as const, items };
        assert.deepEqual(readClientFrame(encodeFrame(frame)), frame);
        assert.deepEqual(readClientFrame(encodeCancels(items)), frame);
      }),
      { seed, numRuns: 60 },
    );
  });

  it('say the same in JSON and in binary: acks', () => {
    fc.assert(
      fc.property(fc.array(ackItem, { minLength: 1, maxLength: 5 }), bytesOf(64), (items, s) => {
        const frame = { op: 'ack' as const, items, signature: s };
        assert.deepEqual(readServerFrame(encodeFrame(frame)), frame);
        assert.deepEqual(readServerFrame(encodeAcks(frame)), frame);
      }),
      { seed, numRuns: 60 },
    );
  });

  it('take an order spelled out as the same packed order', () => {
    fc.assert(
      fc.property(anySignedOrder, (order) => {
        const text = encodeFrame({ op: 'orders', orders: [{ clientId: '1', order }] });
        const frame = readClientFrame(text);
        assert.ok(isFrame(frame) && frame.op === 'orders');
        assert.deepEqual(frame.orders[0]?.packed, packOrder(order));
        assert.equal(frame.orders[0]?.epoch, order.epoch);
      }),
      { seed, numRuns: 40 },
    );
  });

  it('take a time in force by name and fill in the plain defaults', () => {
    const order = {
      account: 7,
      market: 0,
      isBuy: true,
      size: 1,
      price: 1,
      expiry: 9,
      lane: 0,
      seq: 1,
      signature: `0x${'01'.repeat(64)}`,
    };
    const named = JSON.stringify({
      op: 'orders',
      orders: [{ clientId: '1', order: { ...order, timeInForce: 'FOK' } }],
    });
    const plain = JSON.stringify({ op: 'orders', orders: [{ clientId: '1', order }] });
    const flags = (text: string) => {
      const frame = readClientFrame(text);
      assert.ok(isFrame(frame) && frame.op === 'orders');
      return frame.orders[0]?.packed[11];
    };
    assert.equal(flags(named), 1 | (2 << 3));
    assert.equal(flags(plain), 1);
  });

  it('read the other requests of a client', () => {
    const frames = [
      { op: 'login', account: 7, expiry: 99, signature: new Uint8Array(64).fill(3), id: 1 },
      { op: 'cancelAll', account: 7, clientId: '12' },
      { op: 'subscribe', channels: ['book:0', 'trades:0', 'account:7', 'status'] },
      { op: 'unsubscribe', channels: ['status'], id: 3 },
      { op: 'cancelOnDisconnect', account: 7, on: true },
      { op: 'deadman', account: 7, seconds: 30 },
      { op: 'ping' },
    ];
    for (const frame of frames) assert.deepEqual(readClientFrame(encodeFrame(frame)), frame);
  });
});

describe('malformed frames', () => {
  const bad: [string, string][] = [
    ['no JSON', '{'],
    ['no frame', '7'],
    ['no such op', '{"op":"rob"}'],
    ['an unknown field', '{"op":"ping","x":1}'],
    ['a channel that is none', '{"op":"subscribe","channels":["book:x"]}'],
    ['no items', '{"op":"cancel","items":[]}'],
    ['a client id that is a number', '{"op":"cancel","items":[{"clientId":1}]}'],
    ['a client id that is no number', '{"op":"cancelAll","account":7,"clientId":"1x"}'],
    ['a client id over 64 bits', `{"op":"cancelAll","account":7,"clientId":"${2n ** 64n}"}`],
    ['a fractional account', '{"op":"cancelAll","account":7.5}'],
    ['an order without a form', '{"op":"orders","orders":[{"clientId":"1"}]}'],
    ['short packed bytes', '{"op":"orders","orders":[{"clientId":"1","packed":"0x00"}]}'],
  ];
  for (const [name, text] of bad) {
    it(`are rejections: ${name}`, () => {
      const result = readClientFrame(text);
      assert.ok(!isFrame(result));
      assert.equal(result.code, 'Malformed');
    });
  }

  it('are rejections when an order is given twice or unsigned', () => {
    const packed = `0x${'00'.repeat(90)}`;
    const flagged = `0x${'00'.repeat(11)}80${'00'.repeat(78)}`;
    const items = [
      { clientId: '1', packed: flagged },
      { clientId: '1', packed, contractSignature: '0x00' },
    ];
    for (const item of items) {
      assert.ok(!isFrame(readClientFrame(encodeFrame({ op: 'orders', orders: [item] }))));
    }
  });

  it('are rejections when too long', () => {
    const text = `{"op":"ping","id":${' '.repeat(1 << 20)}1}`;
    assert.equal((readClientFrame(text) as { code: string }).code, 'FrameTooLarge');
    const many = Array.from({ length: frameItemsMax + 1 }, () => ({
      clientId: '1',
      account: 7 as AccountId,
      lane: 0 as Lane,
    }));
    assert.equal((readClientFrame(encodeCancels(many)) as { code: string }).code, 'FrameTooLarge');
    assert.ok(!isFrame(readClientFrame(encodeFrame({ op: 'cancel', items: many }))));
  });

  it('never throw, whatever the noise', () => {
    const starts = fc.constantFrom(0, 1, 2, 0x81);
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        readClientFrame(Uint8Array.from([start, ...rest]));
        readServerFrame(Uint8Array.from([start, ...rest]));
      }),
      { seed, numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('login', 'orders', 'cancel', 'book'), (v, op) => {
        readClientFrame(JSON.stringify(v));
        const frame = JSON.stringify({ op, orders: v, items: v, account: v, market: v, bids: v });
        readClientFrame(frame);
        readServerFrame(frame);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('are rejections when a bit of the count or an end is missing', () => {
    const bytes = encodeCancels([{ clientId: '1', account: 7 as AccountId, lane: 0 as Lane }]);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(isRejection(readClientFrame(bytes.slice(0, length))), true);
    }
  });
});

describe('rejection codes', () => {
  it('travel by place and come back', () => {
    for (const code of rejectionCodes) assert.equal(codeAt(codePlace(code)), code);
    assert.equal(new Set(rejectionCodes).size, rejectionCodes.length);
    assert.equal(codeAt(codePlace('SomethingNew')), 'Other');
    assert.equal(codeAt(65_535), 'Other');
  });
});

describe('receipts', () => {
  const separator = domainSeparator(domain(1, `0x${'11'.repeat(20)}`));
  const secret = new Uint8Array(32).fill(5);
  const chain = (length: number): ReceiptLink[] => {
    const links: ReceiptLink[] = [];
    let head = genesisHead;
    for (let seq = 1; seq <= length; seq++) {
      const body = cancelBody(7 as AccountId, 0 as Lane, seq);
      const leaf = receiptLeaf({ kind: 2, seq, clientId: 1n, status: 2, codePlace: 0, body });
      head = nextHead(head, leaf);
      links.push({ seq, leaf, head });
    }
    return links;
  };

  it('sign every link of a frame', () => {
    const links = chain(3);
    const signature = signDigest(receiptsDigest(separator, links), secret);
    assert.equal(receiptsSignedBy(separator, links, signature, addressOf(secret)), true);
    for (let i = 0; i < links.length; i++) {
      for (const field of ['leaf', 'head'] as const) {
        const forged = links.map((link, j) =>
          i === j ? { ...link, [field]: new Uint8Array(32) } : link,
        );
        assert.equal(receiptsSignedBy(separator, forged, signature, addressOf(secret)), false);
      }
    }
    assert.equal(receiptsSignedBy(separator, [], signature, addressOf(secret)), false);
  });

  it('follow each other in any order of arrival, and a fork is caught', () => {
    const links = chain(6);
    const memory = new Map<number, ReceiptLink>();
    for (const i of [3, 0, 1, 5, 4, 2]) {
      assert.equal(followChain(memory, links[i] as ReceiptLink), undefined);
    }
    for (let i = 0; i < links.length; i++) {
      const link = links[i] as ReceiptLink;
      const fork = { ...link, head: new Uint8Array(32).fill(i + 1) };
      assert.match(followChain(memory, fork) ?? '', /two heads/);
      const alone = new Map([...memory].filter(([seq]) => seq !== link.seq));
      assert.match(followChain(alone, fork) ?? '', /does not follow/);
    }
  });

  it('forget the oldest and stay bounded', () => {
    const memory = new Map<number, ReceiptLink>();
    for (const link of chain(20)) followChain(memory, link, 8);
    assert.equal(memory.size, 8);
    assert.equal(memory.has(20), true);
  });
});
