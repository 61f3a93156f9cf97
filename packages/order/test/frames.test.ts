/** The grammar of the gateway's JSON: every server frame, each field at its first and last text. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, fromHex, isRejection, keccak256, toHex } from '@holdfast/units';
import {
  channelPattern,
  conditionalHash,
  conditionalStructHash,
  encodeFrame,
  fields,
  followChain,
  frameBytesMax,
  genesisHead,
  isFrame,
  nextHead,
  type Order,
  orderHash,
  orderStructHash,
  type Receipt,
  type ReceiptLink,
  readClientFrame,
  readServerFrame,
  receiptLeaf,
  receiptLeaves,
} from '../src/index.ts';

const hex = (bytes: number): `0x${string}` => `0x${'1a'.repeat(bytes)}`;

/** One of each that the server sends, as JSON. */
const serverFrames = [
  { op: 'hello', nonce: hex(32), chainId: 1, clearingHouse: hex(20), node: hex(20) },
  {
    op: 'ack',
    items: [{ clientId: '1', status: 'accepted', seq: 1, leaf: hex(32), head: hex(32) }],
    signature: hex(64),
  },
  { op: 'book', market: 0, bids: [[99, 5]], asks: [[101, 7]], seq: 4 },
  { op: 'bookDiff', market: 0, bids: [[99, 0]], asks: [], seq: 5 },
  { op: 'trade', market: 0, id: 1, price: 5, lots: 2, takerIsBuy: true, at: 9 },
  ...['maker', 'taker'].map((role) => ({
    ...{ op: 'fill', id: 1, account: 7, market: 0, isBuy: true, role, price: 5, lots: 2 },
    ...{ lane: 0, seq: 1, fee: '-12', at: 9 },
  })),
  ...['open', 'filled', 'cancelled', 'expired', 'replaced', 'unwound'].map((status) => ({
    ...{ op: 'order', account: 7, market: 0, lane: 0, seq: 1, status, filled: 0, size: 3 },
  })),
  {
    ...{ op: 'account', account: 7, cashQ32: '-1', equity: '2', initial: '3', maintenance: '4' },
    ...{ epoch: 0, positions: [{ market: 0, size: -5 }] },
  },
  { op: 'settled', batch: 1, fillIds: [1, 2], tx: hex(32) },
  { op: 'unwound', fillIds: [3], reason: 'the batch failed' },
  { op: 'status' },
  { op: 'ok', for: 'login', id: 1 },
  { op: 'pong', id: 2 },
  { op: 'error', code: 'Malformed', message: 'no', id: 3 },
];

describe('server frames', () => {
  for (const frame of serverFrames) {
    const named = 'status' in frame ? frame.status : 'role' in frame ? frame.role : '';
    it(`are read as they are sent: ${frame.op} ${named}`, () => {
      const read = readServerFrame(encodeFrame(frame));
      assert.ok(isFrame(read), JSON.stringify(read));
      assert.deepEqual(JSON.parse(encodeFrame(read)), frame);
    });
  }

  it('are refused with another word in the place of one that is known', () => {
    for (const [op, field] of [
      ['fill', 'role'],
      ['order', 'status'],
    ] as const) {
      const frame = serverFrames.find((each) => each.op === op);
      assert.ok(!isFrame(readServerFrame(encodeFrame({ ...frame, [field]: '' }))));
    }
    assert.ok(!isFrame(readServerFrame('{"op":""}')));
    const levels = { op: 'book', market: 0, bids: [], asks: [], seq: 4 };
    assert.ok(!isFrame(readServerFrame(encodeFrame({ ...levels, bids: [[99]] }))));
    assert.ok(!isFrame(readServerFrame(encodeFrame({ ...levels, asks: [[99, 1, 1]] }))));
    const account = { op: 'account', account: 7, cashQ32: '0', epoch: 0 };
    assert.ok(!isFrame(readServerFrame(encodeFrame({ ...account, positions: [{ market: 0 }] }))));
  });
});

/** Texts or numbers that a field takes, and ones that it does not. */
const grammar = [
  ['account', [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5, '1']],
  ['market', [0, 255], [-1, 256, 0.5]],
  ['lane', [0, 65_535], [-1, 65_536, 0.5]],
  ['seq', [1, 2 ** 32 - 1], [0, 2 ** 32, 1.5]],
  ['epoch', [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5]],
  ['seconds', [0, 2 ** 40 - 1], [-1, 2 ** 40, 0.5]],
  ['size', [0, 2 ** 40 - 1], [-1, 2 ** 40, 0.5]],
  ['price', [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5]],
  ['lots', [-(2 ** 40), 0, 2 ** 40], [0.5, '1']],
  ['whole', [0, Number.MAX_SAFE_INTEGER], [-1, 2 ** 53, 0.5]],
  [
    'clientId',
    ['0', '7', '10', '18446744073709551615'],
    ['', '01', '-1', '1x', 'x1', ' 1', '1 ', '0x1', '18446744073709551616', 7],
  ],
  [
    'amount',
    ['0', '7', '-7', '00', '1'.repeat(60), `-${'1'.repeat(60)}`],
    ['', '-', '--1', '1-', 'x1', '1x', ' 1', '1.5', '1'.repeat(61), 7],
  ],
  [
    'address',
    [hex(20), `0x${'Af'.repeat(20)}`],
    ['', '0x', hex(19), hex(21), `x${hex(20)}`, `0x${'zz'.repeat(20)}`],
  ],
] as const;

describe('fields', () => {
  for (const [name, good, bad] of grammar) {
    it(`take what a ${name} may be, and nothing else`, () => {
      const parse = (value: unknown) => fields[name].safeParse(value);
      for (const value of good) assert.equal(parse(value).data, value, String(value));
      for (const value of bad) assert.equal(parse(value).success, false, String(value));
    });
  }

  it('take bytes as 0x text, of one length or up to one', () => {
    const four = fields.bytes(2);
    assert.deepEqual(four.parse('0x1aFf'), Uint8Array.of(0x1a, 0xff));
    for (const text of ['0x', '0x1a', '0x1a1a1a', '1a1a', 'x0x1a1a', '0x1a1z', '0x1a1a ']) {
      assert.equal(four.safeParse(text).success, false, text);
    }
    const upToTwo = fields.blob(2);
    assert.deepEqual(upToTwo.parse('0x'), new Uint8Array());
    assert.deepEqual(upToTwo.parse('0x1aFf'), Uint8Array.of(0x1a, 0xff));
    for (const text of ['', '0x1', '0x1a1', '0x1a1a1a', 'x0x', '0xzz', '0x1a ', '\n0x']) {
      assert.equal(upToTwo.safeParse(text).success, false, text);
    }
  });

  it('name the channels', () => {
    for (const text of ['book:0', 'trades:255', 'account:7', 'account:4294967295', 'status']) {
      assert.match(text, channelPattern);
    }
    const wrong = ['book:', 'book:1000', 'account:', 'account:12345678901', 'status:1', 'orders:1'];
    for (const text of [...wrong, 'xbook:0', 'book:0x', 'xstatus', 'statusx', 'account:7 ']) {
      assert.doesNotMatch(text, channelPattern);
    }
  });
});

describe('client frames', () => {
  const packed = `${hex(11)}00${hex(78).slice(2)}`;
  const flagged = `${hex(11)}80${hex(78).slice(2)}`;
  const plain = {
    ...{ account: 7, market: 0, isBuy: true, size: 1, price: 1 },
    ...{ expiry: 9, lane: 0, seq: 1 },
  };
  const read = (item: object) =>
    readClientFrame(encodeFrame({ op: 'orders', orders: [{ clientId: '1', ...item }] }));
  const first = (item: object) => {
    const frame = read(item);
    assert.ok(isFrame(frame) && frame.op === 'orders', JSON.stringify(frame));
    return frame.orders[0];
  };

  it('hold an order in one form with one signature', () => {
    assert.equal(toHex(first({ packed })?.packed ?? new Uint8Array()), packed);
    assert.deepEqual(
      first({ packed: flagged, contractSignature: '0x0102' })?.contractSignature,
      Uint8Array.of(1, 2),
    );
    const own = first({ order: { ...plain, contractSignature: '0x010203' } });
    assert.deepEqual(own?.contractSignature, Uint8Array.of(1, 2, 3));
    assert.deepEqual([own?.packed[11], own?.packed[89]], [0x81, 3]);
    assert.equal(first({ order: { ...plain, signature: hex(64) } })?.packed[11], 1);
    for (const item of [
      { packed, order: { ...plain, signature: hex(64) } },
      { packed: flagged },
      { packed, contractSignature: '0x01' },
      { order: plain },
      { order: { ...plain, signature: hex(64), contractSignature: '0x01' } },
      {},
    ]) {
      assert.ok(!isFrame(read(item)), JSON.stringify(item));
    }
  });

  it('have 0 as the client id of a cancel of all that names none', () => {
    assert.deepEqual(readClientFrame('{"op":"cancelAll","account":7}'), {
      op: 'cancelAll',
      account: 7,
      clientId: '0',
    });
  });

  it('are refused with the place of what is wrong', () => {
    const refusal = (text: string) => {
      const frame = readClientFrame(text);
      assert.ok(isRejection(frame));
      return frame;
    };
    assert.deepEqual(refusal('{'), { code: 'Malformed', message: 'the frame is not JSON' });
    const item = { clientId: '1', account: 7, lane: 0.5 };
    const inside = refusal(encodeFrame({ op: 'cancel', items: [item] }));
    assert.deepEqual(inside.data, { where: 'items.0.lane' });
    assert.match(inside.message, /^items\.0\.lane: Invalid input/);
    const whole = refusal('7');
    assert.deepEqual(whole.data, { where: '' });
    assert.match(whole.message, /^frame: Invalid input/);
  });

  it('have at most 2^20 characters', () => {
    const text = (length: number): string => '{"op":"ping"}'.padEnd(length);
    assert.ok(isFrame(readClientFrame(text(frameBytesMax))));
    const long = readClientFrame(text(frameBytesMax + 1));
    assert.ok(isRejection(long));
    assert.deepEqual(
      [long.code, long.data],
      ['FrameTooLarge', { found: 1_048_577, required: 1_048_576 }],
    );
  });
});

describe('names of orders', () => {
  it('are the hash of their structure as hex', () => {
    const order = { account: 2, market: 0, isBuy: true, size: 1, price: 1, timeInForce: 0 };
    const all = {
      ...order,
      reduceOnly: false,
      postOnly: false,
      expiry: 1,
      lane: 0,
      seq: 1,
      epoch: 0,
    };
    assert.equal(orderHash(all as Order), toHex(orderStructHash(all as Order)));
    const conditional = { kind: 0, triggerPrice: 1, trailPpm: 0, limitPrice: 1, rewardPpm: 0 };
    const both = { ...all, ...conditional, since: 0, nonce: 0 } as never;
    assert.equal(conditionalHash(both), toHex(conditionalStructHash(both)));
  });
});

describe('a chain of receipts', () => {
  const links: ReceiptLink[] = [];
  let head = genesisHead;
  for (let seq = 1; seq <= 4; seq++) {
    const leaf = new Uint8Array(32).fill(seq);
    head = nextHead(head, leaf);
    links.push({ seq, leaf, head });
  }
  const [one, two, three] = links as [ReceiptLink, ReceiptLink, ReceiptLink];
  const other = new Uint8Array(32).fill(9);
  const heard = (known: ReceiptLink[], link: ReceiptLink) => {
    const memory = new Map(known.map((each) => [each.seq, each]));
    const answer = followChain(memory, link);
    assert.equal(memory.get(link.seq) === link, answer === undefined, 'remembered if it fits');
    return answer;
  };

  it('says which link does not follow which', () => {
    assert.equal(heard([one], two), undefined);
    assert.equal(heard([three], two), undefined);
    assert.equal(heard([two], { ...two, head: other }), 'two heads for receipt 2');
    assert.equal(heard([one], { ...two, leaf: other }), 'receipt 2 does not follow receipt 1');
    // Nothing before it is known: only what comes after it tells.
    assert.equal(heard([three], { ...two, head: other }), 'receipt 3 does not follow receipt 2');
    assert.equal(heard([], { ...two, head: other }), undefined);
    assert.equal(
      heard([], { ...one, head: other }),
      'the first receipt does not follow the genesis head',
    );
    assert.equal(heard([], one), undefined);
  });

  it('hashes each field at its place, whatever was hashed before', () => {
    const seqs = [1, 2 ** 32, 2 ** 48 - 1, 2 ** 48, Number.MAX_SAFE_INTEGER];
    for (const [i, seq] of seqs.entries()) {
      // Longer and shorter bodies in turn: nothing is left of the one before.
      const body = new Uint8Array([90, 4, 10, 0, 90][i] as number).fill(7 + i);
      const receipt = { kind: 2, seq, clientId: 2n ** 64n - 1n, status: 1, codePlace: 258, body };
      const place = seq.toString(16).padStart(16, '0');
      const text = `02${place}${'ff'.repeat(8)}010102${toHex(body).slice(2)}`;
      assert.deepEqual(receiptLeaf(receipt as Receipt), keccak256(fromHex(`0x${text}`)));
      const link = { seq, leaf: other, head };
      const signed = fromHex(`0x${place}`);
      assert.deepEqual(receiptLeaves([link]), keccak256(concatBytes(signed, other, head)));
    }
    for (const length of [0, 31, 33]) {
      const odd = new Uint8Array(length).fill(3);
      assert.deepEqual(nextHead(odd, other), keccak256(concatBytes(odd, other)));
      assert.deepEqual(nextHead(other, odd), keccak256(concatBytes(other, odd)));
    }
  });
});
