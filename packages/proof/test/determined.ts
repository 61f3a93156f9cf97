/**
 * Which signals of a circuit are determined by some of them: a propagation over its constraints.
 * A signal that is not reached is one that a prover may be free to choose.
 */
import { fieldPrime } from '../src/index.ts';
import { type Constraint, constraintsBySignal, type Terms } from './r1cs.ts';

const plain = (terms: Terms): boolean => terms.every(([signal]) => signal === 0);

/** x of a constraint x · (x − 1) = 0. */
function bitOf([a, b, c]: Constraint): number | undefined {
  if (c.length > 0) return undefined;
  const pure = a.length === 1 ? a : b;
  const other = pure === a ? b : a;
  const signal = pure[0]?.[0];
  if (pure.length !== 1 || other.length !== 2 || signal === undefined) return undefined;
  const one = other.find(([each]) => each === 0)?.[1] ?? 0n;
  const self = other.find(([each]) => each === signal)?.[1] ?? 0n;
  return (one + self) % fieldPrime === 0n ? signal : undefined;
}

export function inverse(value: bigint): bigint {
  let [result, base] = [1n, value % fieldPrime];
  for (let rest = fieldPrime - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * base) % fieldPrime;
    base = (base * base) % fieldPrime;
  }
  return result;
}

/** Whether coefficients, up to one factor, are different powers of two with a sum below p. */
function arePlaces(coefficients: readonly bigint[]): boolean {
  const isPower = (each: bigint): boolean => each > 0n && (each & (each - 1n)) === 0n;
  return coefficients.some((lowest) => {
    const by = inverse(lowest);
    const places = coefficients.map((each) => (each * by) % fieldPrime);
    const isSmall = places.every((each) => isPower(each) && each < 1n << 252n);
    return isSmall && new Set(places).size === places.length;
  });
}

/** What follows the propagation, to calculate values on the way. */
export type Follower = {
  /** These signals are determined by this constraint. */
  readonly onFound?: (constraint: Constraint, signals: Terms) => void;
  /** Nothing more follows: signals that are known for another reason. */
  readonly onStuck?: (found: ReadonlySet<number>) => readonly number[];
};

type Index = { readonly bits: ReadonlySet<number>; readonly uses: Map<number, number[]> };
const indexes = new WeakMap<readonly Constraint[], Index>();

/** What is asked of a circuit again and again. */
function indexOf(constraints: readonly Constraint[]): Index {
  const found = indexes.get(constraints) ?? {
    bits: new Set(constraints.map(bitOf).filter((each) => each !== undefined)),
    uses: constraintsBySignal(constraints),
  };
  indexes.set(constraints, found);
  return found;
}

/** Signals that are determined when `known` are, by one another if need be. */
export function determinedFrom(
  constraints: readonly Constraint[],
  known: Iterable<number>,
  { onFound, onStuck }: Follower = {},
): Set<number> {
  const found = new Set<number>([0, ...known]);
  const { bits, uses } = indexOf(constraints);
  const queue = constraints.map((_, i) => i);
  const isQueued = new Set(queue);
  const add = (signal: number): void => {
    found.add(signal);
    for (const next of uses.get(signal) ?? []) {
      if (isQueued.has(next)) continue;
      isQueued.add(next);
      queue.push(next);
    }
  };
  do {
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      isQueued.delete(at);
      const signals = newlyKnown(constraints[at]!, found, bits);
      if (signals.length > 0) onFound?.(constraints[at]!, signals);
      for (const [signal] of signals) add(signal);
    }
    for (const signal of onStuck?.(found) ?? []) add(signal);
  } while (queue.length > 0);
  return found;
}

function newlyKnown(
  constraint: Constraint,
  found: ReadonlySet<number>,
  bits: ReadonlySet<number>,
): Terms {
  const [a, b, c] = constraint;
  const open = (terms: Terms): Terms => terms.filter(([signal]) => !found.has(signal));
  const unknown = open(c);
  if (open(a).length > 0 || open(b).length > 0) {
    // Linear only where the other factor is a constant.
    const linear = plain(a) ? open(b) : plain(b) ? open(a) : undefined;
    if (linear === undefined || unknown.length > 0) return [];
    return solved(linear, bits);
  }
  return solved(unknown, bits);
}

/** Unknowns of a linear constraint: one alone, or the bits of a number. */
function solved(unknown: Terms, bits: ReadonlySet<number>): Terms {
  if (unknown.length < 2) return unknown;
  if (!unknown.every(([signal]) => bits.has(signal))) return [];
  return arePlaces(unknown.map(([, coefficient]) => coefficient)) ? unknown : [];
}
