import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Epoch, fromHex, isRejection, type Lots, type Ticks, toHex } from '@holdfast/units';
import fc from 'fast-check';
import {
  completeOrder,
  type Order,
  packedOrderBytes,
  packFill,
  packOrder,
  type SignedOrder,
  unpackFill,
  unpackOrder,
  validateOrderShape,
} from '../src/index.ts';
import { anyOrder, anySignedOrder, bytesOf, seed } from './arbitrary.ts';

/** Written out by hand from the layout in SPEC, byte by byte. */
const vector =
  '0x' +
  '00000007' + // account 7
  '0102' + // lane 258
  '00000003' + // seq 3
  '01' + // market 1
  '0d' + // buy, post-only, IOC (bits 0, 2, 3)
  '0000000064' + // 100 lots
  '000f4240' + // 1,000,000 ticks
  '006553f100' + // expiry 1,700,000,000
  '11'.repeat(32) +
  '22'.repeat(32);

const unwrap = <T>(value: T): Exclude<T, { code: string; message: string }> => {
  assert.equal(isRejection(value), false);
  return value as Exclude<T, { code: string; message: string }>;
};

describe('packed order', () => {
  it('matches the vector written by hand', () => {
    const order = unwrap(unpackOrder(fromHex(vector)));
    assert.deepEqual(order, {
      account: 7,
      market: 1,
      isBuy: true,
      size: 100,
      price: 1_000_000,
      timeInForce: 1,
      reduceOnly: false,
      postOnly: true,
      expiry: 1_700_000_000,
      lane: 258,
      seq: 3,
      signature: fromHex(`0x${'11'.repeat(32)}${'22'.repeat(32)}`),
    });
    assert.equal(toHex(packOrder(order)), vector);
  });

  it('comes back as it was packed', () => {
    fc.assert(
      fc.property(anySignedOrder, (order) => {
        const packed = packOrder(order);
        assert.equal(packed.length, packedOrderBytes);
        const back = unwrap(completeOrder(unwrap(unpackOrder(packed)), order.epoch));
        assert.deepEqual(back, order);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('carries a contract signature by its place', () => {
    fc.assert(
      fc.property(anyOrder, fc.uint8Array({ maxLength: 200 }), fc.nat(50), (order, bytes, at) => {
        const signed: SignedOrder = { ...order, signature: { contract: true, bytes } };
        const packed = packOrder(signed, { offset: at, length: bytes.length });
        assert.equal((packed[11] ?? 0) >> 7, 1);
        const blob = new Uint8Array(at + bytes.length);
        blob.set(bytes, at);
        const unpacked = unwrap(unpackOrder(packed));
        assert.deepEqual(unwrap(completeOrder(unpacked, order.epoch, blob)), signed);
        const short = completeOrder(unpacked, order.epoch, blob.slice(0, -1));
        assert.equal(isRejection(short), blob.length > 0);
      }),
      { seed, numRuns: 100 },
    );
  });

  it('rejects missing bytes and bits that mean nothing', () => {
    assert.equal(isRejection(unpackOrder(new Uint8Array(89))), true);
    assert.equal(isRejection(unpackOrder(new Uint8Array(90), 1)), true);
    for (const flags of [0x20, 0x40, 0x18]) {
      const bytes = new Uint8Array(90);
      bytes[11] = flags;
      assert.equal(isRejection(unpackOrder(bytes)), true, `flags ${flags}`);
    }
    const far = new Uint8Array(90).fill(0xff, 26);
    far[11] = 0x80;
    assert.equal(isRejection(unpackOrder(far)), true);
  });

  it('never throws on noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: -5, max: 130 }), (b, at) => {
        unpackOrder(b, at);
        unpackFill(b, at);
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('packed fill', () => {
  it('matches the vector written by hand', () => {
    const fill = { maker: 1, taker: 258, lots: 5 as Lots, price: 1_000_000 as Ticks };
    assert.equal(toHex(packFill(fill)), '0x000101020000000005000f4240');
    assert.deepEqual(unpackFill(packFill(fill)), fill);
  });
});

describe('shape of an order', () => {
  const good = { ...(fc.sample(anyOrder, { seed, numRuns: 1 })[0] as Order) };
  const base: Order = { ...good, timeInForce: 0, postOnly: false, epoch: 0 as Epoch };

  it('takes every order in range', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const conflict = order.postOnly && order.timeInForce !== 0;
        assert.equal(validateOrderShape(order)?.code, conflict ? 'FlagsConflict' : undefined);
      }),
      { seed, numRuns: 100 },
    );
  });

  const wrong: [string, object][] = [
    ['AccountUnknown', { account: 1 }],
    ['AccountUnknown', { account: 2 ** 32 }],
    ['MarketUnknown', { market: 256 }],
    ['SizeOutOfRange', { size: 0 }],
    ['SizeOutOfRange', { size: 2 ** 40 }],
    ['SizeOutOfRange', { size: 1.5 }],
    ['PriceOutOfRange', { price: 0 }],
    ['PriceOutOfRange', { price: 2 ** 32 }],
    ['ExpiryOutOfRange', { expiry: 0 }],
    ['LaneOutOfRange', { lane: 65_536 }],
    ['SeqOutOfRange', { seq: 0 }],
    ['EpochWrong', { epoch: -1 }],
    ['TimeInForceWrong', { timeInForce: 3 }],
    ['FlagsConflict', { timeInForce: 1, postOnly: true }],
    ['SignatureWrong', { signature: new Uint8Array(65) }],
    ['SignatureWrong', { signature: new Uint8Array(64).fill(0xff) }],
    ['SignatureWrong', { signature: { contract: true, bytes: new Uint8Array(4097) } }],
  ];
  for (const [code, change] of wrong) {
    it(`rejects ${JSON.stringify(change).slice(0, 40)} with ${code}`, () => {
      assert.equal(validateOrderShape({ ...base, ...change } as Order)?.code, code);
    });
  }

  it('takes a contract signature and a low s', () => {
    const bytes = new Uint8Array(64).fill(1);
    assert.equal(validateOrderShape({ ...base, signature: bytes }), undefined);
    assert.equal(validateOrderShape({ ...base, signature: { contract: true, bytes } }), undefined);
  });

  it('keeps random bytes from passing for a signature by length', () => {
    fc.assert(
      fc.property(bytesOf(63), (signature) => {
        assert.equal(validateOrderShape({ ...base, signature })?.code, 'SignatureWrong');
      }),
      { seed, numRuns: 10 },
    );
  });
});
