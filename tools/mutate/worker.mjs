/**
 * A process that holds the test files of some packages and runs single tests of them with one
 * mutant awake. Its parent (judge.ts) asks over IPC and gets one answer to each question.
 */
import { register } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { collect } from './collector.mjs';

const [home] = process.argv.slice(2);
const workspace = `${pathToFileURL(home).href}/packages/`;
register('./hooks.mjs', import.meta.url, { data: { workspace } });
// Every run the same, and no search for the smallest example: that there is one is enough.
fc.configureGlobal({ seed: 20_261_126, endOnFailure: true });

/** What Stryker's instrumented sources read and write. */
const stryker = { mutantCoverage: { static: {}, perTest: {} } };
globalThis.__stryker__ = stryker;

let stray;
process.on('uncaughtException', (error) => {
  stray = error;
});
process.on('unhandledRejection', (error) => {
  stray = error;
});

let version = 0;

/** The tests of a file, loaded with modules of its own. */
function load(file) {
  version += 1;
  const url = `${pathToFileURL(`${home}/${file}`).href}?v=${version}`;
  return collect(() => import(url));
}

/** Why a test fails; undefined if it does not. */
async function failure(run) {
  stray = undefined;
  try {
    await run();
    await turn();
  } catch (error) {
    return error ?? new Error('nothing thrown');
  }
  return stray;
}

function wake(id, hitLimit) {
  Object.assign(stryker, { activeMutant: id, hitCount: 0, hitLimit });
}

function sleep() {
  Object.assign(stryker, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
}

/** Tests by file; loaded once, for all mutants that loading does not reach. */
const loaded = new Map();

async function loadAll(files) {
  stryker.isMeasured = true;
  for (const file of files) if (!loaded.has(file)) loaded.set(file, await load(file));
  return {};
}

/** One run of a test with everything asleep: how long it takes. */
async function runAsleep(file, { name, run }) {
  const started = performance.now();
  const error = await failure(run);
  if (error !== undefined) throw new Error(`${file}: "${name}" fails without any mutant: ${error}`);
  return performance.now() - started;
}

/** What loading a file and each of its tests reach. */
async function reachOf(file) {
  stryker.mutantCoverage.static = {};
  const tests = await load(file);
  loaded.set(file, tests);
  const found = { file, hits: stryker.mutantCoverage.static, tests: [] };
  for (const [index, test] of tests.entries()) {
    stryker.currentTestId = `${file} ${index}`;
    await runAsleep(file, test);
    stryker.currentTestId = undefined;
    found.tests.push({
      file,
      index,
      hits: stryker.mutantCoverage.perTest[`${file} ${index}`] ?? {},
    });
  }
  return found;
}

/** Loads the files and runs all tests twice: what they reach, then how long they take. */
async function measure(files) {
  const found = [];
  for (const file of files) found.push(await reachOf(file));
  stryker.isMeasured = true;
  for (const each of found) {
    const started = performance.now();
    await load(each.file);
    each.ms = performance.now() - started;
    for (const test of each.tests) {
      test.ms = await runAsleep(each.file, loaded.get(each.file)[test.index]);
    }
  }
  return {
    files: found.map(({ file, ms, hits }) => ({ file, ms, hits })),
    tests: found.flatMap(({ tests }) => tests),
  };
}

const isLate = () => stryker.hitCount > stryker.hitLimit;

/** Tests in order with a mutant awake until one fails; then whether it passes again without. */
async function judge({ id, tests }) {
  for (const { file, index, hitLimit } of tests) {
    const { name, run } = loaded.get(file)[index];
    wake(id, hitLimit);
    const error = await failure(run);
    const late = isLate();
    sleep();
    if (late) return { fate: 'late', by: name, isSpoilt: true };
    if (error === undefined) continue;
    const isSpoilt = (await failure(run)) !== undefined;
    return { fate: 'killed', by: name, isSpoilt };
  }
  return { fate: 'survived' };
}

/** Files loaded anew with the mutant awake, and their tests in order until one fails. */
async function judgeLoad({ id, files }) {
  try {
    for (const { file, order, hitLimit } of files) {
      wake(id, hitLimit);
      let tests;
      const error = await failure(async () => {
        tests = await load(file);
      });
      if (error !== undefined) return { fate: isLate() ? 'late' : 'killed', by: file };
      for (const index of order) {
        if (tests[index] === undefined) return { fate: 'killed', by: file };
        const { name, run } = tests[index];
        const failed = (await failure(run)) !== undefined;
        if (failed || isLate()) return { fate: isLate() ? 'late' : 'killed', by: name };
      }
    }
    return { fate: 'survived' };
  } finally {
    sleep();
  }
}

const answers = { load: loadAll, measure, judge, judgeLoad };

process.on('message', async ({ ask, what }) => {
  try {
    process.send({ answer: await answers[ask](what) });
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send({ answer: 'ready' });
