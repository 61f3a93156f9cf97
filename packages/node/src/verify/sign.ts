import { addressOf, compactFrom65, signDigest } from '@holdfast/order';
import { fromHex, type Hex, invariant } from '@holdfast/units';
import { loadNative } from './recover.ts';
import type { VerifySetup } from './verify.ts';

/** Signs digests of 32 bytes: 64 bytes EIP-2098, low s, deterministic (RFC 6979). */
export type DigestSigner = {
  /** Lower-case hex. */
  readonly address: Hex;
  sign(digest: Uint8Array): Uint8Array;
};

/**
 * The key of a node's receipts. Every frame of acks is signed on the thread that answers, so this
 * is libsecp256k1 where there is one: a tenth of the time.
 *
 * @throws EnvironmentError NativeMissing
 */
export function createDigestSigner(
  privateKey: Hex,
  verifier: VerifySetup['verifier'] = 'native',
): DigestSigner {
  const secret = fromHex(privateKey);
  const address = addressOf(secret);
  if (verifier === 'portable') return { address, sign: (digest) => signDigest(digest, secret) };
  const native = loadNative();
  return {
    address,
    sign(digest) {
      const { signature, recid } = native.ecdsaSign(digest, secret);
      const full = new Uint8Array(65);
      full.set(signature);
      full[64] = 27 + recid;
      const compact = compactFrom65(full);
      invariant(compact !== undefined, 'a signature of ours has a compact form');
      return compact;
    },
  };
}
