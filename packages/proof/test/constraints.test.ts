import { strict as assert } from 'node:assert';
import { before, describe, it } from 'node:test';
import { fieldPrime, marginKinds, nobody } from '../src/index.ts';
import { determinedFrom } from './determined.ts';
import {
  type Constraint,
  constraintsBySignal,
  firstBroken,
  holds,
  readConstraints,
  readNames,
} from './r1cs.ts';
import { type Bench, benchOf, bookOf, marginPlanOf, plansOf } from './world.ts';

/** Signals that a prover may choose: it can only ask more of itself, or they have no effect. */
const chosen = [
  // The requirement's rounding: more than needed only makes the margin harder to show.
  /\.up$/,
  // The bits of what `up` leaves, which are determined by it.
  // The inverse in a test for zero: free exactly when the number is zero and it has no effect.
  /\.inv$/,
  // The division of a rate has one result (whole, part) by its three ranges together.
  /\.whole$|^wholes\[/,
];

type Case = { readonly name: 'solvency' | 'margin'; readonly inputs: readonly object[] };

const cases: readonly Case[] = [
  { name: 'solvency', inputs: plansOf(bookOf(6)).map(({ input }) => input) },
  { name: 'margin', inputs: marginKinds.map((kind) => marginPlanOf(kind).input) },
];

for (const { name, inputs } of cases) {
  describe(`constraints of ${name}`, () => {
    let bench: Bench;
    let constraints: Constraint[];
    let names: string[];
    let uses: Map<number, number[]>;

    before(async () => {
      bench = await benchOf(name);
      constraints = readConstraints(bench.json);
      names = readNames(bench.sym);
      uses = constraintsBySignal(constraints);
    });

    it('every signal is in a constraint', () => {
      const free = names.filter((_, signal) => signal > 0 && !uses.has(signal));
      assert.deepEqual(free, []);
    });

    it('inputs and the listed choices determine every other signal', () => {
      const inputNames = new Set(
        Object.entries(inputs[0]!).flatMap(([key, value]) => flatNames(key, value)),
      );
      const known = names.flatMap((signal, i) =>
        inputNames.has(signal) || chosen.some((each) => each.test(signal)) ? [i] : [],
      );
      const found = determinedFrom(constraints, known);
      const open = names.filter((_, signal) => !found.has(signal));
      assert.deepEqual(open.slice(0, 20), [], `${open.length} signals`);
      // The check itself can fail: without one choice, signals stay open.
      const fewer = determinedFrom(
        constraints,
        known.filter((i) => !/\.up$/.test(names[i]!)),
      );
      assert.ok(names.length - fewer.size > 16);
    });

    it('a witness in which any one signal is another one breaks a constraint', () => {
      for (const input of inputs) {
        const witness = bench.calculate(input);
        assert.equal(firstBroken(constraints, witness), -1);
        const survivors = new Set<string>();
        for (let signal = 1; signal < witness.length; signal++) {
          const real = witness[signal]!;
          for (const other of mutations(real)) {
            witness[signal] = other;
            if (uses.get(signal)!.every((i) => holds(constraints[i]!, witness))) {
              survivors.add(names[signal]!);
            }
          }
          witness[signal] = real;
        }
        const bad = [...survivors].filter((each) => !/\.inv$/.test(each));
        assert.deepEqual(bad, []);
      }
    });
  });
}

/** Others that stand for a value: its neighbours, its negative, and itself a power of two on. */
const mutations = (value: bigint): bigint[] =>
  [value + 1n, value - 1n, -value, value + (1n << 128n), 1n - value]
    .map((each) => ((each % fieldPrime) + fieldPrime) % fieldPrime)
    .filter((each) => each !== value);

function flatNames(key: string, value: unknown): string[] {
  if (!Array.isArray(value)) return [key];
  return value.flatMap((each, i) => flatNames(`${key}[${i}]`, each));
}

it('nobody is a member that holds nothing', () => {
  assert.deepEqual(
    { ...nobody, sizes: [...new Set(nobody.sizes)] },
    {
      key: 0n,
      salt: 0n,
      cash: 0n,
      sizes: [0n],
    },
  );
});
