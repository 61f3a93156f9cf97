/**
 * `npm run symbolic`: runs compiled code on unknown inputs along every path, and asks whether any
 * assertion can fail. `--help` says how.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMain } from './is-main.mjs';
import { Cache } from './prove/cache.ts';
import { compilerVersion, type Job, type Result, runJobs } from './prove/run.ts';
import { findSolvers } from './prove/solvers.ts';
import { faults, table } from './prove/table.ts';
import { isChosen, progress, toJson } from './prove.ts';
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

const options = {
  full: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

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

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const all = symbolicJobs(values.full || values.only !== '');
  const jobs = all.filter((job) => isChosen(job, values.only));
  if (jobs.length === 0) throw new Error(`symbolic: nothing is named ${values.only}`);
  if (values.list) {
    for (const { property, mutant } of jobs) {
      if (!mutant) console.log(`${property.id.padEnd(18)} ${property.title}`);
    }
    return;
  }
  const started = Date.now();
  const { solvers, missing } = findSolvers();
  if (solvers.length === 0) throw new Error(missing.join('\n'));
  const cache = new Cache(join(root, 'contracts/cache/symbolic.json'), values.fresh);
  const judging = createJudging();
  const compiler = compilerVersion();
  try {
    const context = { solvers, cache, compiler, judging, report: progress };
    const results = await runJobs(jobs, context);
    if (values.json) console.log(JSON.stringify(toJson(results), null, 2));
    else console.log(`${table(results)}\n${faults(results)}\n${summary(results, started)}`);
    for (const line of missing) console.error(`symbolic: ${line}`);
    if (missing.length > 0 || results.some(({ good }) => !good)) process.exitCode = 1;
  } finally {
    await judging.stop();
  }
}

function summary(results: readonly Result[], started: number): string {
  const count = (wanted: (result: Result) => boolean) => results.filter(wanted).length;
  const held = count(({ mutant, good }) => !mutant && good);
  const refuted = count(({ mutant, good }) => mutant !== undefined && good);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const failed = count(({ good }) => !good);
  const parts = [`${held} checks hold`, `${refuted} mutants refuted`, `${failed} failed`];
  return `symbolic: ${parts.join(', ')}; ${seconds} s`;
}

if (isMain(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
