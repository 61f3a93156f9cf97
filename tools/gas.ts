/**
 * `npm run gas`: measures the gas of whole transactions on a local chain and writes
 * contracts/gas.json. `npm run gas -- --check` compares instead, and fails on any difference.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './gas/scenarios.ts';
import { isMain } from './is-main.mjs';
import { root } from './sources.mjs';

const path = join(root, 'contracts/gas.json');

/** Lines that say what differs, one per name; none when both are equal. */
export function differences(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const [old, now] = [before[name], after[name]];
      const change = old !== undefined && now !== undefined ? signed(now - old) : 'new or gone';
      return `${name.padEnd(20)} ${old ?? '-'} -> ${now ?? '-'} (${change})`;
    });
}

const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));

async function main(): Promise<void> {
  const after = await measure();
  const before = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const lines = differences(before, after);
  for (const [name, gas] of Object.entries(after)) console.log(`${name.padEnd(20)} ${gas}`);
  if (process.argv.includes('--check')) {
    for (const line of lines) console.error(`gas differs: ${line}`);
    process.exitCode = lines.length === 0 ? 0 : 1;
    return;
  }
  for (const line of lines) console.log(`changed: ${line}`);
  writeFileSync(path, `${JSON.stringify(after, null, 2)}\n`);
}

if (isMain(import.meta.url)) await main();
