import { invariant } from '@holdfast/units';
import { checks } from './generated/checks.ts';
import type { Law } from './law.ts';
import { LAWS } from './laws/index.ts';

export { verdict } from './evaluate.ts';
export * from './generated/checks.ts';
export type { Input, InputType, Law } from './law.ts';
export { LAWS, numberOf, snapshotLaws } from './laws/index.ts';
export { type Mutant, mutantsOf } from './mutate.ts';
export { sampler } from './sample.ts';
export { show } from './show.ts';
export { missingUses, type Source, usesOf } from './uses.ts';

/** Name of a law. */
export type LawName = keyof typeof checks;
/** Inputs of a law by its name. */
export type LawInput<N extends LawName> = Parameters<(typeof checks)[N]>[0];

/**
 * The verdict of a law: true if it holds. False too if an input is outside its width. The same as
 * calling the function of that name; `verdict` is the slow reference that needs no types.
 */
export function judge<N extends LawName>(name: N, input: LawInput<N>): boolean {
  return (checks[name] as (input: LawInput<N>) => boolean)(input);
}

/** The law with an id or a name. @throws AssertionError if there is none */
export function lawOf(idOrName: string): Law {
  const law = LAWS.find(({ id, name }) => id === idOrName || name === idOrName);
  invariant(law !== undefined, `no law ${idOrName}`);
  return law;
}
