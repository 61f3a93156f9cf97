import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileCircuits, developmentKeys } from '@holdfast/proof/node';
import { tools } from '../../../packages/proof/test/world.ts';

/** Development keys of the circuits as they are, made once and kept beside what is compiled. */
export async function keysOf(size: number): Promise<string> {
  const made = (await compileCircuits(tools, { size })).map(({ r1csHash }) => r1csHash.slice(0, 8));
  const keys = join(tools.out, `keys-${size}-${made.join('-')}`);
  if (existsSync(keys)) return keys;
  mkdirSync(tools.out, { recursive: true });
  const fresh = mkdtempSync(join(tools.out, 'new-keys-'));
  await developmentKeys(tools, fresh, { size, now: 1 });
  try {
    renameSync(fresh, keys);
  } catch (error) {
    // Another test made them meanwhile.
    if (!existsSync(keys)) throw error;
    rmSync(fresh, { recursive: true });
  }
  return keys;
}
