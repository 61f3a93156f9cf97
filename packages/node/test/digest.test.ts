import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  completeOrder,
  domainSeparator,
  orderDigest,
  packedDigest,
  recoverSigner,
  type SignedOrder,
  signDigest,
  types,
  unpackOrder,
} from '@holdfast/order';
import { keccak256, toHex, useKeccak256 } from '@holdfast/units';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { hashTypedData, recoverAddress, keccak256 as viemKeccak } from 'viem';
import { hashFast } from '../src/verify/keccak.ts';
import { loadNative, nativeRecover } from '../src/verify/recover.ts';
import { createDigestSigner } from '../src/verify/sign.ts';
import { createVerifier, VERDICT_BYTES } from '../src/verify/verify.ts';
import { alice, keyOf, makeOrder, theDomain } from './fixture.ts';

const separator = domainSeparator(theDomain);
const order_ = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const bytes32 = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const anyOrder = fc.record({
  account: uint(32),
  lane: uint(16),
  seq: uint(32),
  market: uint(8),
  size: fc.maxSafeInteger().map((n) => Math.abs(n) % 2 ** 40),
  price: uint(32),
  expiry: fc.maxSafeInteger().map((n) => Math.abs(n) % 2 ** 40),
  epoch: uint(32),
  timeInForce: fc.constantFrom(0, 1, 2),
  isBuy: fc.boolean(),
  reduceOnly: fc.boolean(),
  postOnly: fc.boolean(),
});

describe('the fast path of verification', () => {
  it('hashes as noble and viem do, and takes no other function in their place', async () => {
    assert.throws(() => useKeccak256((data) => keccak_256(data.subarray(1))), /not keccak/);
    await hashFast();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (data) => {
        assert.equal(toHex(keccak256(data)), viemKeccak(data));
      }),
      { seed: 7, numRuns: 300 },
    );
    const [a, b] = [keccak256(Uint8Array.of(1)), keccak256(Uint8Array.of(2))];
    assert.notDeepEqual(a, b, 'a hash is the caller’s own and not overwritten by the next');
  });

  it('makes from packed bytes the digest that viem makes from fields', () => {
    const digest = packedDigest(separator);
    fc.assert(
      fc.property(anyOrder, (fields) => {
        const packed = makeOrder(alice.secret, fields as never);
        const whole = completeOrder(unpackOrder(packed) as never, fields.epoch as never);
        const message = {
          ...fields,
          size: BigInt(fields.size),
        };
        const wanted = hashTypedData({
          domain: theDomain,
          types: { Order: types.Order },
          primaryType: 'Order',
          message,
        });
        assert.equal(toHex(digest(packed, 0, fields.epoch)), wanted);
        assert.equal(toHex(orderDigest(separator, whole as SignedOrder)), wanted);
        const later = new Uint8Array(95);
        later.set(packed, 5);
        assert.equal(toHex(digest(later, 5, fields.epoch)), wanted);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('recovers whom noble and viem recover, from random and hostile signatures', async () => {
    const native = nativeRecover();
    const good = signDigest(new Uint8Array(32).fill(9), alice.secret);
    const edges = [0n, 1n, order_ - 1n, order_, order_ + 1n, 2n ** 256n - 1n, order_ / 2n + 1n];
    const hostile = edges.flatMap((r) => edges.map((s) => Buffer.concat([bytes32(r), bytes32(s)])));
    const flipped = Uint8Array.from(good);
    flipped[32] = (flipped[32] ?? 0) ^ 0x80;
    const random = Array.from({ length: 40 }, () => {
      const raw = randomBytes(64);
      raw[32] = (raw[32] ?? 0) & 0x9f;
      return raw;
    });
    const wrong = [good.subarray(1), Buffer.concat([good, good]), new Uint8Array(0)];
    let somebody = 0;
    for (const signature of [good, flipped, ...hostile, ...random, ...wrong].map((each) =>
      Uint8Array.from(each),
    )) {
      const digest = new Uint8Array(32).fill(9);
      const found = native(digest, signature);
      assert.equal(found, recoverSigner(digest, signature), toHex(signature));
      if (found === undefined) continue;
      somebody += 1;
      const v = (signature[32] ?? 0) >> 7;
      const full = new Uint8Array(65);
      full.set(signature);
      full[32] = (full[32] ?? 0) & 0x7f;
      full[64] = 27 + v;
      const viem = await recoverAddress({ hash: toHex(digest), signature: toHex(full) });
      assert.equal(found, viem.toLowerCase());
    }
    assert.ok(somebody > 10, 'some of them recover to a stranger');
  });

  it('tells orders apart by epoch and place in the batch', () => {
    const verify = createVerifier({ separator, verifier: 'native' });
    const packed = new Uint8Array(180);
    packed.set(makeOrder(alice.secret, { epoch: 3 as never }));
    packed.set(makeOrder(alice.secret, { lane: 9 as never }), 90);
    const signer = (epochs: number[], at: number) => {
      const verdicts = verify({ id: 0, packed, epochs: Uint32Array.from(epochs) });
      return toHex(verdicts.subarray(at * VERDICT_BYTES + 1, (at + 1) * VERDICT_BYTES));
    };
    const her = alice.address.toLowerCase();
    assert.deepEqual([signer([3, 0], 0), signer([3, 0], 1)], [her, her]);
    assert.notEqual(signer([0, 3], 0), her);
    assert.notEqual(signer([0, 3], 1), her);
  });

  it('keeps recovering: a check against a known key is blind to the parity bit', () => {
    // ecdsaVerify costs a sixth less, but what it takes the chain's ecrecover may not.
    const digest = new Uint8Array(32).fill(5);
    const signature = signDigest(digest, alice.secret);
    const flipped = Uint8Array.from(signature);
    flipped[32] = (flipped[32] ?? 0) ^ 0x80;
    const point = new Uint8Array(65);
    const compact = Uint8Array.from(signature);
    compact[32] = (compact[32] ?? 0) & 0x7f;
    loadNative().ecdsaRecover(compact, (signature[32] ?? 0) >> 7, digest, false, point);
    assert.ok(loadNative().ecdsaVerify(compact, digest, point), 'r and s alone fit the key');
    const native = nativeRecover();
    assert.equal(native(digest, signature), alice.address.toLowerCase());
    assert.notEqual(native(digest, flipped), alice.address.toLowerCase());
  });

  it('signs natively what noble signs', () => {
    const { secret } = keyOf('signer');
    const native = createDigestSigner(toHex(secret));
    for (let i = 0; i < 20; i++) {
      const digest = keccak256(Uint8Array.of(i));
      assert.deepEqual(native.sign(digest), signDigest(digest, secret));
    }
    assert.equal(native.address, keyOf('signer').address.toLowerCase());
  });
});
