/**
 * Where the passphrase of a vault comes from: a file, a person, or a command that asks a key
 * service. Never the command line's arguments or the environment of this process.
 */
import { execFile } from 'node:child_process';
import { errorMessage, readPassphrase } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';

export type PassphraseSource =
  | { readonly file: string }
  /** Program and arguments, run without a shell; its standard output is the passphrase. */
  | { readonly command: readonly string[] }
  | { readonly ask: () => Promise<string | undefined> };

const commandMsMax = 30_000;

function runCommand(command: readonly string[]): Promise<string> {
  const [program, ...args] = command;
  const failed = (why: string): EnvironmentError =>
    new EnvironmentError('PassphraseCommandFailed', `passphrase command: ${why}`, { retry: true });
  if (program === undefined) return Promise.reject(failed('none was given'));
  return new Promise((resolve, reject) => {
    const options = { timeout: commandMsMax, maxBuffer: 64 * 1024 };
    // What it printed is a secret even when it failed, so only its end is told.
    execFile(program, args, options, (error, out) => {
      const text = String(out).replace(/\r?\n$/, '');
      if (error !== null)
        reject(failed(`${program} failed (${error.code ?? error.signal ?? '?'})`));
      else if (text === '') reject(failed(`${program} printed nothing`));
      else resolve(text);
    });
  });
}

/**
 * Gets a passphrase.
 * @throws EnvironmentError PassphraseMissing, PassphraseExposed, PassphraseCommandFailed
 */
export async function passphraseFrom(source: PassphraseSource): Promise<string> {
  if ('file' in source) return readPassphrase(source.file);
  if ('command' in source) return runCommand(source.command);
  const text = await source.ask().catch((error: unknown) => {
    throw new EnvironmentError('PassphraseMissing', errorMessage(error), { retry: false });
  });
  if (text) return text;
  const message = 'the vault needs a passphrase and nobody is here to type it';
  throw new EnvironmentError('PassphraseMissing', message, { retry: false });
}
