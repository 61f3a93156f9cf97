import { createRequire } from 'node:module';
import { addressOfPoint, isLowS, recoverSigner } from '@holdfast/order';
import { EnvironmentError, type Hex } from '@holdfast/units';

/**
 * Recovers the signer of a 32-byte digest from a 64-byte EIP-2098 signature: a lower-case address,
 * or undefined when nobody signed it. High s is refused, so that a signature has one encoding.
 */
export type Recover = (digest: Uint8Array, signature: Uint8Array) => Hex | undefined;

export type NativeModule = {
  ecdsaRecover(
    signature: Uint8Array,
    parity: number,
    digest: Uint8Array,
    compressed: false,
    output: Uint8Array,
  ): Uint8Array;
  /** Whether r and s fit the key; says nothing about the parity bit. */
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, key: Uint8Array): boolean;
  /** r and s with a low s; `recid` is the parity of y. */
  ecdsaSign(
    digest: Uint8Array,
    secret: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recid: number };
};

/**
 * The addon over libsecp256k1. @throws EnvironmentError NativeMissing where it does not load: the
 * package would otherwise fall back to slow JavaScript without a word
 */
export function loadNative(): NativeModule {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings.js');
  } catch (cause) {
    const text = 'the native secp256k1 addon does not load; set verifier to "portable" to go on';
    throw new EnvironmentError('NativeMissing', text, { retry: false, cause });
  }
}

/** The native recover of libsecp256k1. @throws EnvironmentError NativeMissing */
export function nativeRecover(): Recover {
  const native = loadNative();
  const output = new Uint8Array(65);
  return (digest, signature) => {
    if (digest.length !== 32 || signature.length !== 64 || !isLowS(signature)) return undefined;
    const compact = Uint8Array.from(signature);
    const top = compact[32] ?? 0;
    compact[32] = top & 0x7f;
    try {
      native.ecdsaRecover(compact, top >> 7, digest, false, output);
    } catch {
      // The addon throws for r or s out of range and for points off the curve: nobody signed it.
      return undefined;
    }
    return addressOfPoint(output);
  };
}

/** The same in pure JavaScript: where the addon is missing, and as its judge in tests. */
export const portableRecover: () => Recover = () => (digest, signature) =>
  digest.length === 32 ? recoverSigner(digest, signature) : undefined;
