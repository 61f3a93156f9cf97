import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@holdfast/units';
import fc from 'fast-check';
import {
  compactSignatureToSignature,
  hashTypedData,
  parseCompactSignature,
  serializeSignature,
  domainSeparator as viemSeparator,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  addressOf,
  compactFrom65,
  compactTo65,
  domain,
  domainSeparator,
  isLowS,
  loginDigest,
  type Order,
  orderDigest,
  orderTypeHash,
  receiptsStructDigest,
  recoverSigner,
  signDigest,
  types,
} from '../src/index.ts';
import { anyOrder, bytesOf, seed } from './arbitrary.ts';

const venue = domain(31_337, '0x5FbDB2315678afecb367f032d93F642f64180aa3');
const separator = domainSeparator(venue);
const secret = new Uint8Array(32).fill(7);

const wordsOf = (order: Order) => ({
  account: Number(order.account),
  market: Number(order.market),
  isBuy: order.isBuy,
  size: BigInt(order.size),
  price: Number(order.price),
  timeInForce: Number(order.timeInForce),
  reduceOnly: order.reduceOnly,
  postOnly: order.postOnly,
  expiry: Number(order.expiry),
  lane: Number(order.lane),
  seq: Number(order.seq),
  epoch: Number(order.epoch),
});

describe('typed data', () => {
  it('has the domain separator of EIP-712', () => {
    assert.equal(toHex(separator), viemSeparator({ domain: venue }));
  });

  it('names the order type as the contracts do', () => {
    assert.equal(types.Order.length, 12);
    assert.equal(
      types.Order.map((field) => field.type).join(),
      'uint32,uint8,bool,uint64,uint32,uint8,bool,bool,uint40,uint16,uint32,uint32',
    );
    assert.equal(orderTypeHash.length, 32);
  });

  it('packs the digest of any order as viem hashes it', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const expected = hashTypedData({
          domain: venue,
          types: { Order: types.Order },
          primaryType: 'Order',
          message: wordsOf(order),
        });
        assert.equal(toHex(orderDigest(separator, order)), expected);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('changes with every field', () => {
    const base = fc.sample(anyOrder, { seed, numRuns: 1 })[0] as Order;
    const digest = toHex(orderDigest(separator, base));
    for (const name of Object.keys(base) as (keyof Order)[]) {
      const value = base[name];
      const other = typeof value === 'boolean' ? !value : value === 1 ? 2 : 1;
      const changed = { ...base, [name]: other } as Order;
      assert.notEqual(toHex(orderDigest(separator, changed)), digest, name);
    }
  });

  it('hashes logins and receipts as viem does', () => {
    fc.assert(
      fc.property(anyOrder, bytesOf(32), bytesOf(32), (order, a, b) => {
        const { account, expiry } = order;
        const login = hashTypedData({
          domain: venue,
          types: { Login: types.Login },
          primaryType: 'Login',
          message: { account: Number(account), expiry: Number(expiry), nonce: toHex(a) },
        });
        assert.equal(toHex(loginDigest(separator, { account, expiry, nonce: a })), login);
        const receipts = hashTypedData({
          domain: venue,
          types: { Receipts: types.Receipts },
          primaryType: 'Receipts',
          message: { first: BigInt(expiry), leaves: toHex(a), head: toHex(b) },
        });
        assert.equal(toHex(receiptsStructDigest(separator, expiry, a, b)), receipts);
      }),
      { seed, numRuns: 50 },
    );
  });
});

describe('signatures', () => {
  it('signs and recovers as viem does', async () => {
    const account = privateKeyToAccount(toHex(secret));
    assert.equal(addressOf(secret), account.address.toLowerCase());
    for (const order of fc.sample(anyOrder, { seed, numRuns: 12 })) {
      const digest = orderDigest(separator, order);
      const compact = signDigest(digest, secret);
      assert.equal(recoverSigner(digest, compact), account.address.toLowerCase());
      const long = await account.sign({ hash: toHex(digest) });
      assert.equal(toHex(compactTo65(compact)), long);
      const viaViem = compactSignatureToSignature(parseCompactSignature(toHex(compact)));
      assert.equal(serializeSignature(viaViem), long);
      assert.deepEqual(compactFrom65(compactTo65(compact)), compact);
    }
  });

  it('refuses a high s, which is the same signature in another coat', () => {
    const digest = new Uint8Array(32).fill(9);
    const long = compactTo65(signDigest(digest, secret));
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(toHex(long.slice(32, 64)));
    const high = (order - s).toString(16).padStart(64, '0');
    const forged = Uint8Array.from([
      ...long.slice(0, 32),
      ...Buffer.from(high, 'hex'),
      long[64] === 27 ? 28 : 27,
    ]);
    assert.equal(compactFrom65(forged), undefined);
    const half = new Uint8Array(64).fill(0xff, 32);
    assert.equal(isLowS(half), false);
    assert.equal(recoverSigner(digest, half), undefined);
  });

  it('recovers no one from bytes of the wrong length and never throws on noise', () => {
    assert.equal(recoverSigner(new Uint8Array(32), new Uint8Array(63)), undefined);
    assert.equal(recoverSigner(new Uint8Array(32), new Uint8Array(64)), undefined);
    assert.equal(compactFrom65(new Uint8Array(65)), undefined);
    fc.assert(
      fc.property(bytesOf(32), bytesOf(64), (digest, noise) => {
        const signer = recoverSigner(digest, noise);
        assert.notEqual(signer, addressOf(secret));
      }),
      { seed, numRuns: 40 },
    );
  });
});
