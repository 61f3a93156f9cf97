/**
 * Judges the mutants of contracts that keep state by the tests of forge, one process each: those
 * tests that reach the mutant's function, the quick ones first, until one fails.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foundryBinary } from '../forge.mjs';
import type { Fate } from './judge.ts';
import { type AsleepMutant, probe } from './schemata.ts';
import type { Workshop } from './workshop.ts';

/** A test of forge, how long it takes, and the functions that it reaches, by number. */
export type Test = {
  readonly suite: string;
  readonly name: string;
  readonly ms: number;
  readonly reaches: ReadonlySet<number>;
};

/** What became of a mutant; if a test failed, which, and in which file. */
export type Verdict = { readonly fate: Fate; readonly by?: string; readonly suite?: string };

/** Inputs of each fuzz test. */
const fuzzRuns = '8';
/** A loop without end is out of gas soon; what needs more does not judge. */
const gasLimit = '1000000000';
const quickMs = 150;
const startMs = 300_000;

type Run = { readonly code: number | 'late'; readonly output: string };

function runForge(home: string, args: readonly string[], msMax: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
      FOUNDRY_FUZZ_RUNS: fuzzRuns,
      FOUNDRY_GAS_LIMIT: gasLimit,
      // Forge would start git, to look for submodules.
      PATH: '',
    };
    const child = spawn(foundryBinary('forge'), [...args], { cwd: home, env });
    const parts: Buffer[] = [];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, msMax);
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.on('data', (part: Buffer) => parts.push(part));
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: isLate ? 'late' : (code ?? 1), output: Buffer.concat(parts).toString() });
    });
  });
}

const asWord = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`;
const anyOf = (names: Iterable<string>): string => `^(${[...new Set(names)].join('|')})$`;

function filters(tests: readonly Test[]): string[] {
  const suites = anyOf(tests.map(({ suite }) => suite.split(':')[1] as string));
  const names = [...new Set(tests.map(({ name }) => name.replace(/\(.*/, '')))];
  return ['--match-contract', suites, '--match-test', `^(${names.join('|')})(\\(|$)`];
}

type Results = Record<
  string,
  { test_results: Record<string, { status: string; duration: string; decoded_logs: string[] }> }
>;

/** Milliseconds of forge's way to write a time: `1s 2ms 3us 4ns` or `1.2ms`. */
export function readDuration(text: string): number {
  const units: Readonly<Record<string, number>> = {
    m: 60_000,
    s: 1_000,
    ms: 1,
    us: 1e-3,
    µs: 1e-3,
    ns: 1e-6,
  };
  let ms = 0;
  for (const [, count, unit = ''] of text.matchAll(/([\d.]+)\s*(ms|us|µs|ns|m|s)/g)) {
    ms += Number(count) * (units[unit] ?? 0);
  }
  return ms;
}

async function results(home: string, args: readonly string[]): Promise<Results> {
  const { output } = await runForge(home, ['test', '--json', ...args], 3_600_000);
  const [from, to] = [output.indexOf('{'), output.lastIndexOf('}') + 1];
  if (from < 0) throw new Error(`mutate: ${home}\n${output.slice(0, 4_000)}`);
  return JSON.parse(output.slice(from, to)) as Results;
}

/** Tests as they were measured, kept beside the project. */
export async function measured(workshop: Workshop): Promise<Test[]> {
  const path = join(workshop.home, 'measured.json');
  if (existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as (Test & { reaches: number[] })[];
    return kept.map((test) => ({ ...test, reaches: new Set(test.reaches) }));
  }
  const tests = await measure(workshop);
  const kept = tests.map((test) => ({ ...test, reaches: [...test.reaches] }));
  writeFileSync(path, JSON.stringify(kept));
  return tests;
}

/**
 * Tests that pass with all mutants asleep, and what each reaches. Those do not that measure gas, or
 * need the optimizer.
 *
 * @throws Error if the sources do not compile, or most tests fail
 */
async function measure({ home }: Workshop): Promise<Test[]> {
  const built = await runForge(home, ['build'], 3_600_000);
  if (built.code !== 0) throw new Error(`mutate: ${home}\n${built.output.slice(0, 4_000)}`);
  const asleep = await results(home, []);
  const probed = await results(home, ['-vv', '--block-prevrandao', asWord(BigInt(probe))]);
  const tests: Test[] = [];
  for (const [suite, { test_results: own }] of Object.entries(probed)) {
    for (const [name, { status, decoded_logs: logs }] of Object.entries(own)) {
      const plain = asleep[suite]?.test_results[name];
      if (status !== 'Success' || plain?.status !== 'Success') continue;
      const reaches = new Set(logs.map(Number).filter(Number.isSafeInteger));
      tests.push({ suite, name, ms: readDuration(plain.duration), reaches });
    }
  }
  const all = Object.values(probed).flatMap(({ test_results: own }) => Object.keys(own)).length;
  if (tests.length * 2 < all) {
    throw new Error(`mutate: ${home}: only ${tests.length} of ${all} tests pass without a mutant`);
  }
  return tests;
}

/**
 * A copy of the project for each process: one that reads the list of what is compiled while another
 * writes it would compile again.
 */
async function copies(home: string, jobs: number): Promise<string[]> {
  await runForge(home, ['build'], 3_600_000);
  return Array.from({ length: jobs }, (_, i) => {
    const copy = `${home}.${i + 1}`;
    rmSync(copy, { recursive: true, force: true });
    cpSync(home, copy, { recursive: true });
    return copy;
  });
}

/** The first test that failed, and its file, from what forge prints; a reason may have lines. */
export function readFailure(output: string): { by: string; suite: string } | undefined {
  const at = output.search(/^\[FAIL/m);
  const by = at < 0 ? undefined : /\] (\w+)\(/.exec(output.slice(at))?.[1];
  if (by === undefined) return undefined;
  const suites = [...output.slice(0, at).matchAll(/^Ran \d+ tests? for ([^:\s]+):/gm)];
  return { by, suite: suites.at(-1)?.[1] ?? '' };
}

async function judge(home: string, mutant: AsleepMutant, tests: readonly Test[]): Promise<Verdict> {
  const own = tests.filter(({ reaches }) => reaches.has(mutant.within));
  if (own.length === 0) return { fate: 'unreached' };
  const quick = own.filter(({ ms }) => ms < quickMs);
  const slow = own.filter(({ ms }) => ms >= quickMs);
  for (const some of [quick, slow]) {
    if (some.length === 0) continue;
    const wake = ['--block-prevrandao', asWord(BigInt(mutant.id))];
    const args = ['test', ...filters(some), ...wake, '--fail-fast', '--threads', '1'];
    const ms = some.reduce((sum, test) => sum + test.ms, 0);
    const { code, output } = await runForge(home, args, startMs + 10 * ms);
    if (code === 'late') return { fate: 'late' };
    const failure = readFailure(output);
    if (failure !== undefined) return { fate: 'killed', ...failure };
    if (code !== 0) throw new Error(`mutate: forge ended with ${code}\n${output.slice(0, 2_000)}`);
  }
  return { fate: 'survived' };
}

type Known = Verdict & { readonly key: string; readonly basis: string };

/** What earlier runs have found of which nothing has changed since. */
function readKnown({ verdicts, basisOf }: Workshop): Map<string, Verdict> {
  if (!existsSync(verdicts)) return new Map();
  const lines = readFileSync(verdicts, 'utf8').split('\n').filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as Known);
  const valid = all.filter(({ suite, basis }) => basis === basisOf(suite));
  return new Map(valid.map(({ key, basis: _, ...verdict }) => [key, verdict]));
}

/**
 * Judges the mutants; each verdict is kept with the hash of what it rests on, so that a later run
 * goes on, and a mutant that a test has killed stays dead as long as that test stays.
 */
export async function judgeState(
  workshop: Workshop,
  tests: readonly Test[],
  mutants: readonly AsleepMutant[],
  jobs: number,
  tell: (done: number, all: number) => void,
): Promise<({ mutant: AsleepMutant } & Verdict)[]> {
  const { home, verdicts, basisOf } = workshop;
  const known = readKnown(workshop);
  const judged: ({ mutant: AsleepMutant } & Verdict)[] = [];
  const queue = [...mutants];
  const work = async (place: string): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { key } = next;
      const before = known.get(key);
      const verdict = before ?? (await judge(place, next, tests));
      if (before === undefined) {
        const line = { key, ...verdict, basis: basisOf(verdict.suite) };
        appendFileSync(verdicts, `${JSON.stringify(line)}\n`);
      }
      judged.push({ mutant: next, ...verdict });
      tell(judged.length, mutants.length);
    }
  };
  const places = await copies(home, jobs);
  try {
    await Promise.all(places.map(work));
  } finally {
    for (const place of places) rmSync(place, { recursive: true, force: true });
  }
  return judged;
}
