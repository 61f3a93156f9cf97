/**
 * The steps of continuous integration, in order, each with its time. All run even if one fails, so
 * that one run tells everything. The last line is `N passed, N failed`.
 */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { runStep, type Step, type StepResult, script, timeTable } from './run.ts';

const node = process.execPath;

/** Steps one after another. */
type Lane = readonly Step[];

const patient = (step: Step): Step => ({ ...step, isPatient: true });

/** The lanes of a line run side by side. */
const lines: readonly (readonly Lane[])[] = [
  [
    // The command that the README gives; it uses one core.
    [{ name: 'test', command: 'npm', args: ['test'] }],
    [
      script('check', 'tools/check.ts'),
      // A sample that changes with the sources: whatever lives in it must be explained.
      script('mutants', 'tools/mutate.ts', 'contracts', '--sample', '60'),
      script('fuzz', 'tools/fuzz.ts'),
      script('models', 'tools/models.ts'),
    ].map(patient),
  ],
  [
    [
      { name: 'forge', command: node, args: ['tools/forge.mjs', 'test'] },
      script('ties', 'tools/ties.ts'),
    ].map(patient),
    [
      script('mutants, off chain', 'tools/mutate.ts', 'risk', 'order', 'core', '--sample', '30'),
      script('gas', 'tools/gas.ts', '--check'),
      script('roles', 'tools/roles.ts', '--check'),
    ].map(patient),
  ],
  // Solvers have limits of time: nothing runs beside them.
  [[script('prove', 'tools/prove.ts')]],
  [[script('symbolic', 'tools/symbolic.ts')]],
  [
    // They wait for clocks half of their time; what computes takes the rest.
    [script('e2e', 'tools/e2e.ts', '--acting', '--jobs', '2')],
    [patient(script('e2e, computing', 'tools/e2e.ts', '--computing', '--jobs', '2'))],
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

/** What the venues, journals and chains of the steps take at one time, with room to spare. */
const freeBytesMin = 4e9;

/** A full disk fails steps in ways that do not look like it. */
function tellOfDisk(): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const free = bavail * bsize;
  if (free > freeBytesMin) return;
  const [is, wanted] = [free, freeBytesMin].map((bytes) => (bytes / 1e9).toFixed(1));
  console.log(
    `disk: ${is} GB free in ${tmpdir()}, the steps want ${wanted} GB; they may fail for it`,
  );
}

tellOfDisk();
const [setup, circuits] = await Promise.all([
  runStep({ name: 'setup', command: node, args: ['tools/setup.mjs'] }),
  // The keys that the tests of the proofs share; the compiler of contracts leaves them a core.
  runStep(patient(script('circuits', 'tools/circuits.ts'))),
]);
const results = [setup, circuits];
if (setup.code === 0) {
  for (const lanes of lines) results.push(...(await Promise.all(lanes.map(runLane))).flat());
}

console.log(`\n${timeTable(results)}`);
tellOfDisk();
const passed = results.reduce((sum, { counts }) => sum + counts.passed, 0);
const failed = results.reduce((sum, { counts }) => sum + counts.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
