/**
 * `npm run prove`: proves the laws, and refutes what would break them. `--help` says how.
 */
import { isMain } from './is-main.mjs';
import { cachePath } from './prove/cache.ts';
import { properties } from './prove/properties.ts';
import { jobsOf } from './prove/run.ts';
import { runProgram } from './prove/runner.ts';

const help = `Proves the laws of the venue, and refutes the mutants that would break them.

  npm run prove                        the part that continuous integration runs
  npm run prove -- --full              every property and every mutant
  npm run prove -- --only funding      those whose name, contract or law contains the text
  npm run prove -- --only L07 --full   all that belongs to a law
  npm run prove -- --list              what there is, without proving
  npm run prove -- --json              the results as JSON
  npm run prove -- --fresh             asks again what was proved before

Solvers: z3 and cvc5 from the PATH; without a native z3 that of npm. A property is proved when a
solver confirms it and none contradicts; an answer of neither is a failure. Verdicts are kept in
contracts/cache/prove.json by their sources, settings and versions. Exit code 1 if anything fails.
`;

if (isMain(import.meta.url)) {
  await runProgram({
    name: 'prove',
    help,
    noun: 'properties proved',
    cache: cachePath,
    jobs: (full) => jobsOf(properties, full),
  });
}
