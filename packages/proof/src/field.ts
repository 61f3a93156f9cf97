/** The scalar field of BN254, its hashes, and the words that the EVM hashes. */
import { concatBytes, getBig, invariant, keccak256, putBig } from '@holdfast/units';
import { poseidon2 } from 'poseidon-lite/poseidon2';
import { poseidon3 } from 'poseidon-lite/poseidon3';
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon16 } from 'poseidon-lite/poseidon16';

/** Order of the scalar field. */
export const fieldPrime =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Whether a value is one of the field in its only reading: 0 ≤ x < p. */
export const isField = (value: bigint): boolean => value >= 0n && value < fieldPrime;

function checked(values: readonly bigint[]): bigint[] {
  for (const value of values) invariant(isField(value), `${value} is not in the field`);
  return [...values];
}

/** Poseidon of two, three, four or sixteen elements, as circomlib has it. */
export const hash2 = (left: bigint, right: bigint): bigint => poseidon2(checked([left, right]));
export const hash3 = (a: bigint, b: bigint, c: bigint): bigint => poseidon3(checked([a, b, c]));
export const hash4 = (a: bigint, b: bigint, c: bigint, d: bigint): bigint =>
  poseidon4(checked([a, b, c, d]));
export function hash16(values: readonly bigint[]): bigint {
  invariant(values.length === 16, `${values.length} elements where 16 are hashed`);
  return poseidon16(checked(values));
}

/** Words of 32 bytes, as abi.encode lays out static values. */
export function words(values: readonly bigint[]): Uint8Array {
  const data = new Uint8Array(32 * values.length);
  values.forEach((value, i) => {
    putBig(data, 32 * i, 32, value);
  });
  return data;
}

/** keccak-256 of words as a number. */
export const keccakWords = (...parts: readonly (readonly bigint[])[]): bigint =>
  getBig(keccak256(concatBytes(...parts.map(words))), 0, 32);

/** The same without its lowest byte, which is in the field. */
export const keccakField = (...parts: readonly (readonly bigint[])[]): bigint =>
  keccakWords(...parts) >> 8n;
