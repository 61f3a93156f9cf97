/**
 * A prover that lies: it fills every signal of a circuit by the constraints one after another,
 * starting from inputs that are not lawful, and goes on where the circuit's own calculator stops.
 * What it cannot satisfy are the constraints that stop the lie.
 */
import { readFileSync } from 'node:fs';
import { fieldPrime } from '../src/index.ts';
import { determinedFrom, inverse } from './determined.ts';
import { type Constraint, holds, readConstraints, type Terms } from './r1cs.ts';

/** A circuit as the liar sees it. */
export type Target = {
  readonly constraints: readonly Constraint[];
  /** Place in the witness of every signal that the source names. */
  readonly places: ReadonlyMap<string, number>;
  /** All names of a place. */
  readonly names: readonly (readonly string[])[];
};

export function readTarget(files: { readonly json: string; readonly sym: string }): Target {
  const places = new Map<string, number>();
  const names: string[][] = [];
  for (const line of readFileSync(files.sym, 'utf8').split('\n')) {
    const [, place, , label] = line.split(',');
    if (place === undefined || label === undefined || Number(place) < 0) continue;
    const name = label.replace(/^main\./, '');
    places.set(name, Number(place));
    names[Number(place)] = [...(names[Number(place)] ?? []), name];
  }
  return { constraints: readConstraints(files.json), places, names };
}

type Input = Readonly<Record<string, unknown>>;

/** Names and values of inputs, arrays opened. */
export function flatInput(input: Input): [string, bigint][] {
  const flat = (name: string, value: unknown): [string, bigint][] =>
    Array.isArray(value)
      ? value.flatMap((each, i) => flat(`${name}[${i}]`, each))
      : [[name, mod(value as bigint)]];
  return Object.entries(input).flatMap(([name, value]) => flat(name, value));
}

const mod = (value: bigint): bigint => ((value % fieldPrime) + fieldPrime) % fieldPrime;

/** How the circuits' own hints are calculated, by the last part of the name. */
const hints: Readonly<Record<string, { from: string; rule: (value: bigint) => bigint }>> = {
  up: { from: 'fraction', rule: (value) => (value + 999_999n) / 1_000_000n },
  whole: { from: 'product', rule: (value) => value / 1_000_000n },
  inv: { from: 'in', rule: (value) => (value === 0n ? 0n : inverse(value)) },
};

/** A witness from inputs; `lies` are signals that it gives another value than follows. */
export function forge(
  target: Target,
  input: Input,
  lies: Readonly<Record<string, bigint>> = {},
): bigint[] {
  const { constraints, places, names } = target;
  const witness: bigint[] = names.map(() => 0n);
  witness[0] = 1n;
  const known = new Set<number>();
  for (const [name, value] of [...flatInput(input), ...Object.entries(lies)]) {
    witness[places.get(name)!] = mod(value);
    known.add(places.get(name)!);
  }
  const waiting = [...places].flatMap(([name, place]) => {
    const [, path, last] = /^(.*\.)(\w+)$/.exec(name) ?? [];
    const hint = hints[last ?? ''];
    if (hint === undefined) return [];
    return [{ place, from: places.get(`${path}${hint.from}`)!, rule: hint.rule }];
  });
  determinedFrom(constraints, known, {
    onFound: (constraint, signals) => solve(constraint, signals, witness),
    onStuck: (found) => {
      const ready = waiting.filter(({ place, from }) => found.has(from) && !found.has(place));
      for (const { place, from, rule } of ready) witness[place] = rule(witness[from]!);
      return ready.map(({ place }) => place);
    },
  });
  return witness;
}

/** Gives the unknown signals of a linear constraint their values: one, or bits from the lowest. */
function solve([a, b, c]: Constraint, signals: Terms, witness: bigint[]): void {
  for (const [signal] of signals) witness[signal] = 0n;
  const sum = (terms: Terms): bigint =>
    terms.reduce((total, [signal, factor]) => total + factor * witness[signal]!, 0n);
  // a·b − c as it is without the unknown, and the factor before it.
  const rest = mod(sum(a) * sum(b) - sum(c));
  const isInProduct = [...a, ...b].some(([signal]) => signal === signals[0]![0]);
  const other = a.some(([signal]) => signal === signals[0]![0]) ? sum(b) : sum(a);
  const factors = signals.map(([signal, factor]) => ({
    signal,
    factor: mod(isInProduct ? factor * other : -factor),
  }));
  if (factors.length === 1) {
    witness[signals[0]![0]] = mod(-rest * inverse(factors[0]!.factor));
    return;
  }
  for (const { factor } of factors) {
    const by = inverse(factor);
    const placed = factors.map((each) => ({ ...each, place: mod(each.factor * by) }));
    if (placed.some(({ place }) => (place & (place - 1n)) !== 0n)) continue;
    const value = mod(-rest * by);
    for (const { signal, place } of placed) witness[signal] = (value & place) === 0n ? 0n : 1n;
    return;
  }
}

/** Names of the signals in every constraint that does not hold. */
export const brokenIn = ({ constraints, names }: Target, witness: readonly bigint[]): string[][] =>
  constraints
    .filter((each) => !holds(each, witness))
    .map((each) => each.flat().flatMap(([signal]) => names[signal] ?? []));
