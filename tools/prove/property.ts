/** What is proved: the shape of a property, of the mutant that breaks it, and of an outcome. */

/**
 * How far a proof reaches.
 * - `all executions`: an invariant of any sequence of calls, by the solver's own induction
 * - `one step`: what any one call does to any lawful state, reachable or not
 * - `all inputs`: what a pure function returns, whatever it is given within its stated widths
 * - `structure`: what can be reached from where, by the syntax tree of all sources
 * - `bounded`: all executions up to the length that the title names
 * - `bytecode`: all inputs of compiled code, whatever the types of a check's arguments hold
 */
export type Method =
  | ('all executions' | 'one step' | 'all inputs' | 'bounded')
  | ('structure' | 'bytecode');

/** A small change of one source that the property must not survive. */
export type Mutant = { name: string; file: string; from: string; to: string };

/**
 * Every assertion denied: each must then be violated, or no path reaches it and its proof says
 * nothing.
 */
export const denial: Mutant = { name: 'every assertion denied', file: '', from: '', to: '' };

/** A mutant, by what it is, where, and the text that it replaces. */
export const mutant = (name: string, file: string, from: string, to: string): Mutant => ({
  name,
  file,
  from,
  to,
});

/**
 * One property: every assertion of one harness contract.
 *
 * @property id Its name: `<subject>.<what holds>`.
 * @property laws Ids of the laws that it is part of.
 * @property title What holds, in one sentence.
 * @property harness File below contracts/proofs.
 * @property contract Contract in it, all of whose assertions are proved; of bytecode, one function
 *   of it: `Contract.check_what`.
 * @property subject The contract or library that it speaks about.
 * @property engine `chc` finds invariants, `bmc` checks single calls, `bits` is a query of
 *   `words.ts` and `tree` a rule of `structure.ts`, named by `contract`; `bytecode` is run by
 *   `tools/symbolic`.
 * @property model What stands in for the real contract, if anything does.
 * @property ties Tests that compare the model with the contract: `file#name`.
 * @property plain Rewrites that ease the proof, or make it stricter: see `rewrite.ts`.
 * @property reverts Of bytecode: besides by what a check requires (without data), `errors` lets
 *   it revert with errors of the code's own, `none` not even that without data.
 * @property seconds Limit of one query.
 * @property slow Left to `--full`.
 */
export type Property = {
  id: string;
  laws: readonly string[];
  title: string;
  harness: string;
  contract: string;
  subject: string;
  engine: 'chc' | 'bmc' | 'bits' | 'tree' | 'bytecode';
  method: Method;
  model?: string;
  ties?: readonly string[];
  plain?: readonly ('wide' | 'left' | 'casts' | 'checks')[];
  reverts?: 'errors' | 'none';
  seconds?: number;
  slow?: boolean;
  mutants: readonly Mutant[];
};

/** `proved` and `refuted` are facts; `unknown` is neither, and never green. */
export type Verdict = 'proved' | 'refuted' | 'unknown';

/**
 * How a property, or a mutant of it, ended.
 *
 * @property assertions Assertions of the harness that were decided.
 * @property detail The counterexample, or what stayed open.
 * @property solvers Each solver that confirmed every query, as `name version`.
 */
export type Outcome = {
  verdict: Verdict;
  assertions: number;
  detail: string;
  solvers: string[];
  seconds: number;
  cached: boolean;
};
