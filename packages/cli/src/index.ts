/** The `holdfast` command. */
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Io } from './io.ts';
import { runWith } from './program.ts';

export type { Io } from './io.ts';
export { createProgram, runWith } from './program.ts';

/** Reads a line without showing it; undefined when standard input is no terminal. */
function askSecret(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return Promise.resolve(undefined);
  process.stderr.write(question);
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: mute, terminal: true });
  return new Promise((resolve) => {
    const end = (answer: string | undefined) => {
      process.stderr.write('\n');
      resolve(answer === '' ? undefined : answer);
      reader.close();
    };
    reader.once('SIGINT', () => end(undefined));
    reader.question('', end);
  });
}

/** Runs one command line on this process's terminal; gives the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const abort = new AbortController();
  const onSignal = () => abort.abort();
  process.once('SIGINT', onSignal);
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', () => abort.abort());
  const io: Io = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTty: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 100,
    cwd: process.cwd(),
    home: homedir(),
    askSecret,
    signal: abort.signal,
  };
  try {
    return await runWith(argv, io);
  } finally {
    process.removeListener('SIGINT', onSignal);
  }
}
