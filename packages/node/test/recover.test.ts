import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import {
  bytesToHex,
  hexToBytes,
  parseCompactSignature,
  parseSignature,
  serializeCompactSignature,
  signatureToCompactSignature,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { nativeRecover, portableRecover } from '../src/verify/recover.ts';

const implementations = { native: nativeRecover(), portable: portableRecover() };
const ORDER = secp256k1.Point.CURVE().n;
const account = privateKeyToAccount(`0x${'11'.repeat(32)}`);

async function signed(digest: Uint8Array): Promise<Uint8Array> {
  const full = await account.sign({ hash: bytesToHex(digest) });
  return hexToBytes(serializeCompactSignature(signatureToCompactSignature(parseSignature(full))));
}

/** The other encoding of the same signature: n − s with the parity flipped. */
function twin(signature: Uint8Array): Uint8Array {
  const { r, yParityAndS } = parseCompactSignature(bytesToHex(signature));
  const word = BigInt(yParityAndS);
  const s = ORDER - (word & ((1n << 255n) - 1n));
  const parity = 1n - (word >> 255n);
  const vs = ((parity << 255n) | s).toString(16).padStart(64, '0').slice(-64);
  return hexToBytes(`${r}${vs}`);
}

for (const [name, recover] of Object.entries(implementations)) {
  describe(`${name} recover`, () => {
    it('finds the signer of a digest', async () => {
      const digest = new Uint8Array(32).fill(9);
      const found = recover(digest, await signed(digest));
      assert.equal(found, account.address.toLowerCase());
    });

    it('refuses the malleable twin, zero, the order itself and wrong lengths', async () => {
      const digest = new Uint8Array(32).fill(9);
      const signature = await signed(digest);
      const other = recover(digest, twin(signature));
      assert.notEqual(other, account.address.toLowerCase());
      const bad = [
        new Uint8Array(64),
        new Uint8Array(64).fill(255),
        signature.subarray(0, 63),
        new Uint8Array([...signature.subarray(0, 32), ...new Uint8Array(32)]),
        new Uint8Array([...new Uint8Array(32), ...signature.subarray(32)]),
        hexToBytes(`0x${ORDER.toString(16)}${'00'.repeat(31)}01`),
      ];
      for (const item of bad) assert.equal(recover(digest, item), undefined);
      assert.equal(recover(digest.subarray(1), signature), undefined);
    });

    it('finds another signer when one bit of the digest changes', async () => {
      const digest = new Uint8Array(32).fill(9);
      const signature = await signed(digest);
      digest[0] = 8;
      const found = recover(digest, signature);
      assert.notEqual(found, account.address.toLowerCase());
    });
  });
}

describe('native against portable', () => {
  it('agrees on random and hostile signatures', async () => {
    const good = await signed(new Uint8Array(32).fill(1));
    const word = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(
        new Uint8Array(32),
        hexToBytes(`0x${ORDER.toString(16)}`),
        hexToBytes(`0x${(ORDER - 1n).toString(16)}`),
        hexToBytes(`0x${(ORDER / 2n).toString(16).padStart(64, '0')}`),
        hexToBytes(`0x${(ORDER / 2n + 1n).toString(16).padStart(64, '0')}`),
        good.slice(0, 32),
        good.slice(32),
      ),
    );
    let recovered = 0;
    fc.assert(
      fc.property(word, word, word, (digest, r, vs) => {
        const signature = new Uint8Array([...r, ...vs]);
        const native = implementations.native(digest, signature);
        const portable = implementations.portable(digest, signature);
        if (native) recovered += 1;
        assert.equal(native, portable);
      }),
      { seed: 11, numRuns: 1500 },
    );
    assert.ok(recovered > 100, `only ${recovered} signatures were recoverable`);
  });
});
