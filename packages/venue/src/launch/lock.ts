import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, sleep, venuePaths, writeJsonAtomic } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';

/** Whether a process of this pid exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function readPid(path: string): number | undefined {
  const pid = Number(readFileSync(path, 'utf8').trim());
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function tryLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, `${process.pid}\n`);
    closeSync(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes a venue folder for this process; the lock of a dead process is taken over.
 *
 * @returns a function that gives it back
 * @throws EnvironmentError VenueBusy
 */
export function lockVenue(dir: string): () => void {
  const { lock } = venuePaths(dir);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (tryLock(lock)) {
      return () => {
        if (existsSync(lock) && readPid(lock) === process.pid) unlinkSync(lock);
      };
    }
    const holder = readPid(lock);
    if (holder !== undefined && isAlive(holder)) {
      const message = `a venue already runs on ${dir} (process ${holder}); stop it or set --dir`;
      throw new EnvironmentError('VenueBusy', message, { retry: true });
    }
    unlinkSync(lock);
  }
  throw new EnvironmentError('VenueBusy', `cannot lock ${lock}`, { retry: true });
}

/** The processes of a venue, on disk, so that the next start can wait for leftovers. */
export interface PidBook {
  set(name: string, pid: number, alive: boolean): void;
  clear(): Promise<void>;
}

function pidsPath(dir: string): string {
  return join(dir, 'pids.json');
}

/** Keeps `dir/pids.json`. */
export function createPidBook(dir: string): PidBook {
  const pids = new Map<number, string>();
  let writing = Promise.resolve();
  const write = (): Promise<void> => {
    const content = Object.fromEntries([...pids].map(([pid, name]) => [String(pid), name]));
    writing = writing.then(() => writeJsonAtomic(pidsPath(dir), content)).catch(() => undefined);
    return writing;
  };
  return {
    set(name, pid, alive) {
      if (alive) pids.set(pid, name);
      else pids.delete(pid);
      void write();
    },
    clear: async () => {
      pids.clear();
      await write();
      if (existsSync(pidsPath(dir))) unlinkSync(pidsPath(dir));
    },
  };
}

/** Whether a pid still is the node process it was; where the system tells. */
function isOurs(pid: number): boolean {
  const path = `/proc/${pid}/cmdline`;
  if (!existsSync(path)) return isAlive(pid);
  try {
    // Of the sources, or of a bundle.
    return /\bmain\.(?:ts|mjs)\b/.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Waits for processes of a launcher that was killed: they end by themselves, and the last dump of
 * the chain must be done before the state is read again. Kills what stays longer.
 */
export async function awaitLeftovers(dir: string, note: (line: string) => void): Promise<void> {
  const path = pidsPath(dir);
  if (!existsSync(path)) return;
  let known: Record<string, string> = {};
  try {
    known = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // A torn book names nobody; ports that are still taken are told later.
  }
  const alive = (): string[] =>
    Object.keys(known).filter((pid) => isAlive(Number(pid)) && isOurs(Number(pid)));
  const until = Date.now() + 30_000;
  if (alive().length > 0) note('waiting for processes of the last run to end');
  while (alive().length > 0 && Date.now() < until) await sleep(200);
  for (const pid of alive()) process.kill(Number(pid), 'SIGKILL');
}
