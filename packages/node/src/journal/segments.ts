/**
 * Segment files and the list of closed ones. `seg-<first index>.log` holds frames; when it is full
 * it is closed, and one line of `closed.jsonl` says what is in it:
 *
 *   {name, first, next, frames, bytes, before, head, seal}
 *
 * `seal` is sha256(seal before ‖ the line without it): the list is a chain of its own, as long as
 * the journal, and stays whole when segments are moved to an archive.
 */
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import type { Disk } from './disk.ts';
import { type Frame, isBlank, readFrame, sha256, wholeFrameBehind } from './frame.ts';
import type { Tip } from './types.ts';

export type Closed = {
  readonly name: string;
  /** Index of its first command, and of the first after it. */
  readonly first: number;
  readonly next: number;
  readonly frames: number;
  readonly bytes: number;
  /** Head of the chain of frames before and after it, hex. */
  readonly before: string;
  readonly head: string;
  readonly seal: string;
};

export const CLOSED_LIST = 'closed.jsonl';
export const SEGMENT = /^seg-(\d{12})\.log$/;
const pad = (index: number): string => String(index).padStart(12, '0');
export const segmentName = (first: number): string => `seg-${pad(first)}.log`;
export const snapshotName = (index: number): string => `snap-${pad(index)}.bin`;
export const toHexText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const GENESIS: Tip = { next: 0, head: new Uint8Array(32) };

/** Names that match, with the index that they carry, in order. */
export function matching(
  names: readonly string[],
  pattern: RegExp,
): { name: string; first: number }[] {
  const found: { name: string; first: number }[] = [];
  for (const name of names) {
    const match = pattern.exec(name);
    if (match?.[1] !== undefined) found.push({ name, first: Number(match[1]) });
  }
  return found.sort((a, b) => a.first - b.first);
}

export function damaged(name: string, offset: number, reason: string): EnvironmentError {
  const where = `${name} at byte ${offset}`;
  return new EnvironmentError(
    'JournalDamaged',
    `journal damaged: ${where}: ${reason}. This is not a torn tail: restore the journal folder.`,
    { retry: false },
  );
}

function sealOf(before: string, entry: Omit<Closed, 'seal'>): string {
  const { name, first, next, frames, bytes, head } = entry;
  const text = JSON.stringify([name, first, next, frames, bytes, entry.before, head]);
  return toHexText(sha256(Buffer.from(before), Buffer.from(text)));
}

/** The list with one more closed segment. */
export function withClosed(list: readonly Closed[], entry: Omit<Closed, 'seal'>): Closed[] {
  return [...list, { ...entry, seal: sealOf(list.at(-1)?.seal ?? '', entry) }];
}

/** Where the frames of the closed segments end. */
export function tipOf(list: readonly Closed[]): Tip {
  const last = list.at(-1);
  return last ? { next: last.next, head: Buffer.from(last.head, 'hex') } : GENESIS;
}

/** What the list says of a segment that begins at `from` and was walked to its end. */
export function describe(name: string, from: Tip, { next, head, frames, end }: Scan) {
  const heads = { before: toHexText(from.head), head: toHexText(head) };
  return { name, first: from.next, next, frames, bytes: end, ...heads };
}

/** @throws EnvironmentError JournalDamaged unless every seal and every seam holds */
export function checkClosed(list: readonly Closed[]): void {
  let seal = '';
  let { next, head } = { next: 0, head: toHexText(GENESIS.head) };
  for (const [at, entry] of list.entries()) {
    const follows = entry.first === next && entry.before === head;
    if (!follows || entry.seal !== sealOf(seal, entry)) {
      throw damaged(CLOSED_LIST, at, `line ${at + 1} does not follow the one before`);
    }
    ({ seal, next, head } = entry);
  }
}

/** The list of closed segments of a folder; empty where there is none. */
export async function readClosed(disk: Disk, dir: string): Promise<Closed[]> {
  const names = await disk.list(dir);
  if (!names.includes(CLOSED_LIST)) return [];
  const text = Buffer.from(await disk.read(join(dir, CLOSED_LIST))).toString();
  let list: Closed[];
  try {
    list = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Closed);
  } catch {
    throw damaged(CLOSED_LIST, 0, 'a line is not JSON');
  }
  checkClosed(list);
  return list;
}

/** Replaces the list, whole or not at all. */
export async function writeClosed(disk: Disk, dir: string, list: readonly Closed[]): Promise<void> {
  const text = list.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  await disk.replace(dir, CLOSED_LIST, Buffer.from(text));
}

export type Scan = Tip & { readonly end: number; readonly frames: number };

/**
 * Walks the frames of one segment.
 *
 * @param isLast - whether it is the one that was written last: only there may the frames end
 *   before the bytes do, in zeros (space made ahead) or in a frame that was torn
 * @throws EnvironmentError JournalDamaged
 */
export function scanSegment(
  name: string,
  bytes: Uint8Array,
  from: Tip,
  isLast: boolean,
  visit: (frame: Frame, bytes: Uint8Array) => void = () => {},
): Scan {
  let { head, next } = from;
  let frames = 0;
  let offset = 0;
  for (;;) {
    const read = readFrame(bytes, offset, head, next);
    if (read.kind === 'end') break;
    if (read.kind === 'torn') {
      if (isLast && isBlank(bytes, offset)) break;
      if (!isLast || wholeFrameBehind(bytes, offset, next))
        throw damaged(name, offset, read.reason);
      break;
    }
    visit(read.frame, bytes.subarray(offset, read.end));
    head = read.frame.head;
    next += read.frame.count;
    frames += 1;
    offset = read.end;
  }
  return { head, next, end: offset, frames };
}

/** What a closed segment must give, or it is not that segment. */
export function scanClosed(
  entry: Closed,
  bytes: Uint8Array,
  visit?: (frame: Frame, bytes: Uint8Array) => void,
): void {
  const from = { next: entry.first, head: Buffer.from(entry.before, 'hex') };
  const found = scanSegment(entry.name, bytes, from, false, visit);
  if (found.next !== entry.next || toHexText(found.head) !== entry.head) {
    throw damaged(entry.name, found.end, `it ends at command ${found.next}, not ${entry.next}`);
  }
}
