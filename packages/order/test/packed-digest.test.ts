import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@holdfast/units';
import fc from 'fast-check';
import {
  domain,
  domainSeparator,
  isLowS,
  orderDigest,
  packedDigest,
  packedSignature,
  packOrderInto,
} from '../src/index.ts';
import { anySignedOrder, seed } from './arbitrary.ts';

const separator = domainSeparator(domain(31_337, '0x5FbDB2315678afecb367f032d93F642f64180aa3'));

describe('digests from packed bytes', () => {
  it('are those from fields, wherever the bytes lie, one after the other', () => {
    const digest = packedDigest(separator);
    fc.assert(
      fc.property(anySignedOrder, fc.nat({ max: 9 }), (order, at) => {
        const bytes = new Uint8Array(100).fill(0xff);
        packOrderInto(bytes, at, order);
        assert.equal(toHex(digest(bytes, at, order.epoch)), toHex(orderDigest(separator, order)));
        assert.deepEqual(packedSignature(bytes, at), order.signature);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('are not made where an order is cut short', () => {
    assert.throws(() => packedDigest(separator)(new Uint8Array(99), 10, 0), RangeError);
    assert.equal(packedDigest(separator)(new Uint8Array(100), 10, 0).length, 32);
  });
});

describe('low s', () => {
  const half = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';
  const withS = (hex: string) => Buffer.concat([Buffer.alloc(32, 1), Buffer.from(hex, 'hex')]);

  it('is told at its edges, whatever the first byte is', () => {
    assert.ok(isLowS(withS(half)));
    assert.ok(!isLowS(withS(`${half.slice(0, -1)}1`)));
    assert.ok(isLowS(withS(`ff${half.slice(2)}`)), 'the parity bit is none of s');
    assert.ok(!isLowS(withS('7f'.padEnd(64, 'f'))));
    assert.ok(isLowS(withS('7e'.padEnd(64, 'f'))));
    assert.ok(!isLowS(withS('00'.repeat(32))));
    assert.ok(!isLowS(withS('80'.padEnd(64, '0'))));
    assert.ok(isLowS(withS('1'.padStart(64, '0'))));
    assert.ok(isLowS(withS('01'.padEnd(64, '0'))));
  });
});
