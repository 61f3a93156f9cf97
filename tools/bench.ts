/**
 * `npm run bench [-- filter…] [--json]`: runs every packages/<name>/bench/*.bench.ts and prints
 * what they measure, then the targets that this run can tell of. A bench module has
 * `export function bench(): Measure[] | Promise<Measure[]>`.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Measure } from '@holdfast/units/measure';
import { type Reached, reachTargets } from './bench/targets.ts';
import { packageFiles } from './files.ts';
import { root } from './sources.mjs';

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
const reached = reachTargets(rows);
if (args.includes('--json')) {
  console.log(JSON.stringify({ machine, measures: rows, targets: reached }, null, 2));
} else printTable();

function figure(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
}

/** name, figure, unit, noise band, ratio to its reference. */
function line({ file, name, value, unit, note, band, reference, ratio }: Row): string {
  const home = (file.split('/')[1] ?? file).padEnd(8);
  const noise = band === undefined ? '' : `${figure(band[0])}..${figure(band[1])}`;
  const held = ratio === undefined ? '' : `${figure(ratio)} × ${reference}`;
  const start = `${home} ${name.padEnd(46)} ${figure(value).padStart(10)} ${unit.padEnd(10)}`;
  return `${start} ${noise.padEnd(18)} ${[held, note ?? ''].filter(Boolean).join('; ')}`.trimEnd();
}

function printTable(): void {
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`);
  for (const row of rows) console.log(line(row));
  console.log('\nTargets (docs/PERFORMANCE.md); empty: not measured in this run');
  for (const target of reached) console.log(targetLine(target));
}

/** target, figure, unit, ratio, the ratio asked for and whether it is reached. */
function targetLine({ target, figure: value, unit, ratio, ratioMax, isMet }: Reached): string {
  const start = `${target.padEnd(56)} ${(value === undefined ? '' : figure(value)).padStart(10)}`;
  const held = ratio === undefined ? '' : `${figure(ratio)} ×`;
  const asked = ratioMax === undefined ? '' : `at most ${figure(ratioMax)}`;
  const verdict = isMet === undefined ? '' : isMet ? 'met' : 'falls short';
  const end = `${held.padEnd(9)} ${asked.padEnd(13)} ${verdict}`;
  return `${start} ${(unit ?? '').padEnd(12)} ${end}`.trimEnd();
}
