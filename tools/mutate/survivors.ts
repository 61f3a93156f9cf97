/** Mutants that live for a reason, and scores. */
import type { Mutant } from './instrument.ts';
import type { Fate } from './judge.ts';

/** Why a mutant lives: it does the same, or no test looks there and why that is accepted. */
export type Survivor = {
  readonly key: string;
  readonly file: string;
  readonly equivalent: boolean;
  readonly why: string;
};

/**
 * Reads the list of survivors by key.
 *
 * @throws Error if an entry has no reason or stands there twice
 */
export function readSurvivors(text: string): Map<string, Survivor> {
  const found = new Map<string, Survivor>();
  for (const entry of JSON.parse(text) as Survivor[]) {
    if (!entry.why || entry.why.length < 10) throw new Error(`survivor ${entry.key} has no reason`);
    if (found.has(entry.key)) throw new Error(`survivor ${entry.key} stands there twice`);
    found.set(entry.key, entry);
  }
  return found;
}

export type Score = {
  /** A file, or `all`. */
  readonly file: string;
  readonly all: number;
  readonly killed: number;
  /** Explained as doing the same: they do not count. */
  readonly equivalent: number;
  /** Killed of those that count. */
  readonly score: number;
};

/** Scores by file, then of all. */
export function scoreOf(
  judged: readonly { readonly mutant: Mutant; readonly fate: Fate }[],
  known: ReadonlyMap<string, Survivor>,
): Score[] {
  const files = [...new Set(judged.map(({ mutant }) => mutant.file))].sort();
  return [...files, 'all'].map((file) => {
    const own = judged.filter(({ mutant }) => file === 'all' || mutant.file === file);
    const killed = own.filter(({ fate }) => fate === 'killed' || fate === 'late').length;
    const equivalent = own.filter(({ mutant, fate }) => {
      return fate !== 'killed' && fate !== 'late' && known.get(mutant.key)?.equivalent === true;
    }).length;
    const counted = own.length - equivalent;
    return { file, all: own.length, killed, equivalent, score: counted ? killed / counted : 1 };
  });
}
