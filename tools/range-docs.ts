/**
 * Generator for `npm run docs`: the table of scenarios in docs/RANGE.md, from their registry.
 * Between `<!-- scenarios -->` and `<!-- end -->` stands what follows from the code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarios } from '../packages/range/src/scenarios/index.ts';
import type { Scenario } from '../packages/range/src/types.ts';
import { root } from './sources.mjs';

const page = 'docs/RANGE.md';
const cell = (text: string): string => text.replaceAll('|', '\\|');

function rowOf(scenario: Scenario): string[] {
  const name = `\`${scenario.name}\``;
  if (scenario.kind === 'tape') {
    return [name, scenario.title, 'benign tape', '-', 'nothing may happen', '-'];
  }
  const { title, incidents, invariants, control } = scenario;
  const off =
    scenario.kind === 'open'
      ? `open: waits for ${scenario.needs}`
      : scenario.ablations.map((each) => `${each.name} (${each.kind})`).join('; ');
  return [name, title, incidents.join('; ') || '-', invariants.join(', '), control, off];
}

const head = ['scenario', 'attack', 'it happened', 'invariants', 'control', 'switched off'];

/** The page with its table as the registry is now. */
export function generate(): Record<string, string> {
  const text = readFileSync(join(root, page), 'utf8');
  const rows = [head, head.map(() => '---'), ...scenarios.map(rowOf)];
  const table = rows.map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
  const pattern = /<!-- scenarios -->\n[\s\S]*?<!-- end -->/;
  return { [page]: text.replace(pattern, () => `<!-- scenarios -->\n${table}\n<!-- end -->`) };
}
