import { completeOrder, orderDigest, packedOrderBytes, unpackOrder } from '@holdfast/order';
import { type Epoch, fromHex } from '@holdfast/units';
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
export function recoverFor({ verifier }: VerifySetup): Recover {
  return verifier === 'native' ? nativeRecover() : portableRecover();
}

/** {@link VERDICT_BYTES} for each order of the job, in order. */
export function verifyJob(setup: VerifySetup, recover: Recover, job: VerifyJob): Uint8Array {
  const verdicts = new Uint8Array(job.epochs.length * VERDICT_BYTES);
  for (const [at, epoch] of job.epochs.entries()) {
    const packed = unpackOrder(job.packed, at * packedOrderBytes);
    if ('code' in packed || !(packed.signature instanceof Uint8Array)) continue;
    const order = completeOrder(packed, epoch as Epoch);
    if ('code' in order) continue;
    const signer = recover(orderDigest(setup.separator, order), packed.signature);
    if (signer === undefined) continue;
    verdicts[at * VERDICT_BYTES] = 1;
    verdicts.set(fromHex(signer), at * VERDICT_BYTES + 1);
  }
  return verdicts;
}
