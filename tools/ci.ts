/**
 * The steps of continuous integration, in order, each with its time. All run even if one fails, so
 * that one run tells everything. The last line is `N passed, N failed`.
 */
import { runStep, type Step, script, timeTable } from './run.ts';

const node = process.execPath;

/** Two compilations of half the suites take less memory and time than one of all of them. */
function forgeStep(name: string, skip: readonly string[]): Step {
  const skips = skip.flatMap((pattern) => ['--skip', pattern]);
  return { name, command: node, args: ['tools/forge.mjs', 'test', ...skips] };
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
  // Played by `npm run models`, which writes what it plays.
  '*/Replay*',
];
const partSuites = [
  'Vault',
  'Oracle',
  'Quorum',
  'Breaker',
  'Parameters',
  'Margin',
  'Words',
  'Replay',
  'Shares',
].map((name) => `*/${name}*.t.sol`);
const steps = [
  // The command that the README gives.
  { name: 'test', command: 'npm', args: ['test'] },
  script('check', 'tools/check.ts'),
  forgeStep('forge, parts', houseSuites),
  forgeStep('forge, clearing house', partSuites),
  script('gas', 'tools/gas.ts', '--check'),
  // A sample that changes with the sources: whatever lives in it must be explained.
  script('mutants', 'tools/mutate.ts', 'contracts', '--sample', '80'),
  script('models', 'tools/models.ts'),
  script('prove', 'tools/prove.ts'),
  script('e2e', 'tools/e2e.ts'),
];

const setup = await runStep({ name: 'setup', command: node, args: ['tools/setup.mjs'] });
const results = [setup];
if (setup.code === 0) {
  for (const step of steps) {
    console.log(`\n━━ ${step.name}`);
    results.push(await runStep(step));
  }
}

console.log(`\n${timeTable(results)}`);
const passed = results.reduce((sum, { counts }) => sum + counts.passed, 0);
const failed = results.reduce((sum, { counts }) => sum + counts.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
