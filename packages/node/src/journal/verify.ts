/** The whole journal, from its first frame to its last, wherever its segments are. */
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { type Disk, localDisk } from './disk.ts';
import { commandsOf, type Frame } from './frame.ts';
import {
  type Closed,
  damaged,
  GENESIS,
  matching,
  readClosed,
  SEGMENT,
  scanClosed,
  scanSegment,
  toHexText,
} from './segments.ts';
import type { Tip } from './types.ts';

/** What a whole journal holds. */
export type Verified = {
  /** Closed segments, and how many of them are in the archive. */
  readonly segments: number;
  readonly archived: number;
  readonly frames: number;
  readonly commands: number;
  /** Bytes of all frames. */
  readonly bytes: number;
  /** Head of the chain, hex: what the node's `status` shows as `journal.head`. */
  readonly head: string;
  /** Bytes after the last frame that are no frame and were never acknowledged. */
  readonly tornBytes: number;
};

/** The longer of the two lists; the shorter must be its beginning. */
function agreed(live: readonly Closed[], archived: readonly Closed[]): readonly Closed[] {
  const [long, short] = live.length >= archived.length ? [live, archived] : [archived, live];
  for (const [at, { seal }] of short.entries()) {
    if (long[at]?.seal !== seal) {
      const text = `the lists of closed segments of journal and archive differ in line ${at + 1}`;
      throw new EnvironmentError('JournalForeign', `${text}: they are of different journals`);
    }
  }
  return long;
}

/**
 * Checks every frame's checksum, every link of the chain, every closed segment against the list,
 * and that each command can be read.
 *
 * @param archive - folder of the moved segments, if there is one
 * @throws EnvironmentError JournalDamaged, JournalForeign
 */
export async function verifyFolders(
  dir: string,
  archive?: string,
  disk: Disk = localDisk,
): Promise<Verified> {
  const lists = [
    await readClosed(disk, dir),
    archive ? await readClosed(disk, archive) : [],
  ] as const;
  const closed = agreed(...lists);
  const live = await disk.list(dir);
  const moved = new Set(archive === undefined ? [] : await disk.list(archive));
  const sum = { frames: 0, commands: 0, bytes: 0, archived: 0 };
  const take = (frame: Frame): void => {
    sum.frames += 1;
    sum.commands += commandsOf(frame).length;
  };
  for (const entry of closed) {
    const place = live.includes(entry.name) ? dir : archive;
    if (place === undefined || (place === archive && !moved.has(entry.name))) {
      throw damaged(entry.name, 0, 'the closed segment is in neither folder');
    }
    if (place === archive) sum.archived += 1;
    scanClosed(entry, await disk.read(join(place, entry.name)), take);
    sum.bytes += entry.bytes;
  }
  const last = closed.at(-1);
  let tip: Tip = last ? { next: last.next, head: Buffer.from(last.head, 'hex') } : GENESIS;
  const known = new Set(closed.map(({ name }) => name));
  const open = matching(live, SEGMENT).filter(({ name }) => !known.has(name));
  let tornBytes = 0;
  for (const [at, { name, first }] of open.entries()) {
    if (first !== tip.next) throw damaged(name, 0, `starts at ${first}, expected ${tip.next}`);
    const bytes = await disk.read(join(dir, name));
    const scan = scanSegment(name, bytes, tip, at === open.length - 1, take);
    tornBytes = bytes.subarray(scan.end).findLastIndex((byte) => byte !== 0) + 1;
    sum.bytes += scan.end;
    tip = scan;
  }
  return { segments: closed.length, ...sum, head: toHexText(tip.head), tornBytes };
}
