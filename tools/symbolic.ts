/**
 * `npm run symbolic`: runs compiled code on unknown inputs along every path, and asks whether any
 * assertion can fail. `--help` says how.
 */
import { join } from 'node:path';
import { isMain } from './is-main.mjs';
import type { Job } from './prove/run.ts';
import { runProgram } from './prove/runner.ts';
import { root } from './sources.mjs';
import { checks } from './symbolic/checks.ts';
import { createJudging } from './symbolic/judge.ts';

const help = `Checks the bytecode of the settlement path for all inputs of the stated widths.

  npm run symbolic                     the part that continuous integration runs
  npm run symbolic -- --full           every check and every mutant
  npm run symbolic -- --only lane      those whose name, contract or law contains the text
  npm run symbolic -- --list           what there is, without running it
  npm run symbolic -- --json           the results as JSON
  npm run symbolic -- --fresh          runs again what was decided before

Checks are functions of contracts/proofs/symbolic: they call the real libraries, compiled with the
settings of deployment, and assert what holds. Their code is run along every path on inputs of which
nothing is known but the type; z3 and cvc5 say which bad ends can be reached. A counterexample
counts when the EVM fails on it too, a check when the EVM runs an input of it to its end. What is
not supported, not decided or beyond the limits is a failure. Exit code 1 if anything fails.
`;

/** What a run asks: all, or what is not slow with one mutant for each subject. */
export function symbolicJobs(full: boolean): Job[] {
  const chosen = checks.filter(({ slow }) => full || !slow);
  const seen = new Set<string>();
  const mutants = chosen.flatMap((property): Job[] => {
    const isFirst = !seen.has(property.subject);
    seen.add(property.subject);
    const asked = property.mutants.slice(0, full ? property.mutants.length : Number(isFirst));
    return asked.map((mutant) => ({ property, mutant }));
  });
  return [...chosen.map((property) => ({ property })), ...mutants];
}

if (isMain(import.meta.url)) {
  await runProgram({
    name: 'symbolic',
    help,
    noun: 'checks hold',
    cache: join(root, 'contracts/cache/symbolic.json'),
    jobs: symbolicJobs,
    judging: createJudging,
  });
}
