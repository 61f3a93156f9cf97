/**
 * The journal in a folder. The current segment is grown ahead in zeros, so that the fdatasync of a
 * frame writes the frame and no metadata; it is cut to its frames when it is closed.
 */
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { type Disk, localDisk } from './disk.ts';
import { commandsOf, type Frame, isBlank } from './frame.ts';
import { broken, createJournal } from './group.ts';
import {
  type Closed,
  damaged,
  describe,
  matching,
  readClosed,
  SEGMENT,
  scanClosed,
  scanSegment,
  segmentName,
  tipOf,
  withClosed,
  writeClosed,
} from './segments.ts';
import { loadSnapshot, saveSnapshot } from './snapshots.ts';
import type { Journal, Keeper, SealedFrame } from './types.ts';

export type JournalOptions = {
  readonly dir: string;
  /** Where closed segments go once snapshots have made them needless; none: they stay. */
  readonly archive?: string | undefined;
  /** Snapshots that are kept, and whose commands stay in `dir`. */
  readonly snapshotsKept?: number | undefined;
  readonly segmentBytesMax?: number;
  /** Zeros that are written ahead at a time, at the most. */
  readonly growBytes?: number;
  readonly disk?: Disk;
  /** Monotonic milliseconds, for the sync time in `stats`. */
  readonly clock?: () => number;
};

const MIB = 1024 * 1024;
const SEGMENT_BYTES_MAX = 64 * MIB;
const GROW_BYTES = 4 * MIB;
const GROW_BYTES_MIN = 256 * 1024;
const SNAPSHOTS_KEPT = 2;

/** A segment that is being written. `end` is where its frames end, `room` where its bytes do. */
type Current = {
  readonly name: string;
  readonly first: number;
  readonly before: Uint8Array;
  readonly file: FileHandle;
  frames: number;
  end: number;
  room: number;
};

type Local = Required<Pick<JournalOptions, 'dir' | 'segmentBytesMax' | 'growBytes' | 'disk'>> & {
  readonly archive: string | undefined;
  readonly snapshotsKept: number;
  closed: Closed[];
  current: Current;
  growing: Promise<void> | undefined;
  /** False after a failure that leaves the file in doubt: then it is not touched any more. */
  whole: boolean;
};

type Place = Omit<Local, 'closed' | 'current' | 'growing' | 'whole'>;

/** Whoever closed a segment last may have died before it was listed: what stands there tells. */
async function listStragglers(place: Place, list: Closed[], names: readonly string[]) {
  const { dir, disk } = place;
  let closed = list;
  const known = new Set(list.map(({ name }) => name));
  for (const { name, bytes } of list) {
    if (!names.includes(name)) continue;
    const found = await disk.size(join(dir, name));
    if (found !== bytes) throw damaged(name, found ?? 0, `it has ${found} bytes, not ${bytes}`);
  }
  const open = matching(names, SEGMENT).filter(({ name }) => !known.has(name));
  const current = open.pop();
  for (const { name, first } of open) {
    const from = tipOf(closed);
    if (first !== from.next) throw damaged(name, 0, `starts at ${first}, expected ${from.next}`);
    const bytes = await disk.read(join(dir, name));
    // A segment is cut before the next one is made: zeros at its end are damage.
    const scan = scanSegment(name, bytes, from, false);
    closed = withClosed(closed, describe(name, from, scan));
  }
  if (closed.length > list.length) await writeClosed(disk, dir, closed);
  return { closed, current };
}

/**
 * Opens the journal of a folder: checks the list of closed segments and every frame of the others,
 * and cuts a torn tail that nobody acknowledged. Closed segments are checked as they are replayed,
 * and all of them by {@link verifyFolders}.
 *
 * @throws EnvironmentError JournalDamaged
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { clock, disk = localDisk } = options;
  const place: Place = {
    dir: options.dir,
    archive: options.archive,
    disk,
    segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
    growBytes: options.growBytes ?? GROW_BYTES,
    snapshotsKept: options.snapshotsKept ?? SNAPSHOTS_KEPT,
  };
  const names = await disk.list(place.dir);
  const listed = await readClosed(disk, place.dir);
  const { closed, current } = await listStragglers(place, listed, names);
  const from = tipOf(closed);
  const name = current?.name ?? segmentName(from.next);
  if (current !== undefined && current.first !== from.next) {
    throw damaged(name, 0, `starts at ${current.first}, expected ${from.next}`);
  }
  const path = join(place.dir, name);
  const bytes = current === undefined ? new Uint8Array() : await disk.read(path);
  const scan = scanSegment(name, bytes, from, true);
  const file = await disk.open(path);
  const isTorn = !isBlank(bytes, scan.end);
  if (isTorn) await disk.truncate(file, scan.end);
  // What was read may still be in memory only: a node that died had not synced its last frame.
  await disk.sync(file);
  const { end, frames } = scan;
  const room = isTorn ? end : bytes.length;
  const local: Local = {
    ...place,
    closed,
    current: { name, first: from.next, before: from.head, file, frames, end, room },
    growing: undefined,
    whole: true,
  };
  return createJournal(keeperOf(local, { next: scan.next, head: scan.head }), clock);
}

function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

/** Makes of a failed write what the caller is told, with the file back at its frames' end. */
async function refuse(local: Local, error: unknown): Promise<EnvironmentError> {
  const { current, disk } = local;
  if (!isDiskFull(error)) {
    local.whole = false;
    return broken(error);
  }
  try {
    await disk.truncate(current.file, current.end);
  } catch (second) {
    local.whole = false;
    return broken(second);
  }
  current.room = current.end;
  const text = 'the disk is full: nothing was accepted; free space and send again';
  return new EnvironmentError('DiskFull', text, { retry: true, cause: error });
}

/** Adds zeros up to `to`. Frames are only ever written below `room`, never where zeros come. */
async function grow(local: Local, to: number): Promise<void> {
  const { current, disk } = local;
  await disk.grow(current.file, current.room, to);
  current.room = to;
}

/** A small journal grows in small steps, so that one of a few frames costs little. */
function growStep({ current, growBytes }: Local): number {
  return Math.min(growBytes, Math.max(GROW_BYTES_MIN, current.end));
}

function growAhead(local: Local): void {
  const { current, segmentBytesMax } = local;
  const left = current.room - current.end;
  if (local.growing !== undefined || left > growStep(local) / 2) return;
  if (current.room >= segmentBytesMax) return;
  local.growing = grow(local, current.room + growStep(local))
    // A frame that finds no room tries again, and tells.
    .catch(() => undefined)
    .finally(() => {
      local.growing = undefined;
    });
}

/** Closes a full segment and begins the next. */
async function rotate(local: Local, frame: SealedFrame): Promise<void> {
  const { current, dir, disk } = local;
  if (current.end < local.segmentBytesMax) return;
  await local.growing;
  await disk.truncate(current.file, current.end);
  await disk.sync(current.file);
  const name = segmentName(frame.first);
  const file = await disk.open(join(dir, name));
  const from = { next: current.first, head: current.before };
  const scan = { next: frame.first, head: frame.before, end: current.end, frames: current.frames };
  const closed = withClosed(local.closed, describe(current.name, from, scan));
  try {
    await writeClosed(disk, dir, closed);
  } catch (error) {
    await file.close();
    throw error;
  }
  local.closed = closed;
  const { first, before } = frame;
  local.current = { name, first, before, file, frames: 0, end: 0, room: 0 };
  await current.file.close();
}

async function write(local: Local, frame: SealedFrame): Promise<void> {
  try {
    await rotate(local, frame);
    const end = local.current.end + frame.bytes.length;
    if (end > local.current.room) await local.growing;
    const { room } = local.current;
    if (end > room) await grow(local, Math.max(end, room + growStep(local)));
    await local.disk.write(local.current.file, frame.bytes, local.current.end);
  } catch (error) {
    await local.growing;
    throw await refuse(local, error);
  }
  // After a failed fdatasync the kernel may have dropped the pages: what is on disk is unknown.
  await local.disk.sync(local.current.file).catch((error) => {
    local.whole = false;
    throw broken(error);
  });
  local.current.end += frame.bytes.length;
  local.current.frames += 1;
  growAhead(local);
}

async function replay(
  local: Local,
  from: number,
  visit: (command: unknown, index: number) => void,
): Promise<void> {
  function take(frame: Frame): void {
    if (frame.first + frame.count <= from) return;
    for (const [at, command] of commandsOf(frame).entries()) {
      if (frame.first + at >= from) visit(command, frame.first + at);
    }
  }
  const { closed, current, disk, dir } = local;
  for (const entry of closed) {
    if (entry.next > from) scanClosed(entry, await readSegment(local, entry.name), take);
  }
  const bytes = await disk.read(join(dir, current.name));
  const tip = { next: current.first, head: current.before };
  scanSegment(current.name, bytes.subarray(0, current.end), tip, false, take);
}

async function readSegment({ disk, dir, archive }: Local, name: string): Promise<Uint8Array> {
  for (const place of archive === undefined ? [dir] : [dir, archive]) {
    const path = join(place, name);
    if ((await disk.size(path)) !== undefined) return disk.read(path);
  }
  const where = archive === undefined ? dir : `${dir} nor in ${archive}`;
  throw damaged(
    name,
    0,
    `the closed segment is not in ${where}: name its archive, or bring it back`,
  );
}

/** Moves the segments that no kept snapshot needs, oldest first. */
async function archiveUpTo(local: Local, index: number): Promise<void> {
  const { archive, closed, dir, disk } = local;
  if (archive === undefined) return;
  const names = new Set(await disk.list(dir));
  const old = closed.filter(({ next, name }) => next <= index && names.has(name));
  if (old.length === 0) return;
  await disk.list(archive);
  await writeClosed(disk, archive, closed);
  for (const { name } of old) await disk.move(dir, name, archive);
}

function keeperOf(local: Local, tip: Keeper['tip']): Keeper {
  const { dir, disk, snapshotsKept } = local;
  const reach = { next: tip.next };
  return {
    tip,
    async write(frame) {
      await write(local, frame);
      reach.next = frame.first + frame.count;
    },
    replay: (from, visit) => replay(local, from, visit),
    async saveSnapshot(index, bytes) {
      const oldest = await saveSnapshot(disk, dir, { index, bytes }, snapshotsKept);
      if (oldest !== undefined) await archiveUpTo(local, oldest);
    },
    loadSnapshot: () => loadSnapshot(disk, dir, reach.next),
    lines: undefined,
    async close() {
      await local.growing;
      const { current } = local;
      if (local.whole && current.room > current.end) {
        await disk.truncate(current.file, current.end);
        await disk.sync(current.file);
      }
      await current.file.close();
    },
  };
}
