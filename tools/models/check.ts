/** One model checked: all its properties, and that each has a mutant which breaks it. */
import { type Exploration, explore } from './explore.ts';
import { type Action, type Model, show, type Timed } from './model.ts';
import type { Binding } from './program.ts';
import { type AnyProgram, Writer } from './replay.ts';

export type PropertyResult = {
  readonly property: string;
  readonly kind: string;
  readonly mutant: string;
  /** Length of the shortest counterexample of the mutant; undefined: none was found. */
  readonly mutantDepth: number | undefined;
  /** What is wrong and how it comes about; undefined when the property holds. */
  readonly violation: string | undefined;
};

export type ModelResult = {
  readonly protocol: string;
  readonly bounds: string;
  readonly states: number;
  readonly transitions: number;
  readonly refusals: number;
  readonly depth: number;
  readonly seconds: number;
  readonly properties: readonly PropertyResult[];
};

/** A whole search and how long it took. */
export type TimedSearch<S> = { readonly found: Exploration<S>; readonly seconds: number };

export function timed<S extends Timed>(model: Model<S>): TimedSearch<S> {
  const started = performance.now();
  const found = explore(model);
  return { found, seconds: (performance.now() - started) / 1_000 };
}

const told = (found: string, trace: readonly Action[]): string =>
  [`${found} after`, ...trace.map((action) => `  ${show(action)}`)].join('\n');

/** @param found all states of the model, and what took how long */
export function checkModel<S extends Timed>(
  model: Model<S>,
  { found, seconds } = timed(model),
): ModelResult {
  const properties = model.properties.map(({ name, kind, mutant }) => {
    const broken = found.violations.find(({ property }) => property === name);
    const { violations } = explore(model, { only: [name], mutant, stopAtFirst: true });
    return {
      property: name,
      kind,
      mutant,
      mutantDepth: violations[0]?.trace.length,
      violation: broken && told(broken.found, broken.trace),
    };
  });
  const { states, transitions, refusals, depth } = found;
  const { name: protocol, bounds } = model;
  return {
    protocol,
    bounds,
    states: states.length,
    transitions,
    refusals,
    depth,
    seconds,
    properties,
  };
}

export type Replay = {
  readonly programs: readonly AnyProgram[];
  readonly edges: number;
  readonly walked: number;
  readonly mutants: number;
};

/** Random numbers from a seed (a linear congruence of 32 bits, its upper half). */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Programs of at least `steps` steps of one model: its edges up to half of them, random walks for
 * the rest, and the counterexamples of its mutants.
 */
export function writePrograms<S extends Timed>(
  model: Model<S>,
  binding: Binding<S>,
  found: Exploration<S>,
  steps: number,
  seed: number,
): Replay {
  const writer = new Writer(model, binding);
  writer.addMutants();
  writer.addEdges(found, Math.floor(steps / 2));
  const done = writer.programs.reduce((sum, { count }) => sum + count, 0);
  if (done < steps) writer.addWalks(steps - done, 1_000, dice(seed));
  const { programs, edges, walked, mutants } = writer;
  return { programs, edges, walked, mutants };
}
