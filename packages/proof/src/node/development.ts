/**
 * A Groth16 key made by one party that draws its trapdoor and knows it while it runs: a minute
 * where a ceremony of one takes twenty. Whoever makes such a key can prove anything with it, which
 * is why it is for one machine's own chain. Production keys never come from here.
 *
 * Formulas: Groth16 (eprint 2016/260), with the bases that snarkjs expects of a proving key: the
 * quotient is committed over the odd points of a domain twice the size.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, invariant } from '@holdfast/units';
import { normalizeZ } from '@noble/curves/abstract/curve.js';
import { bn254 } from '@noble/curves/bn254.js';
import { fieldPrime } from '../field.ts';
import type { CircuitName } from '../files.ts';
import type { Step, Transcript } from '../transcript.ts';
import { append, claimFolder, entryOf, finishKey, nextStep, transcriptHead } from './ceremony.ts';
import { compileCircuits } from './compile.ts';
import type { Toolbox } from './run.ts';

const order = bn254.fields.Fp.ORDER;
const { Point: G1 } = bn254.G1;
const { Point: G2 } = bn254.G2;
const montgomery = 1n << 256n;
/** How a proving key's file begins. */
const magic = 'zkey';
/** Bits of the tables of multiples of the generators. */
const tableBits = 8;

/** Σ coefficient · signal, by signal. */
type Row = readonly (readonly [signal: number, coefficient: bigint])[];

type Constraints = {
  readonly wires: number;
  readonly publics: number;
  readonly rows: readonly (readonly [a: Row, b: Row, c: Row])[];
};

const mod = (value: bigint): bigint => ((value % fieldPrime) + fieldPrime) % fieldPrime;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % fieldPrime;
    square = (square * square) % fieldPrime;
  }
  return result;
}

/** Inverses of many at once. Assumes: none is 0. */
function inverses(values: readonly bigint[]): bigint[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    products.push(product);
    product = (product * value) % fieldPrime;
  }
  let rest = power(product, fieldPrime - 2n);
  const found: bigint[] = new Array(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    found[i] = (rest * products[i]!) % fieldPrime;
    rest = (rest * values[i]!) % fieldPrime;
  }
  return found;
}

function littleEndian(data: Buffer, at: number): bigint {
  let value = 0n;
  for (let i = 24; i >= 0; i -= 8) value = (value << 64n) | data.readBigUInt64LE(at + i);
  return value;
}

/** Constraints of a compiled circuit's file. */
function readR1cs(path: string): Constraints {
  const data = readFileSync(path);
  invariant(data.toString('latin1', 0, 4) === 'r1cs', `${path} is no r1cs`);
  const sections = new Map<number, number>();
  for (let at = 12; at < data.length; ) {
    sections.set(data.readUInt32LE(at), at + 12);
    at += 12 + Number(data.readBigUInt64LE(at + 4));
  }
  const head = sections.get(1)!;
  invariant(littleEndian(data, head + 4) === fieldPrime, `${path} is of another field`);
  const u32 = (at: number): number => data.readUInt32LE(head + 36 + at);
  const count = u32(24);
  let at = sections.get(2)!;
  const row = (): Row => {
    const length = data.readUInt32LE(at);
    at += 4;
    return Array.from({ length }, () => {
      const term = [data.readUInt32LE(at), littleEndian(data, at + 4)] as const;
      at += 36;
      return term;
    });
  };
  const rows = Array.from({ length: count }, () => [row(), row(), row()] as const);
  return { wires: u32(0), publics: u32(4) + u32(8), rows };
}

/** Values at `point` of the polynomials that are 1 at one point of a domain and 0 at the others. */
function lagrange(size: number, point: bigint): bigint[] {
  const bits = BigInt(Math.log2(size));
  const root = power(5n, (fieldPrime - 1n) >> bits);
  const powers: bigint[] = [];
  for (let i = 0, w = 1n; i < size; i++, w = (w * root) % fieldPrime) powers.push(w);
  const factor = mod((power(point, BigInt(size)) - 1n) * power(BigInt(size), fieldPrime - 2n));
  const below = inverses(powers.map((w) => mod(point - w)));
  return powers.map((w, i) => (((factor * w) % fieldPrime) * below[i]!) % fieldPrime);
}

/** A random element that is neither 0 nor a point of any domain that fits. */
function randomElement(): bigint {
  for (;;) {
    const value = BigInt(`0x${randomBytes(32).toString('hex')}`) >> 2n;
    if (value > 1n && value < fieldPrime && power(value, 1n << 28n) !== 1n) return value;
  }
}

type Values = {
  readonly a: bigint[];
  readonly b: bigint[];
  /** β·A + α·B + C. */
  readonly mixed: bigint[];
  readonly coefficients: readonly (readonly [matrix: 0 | 1, row: number, number, bigint])[];
};

/** The circuit's polynomials at the trapdoor. */
function valuesAt(
  { wires, publics, rows }: Constraints,
  basis: readonly bigint[],
  [alpha, beta]: readonly [bigint, bigint],
): Values {
  const [a, b, c] = [0, 1, 2].map(() => new Array<bigint>(wires).fill(0n)) as [
    bigint[],
    bigint[],
    bigint[],
  ];
  const coefficients: (readonly [0 | 1, number, number, bigint])[] = [];
  rows.forEach((parts, i) => {
    parts.forEach((row, matrix) => {
      const into = [a, b, c][matrix]!;
      for (const [signal, factor] of row) {
        into[signal] = (into[signal]! + factor * basis[i]!) % fieldPrime;
        if (matrix < 2) coefficients.push([matrix as 0 | 1, i, signal, factor]);
      }
    });
  });
  // One row more for each public signal, so that none of them can be moved.
  for (let signal = 0; signal <= publics; signal++) {
    const row = rows.length + signal;
    a[signal] = (a[signal]! + basis[row]!) % fieldPrime;
    coefficients.push([0, row, signal, 1n]);
  }
  const mixed = a.map((value, i) => (beta * value + alpha * b[i]! + c[i]!) % fieldPrime);
  return { a, b, mixed, coefficients };
}

/** Numbers, little-endian, 32 bytes each. */
function numbers(values: readonly bigint[]): Buffer {
  const data = Buffer.alloc(32 * values.length);
  values.forEach((value, i) => {
    for (let j = 0; j < 4; j++) {
      data.writeBigUInt64LE((value >> BigInt(64 * j)) & 0xffffffffffffffffn, 32 * i + 8 * j);
    }
  });
  return data;
}

const stored = (value: bigint): bigint => (value * montgomery) % order;

/** Points of the first group as a proving key keeps them; zeros stand for the identity. */
function pointsG1(scalars: readonly bigint[]): Buffer {
  const nonzero = scalars.filter((scalar) => scalar !== 0n);
  const affine = normalizeZ(
    G1,
    nonzero.map((scalar) => G1.BASE.multiplyUnsafe(scalar)),
  );
  let next = 0;
  const words = scalars.flatMap((scalar) => {
    if (scalar === 0n) return [0n, 0n];
    const { x, y } = affine[next++]!.toAffine();
    return [stored(x), stored(y)];
  });
  return numbers(words);
}

function pointsG2(scalars: readonly bigint[]): Buffer {
  const nonzero = scalars.filter((scalar) => scalar !== 0n);
  const affine = normalizeZ(
    G2,
    nonzero.map((scalar) => G2.BASE.multiplyUnsafe(scalar)),
  );
  let next = 0;
  const words = scalars.flatMap((scalar) => {
    if (scalar === 0n) return [0n, 0n, 0n, 0n];
    const { x, y } = affine[next++]!.toAffine();
    return [x.c0, x.c1, y.c0, y.c1].map(stored);
  });
  return numbers(words);
}

function u32(...values: readonly number[]): Buffer {
  const data = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    data.writeUInt32LE(value, 4 * i);
  });
  return data;
}

function section(id: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(id, 0);
  head.writeBigUInt64LE(BigInt(body.length), 4);
  return Buffer.concat([head, body]);
}

/**
 * Writes a proving key for the constraints of a file.
 *
 * @param onStep hears what is being made
 */
export function writeDevelopmentKey(
  r1cs: string,
  to: string,
  onStep: (what: string) => void = () => {},
): void {
  const circuit = readR1cs(r1cs);
  const { wires, publics, rows } = circuit;
  const size = 2 ** Math.ceil(Math.log2(rows.length + publics + 1));
  const [tau, alpha, beta, delta] = [0, 0, 0, 0].map(randomElement) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const values = valuesAt(circuit, lagrange(size, tau), [alpha, beta]);
  const perDelta = power(delta, fieldPrime - 2n);
  const quotient = lagrange(2 * size, tau).filter((_, i) => i % 2 === 1);
  onStep(`${wires} signals, ${rows.length} constraints`);
  const one = [1n];
  const head = section(
    2,
    u32(32),
    numbers([order]),
    u32(32),
    numbers([fieldPrime]),
    u32(wires, publics, size),
    pointsG1([alpha, beta]),
    pointsG2([beta, ...one]),
    pointsG1([delta]),
    pointsG2([delta]),
  );
  // The time of a multiplication tells of the trapdoor, which is its maker's anyway.
  for (const group of [G1, G2]) group.BASE.precompute(tableBits, false);
  onStep('points of the second group');
  const second = section(7, pointsG2(values.b));
  onStep('points of the first group');
  const scaled = values.mixed.slice(publics + 1).map((value) => (value * perDelta) % fieldPrime);
  const sections = [
    section(1, u32(1)),
    head,
    section(3, pointsG1(values.mixed.slice(0, publics + 1))),
    section(4, coefficientSection(values.coefficients)),
    section(5, pointsG1(values.a)),
    section(6, pointsG1(values.b)),
    second,
    section(8, pointsG1(scaled)),
    section(9, pointsG1(quotient.map((value) => (value * perDelta) % fieldPrime))),
    // No ceremony made this: its hash of a circuit is empty, and there are no contributions.
    section(10, Buffer.alloc(64), u32(0)),
  ];
  const start = Buffer.concat([Buffer.from(magic), u32(1, sections.length)]);
  writeFileSync(to, Buffer.concat([start, ...sections]));
}

function coefficientSection(coefficients: Values['coefficients']): Buffer {
  const twice = (montgomery * montgomery) % fieldPrime;
  const width = 12 + 32;
  const data = Buffer.alloc(4 + width * coefficients.length);
  data.writeUInt32LE(coefficients.length, 0);
  coefficients.forEach(([matrix, row, signal, factor], i) => {
    u32(matrix, row, signal).copy(data, 4 + width * i);
    numbers([(factor * twice) % fieldPrime]).copy(data, 16 + width * i);
  });
  return data;
}

export type DevelopmentOptions = {
  /** Places of a chunk, for both circuits. */
  readonly size: number;
  readonly circuits?: readonly CircuitName[];
  /** Unix seconds. */
  readonly now: number;
  readonly onStep?: (what: string) => void;
};

/**
 * Keys for a chain on one machine. They say what they are in their transcript and in themselves,
 * and no production deployment takes them, because it asks for a whole ceremony.
 *
 * @throws EnvironmentError `FolderTaken`, `ToolFailed`
 */
export async function developmentKeys(
  tools: Toolbox,
  dir: string,
  options: DevelopmentOptions,
): Promise<Transcript> {
  claimFolder(dir);
  const circuits = await compileCircuits(tools, options);
  const head = { contributors: [], beacon: undefined, now: options.now };
  const transcript = transcriptHead(tools, 'development', circuits, head);
  const files: Step['files'] = {};
  const circuitIds: Record<string, string> = {};
  for (const circuit of circuits) {
    const file = `${circuit.name}-new.zkey`;
    const onStep = (what: string): void => options.onStep?.(`${circuit.name}: ${what}`);
    writeDevelopmentKey(circuit.r1cs, join(dir, file), onStep);
    files[circuit.name] = entryOf(dir, file);
    circuitIds[circuit.name] = await finishKey(tools, dir, transcript, circuit, files);
  }
  const end = { phase: 'keys', action: 'close', name: 'development', at: options.now } as const;
  const step = nextStep(transcript, { ...end, files, responses: {}, circuitIds });
  const fault = append(dir, transcript, step);
  if (fault !== undefined) throw new EnvironmentError(fault.code, fault.message);
  return transcript;
}
