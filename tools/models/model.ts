/**
 * What a protocol model is: a pure transition system over states with a clock.
 *
 * A model restates a contract independently of it, with the contract's own constants. Every party
 * acts at any time, captured ones too, and time passes in steps of the model's grid. Time may pass
 * without anybody doing anything: nobody is assumed to be awake, except in responses.
 */

/** Something that a party tries, or the passing of time (`wait`, seconds). */
export type Action = {
  readonly by: string;
  readonly name: string;
  readonly args: readonly number[];
};

/** All states have a clock, Unix seconds. */
export type Timed = { readonly now: number };

/** The state after an action, or the name of the contract's error that refuses it. */
export type Result<S> = S | string;

/** Holds in every state; says what is wrong otherwise. */
export type StateProperty<S> = {
  readonly kind: 'state';
  readonly check: (state: S, mutant: string) => string | undefined;
};

/** Holds for every step that anybody can take. */
export type StepProperty<S> = {
  readonly kind: 'step';
  readonly check: (before: S, action: Action, after: S) => string | undefined;
};

/**
 * From every state one party alone, while all others rest, is done within a bound. `next` is what
 * it does, undefined once it is done.
 */
export type ResponseProperty<S> = {
  readonly kind: 'response';
  readonly next: (state: S, mutant: string) => Action | undefined;
  readonly stepsMax: number;
  readonly secondsMax: number;
  /** Names of parties none of whose steps may make the end any later. */
  readonly unmovedBy?: readonly string[];
};

export type Property<S> = (StateProperty<S> | StepProperty<S> | ResponseProperty<S>) & {
  readonly name: string;
  /** One sentence for the documents. */
  readonly says: string;
  /** The change of the model that breaks it, found by the checker. */
  readonly mutant: string;
  /** What the mutant does. */
  readonly breaks: string;
};

export type Model<S extends Timed> = {
  readonly name: string;
  /** Sources that it restates. */
  readonly contracts: readonly string[];
  /** What is bounded, in words. */
  readonly bounds: string;
  readonly initial: S;
  /** Everything that anybody may try now, whether it will be refused or not, and the waits. */
  readonly actions: (state: S) => readonly Action[];
  /** Further waits of random walks, to and beside the moments at which something changes. */
  readonly moments?: (state: S) => readonly number[];
  /** Pure; `mutant` is empty or names a change of the rules. */
  readonly apply: (state: S, action: Action, mutant: string) => Result<S>;
  /** Equal for states that behave alike from here on, up to a shift of the clock. */
  readonly key: (state: S) => string;
  readonly properties: readonly Property<S>[];
};

/** What a model says of itself, whatever its states are. */
export type ModelFacts = Pick<Model<Timed>, 'name' | 'contracts' | 'bounds'> & {
  readonly properties: readonly Pick<
    Property<Timed>,
    'name' | 'says' | 'mutant' | 'breaks' | 'kind'
  >[];
};

export const isRefused = <S>(result: Result<S>): result is string => typeof result === 'string';

export const wait = (seconds: number): Action => ({ by: 'time', name: 'wait', args: [seconds] });

export const act = (by: string, name: string, ...args: readonly number[]): Action => ({
  by,
  name,
  args,
});

/** `guardian.tighten(1, 3)`; waits in hours or seconds. */
export function show({ by, name, args }: Action): string {
  if (name !== 'wait') return `${by}.${name}(${args.join(', ')})`;
  const seconds = args[0] ?? 0;
  return seconds % 3_600 === 0 ? `wait ${seconds / 3_600} h` : `wait ${seconds} s`;
}
