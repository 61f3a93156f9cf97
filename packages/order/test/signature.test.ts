/** Signatures in their compact and long form, orders of the protocol, and the body of a receipt. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AssertionError,
  accountId,
  type Epoch,
  lots,
  marketId,
  type Seq,
  seconds,
  ticks,
} from '@holdfast/units';
import {
  compactFrom65,
  isLowS,
  isProtocol,
  protocolLane,
  protocolOrder,
  receiptLeaf,
  recoverSigner,
  signDigest,
} from '../src/index.ts';

describe('the protocol', () => {
  it('has a lane of its own, and orders that only reduce and never rest', () => {
    assert.deepEqual(
      [65_534, 65_535, 65_536].map((lane) => isProtocol({ lane })),
      [false, true, false],
    );
    const terms = {
      account: accountId(2),
      market: marketId(1),
      isBuy: true,
      size: lots(3),
      price: ticks(4),
      expiry: seconds(5),
      seq: 6 as Seq,
      epoch: 7 as Epoch,
    };
    assert.deepEqual(protocolOrder(terms), {
      ...terms,
      timeInForce: 1,
      reduceOnly: true,
      postOnly: false,
      lane: protocolLane,
      signature: new Uint8Array(64),
    });
  });
});

describe('signatures', () => {
  const secret = new Uint8Array(32).fill(9);
  const digest = new Uint8Array(32).fill(7);
  const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
  const withS = (s: bigint, length = 64): Uint8Array => {
    const bytes = new Uint8Array(length).fill(1, 0, 32);
    bytes.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), 32);
    return bytes;
  };

  it('have an s from 1 to half of the order, whatever the parity bit', () => {
    assert.deepEqual(
      [0n, 1n, half, half + 1n].map((s) => isLowS(withS(s))),
      [false, true, true, false],
    );
    assert.equal(isLowS(withS(half | (1n << 255n))), true);
    assert.equal(recoverSigner(digest, withS(half + 1n)), undefined);
  });

  it('of 65 bytes are taken with v as 0, 1, 27 or 28 alone', () => {
    const full = (v: number, length = 65) => {
      const bytes = withS(5n, length);
      if (length > 64) bytes[64] = v;
      return compactFrom65(bytes);
    };
    for (const [v, parity] of [
      [0, 0],
      [1, 1],
      [27, 0],
      [28, 1],
    ] as const) {
      const expected = withS(5n);
      expected[32] = parity << 7;
      assert.deepEqual(full(v), expected, `v ${v}`);
    }
    for (const v of [2, 26, 29, 255]) assert.equal(full(v), undefined, `v ${v}`);
    for (const length of [64, 66]) assert.equal(full(0, length), undefined, `${length} bytes`);
  });

  it('recover to nobody when malformed, and never throw', () => {
    const good = signDigest(digest, secret);
    assert.notEqual(recoverSigner(digest, good), undefined);
    for (const length of [0, 63]) {
      assert.equal(recoverSigner(digest, good.slice(0, length)), undefined);
    }
    assert.equal(recoverSigner(digest, Uint8Array.of(...good, 0)), undefined);
    // No point has this x.
    const nowhere = withS(5n);
    nowhere.fill(0xff, 0, 32);
    assert.equal(recoverSigner(digest, nowhere), undefined);
  });
});

describe('a receipt', () => {
  it('holds at most a packed order', () => {
    const leaf = (length: number) => {
      const body = new Uint8Array(length);
      return receiptLeaf({ kind: 1, seq: 1, clientId: 1n, status: 1, codePlace: 0, body });
    };
    assert.equal(leaf(90).length, 32);
    assert.throws(() => leaf(91), AssertionError);
  });
});
