import { EnvironmentError } from '@holdfast/units';
import { localDisk } from '../disk.ts';
import { commandsOf } from '../frame.ts';
import { GENESIS, readClosed, tipOf, toHexText } from '../segments.ts';
import { verifyFolders } from '../verify.ts';
import { readRow } from './lease.ts';
import { framesAfter } from './read.ts';
import type { Server } from './server.ts';

/**
 * Checks every frame of the database, each link of the chain, that each command can be read, and
 * that the row of the journal says where the chain ends.
 *
 * @param archive - folder of the frames that have left the database, if any have
 * @throws EnvironmentError JournalDamaged, JournalForeign
 */
export async function verifyDatabase(
  server: Server,
  archive?: string,
): Promise<{ frames: number; commands: number; bytes: number; head: string }> {
  const sum = { frames: 0, commands: 0, bytes: 0 };
  // Read first: the node may append while its frames are read.
  const row = await readRow(server);
  let tip = GENESIS;
  if (archive !== undefined) {
    const { frames, commands, bytes } = await verifyFolders(archive);
    Object.assign(sum, { frames, commands, bytes });
    tip = tipOf(await readClosed(localDisk, archive));
  }
  while (tip.next < row.next) {
    const { frames, tip: after, bytes } = await framesAfter(server, tip);
    if (frames.length === 0) break;
    for (const frame of frames) sum.commands += commandsOf(frame).length;
    sum.frames += frames.length;
    sum.bytes += bytes;
    tip = after;
  }
  if (tip.next < row.next) {
    const text = `journal damaged: its frames end at ${tip.next}, its row says ${row.next}`;
    throw new EnvironmentError('JournalDamaged', text);
  }
  const isEnd = tip.next === row.next;
  if (isEnd && !Buffer.from(tip.head).equals(row.head)) {
    throw new EnvironmentError('JournalDamaged', 'journal damaged: the last head is another');
  }
  return { ...sum, head: toHexText(tip.head) };
}
