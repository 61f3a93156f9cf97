/**
 * `npm run bench [-- filter…] [--json]`: runs every packages/<name>/bench/*.bench.ts and prints
 * what they measure. A bench module has `export function bench(): Measure[] | Promise<Measure[]>`.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFiles } from './files.ts';
import { root } from './sources.mjs';

/** One measured figure: `value` in `unit`, e.g. 1_200_000 orders/s. */
export type Measure = { name: string; value: number; unit: string; note?: string };

type Row = Measure & { file: string };

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log('npm run bench [-- filter…] [--json]: packages or files whose names hold a filter');
  process.exit();
}
const files = packageFiles(
  'bench',
  '.bench.ts',
  args.filter((arg) => !arg.startsWith('-')),
);

const rows: Row[] = [];
for (const file of files) {
  const module = await import(pathToFileURL(join(root, file)).href);
  const measures: Measure[] = await module.bench();
  rows.push(...measures.map((measure) => ({ file, ...measure })));
}

const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
if (args.includes('--json')) console.log(JSON.stringify({ machine, measures: rows }, null, 2));
else printTable();

function printTable(): void {
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`);
  for (const { file, name, value, unit, note } of rows) {
    const figure = value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 3 : 0 });
    const home = file.split('/')[1] ?? file;
    console.log(
      `${home.padEnd(10)} ${name.padEnd(44)} ${figure.padStart(14)} ${unit} ${note ?? ''}`,
    );
  }
}
