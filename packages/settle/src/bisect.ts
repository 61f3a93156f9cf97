/** Finds the few fills that spoil a batch. Pure but for the judge that it is given. */
import type { FillTerms } from './fills.ts';
import { atomsOf } from './planner.ts';

/**
 * What a judge says of a set of fills: it would settle; it would be refused because of fills in
 * it; or nothing can settle now for a reason that no fill is to blame for.
 */
export type Verdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'hold'; readonly code: string; readonly message: string };

/** Judges fills as one batch. */
export type Judge<T extends FillTerms> = (fills: readonly T[]) => Verdict | Promise<Verdict>;

/** A fill that was left out, and the code that the batch fails with when it is in. */
export type Refusal<T extends FillTerms> = {
  readonly fill: T;
  readonly code: string;
  readonly message: string;
};

export type Bisection<T extends FillTerms> = {
  /** A set that the judge accepts, in the given order. */
  readonly kept: readonly T[];
  readonly refused: readonly Refusal<T>[];
  /** Set when the judge held: then nothing is decided and both lists are empty. */
  readonly hold?: { readonly code: string; readonly message: string };
};

class Held extends Error {
  readonly verdict: Extract<Verdict, { kind: 'hold' }>;
  constructor(verdict: Extract<Verdict, { kind: 'hold' }>) {
    super(verdict.code);
    this.verdict = verdict;
  }
}

/**
 * Splits a batch into what settles and what does not.
 *
 * Invariant: the kept fills together are accepted. Minimal in this sense: no single atom (a fill,
 * or the fills of one fill-or-kill order) of the refused ones could be added to the kept ones.
 * Costs about r·log n calls for r refused of n. Fills that would crowd a market together with those
 * that are kept are in neither list, with all that follow: they are nobody's fault.
 */
export async function bisect<T extends FillTerms>(
  fills: readonly T[],
  judge: Judge<T>,
): Promise<Bisection<T>> {
  const order = new Map(fills.map((fill, i) => [fill.id, i]));
  const sorted = (atoms: readonly (readonly T[])[]): T[] =>
    atoms.flat().sort((a, b) => (order.get(a.id) as number) - (order.get(b.id) as number));
  const ask = async (atoms: readonly (readonly T[])[]): Promise<Verdict> => {
    const verdict = await judge(sorted(atoms));
    if (verdict.kind === 'hold') throw new Held(verdict);
    return verdict;
  };
  try {
    return await split(atomsOf(fills), ask, sorted);
  } catch (error) {
    if (!(error instanceof Held)) throw error;
    const { code, message } = error.verdict;
    return { kept: [], refused: [], hold: { code, message } };
  }
}

type Ask<T> = (atoms: readonly (readonly T[])[]) => Promise<Verdict>;
type Bad<T> = { atom: readonly T[]; code: string; message: string };

async function split<T extends FillTerms>(
  atoms: T[][],
  ask: Ask<T>,
  sorted: (atoms: readonly (readonly T[])[]) => T[],
): Promise<Bisection<T>> {
  let kept: (readonly T[])[] = [];
  let bad: Bad<T>[] = [];
  const work: T[][][] = [atoms];
  while (work.length > 0) {
    const group = work.pop() as T[][];
    if (group.length === 0) continue;
    const verdict = await ask([...kept, ...group]);
    if (verdict.kind === 'ok') {
      kept = [...kept, ...group];
    } else if (group.length === 1) {
      const { code, message } = verdict as Extract<Verdict, { kind: 'refused' }>;
      // Only too much at once: it and what follows, which may need it, are for the next batch.
      if (code === 'BatchCrowds' && kept.length > 0) break;
      bad.push({ atom: group[0] as T[], code, message });
    } else {
      const half = group.length >> 1;
      work.push(group.slice(half), group.slice(0, half));
    }
  }
  // A fill can be refused only because one that it needs came after it: ask again until stable.
  for (let changed = true; changed && bad.length > 0; ) {
    changed = false;
    const still: Bad<T>[] = [];
    for (const entry of bad) {
      const verdict = await ask([...kept, entry.atom]);
      if (verdict.kind === 'ok') {
        kept = [...kept, entry.atom];
        changed = true;
      } else {
        const { code, message } = verdict as Extract<Verdict, { kind: 'refused' }>;
        if (code === 'BatchCrowds' && kept.length > 0) continue;
        still.push({ ...entry, code, message });
      }
    }
    bad = still;
  }
  const refused = bad.flatMap(({ atom, code, message }) =>
    atom.map((fill) => ({ fill, code, message })),
  );
  refused.sort((a, b) => a.fill.id - b.fill.id);
  return { kept: sorted(kept), refused };
}
