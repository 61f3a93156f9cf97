/** What the commands of a committee have in common. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { callParty, type PassphraseSource, partyPaths } from '@holdfast/party';
import { fingerprint, type Roster, rosterHash } from '@holdfast/quorum';
import { isRejection } from '@holdfast/units';
import type { Command } from 'commander';
import { Refused } from '../failure.ts';
import { type Io, pairs, table } from '../io.ts';
import type { Session } from '../session.ts';

export type DirOptions = { readonly dir: string };
export type SecretOptions = DirOptions & {
  readonly passphraseFile?: string;
  readonly passphraseCommand?: readonly string[];
};

/** Options of every command that speaks to a party, and examples under its help. */
export function finishQuorum(command: Command, examples: readonly string[]): Command {
  return command
    .option('--dir <dir>', 'folder of the party', 'party')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((each) => `  $ ${each}`).join('\n')}\n`);
}

export const homeOf = (s: Session, options: DirOptions): string => resolve(s.io.cwd, options.dir);

/** Asks the running party; a refusal is thrown up to the command line. */
export async function askParty<T>(dir: string, path: string, body?: unknown): Promise<T> {
  const answer = await callParty(dir, body === undefined ? 'GET' : 'POST', path, body);
  if (answer.status !== 200 && isRejection(answer.body)) throw new Refused(answer.body);
  return answer.body as T;
}

/** Where the passphrase comes from: as told, else the file in the folder, else a person. */
export function passphraseSource(io: Io, dir: string, options: SecretOptions): PassphraseSource {
  const { passphraseFile, passphraseCommand } = options;
  if (passphraseCommand !== undefined) return { command: passphraseCommand };
  if (passphraseFile !== undefined) return { file: resolve(io.cwd, passphraseFile) };
  const { passphrase } = partyPaths(dir);
  if (existsSync(passphrase)) return { file: passphrase };
  return { ask: () => io.askSecret(`Passphrase of the party in ${dir}: `) };
}

/** A roster for the eyes: what parties read to each other. */
export function rosterText(roster: Roster): string {
  const hash = rosterHash(roster);
  const rows = roster.parties.map(({ name, key, seal }, i) => [`${i + 1}`, name, key, seal]);
  const head = pairs([
    ['committee', roster.name],
    ['chain', `${roster.chainId}`],
    ['contract', roster.contract],
    ['threshold', `${roster.threshold} of ${roster.parties.length}`],
    ['hash', hash],
    ['fingerprint', fingerprint(hash)],
  ]);
  return `${head}\n\n${table([['', 'party', 'signs with', 'is sealed to'], ...rows], 4)}`;
}
