/** What `npm run prove` and `npm run symbolic` do alike: options, listing, run, table, summary. */
import { parseArgs } from 'node:util';
import { Cache } from './cache.ts';
import { compilerVersion, type Job, type Judging, type Result, runJobs } from './run.ts';
import { findSolvers } from './solvers.ts';
import { faults, methodText, summary, table } from './table.ts';

const options = {
  full: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * A program that decides properties.
 *
 * @property name Of the command.
 * @property noun What its summary counts: `properties proved`.
 * @property cache Path of what was decided before.
 * @property jobs What a run asks, in full or not.
 * @property judging What decides, where it is not the compiler's model checker; made once a run.
 */
export type Program = {
  readonly name: string;
  readonly help: string;
  readonly noun: string;
  readonly cache: string;
  readonly jobs: (full: boolean) => Job[];
  readonly judging?: () => Judging & { stop(): Promise<void> };
};

/** Whether a filter names a job's property: by a part of its name or subject, or by a law. */
export function isChosen({ property }: Job, only: string): boolean {
  const text = [property.id, property.subject, property.contract, ...property.laws].join(' ');
  return text.toLowerCase().includes(only.toLowerCase());
}

/** Runs a program as the arguments of this process say; the exit code is 1 if anything fails. */
export async function runProgram(program: Program): Promise<void> {
  try {
    if (!(await run(program))) process.exitCode = 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** Whether all is as it must be. */
async function run({ name, help, noun, cache, jobs: ask, judging: make }: Program) {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(help);
    return true;
  }
  // A filter asks for few, so that what is slow is among them.
  const all = ask(values.full || values.only !== '');
  const jobs = all.filter((job) => isChosen(job, values.only));
  if (jobs.length === 0) throw new Error(`${name}: nothing is named ${values.only}`);
  if (values.list) {
    for (const { property, mutant } of jobs) {
      if (!mutant) console.log(`${property.id.padEnd(24)} ${property.title}`);
    }
    return true;
  }
  const started = Date.now();
  const { solvers, missing } = findSolvers();
  if (solvers.length === 0) throw new Error(missing.join('\n'));
  const tools = solvers.map((solver) => `${solver.name} ${solver.version}`).join(', ');
  const compiler = compilerVersion();
  process.stderr.write(`${name}: solc ${compiler}, ${tools}; ${jobs.length} questions\n`);
  const judging = make?.();
  try {
    const context = { solvers, cache: new Cache(cache, values.fresh), compiler, report: progress };
    const results = await runJobs(jobs, { ...context, ...(judging ? { judging } : {}) });
    const last = summary(results, name, noun, (Date.now() - started) / 1000);
    if (values.json) console.log(JSON.stringify(toJson(results), null, 2));
    else console.log(`${table(results)}\n${faults(results)}\n${last}`);
    for (const line of missing) console.error(`${name}: ${line}`);
    return missing.length === 0 && results.every(({ good }) => good);
  } finally {
    await judging?.stop();
  }
}

/** Tells of a job as it is decided. */
function progress({ property, mutant, good, outcome }: Result): void {
  const name = mutant ? `${property.id} without ${mutant.name}` : property.id;
  const time = outcome.cached ? 'cached' : `${outcome.seconds.toFixed(1)} s`;
  process.stderr.write(`${good ? 'ok    ' : 'FAILED'} ${name}: ${outcome.verdict}, ${time}\n`);
}

/** What programs read: one object per property or mutant. */
function toJson(results: readonly Result[]) {
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
