/**
 * Old frames out of the database, into closed segments of the same form as those of a folder. What
 * stays is what recovery may want: all frames after the older of two snapshots, and the one before.
 */
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { type Disk, localDisk } from '../disk.ts';
import {
  type Closed,
  describe,
  readClosed,
  scanClosed,
  segmentName,
  tipOf,
  toHexText,
  withClosed,
  writeClosed,
} from '../segments.ts';
import type { Tip } from '../types.ts';
import { readRow } from './lease.ts';
import { framesAfter } from './read.ts';
import * as sql from './schema.ts';
import { ask, type Server } from './server.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;

/** What an archive holds after a run, and what was moved in it. */
export type Archived = {
  readonly segments: number;
  readonly frames: number;
  /** First command that is still in the database. */
  readonly next: number;
  readonly head: string;
};

/** Index of the first command that may not leave: recovery begins at a snapshot, or there. */
async function keptFrom(server: Server): Promise<number> {
  const { next } = await readRow(server);
  const { rows } = await server.again((link) => ask(link, sql.SNAPSHOTS, [next]));
  const [, older] = rows as { index: string }[];
  const index = Number(older?.index ?? 0);
  const { rows: before } = await server.again((link) => ask(link, sql.FRAME_BEFORE, [index]));
  const [frame] = before as { first: string; count: number }[];
  // A snapshot inside a frame would be read from the chain's beginning.
  if (frame === undefined || Number(frame.first) + frame.count !== index) return 0;
  return Number(frame.first);
}

type Batch = { readonly from: Tip; tip: Tip; frames: number; bytes: Buffer[]; size: number };
const batchAt = (from: Tip): Batch => ({ from, tip: from, frames: 0, bytes: [], size: 0 });

/** Writes a segment and reads it back before anybody relies on it. */
async function close(disk: Disk, dir: string, list: readonly Closed[], batch: Batch) {
  const name = segmentName(batch.from.next);
  const { from, tip, frames, size } = batch;
  const more = withClosed(list, describe(name, from, { ...tip, frames, end: size }));
  await disk.replace(dir, name, Buffer.concat(batch.bytes));
  scanClosed(more.at(-1) as Closed, await disk.read(join(dir, name)));
  await writeClosed(disk, dir, more);
  return more;
}

/**
 * Moves what is old. May run beside a node, and again after it broke off: a row goes when the
 * archive's list, on disk, holds its frame.
 *
 * @param dir - the archive; an empty folder, or that of an earlier run
 * @throws EnvironmentError JournalDamaged, and JournalForeign for an archive of another journal
 */
export async function archiveDatabase(
  server: Server,
  dir: string,
  { disk = localDisk, segmentBytes = SEGMENT_BYTES } = {},
): Promise<Archived> {
  let list: readonly Closed[] = await readClosed(disk, dir);
  const kept = await keptFrom(server);
  let batch = batchAt(tipOf(list));
  await requireSame(server, batch.from);
  let moved = 0;
  const flush = async (): Promise<void> => {
    if (batch.frames === 0) return;
    list = await close(disk, dir, list, batch);
    moved += batch.frames;
    batch = batchAt(batch.tip);
  };
  while (batch.tip.next < kept) {
    const { frames, raw } = await framesAfter(server, batch.tip);
    for (const [at, { first, count, head }] of frames.entries()) {
      if (first >= kept) break;
      const bytes = raw[at] as Buffer;
      batch.tip = { next: first + count, head };
      batch.frames += 1;
      batch.bytes.push(bytes);
      batch.size += bytes.length;
      if (batch.size >= segmentBytes) await flush();
    }
  }
  await flush();
  await server.again((link) => ask(link, sql.FRAMES_DROP, [batch.from.next]));
  const { next, head } = batch.from;
  return { segments: list.length, frames: moved, next, head: toHexText(head) };
}

/** The database's next frame must follow the archive, or nothing may be dropped. */
async function requireSame(server: Server, tip: Tip): Promise<void> {
  const { next, head } = await readRow(server);
  const isEnd = next === tip.next && Buffer.from(head).equals(tip.head);
  if (isEnd) return;
  const found = await framesAfter(server, tip).catch((error) => {
    if (error instanceof EnvironmentError && error.code === 'JournalDamaged') return undefined;
    throw error;
  });
  if (found === undefined || found.frames.length === 0) {
    const text = `the archive ends at command ${tip.next}, and the database does not go on there`;
    throw new EnvironmentError('JournalForeign', `${text}: it is of another journal`);
  }
}
