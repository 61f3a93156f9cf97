/** The range's own Solidity: hostile tokens and thieves, compiled when a scenario asks for them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@holdfast/host/programs';

const folder = join(root, 'packages/range/src/solidity');
let texts: Record<string, string> | undefined;

/** Texts of its sources by file name. */
export function solidityFolder(): Record<string, string> {
  texts ??= Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.sol'))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
  return texts;
}
