/** What commands have in common. */
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import type { Result } from '../io.ts';
import type { Globals, Session } from '../session.ts';

/** Runs a command's body with a session, prints its result; set by the program. */
export type Perform = (
  globals: Globals,
  body: (session: Session) => Promise<Result | undefined>,
) => Promise<void>;

/** Adds the options that every command has and the examples under its help. */
export function finish(command: Command, examples: readonly string[]): Command {
  return command
    .option('--venue <dir>', 'folder of the venue (default: the nearest .holdfast)')
    .option('--url <url>', 'the node, if not the one in venue.json')
    .option('--rpc <url>', 'the chain, if not the one in venue.json')
    .option('--key <name>', 'key to sign with (default: "default")')
    .option('--account <n>', 'account number (default: the one remembered)')
    .option('--passphrase-file <file>', 'file (mode 600) with the passphrase of the key')
    .option('--timeout <ms>', 'longest wait for an answer of the node')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((each) => `  $ ${each}`).join('\n')}\n`);
}

/** A command group such as `key`, whose help lists its members. */
export function group(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples.map((each) => `  $ ${each}`).join('\n')}\n`);
}

/**
 * Says at once that a file could not be written at the end.
 * @throws UsageError
 */
export function checkFolders(files: Readonly<Record<string, string | undefined>>): void {
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue;
    const folder = dirname(resolve(path));
    if (!existsSync(folder)) throw new UsageError(`--${option}: there is no folder ${folder}`);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UsageError(`--${option}: ${path} is a folder`);
    }
  }
}
