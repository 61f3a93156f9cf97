/** The equation of Groth16 over BN254, with every check of its inputs. */

import { type Rejection, reject } from '@holdfast/units';
import { bn254 } from '@noble/curves/bn254.js';
import { isField, keccakWords } from './field.ts';

/** A point of the first group. */
export type PointG1 = { readonly x: bigint; readonly y: bigint };
/** A point of the second; each coordinate is c0 + c1·u. */
export type PointG2 = {
  readonly x: readonly [c0: bigint, c1: bigint];
  readonly y: readonly [c0: bigint, c1: bigint];
};

export type Proof = { readonly a: PointG1; readonly b: PointG2; readonly c: PointG1 };

export type VerificationKey = {
  readonly alpha: PointG1;
  readonly beta: PointG2;
  readonly gamma: PointG2;
  readonly delta: PointG2;
  /** One point more than there are public inputs. */
  readonly inputs: readonly PointG1[];
};

/** Public inputs of every circuit here. */
export const publicInputs = 3;

const wordsG1 = ({ x, y }: PointG1): bigint[] => [x, y];
/** As the precompiled contracts take them: c1 before c0. */
const wordsG2 = ({ x, y }: PointG2): bigint[] => [x[1], x[0], y[1], y[0]];

/** Eight words of a proof, as a contract takes them. */
export const proofWords = ({ a, b, c }: Proof): bigint[] => [
  ...wordsG1(a),
  ...wordsG2(b),
  ...wordsG1(c),
];

const g1From = (w: readonly bigint[], at: number): PointG1 => ({ x: w[at]!, y: w[at + 1]! });
const g2From = (w: readonly bigint[], at: number): PointG2 => ({
  x: [w[at + 1]!, w[at]!],
  y: [w[at + 3]!, w[at + 2]!],
});

/** The proof of eight words; undefined when there are not eight. */
export const proofFrom = (w: readonly bigint[]): Proof | undefined =>
  w.length === 8 ? { a: g1From(w, 0), b: g2From(w, 2), c: g1From(w, 6) } : undefined;

/** Words of a key: alpha, beta, gamma, delta, then one point for 1 and for each public input. */
export const keyWords = ({ alpha, beta, gamma, delta, inputs }: VerificationKey): bigint[] => [
  ...wordsG1(alpha),
  ...[beta, gamma, delta].flatMap(wordsG2),
  ...inputs.flatMap(wordsG1),
];

const keyLength = 14 + 2 * (publicInputs + 1);

/** The key of {@link keyWords}; undefined when their number is another. */
export function keyFrom(w: readonly bigint[]): VerificationKey | undefined {
  if (w.length !== keyLength) return undefined;
  const inputs = Array.from({ length: publicInputs + 1 }, (_, i) => g1From(w, 14 + 2 * i));
  return {
    alpha: g1From(w, 0),
    beta: g2From(w, 2),
    gamma: g2From(w, 6),
    delta: g2From(w, 10),
    inputs,
  };
}

/** Name of a circuit with its setup: keccak over the words of its key. */
export const circuitIdOf = (key: VerificationKey): bigint => keccakWords(keyWords(key));

const order = bn254.fields.Fp.ORDER;
const { Point: G1 } = bn254.G1;
const { Point: G2 } = bn254.G2;
type G1Point = InstanceType<typeof G1>;
type G2Point = InstanceType<typeof G2>;

/** A point on the curve that is not the identity; undefined for any other pair of numbers. */
function pointG1(point: PointG1): G1Point | undefined {
  if (wordsG1(point).some((value) => value < 0n || value >= order)) return undefined;
  try {
    const found = G1.fromAffine(point);
    found.assertValidity();
    // The library reads (0, 0) as the identity.
    return found.is0() ? undefined : found;
  } catch {
    return undefined;
  }
}

/** The same in the second group, whose curve has points outside of it. */
function pointG2(point: PointG2): G2Point | undefined {
  if (wordsG2(point).some((value) => value < 0n || value >= order)) return undefined;
  try {
    const [x, y] = [point.x, point.y].map(([c0, c1]) => ({ c0, c1 }));
    const found = G2.fromAffine({ x: x!, y: y! });
    found.assertValidity();
    return found.isTorsionFree() && !found.is0() ? found : undefined;
  } catch {
    return undefined;
  }
}

type KeyPoints = {
  readonly alpha: G1Point;
  readonly pairs: readonly G2Point[];
  readonly inputs: readonly G1Point[];
};

function keyPoints(key: VerificationKey): KeyPoints | undefined {
  const alpha = pointG1(key.alpha);
  const pairs = [key.beta, key.gamma, key.delta].map(pointG2);
  const inputs = key.inputs.map(pointG1);
  const isWhole = pairs.every((each) => each) && inputs.every((each) => each);
  if (!alpha || !isWhole) return undefined;
  return { alpha, pairs: pairs as G2Point[], inputs: inputs as G1Point[] };
}

/**
 * Whether a proof holds for these public inputs: e(−A, B)·e(α, β)·e(Σ, γ)·e(C, δ) = 1.
 *
 * @returns undefined, or why not: `KeyMalformed`, `InputOutOfRange`, `ProofMalformed`, `ProofWrong`
 */
export function proofFault(
  key: VerificationKey,
  inputs: readonly bigint[],
  proof: Proof,
): Rejection | undefined {
  const points = keyPoints(key);
  if (points === undefined || key.inputs.length !== inputs.length + 1) {
    return reject('KeyMalformed', `this is no key for ${inputs.length} public inputs`);
  }
  if (!inputs.every(isField)) {
    return reject('InputOutOfRange', 'a public input is not below the order of the field');
  }
  const [a, b, c] = [pointG1(proof.a), pointG2(proof.b), pointG1(proof.c)];
  if (!a || !b || !c) {
    return reject('ProofMalformed', 'a point of the proof is not of its group, or the identity');
  }
  const [beta, gamma, delta] = points.pairs as [G2Point, G2Point, G2Point];
  // The inputs are public, so that the time which their multiplication takes may show.
  const sum = inputs.reduce(
    (total, value, i) => total.add(points.inputs[i + 1]!.multiplyUnsafe(value)),
    points.inputs[0]!,
  );
  const pairs = [
    { g1: a.negate(), g2: b },
    { g1: points.alpha, g2: beta },
    { g1: sum, g2: gamma },
    { g1: c, g2: delta },
  ].filter(({ g1 }) => !g1.is0());
  const result = bn254.pairingBatch(pairs);
  if (bn254.fields.Fp12.eql(result, bn254.fields.Fp12.ONE)) return undefined;
  return reject('ProofWrong', 'the proof does not hold for these public inputs');
}
