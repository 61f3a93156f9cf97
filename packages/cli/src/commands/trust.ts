/** trust: who can do what at the venue, and what changed since last time. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  chainAccess,
  createChainReader,
  errorMessage,
  loadVenue,
  readJson,
  toJson,
  writeFileAtomic,
} from '@holdfast/host';
import {
  type Change,
  changesBetween,
  parseTrust,
  readTrust,
  type TrustReport,
  trustPage,
  trustText,
} from '@holdfast/trust';
import { EnvironmentError, reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import type { Result } from '../io.ts';
import { findVenueDir, type Session } from '../session.ts';
import { checkFolders, finish, type Perform } from './shared.ts';

type Options = {
  readonly html?: string;
  readonly out?: string;
  readonly since?: string;
  readonly accept?: boolean;
};

/** Everybody may read what everybody could ask the chain for. */
const openMode = 0o644;

function readEarlier(path: string): TrustReport {
  const parsed = parseTrust(readJson(path, 'trust report'));
  if (parsed !== undefined) return parsed;
  const message = `${path} is no trust report of this version; make it with holdfast trust --out`;
  throw new EnvironmentError('FileMalformed', message);
}

/** The report to compare with: the one that was given, else the one kept beside the venue. */
function earlierOf(options: Options, kept: string): TrustReport | undefined {
  if (options.since !== undefined) return readEarlier(resolve(options.since));
  return existsSync(kept) ? readEarlier(kept) : undefined;
}

async function read(s: Session, dir: string): Promise<TrustReport> {
  const venue = loadVenue(dir);
  const given = s.globals.rpc && { rpcUrl: s.globals.rpc };
  const access = { ...chainAccess(venue), ...given, batch: true };
  try {
    return await readTrust(createChainReader(access), venue);
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    const [line] = errorMessage(error).split('\n');
    throw new EnvironmentError('ChainFailed', `the chain at ${access.rpcUrl}: ${line}`);
  }
}

/** What makes the command fail, as one line; undefined when all is well. */
function verdict(report: TrustReport, changes: readonly Change[], accept: boolean) {
  const { problems } = report;
  if (problems.length > 0) {
    return reject('TrustBroken', `${problems.length} things are wrong: ${problems.join('; ')}`);
  }
  const wider = changes.filter(({ way }) => way === 'wider');
  if (wider.length === 0 || accept) return undefined;
  const names = wider.map(({ name, before, after }) => `${name}: ${before} -> ${after}`);
  return reject(
    'PowerWidened',
    `${wider.length} powers are wider than before: ${names.join('; ')}`,
  );
}

async function trust(s: Session, options: Options): Promise<Result | undefined> {
  const dir = findVenueDir(s.globals, s.io.cwd);
  if (dir === undefined) {
    throw new EnvironmentError('VenueUnknown', 'there is no venue folder here or above');
  }
  if (options.accept && options.since !== undefined) {
    throw new UsageError('--accept keeps this report beside the venue; it takes no --since');
  }
  checkFolders({ out: options.out, html: options.html });
  const kept = join(dir, 'trust.json');
  const earlier = earlierOf(options, kept);
  const report = await read(s, dir);
  const changes = earlier && changesBetween(earlier.bounds, report.bounds);
  const json = `${toJson(report)}\n`;
  if (options.out !== undefined) await writeFileAtomic(resolve(options.out), json, openMode);
  if (options.html !== undefined) {
    await writeFileAtomic(resolve(options.html), trustPage(report, changes), openMode);
  }
  const failure = verdict(report, changes ?? [], options.accept === true);
  const isFirst = options.since === undefined && earlier === undefined;
  if (options.accept || (isFirst && failure === undefined)) {
    await writeFileAtomic(kept, json, openMode);
  }
  const data = { ...report, changes: changes ?? [] };
  if (s.globals.json) s.io.out(`${toJson(data)}\n`);
  else s.io.out(`${trustText(report, changes)}\n`);
  if (failure !== undefined) throw new Refused(failure);
  return undefined;
}

const story = `
Reads the chain alone, and asks every function that is for somebody whether it lets a stranger in.
The first report is kept beside the venue (trust.json); later ones are compared with it, and the
command ends with 1 when a power is wider than before, until --accept keeps the new report.
`;

/** The `trust` command. */
export function trustCommand(perform: Perform): Command {
  const command = new Command('trust')
    .description('Who can do what: every power, its holder, its delay, the worst that it can cost')
    .option('--html <file>', 'write a page that needs no script and nothing else')
    .option('--out <file>', 'write the report as JSON')
    .option('--since <file>', 'compare with this report (default: the one that is kept)')
    .option('--accept', 'keep this report: what is wider is known')
    .addHelpText('after', story);
  return finish(command, [
    'holdfast trust',
    'holdfast trust --html trust.html --out trust.json',
    'holdfast trust --since last-week.json --json',
    'holdfast trust --accept',
  ]).action((options) => perform(options, (s) => trust(s, options)));
}
