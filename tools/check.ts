/** `npm run check`: contract sizes, types, lint, tidy, generated files against their sources. */
import { runStep, script, timeTable } from './run.ts';

const steps = [
  script('contract sizes', 'tools/contracts.ts'),
  { name: 'types', command: process.execPath, args: ['node_modules/typescript/bin/tsc'] },
  {
    name: 'lint and format',
    command: process.execPath,
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  },
  script('tidy', 'tools/tidy.ts'),
  script('generated files', 'tools/docs.ts', '--check'),
];

const results = [];
for (const step of steps) results.push(await runStep(step));
console.log(timeTable(results));
const failed = results.filter(({ code }) => code !== 0).length;
console.log(`ℹ pass ${results.length - failed}\nℹ fail ${failed}`);
if (failed > 0) process.exitCode = 1;
