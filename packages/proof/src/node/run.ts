/** Tools that run as processes of their own: the compiler, snarkjs, a native prover. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';

/** Where things are in a checkout. */
export type Toolbox = {
  /** The checkout. */
  readonly root: string;
  readonly circuits: string;
  /** What is made of them. */
  readonly out: string;
  readonly circom: string;
  readonly snarkjs: string;
  readonly witness: string;
};

/** The tools of a checkout; `out` may be elsewhere. */
export const toolbox = (root: string, out = join(root, 'circuits/out')): Toolbox => ({
  root,
  circuits: join(root, 'circuits'),
  out,
  circom: join(root, 'node_modules/circom2/cli.js'),
  snarkjs: join(root, 'node_modules/snarkjs/build/cli.cjs'),
  witness: join(root, 'packages/proof/src/node/witness-main.mjs'),
});

export type RunOptions = {
  /** What the tool reads. Secrets go here, never into arguments, which others can see. */
  readonly input?: string;
  /** Most memory in MiB that the process may hold; it is ended beyond. Watched on Linux only. */
  readonly memoryMax?: number;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  readonly cwd?: string;
};

/** What a tool said, and the most memory it was seen to hold, MiB (0: unknown). */
export type RunResult = { readonly text: string; readonly memory: number };

const watchMs = 100;
/** A tool that says more than this is out of its mind. */
const textMax = 1 << 26;

/** Resident memory of a process in MiB; 0 where nobody tells. */
function memoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const colours = /\u001b\[[0-9;]*m/g;

/**
 * Runs a program of Node, or a native one when `command` is not a script.
 *
 * @throws EnvironmentError `ToolFailed` with its last words, `MemoryExceeded`, `Stopped`
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const isScript = /\.[cm]?js$/.test(command);
  const [file, all] = isScript
    ? [process.execPath, ['--no-warnings', command, ...args]]
    : [command, args];
  const child = spawn(file, all, { stdio: ['pipe', 'pipe', 'pipe'], cwd: options.cwd });
  let text = '';
  let memory = 0;
  let cause: EnvironmentError | undefined;
  const end = (error: EnvironmentError): void => {
    cause ??= error;
    child.kill('SIGKILL');
  };
  const take = (data: Buffer): void => {
    const piece = data.toString().replace(colours, '');
    text += piece;
    if (text.length > textMax) end(new EnvironmentError('ToolFailed', `${command} talks on`));
    for (const line of piece.split('\n')) if (line.trim() !== '') options.onLine?.(line);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  // A tool may be gone before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const stop = (): void => end(new EnvironmentError('Stopped', 'stopped as asked'));
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop, { once: true });
  const watch = setInterval(() => {
    memory = Math.max(memory, memoryOf(child.pid ?? 0));
    const most = options.memoryMax;
    if (most === undefined || memory <= most) return;
    const found = `the tool holds ${Math.ceil(memory)} MiB, ${most} at most`;
    end(new EnvironmentError('MemoryExceeded', found));
  }, watchMs);
  try {
    const code = await new Promise<number | null>((resolve, refuse) => {
      child.once('error', (error) => refuse(toolError(command, error.message)));
      child.once('close', resolve);
    });
    if (cause !== undefined) throw cause;
    if (code !== 0) throw toolError(command, text.trim().split('\n').slice(-6).join('\n'));
    return { text, memory };
  } finally {
    clearInterval(watch);
    options.signal?.removeEventListener('abort', stop);
  }
}

const toolError = (command: string, words: string): EnvironmentError =>
  new EnvironmentError('ToolFailed', `${command.split('/').slice(-3).join('/')}: ${words}`);
