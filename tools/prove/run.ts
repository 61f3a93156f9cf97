/** Running many properties and their mutants, some at a time, and what came of it. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from '../sources.mjs';
import { type Cache, cacheKey } from './cache.ts';
import { judge, questionOf } from './judge.ts';
import { denial, type Mutant, type Outcome, type Property } from './property.ts';
import type { Solver } from './solvers.ts';

/** One line of the table: a property, or a mutant of it. */
export type Result = {
  property: Property;
  mutant?: Mutant;
  outcome: Outcome;
  /** Whether the verdict is what it must be: a proof of a property, a refutation of a mutant. */
  good: boolean;
};

export type Job = { property: Property; mutant?: Mutant };

/**
 * What a run asks. In full: everything, and every assertion denied, which none must survive. Else
 * what is not slow, with a mutant for the first property of each law.
 */
export function jobsOf(properties: readonly Property[], full: boolean): Job[] {
  const chosen = properties.filter(({ slow }) => full || !slow);
  const seen = new Set<string>();
  const mutants = chosen.flatMap((property): Job[] => {
    const isFirst = property.laws.some((law) => !seen.has(law));
    for (const law of property.laws) seen.add(law);
    const count = full ? property.mutants.length : isFirst ? 1 : 0;
    const asked = property.mutants.slice(0, count);
    const denies = full && (property.engine === 'bmc' || property.engine === 'chc');
    return [...asked, ...(denies ? [denial] : [])].map((mutant) => ({ property, mutant }));
  });
  return [...chosen.map((property) => ({ property })), ...mutants];
}

/** Version of the compiler, as it is installed. */
export function compilerVersion(): string {
  return JSON.parse(readFileSync(join(root, 'node_modules/solc/package.json'), 'utf8')).version;
}

export type Context = {
  solvers: readonly Solver[];
  cache: Cache;
  compiler: string;
  report(result: Result): void;
  /** What decides a job, where it is not the compiler's model checker. */
  judging?: Judging;
};

/** A way to decide jobs: what is asked, and the answer. */
export type Judging = { question: typeof questionOf; judge: typeof judge };

/** Decides every job, `atOnce` at a time, in the order given. Errors become `unknown`. */
export async function runJobs(
  jobs: readonly Job[],
  context: Context,
  atOnce = availableParallelism(),
): Promise<Result[]> {
  const results: Result[] = new Array(jobs.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length) {
      const at = next;
      next += 1;
      results[at] = await runJob(jobs[at]!, context);
      context.report(results[at]!);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function runJob(job: Job, context: Context): Promise<Result> {
  const { solvers, cache, compiler, judging = { question: questionOf, judge } } = context;
  const { property, mutant } = job;
  const wanted = mutant ? 'refuted' : 'proved';
  const started = Date.now();
  try {
    const task = judging.question(property, mutant);
    const key = cacheKey(task, solvers, compiler);
    const known = cache.get(key);
    const outcome = known ?? (await judging.judge(task, solvers, property.seconds));
    if (!known) cache.put(key, outcome);
    return { ...job, outcome, good: outcome.verdict === wanted };
  } catch (error) {
    const seconds = (Date.now() - started) / 1000;
    const detail = error instanceof Error ? error.message : String(error);
    const none = { assertions: 0, solvers: [], cached: false };
    return { ...job, outcome: { verdict: 'unknown', detail, seconds, ...none }, good: false };
  }
}
