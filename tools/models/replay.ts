/**
 * Models against contracts: every edge of a bounded model, random walks at the contract's full
 * time, and the counterexamples of the mutants, which the chain must refuse to follow.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { forge } from '../forge.mjs';
import { root } from '../sources.mjs';
import { type Exploration, explore } from './explore.ts';
import { type Action, isRefused, type Model, show, type Timed, wait } from './model.ts';
import { type Binding, Program } from './program.ts';

/** What was replayed. */
export type Replayed = {
  readonly edges: number;
  readonly walked: number;
  readonly mutants: number;
};

/** Programs of one model, closed when they are full. */
export class Writer<S extends Timed> {
  readonly programs: Program<S>[] = [];
  edges = 0;
  walked = 0;
  mutants = 0;

  private readonly model: Model<S>;
  private readonly binding: Binding<S>;

  constructor(model: Model<S>, binding: Binding<S>) {
    this.model = model;
    this.binding = binding;
  }

  /**
   * Attempts from the states of an exploration, refused ones included, each once until `countMax`:
   * one long walk to a near state with something untried, from the start again where none is near.
   */
  addEdges(found: Exploration<S>, countMax: number): void {
    const untried = found.edges.map((edges) => edges.length);
    let [program, place, state] = [this.begin(), 0, this.model.initial];
    const step = (choice: number): void => {
      const action = this.model.actions(state)[choice]!;
      state = program.step(state, action);
      const next = found.edges[place]![choice]!;
      if (next < 0) return;
      place = next;
      // What was explored once for each key holds for all states of the key.
      assert.equal(this.model.key(state), found.keys[place], show(action));
    };
    let first = 0;
    while (this.edges < countMax) {
      while (first < untried.length && untried[first] === 0) first += 1;
      if (first === untried.length) return;
      const near = program.isFull ? undefined : nearest(found.edges, untried, place);
      if (near === undefined) {
        [program, place, state] = [this.begin(), 0, this.model.initial];
      }
      for (const choice of near ?? choicesTo(found, first)) step(choice);
      const choice = untried[place]! - 1;
      untried[place] = choice;
      this.edges += 1;
      step(choice);
    }
  }

  /** Walks of random attempts, refused ones included; waits also to and beside moments. */
  addWalks(stepsMin: number, length: number, random: (below: number) => number): void {
    while (this.walked < stepsMin) {
      const program = this.begin();
      let state = this.model.initial;
      for (let i = 0; i < length; i += 1) {
        const action = this.pick(state, random);
        const after = program.step(state, action);
        this.judge(state, action, after);
        state = after;
        this.walked += 1;
      }
    }
  }

  /** The counterexample of each mutant: the mutated model walks it, the chain must not. */
  addMutants(): void {
    for (const { name, mutant } of this.model.properties) {
      const { violations } = explore(this.model, { only: [name], mutant, stopAtFirst: true });
      const trace = violations[0]?.trace ?? [];
      const program = this.begin();
      program.mark('begin');
      let state = this.model.initial;
      for (const action of trace) state = program.step(state, action, mutant);
      // What the mutant only forbids shows when it is tried.
      const actions = this.model.actions(state).filter(({ name: each }) => each !== 'wait');
      for (const action of actions) {
        if (isRefused(this.model.apply(state, action, mutant))) program.step(state, action, mutant);
      }
      for (const action of actions) state = program.step(state, action, mutant);
      program.mark('end', mutant);
      this.mutants += 1;
    }
  }

  /** The properties hold on walks as well, at all the moments that the grid does not have. */
  private judge(before: S, action: Action, after: S): void {
    for (const property of this.model.properties) {
      let found: string | undefined;
      if (property.kind === 'state') found = property.check(after, '');
      if (property.kind === 'step' && after !== before) {
        found = property.check(before, action, after);
      }
      assert.equal(found, undefined, `${this.model.name}: ${property.name}: ${show(action)}`);
    }
  }

  private pick(state: S, random: (below: number) => number): Action {
    const moments = this.model.moments?.(state) ?? [];
    if (moments.length > 0 && random(5) === 0) return wait(moments[random(moments.length)]!);
    const actions = this.model.actions(state);
    return actions[random(actions.length)]!;
  }

  /** A program that stands at the initial state. */
  private begin(): Program<S> {
    let program = this.programs.at(-1);
    if (!program || program.isFull) {
      program = new Program(this.model, this.binding);
      this.programs.push(program);
    }
    program.mark('back');
    return program;
  }
}

/** How many places are looked at before a walk starts again. */
const nearCount = 16;

/** Choices that lead to a near place with something untried; undefined when there is none. */
function nearest(
  edges: readonly (readonly number[])[],
  untried: readonly number[],
  from: number,
): number[] | undefined {
  const came = new Map<number, [place: number, choice: number]>([[from, [-1, -1]]]);
  for (const place of came.keys()) {
    if (untried[place]! > 0) {
      const path: number[] = [];
      for (let at = place; at !== from; at = came.get(at)![0]) path.push(came.get(at)![1]);
      return path.reverse();
    }
    if (came.size > nearCount) return undefined;
    edges[place]!.forEach((next, choice) => {
      if (next >= 0 && !came.has(next)) came.set(next, [place, choice]);
    });
  }
  return undefined;
}

/** Choices that lead from the start to a place, by which it was found first. */
function choicesTo<S>({ parents, edges }: Exploration<S>, place: number): number[] {
  const path: number[] = [];
  for (let at = place; at !== 0; at = parents[at]!) {
    path.push(edges[parents[at]!]!.indexOf(at));
  }
  return path.reverse();
}

/** A program of any model. */
export type AnyProgram = Pick<Program<never>, 'count' | 'mutants' | 'encode' | 'explain'>;

/** Plays programs by forge. @returns what differs; undefined when nothing does */
export function play(programs: readonly AnyProgram[]): string | undefined {
  const folder = join(root, 'contracts/cache/programs');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  programs.forEach((program, i) => {
    writeFileSync(join(folder, `${i}.bin`), program.encode());
  });
  const limits = ['--gas-limit', '9000000000000000000', '--memory-limit', '2000000000'];
  const { code, output } = forge(['test', '--match-contract', '^Replay$', ...limits], {
    capture: true,
    env: { HOLDFAST_PROGRAMS: String(programs.length) },
  });
  rmSync(folder, { recursive: true, force: true });
  const runs = [...output.matchAll(/tableReplay\w+\(uint256\) \(runs: (\d+)/g)];
  const count = runs.reduce((sum, [, each]) => sum + Number(each), 0);
  if (code === 0 && count === programs.length) return undefined;
  const found = /Differs\((\d+)[^,]*, (0x[0-9a-f]+), (0x[0-9a-f]*)\).* args=\[(\d+)/.exec(output);
  const untold = /MutantNotTold\((\d+).* args=\[(\d+)/.exec(output);
  if (untold) {
    const [step, number] = untold.slice(1).map(Number) as [number, number];
    return `the chain follows the mutant: ${programs[number]!.mutants.get(step)}`;
  }
  if (!found)
    return `forge played ${count} of ${programs.length} programs:\n${output.slice(-4_000)}`;
  const [, step, outcome, observed, number] = found as unknown as [
    string,
    string,
    string,
    Hex,
    string,
  ];
  return programs[Number(number)]!.explain(Number(step), outcome, observed);
}
