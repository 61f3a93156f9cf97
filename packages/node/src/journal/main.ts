/** The journal's own commands: verify it, show who holds it, hand it to another node. */
import { errorMessage, loadVenue, silentLogger, venuePaths } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import { type JournalSettings, loadSettings } from '../settings.ts';
import { archiveDatabase } from './postgres/archive.ts';
import { importFolder } from './postgres/import.ts';
import { journalOf, promote, readRow } from './postgres/lease.ts';
import { createServer, type Server } from './postgres/server.ts';
import type { PostgresSettings } from './postgres/settings.ts';
import { verifyDatabase } from './postgres/verify.ts';
import { verifyFolders } from './verify.ts';

type Given = { venue: string; config?: string; json?: boolean };

function settingsOf({ venue, config }: Given): JournalSettings {
  loadVenue(venue);
  const { dir, journal } = venuePaths(venue);
  return loadSettings(dir, journal, config);
}

function print(given: Given, found: object): void {
  if (given.json) console.log(JSON.stringify(found));
  else for (const [key, value] of Object.entries(found)) console.log(`${key.padEnd(12)} ${value}`);
}

async function overServer<T>(
  settings: JournalSettings,
  work: (server: Server, settings: PostgresSettings) => Promise<T>,
): Promise<T> {
  if (settings.kind !== 'postgres') {
    throw new EnvironmentError('Usage', 'this journal is in a folder, not in PostgreSQL');
  }
  const server = createServer({ ...settings, giveUpMs: 3_000 }, silentLogger());
  try {
    return await work(server, settings);
  } finally {
    await server.close();
  }
}

async function status(server: Server): Promise<object> {
  const { venue, term, holder, reserved, expired, next, head, alone } = await readRow(server);
  const heldBy = holder ?? 'nobody';
  const lease = holder === null ? 'free' : expired ? 'run out' : 'current';
  const reservedFor = reserved ?? 'nobody';
  const standby = alone ? 'none' : 'named';
  return { venue, term, heldBy, lease, reservedFor, next, head: head.toString('hex'), standby };
}

function bound(command: Command): Command {
  return command
    .option('--venue <dir>', 'folder with venue.json and node.json', '.holdfast')
    .option('--config <file>', 'another node.json')
    .option('--json', 'one line of JSON');
}

/** The command tree. */
export function createProgram(): Command {
  const program = new Command('journal').description('Verify a journal, or hand it over');
  bound(program.command('verify'))
    .description('check every frame from the first to the last, archive included')
    .option('--archive <dir>', 'of a journal in PostgreSQL: where its old frames were moved to')
    .action(async (given: Given & { archive?: string }) => {
      const settings = settingsOf(given);
      const found =
        settings.kind === 'local'
          ? await verifyFolders(settings.dir, given.archive ?? settings.archive)
          : await overServer(settings, (server) => verifyDatabase(server, given.archive));
      print(given, found);
    });
  bound(program.command('archive'))
    .description('move frames of a journal in PostgreSQL that two snapshots are past into a folder')
    .requiredOption('--to <dir>', 'the folder; the same every time')
    .action(async (given: Given & { to: string }) => {
      print(given, await overServer(settingsOf(given), (s) => archiveDatabase(s, given.to)));
    });
  bound(program.command('status'))
    .description('who holds a journal in PostgreSQL, and where it ends')
    .action(async (given: Given) => print(given, await overServer(settingsOf(given), status)));
  bound(program.command('promote'))
    .description('end the lease of whoever holds it, so that a standby takes over')
    .option('--to <name>', 'only the node of this name may take it')
    .action(async (given: Given & { to?: string }) => {
      await overServer(settingsOf(given), (server) => promote(server, given.to));
      print(given, { fenced: true, takenBy: given.to ?? 'the first standby that asks' });
    });
  bound(program.command('import'))
    .description('copy a journal from a folder into PostgreSQL, before the first node starts there')
    .requiredOption('--from <dir>', 'the folder; its node must be stopped')
    .option('--archive <dir>', 'where its closed segments were moved to')
    .action(async (given: Given & { from: string; archive?: string }) => {
      const { from: dir, archive } = given;
      const venue = journalOf(loadVenue(given.venue));
      const found = await overServer(settingsOf(given), (server, settings) => {
        return importFolder(server, settings, venue, { dir, archive });
      });
      print(given, found);
    });
  return program;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
}
