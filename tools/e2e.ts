/**
 * `npm run e2e [-- filter…]`: runs the whole-venue tests of tests/e2e one after another, each in
 * its own process. A filter is a part of a file's name. Those that only compute go together;
 * `--computing` runs them alone, `--acting` all others.
 */
import { filesIn } from './files.ts';
import { runStep, type StepResult, timeTable } from './run.ts';

/** No clock of theirs minds what else the machine does. */
const computing = new Set(['cascade', 'group', 'margin'].map((name) => `tests/e2e/${name}.e2e.ts`));

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith('--'));
const files = filesIn('tests/e2e', '.e2e.ts')
  .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
  .filter((path) => !args.includes(computing.has(path) ? '--acting' : '--computing'))
  .sort();

if (files.length === 0) {
  console.error(`e2e: no file of tests/e2e matches ${filters.join(' ') || '*.e2e.ts'}`);
  process.exit(1);
}

function run(path: string): Promise<StepResult> {
  console.log(`\n── ${path}`);
  const command = ['--import', 'tsx', '--test-reporter=spec', '--test-force-exit', path];
  return runStep({ name: path, command: process.execPath, args: command, minutesMax: 12 });
}

const results = await Promise.all(files.filter((path) => computing.has(path)).map(run));
for (const path of files) if (!computing.has(path)) results.push(await run(path));
console.log(`\n${timeTable(results)}`);
if (results.some(({ code }) => code !== 0)) process.exitCode = 1;
