/** An anvil of its own for a test or a measurement: bare, and gone without a trace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foundryBinary } from './forge.mjs';

/** States that can be gone back to; a test reorganises a few blocks at most. */
const statesMax = 64;

/**
 * Starts anvil with these arguments. Left to itself it writes every old state below the user's
 * home, a gigabyte in a long test, and leaves it there when it is killed: here states are kept in
 * memory alone, and the folder that it makes nevertheless goes away with the process.
 */
export function spawnBareAnvil(args: readonly string[]): ChildProcess {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-anvil-'));
  const more = ['--prune-history', String(statesMax), '--cache-path', folder];
  const child = spawn(foundryBinary('anvil'), [...args, ...more], { stdio: 'ignore' });
  child.once('close', () => rmSync(folder, { recursive: true, force: true }));
  return child;
}
