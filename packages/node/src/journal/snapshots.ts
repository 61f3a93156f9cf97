/** Snapshots in a folder: `snap-<index>.bin`, 32 bytes sha256(32 zeros ‖ state) and the state. */
import { join } from 'node:path';
import type { Disk } from './disk.ts';
import { sha256 } from './frame.ts';
import { matching, snapshotName } from './segments.ts';
import type { Snapshot } from './types.ts';

const SNAPSHOT = /^snap-(\d{12})\.bin$/;
const ZEROS = new Uint8Array(32);

/**
 * Stores a snapshot and drops those before the last `kept`.
 *
 * @returns index of the oldest kept one, or undefined while there are fewer than `kept`
 */
export async function saveSnapshot(
  disk: Disk,
  dir: string,
  { index, bytes }: Snapshot,
  kept: number,
): Promise<number | undefined> {
  await disk.replace(dir, snapshotName(index), Buffer.concat([sha256(ZEROS, bytes), bytes]));
  const found = matching(await disk.list(dir), SNAPSHOT);
  for (const { name } of found.slice(0, -kept)) await disk.remove(join(dir, name));
  return found.length < kept ? undefined : found.at(-kept)?.first;
}

/** The newest whole snapshot that the journal reaches. */
export async function loadSnapshot(
  disk: Disk,
  dir: string,
  reach: number,
): Promise<Snapshot | undefined> {
  for (const { name, first } of matching(await disk.list(dir), SNAPSHOT).reverse()) {
    const file = await disk.read(join(dir, name));
    const bytes = file.subarray(32);
    const isWhole = Buffer.from(sha256(ZEROS, bytes)).equals(file.subarray(0, 32));
    // A snapshot past the journal's end speaks of commands that were never acknowledged.
    if (isWhole && first <= reach) return { index: first, bytes };
  }
  return undefined;
}
