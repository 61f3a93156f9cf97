/** A journal from a folder into PostgreSQL, frame by frame, with what lies beside it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { localDisk } from '../disk.ts';
import { loadSnapshot } from '../snapshots.ts';
import { walkFolders } from '../verify.ts';
import type { Holding } from './holding.ts';
import { createKeeper, writeFrame } from './keeper.ts';
import { prepare, type Row, renew, take } from './lease.ts';
import { ask, type Server } from './server.ts';
import type { PostgresSettings } from './settings.ts';

const NAME = 'import';

async function linesOf(path: string): Promise<string[]> {
  try {
    const text = await readFile(path, 'utf8');
    // What stands behind the last line end was torn.
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Copies a whole journal. An import that broke off goes on where it ended.
 *
 * @param venue - what the journal belongs to
 * @param from - the folder, and its archive if it has one; its node must be stopped
 * @throws EnvironmentError JournalDamaged, JournalForeign, JournalNotEmpty
 */
export async function importFolder(
  server: Server,
  given: PostgresSettings,
  venue: string,
  from: { dir: string; archive?: string | undefined },
): Promise<{ frames: number; commands: number; head: string }> {
  await prepare(server, venue);
  const settings: PostgresSettings = { ...given, name: NAME, takeover: 'manual' };
  const row = await take(server, settings);
  if (row === undefined) {
    const text = 'another node holds the journal in this database: stop it, or import into another';
    throw new EnvironmentError('JournalNotEmpty', text);
  }
  const holding: Holding = {
    settings,
    server,
    term: row.term,
    renewedAt: performance.now(),
    lost: undefined,
  };
  const keeper = createKeeper(holding, row, silentLogger(), () => {});
  try {
    const found = await copyFrames(holding, row, from);
    const newest = await loadSnapshot(localDisk, from.dir, found.commands);
    if (newest !== undefined) await keeper.saveSnapshot(newest.index, newest.bytes);
    for (const name of ['settle', 'conditionals']) {
      const lines = await keeper.lines?.(name);
      await lines?.rewrite(await linesOf(join(from.dir, `${name}.jsonl`)));
    }
    return found;
  } finally {
    // Gives the lease back, whatever happened.
    await keeper.close();
  }
}

/** Appends the frames that the database does not have, and waits until all are durable. */
async function copyFrames(
  holding: Holding,
  row: Row,
  { dir, archive }: { dir: string; archive?: string | undefined },
): Promise<{ frames: number; commands: number; head: string }> {
  const { server, settings, term } = holding;
  // Only the last commit is waited for: it is behind all others.
  await ask(await server.link(), 'SET synchronous_commit = off');
  let before: Uint8Array = new Uint8Array(32);
  let frames = 0;
  const found = await walkFolders(dir, archive, localDisk, async (segment) => {
    for (const { frame, bytes } of segment) {
      const { first, count, head } = frame;
      if (first === row.next && !Buffer.from(before).equals(row.head)) throw foreign();
      if (first >= row.next) {
        await writeFrame(holding, { bytes: Buffer.from(bytes), first, count, before, head });
        frames += 1;
      }
      before = head;
    }
  });
  const isShort = found.commands < row.next;
  const isOther = found.commands === row.next && found.head !== row.head.toString('hex');
  if (isShort || isOther) throw foreign();
  await ask(await server.link(), 'SET synchronous_commit = on');
  await server.again((link) => renew(link, settings, term));
  return { frames, commands: found.commands, head: found.head };
}

function foreign(): EnvironmentError {
  const text = 'the database holds a journal already, and it is not the beginning of this one';
  return new EnvironmentError('JournalNotEmpty', text);
}
