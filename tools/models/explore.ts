/**
 * The checker: breadth-first over all reachable states up to their key, so that the first
 * counterexample is a shortest one.
 */
import {
  type Action,
  isRefused,
  type Model,
  type Property,
  type ResponseProperty,
  type Timed,
} from './model.ts';

/** A property that fails: the actions that lead there, and what is wrong then. */
export type Violation = {
  readonly property: string;
  readonly trace: readonly Action[];
  readonly found: string;
};

export type Exploration<S> = {
  /** One state of each key, in order of discovery; the first is the initial one. */
  readonly states: readonly S[];
  readonly keys: readonly string[];
  /** Place of the state from which each was first reached, and by what. */
  readonly parents: readonly number[];
  readonly reached: readonly (Action | undefined)[];
  /** Of each state, for each of its actions: the place of the state after it; -1 when refused. */
  readonly edges: readonly (readonly number[])[];
  readonly transitions: number;
  /** Attempts that the rules refuse. */
  readonly refusals: number;
  /** Steps to the farthest state. */
  readonly depth: number;
  readonly violations: readonly Violation[];
};

/** Thrown search limits are errors of the model, not of the protocol. */
export class ModelTooLarge extends Error {}

export type Search = {
  /** Properties that are judged; all of the model's by default. */
  readonly only?: readonly string[];
  readonly mutant?: string;
  readonly statesMax?: number;
  /** Ends at the first violation of any property instead of the first of each. */
  readonly stopAtFirst?: boolean;
};

/** @throws ModelTooLarge when there are more states than `statesMax` */
export function explore<S extends Timed>(model: Model<S>, search: Search = {}): Exploration<S> {
  const { only, mutant = '', statesMax = 400_000, stopAtFirst = false } = search;
  const judged = model.properties.filter(({ name }) => only?.includes(name) ?? true);
  const run = new Run(model, judged, mutant);
  run.add(model.initial, -1, undefined);
  for (let at = 0; at < run.states.length; at += 1) {
    if (stopAtFirst && run.violations.size > 0) break;
    if (run.states.length > statesMax) {
      throw new ModelTooLarge(`${model.name}: more than ${statesMax} states`);
    }
    run.expand(at);
  }
  return run.result();
}

/** One search. A class because a search has one state, which all its parts change. */
class Run<S extends Timed> {
  readonly states: S[] = [];
  readonly violations = new Map<string, Violation>();
  private readonly parents: number[] = [];
  private readonly reached: (Action | undefined)[] = [];
  private readonly edges: number[][] = [];
  private readonly depths: number[] = [];
  private readonly places = new Map<string, number>();
  /** For each response that others may not delay: when it is over, by the state's place. */
  private readonly ends = new Map<string, number[]>();
  private transitions = 0;
  private refusals = 0;

  private readonly model: Model<S>;
  private readonly judged: readonly Property<S>[];
  private readonly mutant: string;

  constructor(model: Model<S>, judged: readonly Property<S>[], mutant: string) {
    this.model = model;
    this.judged = judged;
    this.mutant = mutant;
  }

  /** The place of a state, which is judged when it is new. */
  add(state: S, parent: number, by: Action | undefined): number {
    const key = this.model.key(state);
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.states.length;
    this.places.set(key, place);
    this.states.push(state);
    this.parents.push(parent);
    this.reached.push(by);
    this.depths.push(parent < 0 ? 0 : this.depths[parent]! + 1);
    for (const property of this.judged) this.judgeState(property, state, place);
    return place;
  }

  expand(at: number): void {
    const state = this.states[at]!;
    const edges: number[] = [];
    this.edges[at] = edges;
    for (const action of this.model.actions(state)) {
      const after = this.model.apply(state, action, this.mutant);
      if (isRefused(after)) {
        this.refusals += 1;
        edges.push(-1);
        continue;
      }
      this.transitions += 1;
      for (const property of this.judged) this.judgeStep(property, at, action, after);
      edges.push(this.add(after, at, action));
    }
  }

  result(): Exploration<S> {
    const { states, parents, reached, edges, transitions, refusals } = this;
    const keys = [...this.places.keys()];
    const depth = this.depths.reduce((most, each) => Math.max(most, each), 0);
    const violations = [...this.violations.values()];
    return { states, keys, parents, reached, edges, transitions, refusals, depth, violations };
  }

  private judgeState(property: Property<S>, state: S, place: number): void {
    if (property.kind === 'state') {
      this.report(property, property.check(state, this.mutant), place);
    } else if (property.kind === 'response') {
      const end = respond(this.model, property, state, this.mutant);
      if (isRefused(end)) this.report(property, end, place, ...this.tried(property, state));
      else if (property.unmovedBy) this.endsOf(property.name)[place] = end - state.now;
    }
  }

  private judgeStep(property: Property<S>, at: number, action: Action, after: S): void {
    const before = this.states[at]!;
    if (property.kind === 'step') {
      this.report(property, property.check(before, action, after), at, action);
    } else if (property.kind === 'response' && property.unmovedBy?.includes(action.by)) {
      const end = respond(this.model, property, after, this.mutant);
      const planned = (this.endsOf(property.name)[at] ?? 0) + before.now;
      if (isRefused(end) || end <= planned) return;
      this.report(property, `done ${end - planned} s later by this step`, at, action);
    }
  }

  private endsOf(name: string): number[] {
    const found = this.ends.get(name) ?? [];
    this.ends.set(name, found);
    return found;
  }

  private report(
    { name }: Property<S>,
    found: string | undefined,
    place: number,
    ...last: readonly Action[]
  ): void {
    if (found === undefined || this.violations.has(name)) return;
    const trace = [...traceTo(this, place), ...last];
    this.violations.set(name, { property: name, trace, found });
  }

  /** What a party that is not done in time does in its bounds. */
  private tried(property: ResponseProperty<S>, from: S): Action[] {
    const tried: Action[] = [];
    for (let state = from; tried.length < property.stepsMax; ) {
      const action = property.next(state, this.mutant);
      if (action === undefined) break;
      tried.push(action);
      const after = this.model.apply(state, action, this.mutant);
      if (isRefused(after)) break;
      state = after;
    }
    return tried;
  }

  /** For `traceTo`. */
  get tree(): Pick<Exploration<S>, 'parents' | 'reached'> {
    return { parents: this.parents, reached: this.reached };
  }
}

/** The actions that lead to a state, in order. */
function traceTo<S extends Timed>({ tree }: Run<S>, place: number): Action[] {
  const trace: Action[] = [];
  for (let at = place; tree.reached[at] !== undefined; at = tree.parents[at]!) {
    trace.push(tree.reached[at]!);
  }
  return trace.reverse();
}

/** When the response is over, Unix seconds, or why it is not within its bounds. */
export function respond<S extends Timed>(
  model: Model<S>,
  property: ResponseProperty<S>,
  from: S,
  mutant: string,
): number | string {
  let state = from;
  for (let steps = 0; ; steps += 1) {
    const action = property.next(state, mutant);
    const seconds = state.now - from.now;
    if (seconds > property.secondsMax) return `not done within ${property.secondsMax} s`;
    if (action === undefined) return state.now;
    if (steps === property.stepsMax) return `not done within ${property.stepsMax} steps`;
    const after = model.apply(state, action, mutant);
    if (isRefused(after)) return `${action.by}.${action.name} is refused: ${after}`;
    state = after;
  }
}
