import { packedDigest, packedOrderBytes, packedSignature } from '@holdfast/order';
import { fromHex } from '@holdfast/units';
import { nativeRecover, portableRecover, type Recover } from './recover.ts';

/** Bytes of one verdict: 1 if somebody signed the order, then the signer's address. */
export const VERDICT_BYTES = 21;

export type VerifySetup = {
  readonly separator: Uint8Array;
  readonly verifier: 'native' | 'portable';
};

/** Packed orders (90 bytes each, compact signatures) and the epoch that each was signed for. */
export type VerifyJob = {
  readonly id: number;
  readonly packed: Uint8Array;
  readonly epochs: Uint32Array;
};

/** The recover function of a setup. @throws EnvironmentError NativeMissing */
export function recoverFor({ verifier }: Pick<VerifySetup, 'verifier'>): Recover {
  return verifier === 'native' ? nativeRecover() : portableRecover();
}

/** Makes the verifier of one thread: {@link VERDICT_BYTES} for each order of a job, in order. */
export function createVerifier(setup: VerifySetup): (job: VerifyJob) => Uint8Array {
  const recover = recoverFor(setup);
  const digest = packedDigest(setup.separator);
  return ({ packed, epochs }) => {
    const verdicts = new Uint8Array(epochs.length * VERDICT_BYTES);
    for (let i = 0; i < epochs.length; i++) {
      const at = i * packedOrderBytes;
      const signed = digest(packed, at, epochs[i] as number);
      const signer = recover(signed, packedSignature(packed, at));
      if (signer === undefined) continue;
      verdicts[i * VERDICT_BYTES] = 1;
      verdicts.set(fromHex(signer), i * VERDICT_BYTES + 1);
    }
    return verdicts;
  };
}
