/**
 * `npm run prove`: proves the laws, and refutes what would break them. `--help` says how.
 */
import { parseArgs } from 'node:util';
import { isMain } from './is-main.mjs';
import { Cache, cachePath } from './prove/cache.ts';
import { properties } from './prove/properties.ts';
import { compilerVersion, type Job, jobsOf, type Result, runJobs } from './prove/run.ts';
import { findSolvers } from './prove/solvers.ts';
import { faults, methodText, summary, table } from './prove/table.ts';

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

const options = {
  full: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Whether a filter names a job's property: by a part of its name or subject, or by a law. */
export function isChosen({ property }: Job, only: string): boolean {
  const text = [property.id, property.subject, property.contract, ...property.laws].join(' ');
  return text.toLowerCase().includes(only.toLowerCase());
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  // A filter asks for few, so that what is slow is among them.
  const jobs = jobsOf(properties, values.full || values.only !== '').filter((job) =>
    isChosen(job, values.only),
  );
  if (jobs.length === 0) throw new Error(`prove: nothing is named ${values.only}`);
  if (values.list) {
    for (const { property, mutant } of jobs) {
      if (!mutant) console.log(`${property.id.padEnd(24)} ${property.title}`);
    }
    return;
  }
  const started = Date.now();
  const { solvers, missing } = findSolvers();
  if (solvers.length === 0) throw new Error(missing.join('\n'));
  const tools = solvers.map(({ name, version }) => `${name} ${version}`).join(', ');
  const compiler = compilerVersion();
  process.stderr.write(`prove: solc ${compiler}, ${tools}; ${jobs.length} questions\n`);
  const cache = new Cache(cachePath, values.fresh);
  const results = await runJobs(jobs, { solvers, cache, compiler, report: progress });
  const seconds = (Date.now() - started) / 1000;
  if (values.json) console.log(JSON.stringify(toJson(results), null, 2));
  else console.log(`${table(results)}\n${faults(results)}\n${summary(results, seconds)}`);
  for (const line of missing) console.error(`prove: ${line}`);
  if (missing.length > 0 || results.some(({ good }) => !good)) process.exitCode = 1;
}

/** Tells of a job as it is decided. */
export function progress({ property, mutant, good, outcome }: Result): void {
  const name = mutant ? `${property.id} without ${mutant.name}` : property.id;
  const time = outcome.cached ? 'cached' : `${outcome.seconds.toFixed(1)} s`;
  process.stderr.write(`${good ? 'ok    ' : 'FAILED'} ${name}: ${outcome.verdict}, ${time}\n`);
}

/** What programs read: one object per property or mutant. */
export function toJson(results: readonly Result[]) {
  return results.map((result) => ({
    property: result.property.id,
    title: result.property.title,
    laws: result.property.laws,
    contract: result.property.subject,
    method: methodText(result),
    mutant: result.mutant?.name ?? null,
    verdict: result.outcome.verdict,
    good: result.good,
    solvers: result.outcome.solvers,
    seconds: result.outcome.seconds,
    cached: result.outcome.cached,
    detail: result.outcome.detail,
  }));
}

if (isMain(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
