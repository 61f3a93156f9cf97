/** sentinel ack: what nobody has seen yet; somebody says that he has, and what came of it. */
import { existsSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { type Result, table } from '../io.ts';
import { findVenueDir, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

type Options = { readonly verdict: string; readonly note: string; readonly folder?: string };

const verdicts = ['true', 'false', 'undecided'] as const;

/** Folders of findings: the one that was named, or those of the venue's sentinels. */
function foldersOf(s: Session, { folder }: Options): string[] {
  if (folder !== undefined) return [join(folder, 'findings')];
  const dir = findVenueDir(s.globals, s.io.cwd);
  const all = dir === undefined ? undefined : join(dir, 'sentinels');
  if (all === undefined || !existsSync(all)) return [];
  return readdirSync(all)
    .sort()
    .map((name) => join(all, name, 'findings'));
}

/** What nobody has acknowledged, newest last; of two sentinels' one finding once. */
async function unseen(s: Session, options: Options): Promise<Result> {
  const { readFindings } = await import('@holdfast/sentinel');
  const all = foldersOf(s, options).flatMap((dir) => readFindings(dir));
  const open = new Map(all.filter(({ ack }) => ack === undefined).map((each) => [each.id, each]));
  const rows = [...open.values()].sort((a, b) => a.openedAtMs - b.openedAtMs);
  const head = ['id', 'severity', 'rule', 'blocks', 'times', 'state', 'what'];
  const lines = rows.map((each) => [
    each.id,
    each.severity,
    each.rule,
    `${each.firstBlock}-${each.lastBlock}`,
    `${each.count}`,
    each.shadow ? 'shadow' : (each.endedBy ?? 'stands'),
    each.title,
  ]);
  const text = rows.length === 0 ? 'everything was seen' : table([head, ...lines], head.length);
  return { data: rows, text };
}

async function acknowledgeAll(s: Session, id: string, options: Options): Promise<Result> {
  const verdict = verdicts.find((each) => each === options.verdict);
  if (verdict === undefined) throw new UsageError(`--verdict is one of ${verdicts.join(', ')}`);
  const { acknowledge, readFindings } = await import('@holdfast/sentinel');
  // Two sentinels that saw one condition begin gave it one id: both are told.
  const folders = foldersOf(s, options).filter((dir) =>
    readFindings(dir).some((each) => each.id.startsWith(id)),
  );
  if (folders.length === 0 || id === '') {
    throw new EnvironmentError('FindingUnknown', `no sentinel here has a finding ${id}`);
  }
  const ack = { by: userInfo().username, atMs: Date.now(), note: options.note, verdict };
  const records = folders.map((dir) => acknowledge(dir, id, ack));
  const lines = records.map((each) => `${each.id} ${each.rule}: ${each.title} (${verdict})`);
  return { data: records, text: lines.join('\n') };
}

/** `sentinel ack`. */
export function ackCommand(perform: Perform): Command {
  const command = new Command('ack')
    .description('Say that somebody has seen a finding')
    .argument('[id]', 'the finding, or how its id begins; without it, what nobody has seen')
    .option('--verdict <what>', 'true: there was something; false; undecided', 'undecided')
    .option('--note <text>', 'for those who come after', '')
    .option('--folder <dir>', 'folder of one sentinel (default: all of the venue)');
  return finish(command, [
    'holdfast sentinel ack',
    'holdfast sentinel ack 3f2a --verdict false --note "a listing"',
  ]).action((id: string | undefined, options) =>
    perform(options, (s) =>
      id === undefined ? unseen(s, options) : acknowledgeAll(s, id, options),
    ),
  );
}
