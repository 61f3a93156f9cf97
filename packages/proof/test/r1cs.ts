/** A circuit's constraints, asked about witnesses that the circuit did not calculate. */
import { readFileSync } from 'node:fs';
import { fieldPrime } from '../src/index.ts';

/** Σ coefficient · signal. */
export type Terms = readonly (readonly [signal: number, coefficient: bigint])[];
/** a · b = c. */
export type Constraint = readonly [a: Terms, b: Terms, c: Terms];

/** All constraints of a file of the compiler. */
export function readConstraints(path: string): Constraint[] {
  const { constraints } = JSON.parse(readFileSync(path, 'utf8')) as {
    constraints: readonly (readonly Readonly<Record<string, string>>[])[];
  };
  const terms = (of: Readonly<Record<string, string>>): Terms =>
    Object.entries(of).map(([signal, value]) => [Number(signal), BigInt(value)] as const);
  return constraints.map(([a, b, c]) => [terms(a!), terms(b!), terms(c!)] as const);
}

/** Names of the signals of a witness, by place: one of those that were joined into it. */
export function readNames(path: string): string[] {
  const names: string[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, place, , name] = line.split(',');
    if (place !== undefined && name !== undefined && Number(place) >= 0) {
      names[Number(place)] ??= name.replace(/^main\./, '');
    }
  }
  return names;
}

const sumOf = (terms: Terms, witness: readonly bigint[]): bigint => {
  let sum = 0n;
  for (const [signal, coefficient] of terms) sum += coefficient * witness[signal]!;
  return sum % fieldPrime;
};

/** Whether a constraint holds. */
export const holds = ([a, b, c]: Constraint, witness: readonly bigint[]): boolean =>
  (sumOf(a, witness) * sumOf(b, witness) - sumOf(c, witness)) % fieldPrime === 0n;

/** Constraints by the signals in them. */
export function constraintsBySignal(constraints: readonly Constraint[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  constraints.forEach((parts, i) => {
    for (const signal of new Set(parts.flatMap((terms) => terms.map(([each]) => each)))) {
      const list = found.get(signal);
      if (list === undefined) found.set(signal, [i]);
      else list.push(i);
    }
  });
  return found;
}

/** The first constraint that does not hold; -1: all do. */
export const firstBroken = (
  constraints: readonly Constraint[],
  witness: readonly bigint[],
): number => constraints.findIndex((each) => !holds(each, witness));
