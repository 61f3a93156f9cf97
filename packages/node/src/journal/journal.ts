import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { decodeValue, encodeValue } from './codec.ts';
import { type Disk, localDisk } from './disk.ts';
import { chainHead, encodeFrame, type Frame, readFrame, wholeFrameBehind } from './frame.ts';

/**
 * The journal: the input of the exchange, in order. A command is acknowledged only after the
 * frame that holds it is on disk (fdatasync); all appends that wait while one frame is written go
 * into the next one (group commit).
 */
export type Journal = {
  /** Index of the next command, from 0. */
  next(): number;
  /** sha256 chain over all frames, hex. */
  head(): string;
  /**
   * Makes the commands durable, in order and together. Rejects with `EnvironmentError`:
   * `DiskFull` (nothing was kept, later appends may succeed) or `JournalBroken` (the disk failed in
   * a way after which nothing it says can be trusted: the process must stop).
   */
  append(commands: readonly unknown[]): Promise<{ first: number; frames: number }>;
  /** Calls `visit` for every command from `from` on, in order. */
  replay(from: number, visit: (command: unknown, index: number) => void): Promise<void>;
  /** Stores a snapshot of the state after `index` commands and drops older snapshots but one. */
  saveSnapshot(index: number, bytes: Uint8Array): Promise<void>;
  /** The newest whole snapshot that the journal reaches. */
  loadSnapshot(): Promise<{ index: number; bytes: Uint8Array } | undefined>;
  stats(): { frames: number; commands: number; bytes: number; syncMsLast: number };
  close(): Promise<void>;
};

export type JournalOptions = {
  dir: string;
  segmentBytesMax?: number;
  disk?: Disk;
  /** Monotonic milliseconds, for the sync time in `stats`. */
  clock?: () => number;
};

type Waiting = {
  commands: readonly unknown[];
  done: (result: { first: number; frames: number }) => void;
  failed: (error: Error) => void;
};

type Segment = { name: string; first: number };

const SEGMENT = /^seg-(\d{12})\.log$/;
const SNAPSHOT = /^snap-(\d{12})\.bin$/;
const pad = (index: number) => String(index).padStart(12, '0');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function matching(names: readonly string[], pattern: RegExp): Segment[] {
  const found: Segment[] = [];
  for (const name of names) {
    const match = pattern.exec(name);
    if (match?.[1] !== undefined) found.push({ name, first: Number(match[1]) });
  }
  return found;
}

function damaged(name: string, offset: number, reason: string): EnvironmentError {
  const where = `${name} at byte ${offset}`;
  return new EnvironmentError(
    'JournalDamaged',
    `journal damaged: ${where}: ${reason}. This is not a torn tail: restore the journal folder.`,
    { retry: false },
  );
}

type Scan = { head: Uint8Array; next: number; end: number; frames: number };

/** Walks the frames of one segment; a torn frame is allowed only where `last` says so. */
function scanSegment(
  name: string,
  bytes: Uint8Array,
  from: Scan,
  last: boolean,
  visit: (frame: Frame) => void,
): Scan {
  let { head, next, frames } = from;
  let offset = 0;
  for (;;) {
    const read = readFrame(bytes, offset, head, next);
    if (read.kind === 'end') break;
    if (read.kind === 'torn') {
      if (!last || wholeFrameBehind(bytes, offset)) throw damaged(name, offset, read.reason);
      break;
    }
    visit(read.frame);
    head = read.frame.head;
    next += read.frame.count;
    frames += 1;
    offset = read.end;
  }
  return { head, next, end: offset, frames };
}

const START: Scan = { head: new Uint8Array(32), next: 0, end: 0, frames: 0 };

/** Opens the journal, checks its whole hash chain and cuts a torn tail that nobody acknowledged. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, disk = localDisk, clock = () => performance.now() } = options;
  const segmentBytesMax = options.segmentBytesMax ?? 64 * 1024 * 1024;
  const segments = matching(await disk.list(dir), SEGMENT);
  if (segments.length === 0) segments.push({ name: `seg-${pad(0)}.log`, first: 0 });
  let scan = START;
  for (const [at, segment] of segments.entries()) {
    if (segment.first !== scan.next) throw damaged(segment.name, 0, `starts at ${segment.first}`);
    const file = await disk.open(join(dir, segment.name));
    await file.close();
    const bytes = await disk.read(join(dir, segment.name));
    scan = scanSegment(segment.name, bytes, scan, at === segments.length - 1, () => {});
  }
  const current = segments[segments.length - 1] as Segment;
  const file = await disk.open(join(dir, current.name));
  await disk.truncate(file, scan.end);
  await disk.sync(file);
  return runJournal({ dir, disk, clock, segmentBytesMax, segments, file, scan });
}

type Running = {
  dir: string;
  disk: Disk;
  clock: () => number;
  segmentBytesMax: number;
  segments: Segment[];
  file: FileHandle;
  scan: Scan;
};

function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

/** Writes one frame, or throws with the file back at its old end. */
async function commit(run: Running, body: Buffer, count: number): Promise<number> {
  const { disk, scan } = run;
  const head = chainHead(scan.head, body);
  const frame = encodeFrame({ first: scan.next, count, head, body });
  const started = run.clock();
  try {
    await disk.write(run.file, frame, scan.end);
  } catch (error) {
    if (!isDiskFull(error)) throw broken(error);
    await disk.truncate(run.file, scan.end).catch((second) => {
      throw broken(second);
    });
    const text = 'the disk is full: nothing was accepted; free space and send again';
    throw new EnvironmentError('DiskFull', text, { retry: true, cause: error });
  }
  // After a failed fdatasync the kernel may have dropped the pages: what is on disk is unknown.
  await disk.sync(run.file).catch((error) => {
    throw broken(error);
  });
  const { next, end, frames } = scan;
  run.scan = { head, next: next + count, end: end + frame.length, frames: frames + 1 };
  return run.clock() - started;
}

function broken(cause: unknown): EnvironmentError {
  const text = `the journal cannot be written: ${(cause as Error).message}`;
  return new EnvironmentError('JournalBroken', text, { retry: false, cause });
}

async function rotate(run: Running): Promise<void> {
  if (run.scan.end < run.segmentBytesMax) return;
  const segment = { name: `seg-${pad(run.scan.next)}.log`, first: run.scan.next };
  const file = await run.disk.open(join(run.dir, segment.name));
  await run.file.close();
  run.file = file;
  run.segments.push(segment);
  run.scan = { ...run.scan, end: 0 };
}

function runJournal(run: Running): Journal {
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let failure: Error | undefined;
  let syncMsLast = 0;
  let bytes = run.scan.end;

  async function writeGroup(group: Waiting[]): Promise<void> {
    const lines = group.flatMap((item) => item.commands.map(encodeValue));
    const body = Buffer.from(lines.join('\n'));
    let first = run.scan.next;
    try {
      await rotate(run);
      syncMsLast = await commit(run, body, lines.length);
      bytes += body.length;
    } catch (error) {
      const known = error instanceof EnvironmentError ? error : broken(error);
      if (!known.retry) failure = known;
      for (const item of group) item.failed(known);
      return;
    }
    for (const item of group) {
      item.done({ first, frames: run.scan.frames });
      first += item.commands.length;
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      if (failure) for (const item of group) item.failed(failure);
      else await writeGroup(group);
    }
    writing = undefined;
  }

  return {
    next: () => run.scan.next,
    head: () => hex(run.scan.head),
    append(commands) {
      if (commands.length === 0) {
        return Promise.resolve({ first: run.scan.next, frames: run.scan.frames });
      }
      return new Promise((done, failed) => {
        waiting.push({ commands, done, failed });
        writing ??= drain();
      });
    },
    replay: (from, visit) => replayFrom(run, from, visit),
    saveSnapshot: (index, state) => saveSnapshot(run, index, state),
    loadSnapshot: () => loadSnapshot(run),
    stats: () => ({ frames: run.scan.frames, commands: run.scan.next, bytes, syncMsLast }),
    async close() {
      await writing;
      await run.file.close();
    },
  };
}

async function replayFrom(
  run: Running,
  from: number,
  visit: (command: unknown, index: number) => void,
): Promise<void> {
  let scan = START;
  for (const segment of run.segments) {
    const all = await run.disk.read(join(run.dir, segment.name));
    const current = segment === run.segments[run.segments.length - 1];
    const whole = current ? all.subarray(0, run.scan.end) : all;
    scan = scanSegment(segment.name, whole, scan, false, (frame) => {
      if (frame.first + frame.count <= from) return;
      const lines = Buffer.from(frame.body).toString().split('\n');
      for (const [at, line] of lines.entries()) {
        if (frame.first + at >= from) visit(decodeValue(line), frame.first + at);
      }
    });
  }
}

async function saveSnapshot(run: Running, index: number, state: Uint8Array): Promise<void> {
  const sealed = Buffer.concat([chainHead(new Uint8Array(32), state), state]);
  await run.disk.replace(run.dir, `snap-${pad(index)}.bin`, sealed);
  const old = matching(await run.disk.list(run.dir), SNAPSHOT).slice(0, -2);
  for (const { name } of old) await run.disk.remove(join(run.dir, name));
}

async function loadSnapshot(
  run: Running,
): Promise<{ index: number; bytes: Uint8Array } | undefined> {
  const found = matching(await run.disk.list(run.dir), SNAPSHOT).reverse();
  for (const { name, first } of found) {
    const bytes = await run.disk.read(join(run.dir, name));
    const state = bytes.subarray(32);
    const sealed = Buffer.from(bytes.subarray(0, 32));
    const whole = sealed.equals(Buffer.from(chainHead(new Uint8Array(32), state)));
    // A snapshot past the journal's end speaks of commands that were never acknowledged.
    if (whole && first <= run.scan.next) return { index: first, bytes: state };
  }
  return undefined;
}
