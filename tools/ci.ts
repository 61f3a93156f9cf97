/**
 * The steps of continuous integration, in order, each with its time. All run even if one fails, so
 * that one run tells everything. The last line is `N passed, N failed`.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep, type Step, type StepResult, script, timeTable } from './run.ts';
import { root } from './sources.mjs';

const node = process.execPath;

/** Two compilations of half the suites take less memory and time than one of all of them. */
function forgeStep(name: string, skip: readonly string[]): Step {
  const skips = skip.flatMap((pattern) => ['--skip', pattern]);
  return { name, command: node, args: ['tools/forge.mjs', 'test', ...skips] };
}

/** Where the second of two compilations keeps what it made, from contracts/. */
const apart = 'cache/parts';

/**
 * The same step with artifacts and cache of its own, which begin as copies of what is built: the
 * compiler uses one core, and two that share a cache would spoil it.
 */
function keptApart(step: Step): Step {
  const out = `${apart}/out`;
  const env = { FOUNDRY_OUT: out, FOUNDRY_CACHE_PATH: apart };
  return { ...step, env, prepare: () => copyBuilt(out) };
}

function copyBuilt(out: string): void {
  const contracts = join(root, 'contracts');
  const cache = 'solidity-files-cache.json';
  mkdirSync(join(contracts, apart), { recursive: true });
  cpSync(join(contracts, 'out'), join(contracts, out), { recursive: true });
  const known = JSON.parse(readFileSync(join(contracts, 'cache', cache), 'utf8'));
  Object.assign(known.paths, { artifacts: out, build_infos: `${out}/build-info` });
  writeFileSync(join(contracts, apart, cache), JSON.stringify(known));
}
/** Suites of the clearing house and its modules; all others are of parts that stand alone. */
const houseSuites = [
  '*/ClearingHouse*',
  '*/Modules*',
  '*/Packing*',
  '*/Backstop*',
  '*/Waterfall*',
  '*/Venue*',
  '*/venue/*',
  '*/support/*',
  // Compiled with the clearing house; played by `npm run ties`.
  '*/ties/*',
  // Played by `npm run models`, which writes what it plays.
  '*/Replay*',
];
const partSuites = [
  ...[
    'Vault',
    'Oracle',
    'Quorum',
    'Schnorr',
    'DayRing',
    'Committee',
    'Treasury',
    'Breaker',
    'Parameters',
    'Margin',
    'Words',
    'Replay',
    'Shares',
  ].map((name) => `*/${name}*.t.sol`),
  // What only they use.
  '*/mocks/Committee*',
  '*/mocks/GroupSigner*',
  '*/mocks/Treasury*',
];
/** Steps one after another. */
type Lane = readonly Step[];

const patient = (step: Step): Step => ({ ...step, isPatient: true });

/** The lanes of a line run side by side. */
const lines: readonly (readonly Lane[])[] = [
  // The command that the README gives.
  [[{ name: 'test', command: 'npm', args: ['test'] }]],
  [[script('check', 'tools/check.ts')]],
  [
    [forgeStep('forge, clearing house', partSuites)],
    [
      keptApart(forgeStep('forge, parts', houseSuites)),
      // The other compilation takes longer, and one core.
      ...[
        // A sample that changes with the sources: whatever lives in it must be explained.
        script('mutants', 'tools/mutate.ts', 'contracts', '--sample', '60'),
        script('mutants, off chain', 'tools/mutate.ts', 'risk', 'order', 'core', '--sample', '30'),
      ].map(patient),
    ],
  ],
  [[script('gas', 'tools/gas.ts', '--check')]],
  // Solvers have limits of time: nothing runs beside them.
  [[script('prove', 'tools/prove.ts')]],
  [[script('symbolic', 'tools/symbolic.ts')]],
  [
    // They wait for clocks a third of their time; what computes takes the rest.
    [script('e2e', 'tools/e2e.ts', '--acting', '--jobs', '2')],
    [
      script('e2e, computing', 'tools/e2e.ts', '--computing'),
      script('models', 'tools/models.ts'),
      script('ties', 'tools/ties.ts'),
      script('fuzz', 'tools/fuzz.ts'),
    ].map(patient),
  ],
];

async function runLane(lane: Lane): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of lane) {
    console.log(`\n━━ ${step.name}`);
    results.push(await runStep(step));
  }
  return results;
}

const setup = await runStep({ name: 'setup', command: node, args: ['tools/setup.mjs'] });
const results = [setup];
if (setup.code === 0) {
  for (const lanes of lines) results.push(...(await Promise.all(lanes.map(runLane))).flat());
}

console.log(`\n${timeTable(results)}`);
const passed = results.reduce((sum, { counts }) => sum + counts.passed, 0);
const failed = results.reduce((sum, { counts }) => sum + counts.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
