/** `npm start` and `npx holdfast` as processes, as a person runs them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { loadVenue, type Venue } from '@holdfast/host';
import { descendants, living } from './processes.ts';
import { until } from './until.ts';

/** The repository's folder. */
export const root = join(import.meta.dirname, '../../..');

export type Launcher = {
  readonly pid: number;
  output(): string;
  /** Exit code, or the name of the signal; undefined while it runs. */
  ended(): number | string | undefined;
  /** The launcher and every process below it that lives now. */
  tree(): number[];
  waitFor(text: string, msMax: number): Promise<void>;
  waitForEnd(msMax: number): Promise<number | string>;
  signal(name: 'SIGINT' | 'SIGKILL'): void;
};

function watch(child: ChildProcess): Launcher {
  let output = '';
  let ended: number | string | undefined;
  const take = (data: Buffer): void => {
    output += data.toString();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  child.once('close', (code, signal) => {
    ended = code ?? signal ?? 'lost';
  });
  const pid = child.pid ?? 0;
  const tail = (): string => output.slice(-1500);
  return {
    pid,
    output: () => output,
    ended: () => ended,
    tree: () => (ended === undefined ? living([pid, ...descendants(pid)]) : []),
    async waitFor(text, msMax) {
      const found = () => output.includes(text) || ended !== undefined;
      await until(`"${text}" is printed`, msMax, found).catch((error: Error) => {
        throw new Error(`${error.message}\n${tail()}`);
      });
      if (!output.includes(text)) throw new Error(`ended (${ended}) without "${text}":\n${tail()}`);
    },
    waitForEnd: (msMax) => until(`the end of ${pid}`, msMax, () => ended, 50),
    signal: (name) => void child.kill(name),
  };
}

/** `npm start` with these options; ports are any free ones unless told. */
export function npmStart(dir: string, ...options: readonly string[]): Launcher {
  const ports = options.includes('--port') ? [] : ['--port', '0'];
  if (!options.includes('--rpc-port')) ports.push('--rpc-port', '0');
  const args = [join(root, 'tools/start.mjs'), '--dir', dir, ...ports, ...options];
  const how = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] as 'pipe'[] };
  return watch(spawn(process.execPath, args, how));
}

export type Said = { readonly code: number | string; readonly out: string; readonly err: string };

/** Runs a program to its end. @param interruptMs presses Ctrl-C after so long */
export async function runOnce(
  program: string,
  args: readonly string[],
  interruptMs?: number,
): Promise<Said> {
  // A group of its own, as under a shell: Ctrl-C reaches the program and all that it started.
  const how = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] as 'pipe'[], detached: true };
  const child = spawn(program, args, how);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (data) => {
    out += data;
  });
  child.stderr?.on('data', (data) => {
    err += data;
  });
  const signal = (name: 'SIGINT' | 'SIGKILL') => {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  };
  const late = setTimeout(() => signal('SIGKILL'), 120_000);
  const stop = interruptMs === undefined ? undefined : setTimeout(signal, interruptMs, 'SIGINT');
  const code = await new Promise<number | string>((resolve) => {
    child.once('close', (exit, name) => resolve(exit ?? name ?? 'lost'));
  });
  clearTimeout(late);
  clearTimeout(stop);
  return { code, out, err };
}

/** One `npx holdfast …` against the venue in `dir`. */
export function npxHoldfast(dir: string, line: string, interruptMs?: number): Promise<Said> {
  return runOnce('npx', ['holdfast', ...line.split(' '), '--venue', dir], interruptMs);
}

/** The same without npx in between: only the start is quicker. */
export function holdfast(dir: string, ...args: readonly string[]): Promise<Said> {
  const bin = join(root, 'packages/cli/bin/holdfast.mjs');
  return runOnce(process.execPath, [bin, ...args, '--venue', dir]);
}

/** venue.json of a started launcher, and the base of its node's HTTP interface. */
export function venueIn(dir: string): { venue: Venue; url: string } {
  const venue = loadVenue(dir);
  return { venue, url: `http://${venue.gateway.host}:${venue.gateway.port}` };
}
