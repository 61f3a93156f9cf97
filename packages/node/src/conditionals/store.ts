/**
 * Signed conditional orders on disk: one JSON line for each order that came and for each that
 * ended. A line is synced before anybody is told; a torn last line is cut off; what has ended is
 * dropped when the store is opened.
 */
import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SignedConditional } from '@holdfast/order';
import { EnvironmentError, type Hex } from '@holdfast/units';
import type { Lines } from '../journal/types.ts';

/** A conditional order that keepers may trigger. */
export type Listed = {
  /** Place in the list, rising. */
  readonly id: number;
  readonly hash: Hex;
  readonly clientId: string;
  /** Venue second at which it came. */
  readonly at: number;
  readonly order: SignedConditional;
};

type Line =
  | { readonly add: Listed }
  | { readonly end: Hex; readonly reason: string }
  /** The last id given: no id is given twice, whatever was dropped. */
  | { readonly last: number };

export type ConditionalStore = {
  /** By hash, oldest first. */
  readonly live: ReadonlyMap<Hex, Listed>;
  /** Durable when the promise resolves. @throws EnvironmentError StoreFailed */
  add(listed: Omit<Listed, 'id'>): Promise<Listed>;
  /** Durable when the promise resolves. @throws EnvironmentError StoreFailed */
  end(hash: Hex, reason: string): Promise<void>;
  close(): Promise<void>;
};

function failed(path: string, cause: unknown): EnvironmentError {
  const message = `cannot write the conditional orders ${path}: ${(cause as Error).message}`;
  return new EnvironmentError('StoreFailed', message, { cause });
}

async function readOld(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Only what follows the last line end can be torn; anything else unreadable is damage. */
function readLines(path: string, text: string): { live: Map<Hex, Listed>; last: number } {
  const live = new Map<Hex, Listed>();
  let last = 0;
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    let read: Line;
    try {
      read = JSON.parse(line) as Line;
    } catch {
      const message = `the conditional orders ${path} are damaged; restore them from a copy`;
      throw new EnvironmentError('StoreDamaged', message);
    }
    if ('last' in read) last = read.last;
    else if ('end' in read) live.delete(read.end);
    else {
      live.set(read.add.hash, read.add);
      last = read.add.id;
    }
  }
  return { live, last };
}

function linesOf(live: ReadonlyMap<Hex, Listed>, last: number): string[] {
  const lines: Line[] = [...[...live.values()].map((add) => ({ add })), { last }];
  return lines.map((line) => JSON.stringify(line));
}

/** The store over a log of lines. @throws EnvironmentError StoreDamaged */
export async function conditionalsOver(log: Lines, name: string): Promise<ConditionalStore> {
  const { live, last: lastRead } = readLines(name, log.old.map((line) => `${line}\n`).join(''));
  let last = lastRead;
  await log.rewrite(linesOf(live, last));
  return {
    live,
    async add(listed) {
      last += 1;
      const made = { id: last, ...listed };
      await log.append(JSON.stringify({ add: made }));
      live.set(made.hash, made);
      return made;
    },
    async end(hash, reason) {
      if (!live.has(hash)) return;
      await log.append(JSON.stringify({ end: hash, reason }));
      live.delete(hash);
    },
    close: () => log.close(),
  };
}

/** A log of lines in a file. What stands behind the last line end was torn, and is dropped. */
async function openFile(path: string): Promise<Lines> {
  const text = await readOld(path);
  const old = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  let file: FileHandle | undefined;
  let bytes = Buffer.byteLength(text);
  let tail: Promise<unknown> = Promise.resolve();
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = tail.then(work).catch((cause) => {
      throw failed(path, cause);
    });
    tail = done.catch(() => undefined);
    return done;
  }
  return {
    old,
    size: () => bytes,
    append: (line) =>
      inTurn(async () => {
        file ??= await open(path, 'a', 0o600);
        await file.appendFile(`${line}\n`);
        await file.datasync();
        bytes += Buffer.byteLength(line) + 1;
      }),
    rewrite: (lines) =>
      inTurn(async () => {
        const next = `${path}.next`;
        const fresh = await open(next, 'w', 0o600);
        await fresh.writeFile(lines.map((line) => `${line}\n`).join(''));
        await fresh.sync();
        bytes = (await fresh.stat()).size;
        await fresh.close();
        await rename(next, path);
        await file?.close();
        file = undefined;
      }),
    async close() {
      await tail;
      await file?.close();
    },
  };
}

/** Opens or creates the store in a file. @throws EnvironmentError StoreDamaged, StoreFailed */
export async function openConditionals(path: string): Promise<ConditionalStore> {
  mkdirSync(dirname(path), { recursive: true });
  return conditionalsOver(await openFile(path), path);
}
