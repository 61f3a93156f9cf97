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
  for (const file of files) loaded.set(file, await load(file));
  return {};
}

/** One run of a test with everything asleep: its time and how often it meets each mutant. */
async function measureTest(file, index, { name, run }) {
  const test = `${file} ${index}`;
  stryker.currentTestId = test;
  const started = performance.now();
  const error = await failure(run);
  const ms = performance.now() - started;
  stryker.currentTestId = undefined;
  if (error !== undefined) throw new Error(`${file}: "${name}" fails without any mutant: ${error}`);
  return { file, index, ms, hits: stryker.mutantCoverage.perTest[test] ?? {} };
}

/** Loads the files and runs all tests twice. */
async function measure(files) {
  const found = { files: [], tests: [] };
  for (const file of files) {
    stryker.mutantCoverage.static = {};
    const started = performance.now();
    const tests = await load(file);
    const ms = performance.now() - started;
    const hits = stryker.mutantCoverage.static;
    loaded.set(file, tests);
    found.files.push({ file, ms, hits });
    for (const [index, test] of tests.entries()) {
      found.tests.push(await measureTest(file, index, test));
    }
  }
  for (const { file, index } of found.tests) {
    await measureTest(file, index, loaded.get(file)[index]);
  }
  return found;
}

const isLate = () => stryker.hitCount > stryker.hitLimit;

/** Tests in order with a mutant awake until one fails; then whether it passes again without. */
async function judge({ id, tests }) {
  stryker.isMeasured = true;
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
  stryker.isMeasured = true;
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
