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
  'packages/core/test/auction-mutants.test.ts',
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
    /** Whether it holds the tests, loaded once for all mutants that loading does not reach. */
    hasTests: false,
    isRunning: () => child !== undefined,
    async start(): Promise<void> {
      const script = join(root, 'tools/mutate/worker.mjs');
      const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
      child = fork(script, [home], { cwd: home, execArgv: ['--import', 'tsx'], stdio: [...stdio] });
      [this.loads, this.hasTests] = [0, false];
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
const hitLimit = (hits: number): number => 20 * (hits + 100);

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

/** How long what takes this long asleep may take. */
const patience = (ms: number): number => 4_000 + 4 * ms;

/** A test below this is asked together with others. */
const quickMs = 20;

/**
 * What to ask about a mutant until it is noticed: the tests that reach it, quickest first, then the
 * files whose loading does. Nothing if none does.
 */
function plansOf(mutant: Mutant, reach: Reach): Plan[] {
  const { id } = mutant;
  const own = quickest(reach.tests.filter(({ hits }) => hits[id] !== undefined));
  const quick = own.filter(({ ms }) => ms < quickMs);
  const slow = own.filter(({ ms }) => ms >= quickMs).map((test) => [test]);
  const groups = [quick, ...slow].filter((group) => group.length > 0);
  const single = groups.map((group): Plan => {
    const tests = group.map(({ file, index, hits }) => {
      return { file, index, hitLimit: hitLimit(hits[id] ?? 0) };
    });
    return { ask: 'judge', what: { id, tests }, msMax: patience(sum(group.map(({ ms }) => ms))) };
  });
  const loads = loadsOf(mutant, reach).map(({ ms, ...file }): Plan => {
    return { ask: 'judgeLoad', what: { id, files: [file] }, msMax: patience(ms) };
  });
  return [...single, ...loads];
}

/** Asks a worker that is ready for it, and tells whether it was started for that. */
async function askReady(worker: Worker, files: readonly string[], { ask, what, msMax }: Plan) {
  if (worker.loads >= loadsMax) worker.stop();
  const isFresh = !worker.isRunning();
  if (isFresh) await worker.start();
  if (ask === 'judgeLoad') worker.loads += 1;
  else if (!worker.hasTests) {
    await worker.ask('load', files);
    worker.hasTests = true;
  }
  return { isFresh, answer: await worker.ask<Verdict>(ask, what, msMax) };
}

/** Whether the tests notice a mutant. */
async function judgeOne(
  worker: Worker,
  files: readonly string[],
  plans: readonly Plan[],
): Promise<Verdict> {
  for (const plan of plans) {
    let { isFresh, answer } = await askReady(worker, files, plan);
    if (typeof answer === 'object' && answer.isSpoilt && !isFresh) {
      // It may have failed from what another mutant left behind: once more in a fresh process.
      worker.stop();
      ({ isFresh, answer } = await askReady(worker, files, plan));
    }
    if (answer === 'late') return { fate: 'late' };
    if (answer === 'ended') return { fate: 'killed', by: 'the end of the process' };
    if (answer.isSpoilt) worker.stop();
    if (answer.fate !== 'survived') return answer;
  }
  return { fate: plans.length > 0 ? 'survived' : 'unreached' };
}

/** Measures the test files, each in one of the workers. */
async function measure(workers: readonly Worker[], files: readonly string[]): Promise<Reach> {
  const parts = await Promise.all(
    workers.map(async (worker, place) => {
      await worker.start();
      const own = files.filter((_, i) => i % workers.length === place);
      const part = await worker.ask<Reach>('measure', own);
      if (part === 'late' || part === 'ended') throw new Error(`measuring the tests: ${part}`);
      return part;
    }),
  );
  return {
    files: parts.flatMap((part) => part.files),
    tests: parts.flatMap((part) => part.tests),
  };
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
  try {
    const reach = await measure(workers, files);
    const judged: { mutant: M; fate: Fate; by?: string }[] = [];
    const queue = [...mutants];
    const work = async (worker: Worker): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { fate, by } = await judgeOne(worker, files, plansOf(next, reach));
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
