import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ensurePrivateDir, errorMessage, writeFileAtomic } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import type { Rpc } from './rpc.ts';

const gunzipAsync = promisify(gunzip);

/** The packed state that survives restarts. */
export function packedStatePath(chainDir: string): string {
  return join(chainDir, 'state.json.gz');
}

/** Writes the chain's state to disk whole: a crash at any moment leaves the last good one. */
export async function dumpState(rpc: Rpc, chainDir: string): Promise<number> {
  const hex = (await rpc('anvil_dumpState')) as string;
  const bytes = Buffer.from(hex.slice(2), 'hex');
  await writeFileAtomic(packedStatePath(chainDir), bytes);
  return bytes.length;
}

/**
 * Unpacks the last state to a file that anvil can load.
 *
 * @returns its path, or undefined when there is no state yet
 * @throws EnvironmentError ChainStateBroken
 */
export async function unpackState(chainDir: string): Promise<string | undefined> {
  ensurePrivateDir(chainDir);
  const packed = packedStatePath(chainDir);
  if (!existsSync(packed)) return undefined;
  const path = join(chainDir, 'state.load.json');
  try {
    await writeFileAtomic(path, await gunzipAsync(readFileSync(packed)));
  } catch (error) {
    const message = `${packed} cannot be read (${errorMessage(error)}); start with --fresh`;
    throw new EnvironmentError('ChainStateBroken', message, { retry: false, cause: error });
  }
  return path;
}
