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
  /** A file, a package, or `all`. */
  readonly name: string;
  readonly all: number;
  readonly killed: number;
  /** Killed by taking too long. */
  readonly late: number;
  /** Refused by the compiler: they do not count. */
  readonly invalid: number;
  readonly survived: number;
  readonly unreached: number;
  /** Survived or unreached for a stated reason. */
  readonly explained: number;
  /** Explained as doing the same: they do not count. */
  readonly equivalent: number;
  /** Killed of those that count, from 0 to 1. */
  readonly score: number;
  /** All but those that the compiler refuses and those that do the same. */
  readonly counted: number;
};

export type Judged = { readonly mutant: Mutant; readonly fate: Fate; readonly by?: string };

function scoreOfSome(name: string, own: readonly Judged[], known: Known): Score {
  const count = (fate: Fate): number => own.filter((each) => each.fate === fate).length;
  const [killed, late, invalid] = [count('killed'), count('late'), count('invalid')];
  const living = own.filter(({ fate }) => fate === 'survived' || fate === 'unreached');
  const entries = living.flatMap(({ mutant }) => known.get(mutant.key) ?? []);
  const equivalent = entries.filter((entry) => entry.equivalent).length;
  const counted = own.length - invalid - equivalent;
  return {
    name,
    all: own.length,
    killed,
    late,
    invalid,
    survived: count('survived'),
    unreached: count('unreached'),
    explained: entries.length,
    equivalent,
    score: counted > 0 ? (killed + late) / counted : 1,
    counted,
  };
}

/** The quantile of the normal distribution for an interval that holds 95 of 100. */
const z95 = 1.959964;

/**
 * Wilson's interval: between which shares, from 0 to 1, the share of a whole lies of which a
 * uniform sample has so many hits, with 95 % confidence.
 *
 * @throws Error if there are more hits than were drawn, or none was drawn
 */
export function wilson(hits: number, drawn: number): { low: number; high: number } {
  if (!(drawn > 0 && hits >= 0 && hits <= drawn)) throw new Error(`${hits} of ${drawn} hits`);
  const share = hits / drawn;
  const square = z95 ** 2;
  const middle = share + square / (2 * drawn);
  const reach = z95 * Math.sqrt((share * (1 - share) + square / (4 * drawn)) / drawn);
  const whole = 1 + square / drawn;
  return { low: (middle - reach) / whole, high: Math.min(1, (middle + reach) / whole) };
}

/** What a sample says of all that it was drawn from. */
export function sampleLine(score: Score, all: number, seed: string): string {
  const { counted, killed, late } = score;
  const of = `sample of ${score.all} of ${all}, seed "${seed}"`;
  if (counted === 0) return `${of}: none of them counts`;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const { low, high } = wilson(killed + late, counted);
  return (
    `${of}: ${killed + late} of ${counted} that count are killed, ${percent(score.score)}; ` +
    `of all ${percent(low)} to ${percent(high)} (Wilson, 95 %)`
  );
}

type Known = ReadonlyMap<string, Survivor>;

/** The package of a file: `contracts` or the name of one in packages/. */
function homeOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return top === 'packages' ? second : top;
}

/** Scores by file, then by package, then of all. */
export function scoresOf(judged: readonly Judged[], known: Known): Score[] {
  const names = (part: (file: string) => string): string[] => {
    return [...new Set(judged.map(({ mutant }) => part(mutant.file)))].sort();
  };
  const some = (part: (file: string) => string): Score[] => {
    return names(part).map((name) => {
      return scoreOfSome(
        name,
        judged.filter(({ mutant }) => part(mutant.file) === name),
        known,
      );
    });
  };
  return [...some((file) => file), ...some(homeOf), ...some(() => 'all')];
}

/** A table of scores, one line each. */
export function scoreTable(scores: readonly Score[]): string {
  const columns = [
    'all',
    'killed',
    'late',
    'invalid',
    'survived',
    'unreached',
    'explained',
  ] as const;
  const width = Math.max(...scores.map(({ name }) => name.length), 4);
  const head = [''.padEnd(width), ...columns.map((name) => name.padStart(9)), 'score'.padStart(8)];
  const rows = scores.map((row) => {
    const cells = columns.map((name) => String(row[name]).padStart(9));
    return [row.name.padEnd(width), ...cells, `${(row.score * 100).toFixed(1)} %`.padStart(8)];
  });
  return [head, ...rows].map((cells) => cells.join(' ')).join('\n');
}
