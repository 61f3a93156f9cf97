/**
 * The public vector of a statement and its fingerprint: three numbers stand for all of it. h is a
 * hash of the vector, which the circuit computes from its own copy; r is drawn from h and the
 * verifier's vector; s is the vector as a polynomial at r, which the circuit computes as well.
 */
import { invariant } from '@holdfast/units';
import { fieldPrime, hash16, isField, keccakField } from './field.ts';

/** The public inputs of a proof, in their order. */
export type Fingerprint = { readonly h: bigint; readonly r: bigint; readonly s: bigint };

const blockLength = 15;

/** Hash of a vector: each block of fifteen, filled with zeros, is hashed onto the one before. */
export function vectorHash(vector: readonly bigint[]): bigint {
  let hash = 0n;
  for (let at = 0; at < vector.length; at += blockLength) {
    const block = Array.from({ length: blockLength }, (_, i) => vector[at + i] ?? 0n);
    hash = hash16([hash, ...block]);
  }
  return hash;
}

/** The point that a verifier draws: keccak(abi.encode(circuitId, vector, h)) >> 8. */
export const drawnPoint = (circuitId: bigint, vector: readonly bigint[], h: bigint): bigint =>
  keccakField([circuitId, 96n, h, BigInt(vector.length)], vector);

/** Σ vector[i] · r^i. */
export const vectorAt = (vector: readonly bigint[], r: bigint): bigint =>
  vector.reduceRight((sum, value) => (sum * r + value) % fieldPrime, 0n);

/** Public inputs of a proof about a vector whose elements are all of the field. */
export function fingerprint(circuitId: bigint, vector: readonly bigint[]): Fingerprint {
  return fingerprintOf(circuitId, vector, vectorHash(vector));
}

/**
 * The same from the h that a prover claims. A verifier needs no other: a claimed h of another
 * vector draws a point at which the two differ.
 */
export function fingerprintOf(
  circuitId: bigint,
  vector: readonly bigint[],
  h: bigint,
): Fingerprint {
  for (const value of vector) invariant(isField(value), `${value} is not in the field`);
  const r = drawnPoint(circuitId, vector, h);
  return { h, r, s: vectorAt(vector, r) };
}
