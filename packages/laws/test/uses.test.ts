import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingUses, type Source } from '@holdfast/laws';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Sources below a folder of the repository, without what is installed or built. */
function sourcesBelow(folder: string): Source[] {
  if (!existsSync(root + folder)) return [];
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry): Source[] => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return ['node_modules', 'out', 'cache'].includes(entry.name) ? [] : sourcesBelow(path);
    }
    if (!/\.(ts|sol|md)$/.test(entry.name)) return [];
    return [{ path, text: readFileSync(root + path, 'utf8') }];
  });
}

/** Uses still owed; a law that loses another use fails. An entry goes when its use has come. */
const owed: readonly string[] = [
  'L02 vaultCovers: no contract asks it',
  'L03 conserved: no contract asks it',
  'L14 outflowWithin: no package or test asks it',
  'L15 batchContiguous: no package or test asks it',
  'L16 breakerTightens: no package or test asks it',
  'L20 liquidationLawful: no contract asks it',
  'L21 feesWithin: no contract asks it',
];

describe('laws: uses in this repository', () => {
  const folders = ['contracts/src', 'contracts/test', 'docs', 'packages', 'tests'];
  const sources = folders.flatMap(sourcesBelow);

  it('keeps every use of every law that is not owed', () => {
    const missing = missingUses(sources).filter((line) => !owed.includes(line));
    assert.deepEqual(missing, []);
  });

  it('would notice the loss of a use', () => {
    const without = sources.filter(({ path }) => !path.startsWith('contracts/src/'));
    const missing = missingUses(without).filter((line) => !owed.includes(line));
    assert.ok(missing.includes('L07 healthyOrHealthier: no contract asks it'));
  });
});
