/**
 * Judges mutants in long-lived processes (worker.mjs): the tests are loaded and measured once, and
 * each mutant runs only the tests that reach it, quickest first, until one fails. A mutant that
 * loading a test file reaches is judged by loading the file again.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { filesIn } from '../files.ts';
import { root } from '../sources.mjs';
import type { Mutant } from './instrument.ts';

/** What became of a mutant. */
export type Fate = 'killed' | 'late' | 'survived' | 'unreached' | 'invalid';

/**
 * Tests that do not judge: one mutates by itself and reads the sources as they are written, one
 * plays long streams, which every survivor would wait for.
 */
const notJudging = new Set([
  'packages/core/test/mutants.test.ts',
  'packages/core/test/laws.test.ts',
]);

/** How often something meets each mutant, by id. */
type Hits = Readonly<Record<string, number>>;
type Place = { readonly file: string; readonly index: number };

/** What loading each test file and running each test takes and reaches. */
export type Reach = {
  readonly files: readonly { readonly file: string; readonly ms: number; readonly hits: Hits }[];
  readonly tests: readonly (Place & { readonly ms: number; readonly hits: Hits })[];
};

type Verdict = {
  readonly fate: Fate;
  /** The test that fails. */
  readonly by?: string;
  /** The test fails afterwards too: the process is of no more use. */
  readonly isSpoilt?: boolean;
};

/** Test files of the packages that can judge. */
export function judgesOf(packages: readonly string[]): string[] {
  return packages
    .flatMap((name) => filesIn(`packages/${name}/test`, '.test.ts'))
    .filter((file) => !notJudging.has(file));
}

const startMsMax = 600_000;
/** Each loading leaves its modules behind in the process. */
const loadsMax = 100;

type Question = 'measure' | 'load' | 'judge' | 'judgeLoad';

/** A process with the test files, to be started again when it was stopped. */
function createWorker(home: string) {
  let child: ChildProcess | undefined;

  /** The next thing that the process says; `late` after that long, `ended` if it dies first. */
  function hear<T>(process: ChildProcess, msMax: number): Promise<T | 'late' | 'ended'> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        process.removeAllListeners();
        act();
      };
      const timer = setTimeout(() => settle(() => resolve('late')), msMax);
      process.once('error', (error) => settle(() => reject(error)));
      process.once('exit', () => settle(() => resolve('ended')));
      process.once('message', ({ answer, error }: { answer: T; error?: string }) => {
        settle(() => (error === undefined ? resolve(answer) : reject(new Error(error))));
      });
    });
  }

  return {
    /** How many times it was asked to load for a mutant since it was started. */
    loads: 0,
    isRunning: () => child !== undefined,
    async start(): Promise<void> {
      const script = join(root, 'tools/mutate/worker.mjs');
      const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
      child = fork(script, [home], { cwd: home, execArgv: ['--import', 'tsx'], stdio: [...stdio] });
      this.loads = 0;
      await hear(child, startMsMax);
    },
    async ask<T>(ask: Question, what: unknown, msMax = startMsMax): Promise<T | 'late' | 'ended'> {
      const process = child as ChildProcess;
      process.send({ ask, what });
      const answer = await hear<T>(process, msMax);
      if (answer === 'late' || answer === 'ended') this.stop();
      return answer;
    },
    stop(): void {
      child?.kill('SIGKILL');
      child = undefined;
    },
  };
}
type Worker = ReturnType<typeof createWorker>;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** A loop ends when its mutant is met this many times as often as asleep. */
const hitLimit = (hits: number): number => 100 * (hits + 10);

/** What has to be asked about one mutant, and how long the answer may take. */
type Plan = { readonly ask: Question; readonly what: object; readonly msMax: number };

const quickest = <T extends { readonly ms: number }>(all: readonly T[]): T[] => {
  return [...all].sort((a, b) => a.ms - b.ms);
};

/** Files whose loading reaches a mutant, with all their tests. */
function loadsOf({ id }: Mutant, { files, tests }: Reach) {
  const found = files
    .filter(({ hits }) => hits[id] !== undefined)
    .map(({ file, ms, hits }) => {
      const own = quickest(tests.filter((test) => test.file === file));
      const met = sum([hits, ...own.map((test) => test.hits)].map((each) => each[id] ?? 0));
      const order = own.map(({ index }) => index);
      return { file, order, ms: ms + sum(own.map((test) => test.ms)), hitLimit: hitLimit(met) };
    });
  return quickest(found);
}

/** The tests that reach a mutant, quickest first; undefined if none does. */
function planOf(mutant: Mutant, reach: Reach): Plan | undefined {
  const { id } = mutant;
  const files = loadsOf(mutant, reach);
  const isLoaded = files.length > 0;
  const own = reach.tests.filter(({ hits }) => hits[id] !== undefined);
  const tests = quickest(own).map(({ file, index, ms, hits }) => {
    return { file, index, ms, hitLimit: hitLimit(hits[id] ?? 0) };
  });
  if (!isLoaded && tests.length === 0) return undefined;
  const msMax = 4_000 + 4 * sum((isLoaded ? files : tests).map(({ ms }) => ms));
  if (isLoaded) return { ask: 'judgeLoad', what: { id, files }, msMax };
  return { ask: 'judge', what: { id, tests }, msMax };
}

/** Whether the tests notice a mutant. */
async function judgeOne(
  worker: Worker,
  files: readonly string[],
  mutant: Mutant,
  reach: Reach,
): Promise<Verdict> {
  const plan = planOf(mutant, reach);
  if (plan === undefined) return { fate: 'unreached' };
  // A second time in a fresh process, if the first may have come from what another mutant left.
  for (let isFresh = false; ; ) {
    if (worker.loads >= loadsMax) worker.stop();
    if (!worker.isRunning()) {
      await worker.start();
      await worker.ask('load', files);
      isFresh = true;
    }
    if (plan.ask === 'judgeLoad') worker.loads += 1;
    const answer = await worker.ask<Verdict>(plan.ask, plan.what, plan.msMax);
    if (answer === 'late') return { fate: 'late' };
    if (answer === 'ended') return { fate: 'killed', by: 'the end of the process' };
    if (!answer.isSpoilt) return answer;
    worker.stop();
    if (isFresh) return answer;
  }
}

/**
 * Loads and measures the tests, then judges every mutant with so many processes.
 *
 * @throws Error if a test fails with all mutants asleep, at once or the second time
 */
export async function judgeMutants<M extends Mutant>(
  home: string,
  files: readonly string[],
  mutants: readonly M[],
  jobs: number,
  tell: (done: number, all: number) => void,
): Promise<{ mutant: M; fate: Fate; by?: string }[]> {
  const workers = Array.from({ length: jobs }, () => createWorker(home));
  const [first] = workers as [Worker];
  try {
    await first.start();
    const reach = await first.ask<Reach>('measure', files);
    if (reach === 'late' || reach === 'ended') throw new Error(`measuring the tests: ${reach}`);
    const judged: { mutant: M; fate: Fate; by?: string }[] = [];
    const queue = [...mutants];
    const work = async (worker: Worker): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { fate, by } = await judgeOne(worker, files, next, reach);
        judged.push({ mutant: next, fate, ...(by === undefined ? {} : { by }) });
        tell(judged.length, mutants.length);
      }
    };
    await Promise.all(workers.map(work));
    return judged;
  } finally {
    for (const worker of workers) worker.stop();
  }
}
