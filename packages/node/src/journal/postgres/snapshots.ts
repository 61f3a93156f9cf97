/** Snapshots in PostgreSQL: parts of a few megabytes, sealed as those in a folder. */
import { sha256 } from '../frame.ts';
import type { Snapshot } from '../types.ts';
import type { Holding } from './holding.ts';
import { renew } from './lease.ts';
import * as sql from './schema.ts';
import { ask, connect, hangUp, type Server } from './server.ts';

const PART_BYTES = 4 * 1024 * 1024;
const KEPT = 2;
const ZEROS = new Uint8Array(32);

/**
 * Stores a snapshot over a connection of its own, so that frames do not wait behind its parts; the
 * lease is looked at in the transaction that makes it visible.
 */
export async function saveSnapshot(
  { settings, server, term }: Holding,
  index: number,
  bytes: Uint8Array,
): Promise<void> {
  const sealed = Buffer.concat([sha256(ZEROS, bytes), bytes]);
  const parts = Math.ceil(sealed.length / PART_BYTES);
  const link = await connect(settings);
  try {
    await ask(link, 'BEGIN');
    for (let part = 0; part < parts; part += 1) {
      const piece = sealed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      await ask(link, sql.SNAPSHOT_ADD, [index, part, parts, piece]);
    }
    await ask(link, sql.SNAPSHOTS_DROP, [KEPT]);
    const { rowCount } = await ask(link, sql.HOLD, [term]);
    await ask(link, rowCount === 1 ? 'COMMIT' : 'ROLLBACK');
    if (rowCount !== 1) await server.again((other) => renew(other, settings, term));
  } finally {
    hangUp(link);
  }
}

/** The newest whole snapshot that `reach` commands cover. */
export async function loadSnapshot(server: Server, reach: number): Promise<Snapshot | undefined> {
  const { rows } = await server.again((link) => ask(link, sql.SNAPSHOTS, [reach]));
  for (const { index } of rows as { index: string }[]) {
    const found = await server.again((link) => ask(link, sql.SNAPSHOT_PARTS, [index]));
    const sealed = Buffer.concat((found.rows as { bytes: Buffer }[]).map(({ bytes }) => bytes));
    const bytes = sealed.subarray(32);
    if (sealed.subarray(0, 32).equals(sha256(ZEROS, bytes))) return { index: Number(index), bytes };
  }
  return undefined;
}
