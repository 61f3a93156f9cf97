/** Runs the tests that reach a mutant, quickest first, until one fails. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn } from '../files.ts';
import { type Mutant, wakeVariable } from './instrument.ts';

/** What became of a mutant. */
export type Fate = 'killed' | 'late' | 'survived' | 'unreached' | 'invalid';

/** A test file, how long it takes, and the ids of the mutants that it reaches. */
export type Reach = { readonly file: string; readonly ms: number; readonly ids: Set<string> };

/** Tests that mutate by themselves read the sources as they are written. */
const selfMutating = new Set(['packages/core/test/mutants.test.ts']);

const coverageHook = `
import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const found = globalThis.__stryker__?.mutantCoverage?.static ?? {};
  writeFileSync(process.env.HOLDFAST_COVERAGE, JSON.stringify(Object.keys(found)));
});
`;

type Ended = { readonly code: number | null; readonly ms: number; readonly isLate: boolean };

/** One test file in a process of its own, ended at its first failure or when it takes too long. */
function runFile(
  home: string,
  file: string,
  env: Readonly<Record<string, string>>,
  msMax: number,
  more: readonly string[] = [],
): Promise<Ended> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', ...more, '--test-reporter=tap', file];
    const child = spawn(process.execPath, args, {
      cwd: home,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let [isLate, hasFailed] = [false, false];
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, msMax);
    child.stdout.on('data', (chunk: Buffer) => {
      if (!/^\s*not ok /m.test(chunk.toString())) return;
      hasFailed = true;
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: hasFailed ? 1 : code, ms: performance.now() - started, isLate });
    });
  });
}

/**
 * Every test file of the packages once, with all mutants asleep.
 *
 * @throws Error if a test fails then
 */
export async function measureReach(
  home: string,
  packages: readonly string[],
  isWanted: (file: string) => boolean = () => true,
): Promise<Reach[]> {
  const hook = join(home, 'coverage-hook.mjs');
  writeFileSync(hook, coverageHook);
  const out = join(home, 'coverage.json');
  const reaches: Reach[] = [];
  for (const name of packages) {
    for (const file of filesIn(`packages/${name}/test`, '.test.ts')) {
      if (selfMutating.has(file) || !isWanted(file)) continue;
      const env = { HOLDFAST_COVERAGE: out };
      const { code, ms } = await runFile(home, file, env, 120_000, ['--import', hook]);
      if (code !== 0) throw new Error(`${file} fails without any mutant`);
      const ids = new Set(JSON.parse(readFileSync(out, 'utf8')) as string[]);
      rmSync(out);
      reaches.push({ file, ms, ids });
    }
  }
  return reaches.sort((a, b) => a.ms - b.ms);
}

/** Whether the tests notice a mutant. */
export async function judgeMutant(
  home: string,
  mutant: Mutant,
  reaches: readonly Reach[],
): Promise<Fate> {
  const own = reaches.filter(({ ids }) => ids.has(mutant.id));
  if (own.length === 0) return 'unreached';
  for (const { file, ms } of own) {
    const msMax = 5_000 + ms * 5;
    const ended = await runFile(home, file, { [wakeVariable]: mutant.id }, msMax);
    if (ended.isLate) return 'late';
    if (ended.code !== 0) return 'killed';
  }
  return 'survived';
}
