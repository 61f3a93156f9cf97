/** The table of a run, and its summary. */
import type { Result } from './run.ts';

const headings = ['property', 'contract', 'method', 'verdict', 'solver', 'time', 'broken by'];

/** How far a proof reaches, and of what it is one: `all executions, model, tied`. */
export function methodText({ property: { method, model, ties = [] } }: Pick<Result, 'property'>) {
  if (model === undefined) return method;
  return `${method}, model, ${ties.length > 0 ? 'tied' : 'not tied'}`;
}

/** One line per property: its mutants stand in the last column, with what became of them. */
export function table(results: readonly Result[]): string {
  const proofs = results.filter(({ mutant }) => mutant === undefined);
  const rows = proofs.map((result) => {
    const { property, outcome } = result;
    const own = results.filter((other) => other.mutant && other.property === property);
    return [
      property.id,
      property.subject,
      methodText(result),
      outcome.verdict === 'proved' ? 'proved' : outcome.verdict.toUpperCase(),
      outcome.solvers.map((name) => name.split(' ')[0]).join(' + ') ||
        ({ tree: 'compiler', bytecode: 'terms' } as Record<string, string>)[property.engine] ||
        '-',
      outcome.cached ? 'cached' : `${outcome.seconds.toFixed(1)} s`,
      own.map(mutantText).join('; ') || property.mutants.map(({ name }) => `(${name})`).join('; '),
    ];
  });
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => row[at]!.length)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join('  ');
  return [line(headings), ...rows.map(line)].join('\n');
}

function mutantText({ mutant, good, outcome }: Result): string {
  if (good) return mutant!.name;
  return `${mutant!.name} ${outcome.verdict === 'proved' ? 'SURVIVED' : 'UNDECIDED'}`;
}

/** Everything that is not as it must be, with the counterexample or the reason. */
export function faults(results: readonly Result[]): string {
  return results
    .filter(({ good }) => !good)
    .map(({ property, mutant, outcome }) => {
      const name = mutant ? `${property.id}, mutant ${mutant.name}` : property.id;
      return `\n${name}: ${outcome.verdict}\n${outcome.detail}`;
    })
    .join('\n');
}

/** The last line: what was proved, in the program's words, refuted mutants, failures. */
export function summary(
  results: readonly Result[],
  name: string,
  noun: string,
  seconds: number,
): string {
  const count = (wanted: (result: Result) => boolean) => results.filter(wanted).length;
  const proved = count(({ mutant, good }) => !mutant && good);
  const refuted = count(({ mutant, good }) => mutant !== undefined && good);
  const failed = count(({ good }) => !good);
  const cached = count(({ outcome }) => outcome.cached);
  return (
    `${name}: ${proved} ${noun}, ${refuted} mutants refuted, ${failed} failed; ` +
    `${cached} cached, ${seconds.toFixed(1)} s`
  );
}
