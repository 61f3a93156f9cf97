/** The whole journal, from its first frame to its last, wherever its segments are. */
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { type Disk, localDisk } from './disk.ts';
import { commandsOf, type Frame } from './frame.ts';
import {
  type Closed,
  damaged,
  matching,
  readClosed,
  SEGMENT,
  scanClosed,
  scanSegment,
  tipOf,
  toHexText,
} from './segments.ts';

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

/** The frames of one segment with their whole bytes. */
export type SegmentFrames = readonly { readonly frame: Frame; readonly bytes: Uint8Array }[];

/**
 * Checks every frame's checksum, every link of the chain, every closed segment against the list,
 * and that each command can be read.
 *
 * @param archive - folder of the moved segments, if there is one
 * @throws EnvironmentError JournalDamaged, JournalForeign
 */
export function verifyFolders(
  dir: string,
  archive?: string,
  disk: Disk = localDisk,
): Promise<Verified> {
  return walkFolders(dir, archive, disk, async () => {});
}

/** As {@link verifyFolders}; `take` gets each segment once it is checked, in order. */
export async function walkFolders(
  dir: string,
  archive: string | undefined,
  disk: Disk,
  take: (frames: SegmentFrames) => Promise<void>,
): Promise<Verified> {
  const list = await readClosed(disk, dir);
  const closed = agreed(list, archive === undefined ? [] : await readClosed(disk, archive));
  const live = await disk.list(dir);
  const moved = new Set(archive === undefined ? [] : await disk.list(archive));
  const sum = { frames: 0, commands: 0, bytes: 0, archived: 0 };
  let segment: { frame: Frame; bytes: Uint8Array }[] = [];
  const visit = (frame: Frame, bytes: Uint8Array): void => {
    sum.frames += 1;
    sum.commands += commandsOf(frame).length;
    segment.push({ frame, bytes });
  };
  async function hand(bytes: number): Promise<void> {
    sum.bytes += bytes;
    await take(segment);
    segment = [];
  }
  for (const entry of closed) {
    const place = live.includes(entry.name) ? dir : archive;
    if (place === undefined || (place === archive && !moved.has(entry.name))) {
      throw damaged(entry.name, 0, 'the closed segment is in neither folder');
    }
    if (place === archive) sum.archived += 1;
    scanClosed(entry, await disk.read(join(place, entry.name)), visit);
    await hand(entry.bytes);
  }
  let tip = tipOf(closed);
  const known = new Set(closed.map(({ name }) => name));
  const open = matching(live, SEGMENT).filter(({ name }) => !known.has(name));
  let tornBytes = 0;
  for (const [at, { name, first }] of open.entries()) {
    if (first !== tip.next) throw damaged(name, 0, `starts at ${first}, expected ${tip.next}`);
    const bytes = await disk.read(join(dir, name));
    const scan = scanSegment(name, bytes, tip, at === open.length - 1, visit);
    tornBytes = bytes.subarray(scan.end).findLastIndex((byte) => byte !== 0) + 1;
    await hand(scan.end);
    tip = scan;
  }
  return { segments: closed.length, ...sum, head: toHexText(tip.head), tornBytes };
}
