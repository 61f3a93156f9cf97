/**
 * `npm run e2e [-- filter…]`: runs the whole-venue tests of tests/e2e one after another, each in
 * its own process; `--jobs 2` runs two at a time. A filter is a part of a file's name. Those that
 * only compute go first; `--computing` runs them alone, `--acting` all others.
 */
import { parseArgs } from 'node:util';
import { filesIn } from './files.ts';
import { runStep, type StepResult, timeTable } from './run.ts';

/** No clock of theirs minds what else the machine does. */
const computing = new Set(
  ['adversary', 'cascade', 'group', 'lives', 'margin', 'proof', 'range'].map(
    (name) => `tests/e2e/${name}.e2e.ts`,
  ),
);

/** They take minutes, so they begin before the others. */
const long = ['range', 'pool', 'tape', 'newuser', 'faults', 'kill'].map(
  (name) => `tests/e2e/${name}.e2e.ts`,
);

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    acting: { type: 'boolean', default: false },
    computing: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
  },
});
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) {
  console.error(`e2e: --jobs must be a number of at least 1, not ${values.jobs}`);
  process.exit(2);
}
const files = filesIn('tests/e2e', '.e2e.ts')
  .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
  .filter((path) => !(computing.has(path) ? values.acting : values.computing))
  .sort();

if (files.length === 0) {
  console.error(`e2e: no file of tests/e2e matches ${filters.join(' ') || '*.e2e.ts'}`);
  process.exit(1);
}

function run(path: string): Promise<StepResult> {
  console.log(`\n── ${path}`);
  const command = ['--import', 'tsx', '--test-reporter=spec', '--test-force-exit', path];
  // What computes may have had to wait for all others.
  const minutesMax = computing.has(path) ? 19 : 12;
  return runStep({ name: path, command: process.execPath, args: command, minutesMax });
}

const results: StepResult[] = [];

/** So many at a time as are wished; the long ones first. */
async function runAll(paths: readonly string[]): Promise<void> {
  const first = long.filter((path) => paths.includes(path));
  const queue = [...first, ...paths.filter((path) => !first.includes(path))];
  const inTurn = async (): Promise<void> => {
    for (let path = queue.shift(); path; path = queue.shift()) results.push(await run(path));
  };
  await Promise.all(Array.from({ length: jobs }, inTurn));
}

await runAll(files.filter((path) => computing.has(path)));
await runAll(files.filter((path) => !computing.has(path)));
console.log(`\n${timeTable(results)}`);
if (results.some(({ code }) => code !== 0)) process.exitCode = 1;
