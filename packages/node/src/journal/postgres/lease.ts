/** Who may append: one row with a term that only rises. */
import type { Venue } from '@holdfast/host';
import { EnvironmentError, invariant } from '@holdfast/units';
import type { QueryResult } from 'pg';
import * as sql from './schema.ts';
import { ask, type Link, type Server } from './server.ts';
import type { PostgresSettings } from './settings.ts';

/** The row of `holdfast_journal`. */
export type Row = {
  readonly venue: string;
  readonly term: number;
  readonly holder: string | null;
  readonly reserved: string | null;
  readonly expired: boolean;
  readonly next: number;
  readonly head: Buffer;
  /** Whether the server has no synchronous standby. */
  readonly alone: boolean;
};

function rowOf({ rows }: QueryResult): Row | undefined {
  const row = rows[0] as (Omit<Row, 'term' | 'next'> & { term: string; next: string }) | undefined;
  return row && { ...row, term: Number(row.term), next: Number(row.next) };
}

/** What a journal belongs to: one clearing house on one chain. */
export const journalOf = ({ chainId, contracts }: Venue): string =>
  `${chainId}:${contracts.clearingHouse.toLowerCase()}`;

/** Makes the tables where there are none. `venue` is what they belong to from then on. */
export async function prepare(server: Server, venue: string): Promise<void> {
  await server.again(async (link) => {
    const { rows } = await ask(link, sql.SCHEMA_FOUND);
    if (rows[0].found !== true) {
      // A statement list is one transaction.
      await ask(link, `${sql.SCHEMA_LOCK};${sql.SCHEMA}`);
    }
    await ask(link, sql.BIRTH, [venue]);
  });
  const { venue: found } = await readRow(server);
  if (found === venue) return;
  const text = `the journal in this database belongs to venue ${found}, not to ${venue}`;
  throw new EnvironmentError('JournalForeign', text);
}

export async function readRow(server: Server): Promise<Row> {
  const row = rowOf(await server.again((link) => ask(link, sql.READ)));
  invariant(row !== undefined, 'the journal has its row');
  return row;
}

/** Whether a node of this name might take the lease now. */
export function isFree({ holder, reserved, expired }: Row, settings: PostgresSettings): boolean {
  const { name, takeover } = settings;
  if (reserved !== null && reserved !== name) return false;
  return holder === null || holder === name || (takeover === 'automatic' && expired);
}

/** Takes the lease, or returns undefined if it is not to be had. Durable when it resolves. */
export async function take(server: Server, settings: PostgresSettings): Promise<Row | undefined> {
  const { name, leaseMs, takeover } = settings;
  const values = [name, leaseMs, takeover === 'automatic'];
  // Taking twice, after a lost connection, only raises the term once more.
  return rowOf(await server.again((link) => ask(link, sql.TAKE, values)));
}

export function fenced(name: string, term: number, row: Row | undefined): EnvironmentError {
  const by = row?.holder === null || row === undefined ? 'nobody yet' : row.holder;
  const now = row === undefined ? '' : ` (term ${row.term}, held by ${by})`;
  const text =
    `node ${name} lost the journal: its term ${term} is over${now}. ` +
    'Nothing that it holds unacknowledged was kept; start it again and it stands by.';
  return new EnvironmentError('JournalFenced', text, { retry: false });
}

/**
 * Renews the lease, and with it waits until all that this server has committed before is on the
 * standby's disk too.
 *
 * @throws EnvironmentError JournalFenced
 */
export async function renew(link: Link, settings: PostgresSettings, term: number): Promise<Row> {
  for (;;) {
    link.doubt = false;
    const row = rowOf(await ask(link, sql.RENEW, [term, settings.leaseMs]));
    if (row === undefined) throw fenced(settings.name, term, rowOf(await ask(link, sql.READ)));
    if (!link.doubt) return row;
  }
}

/** Fences whoever holds the lease; `to` alone may take it then, or anyone. */
export async function promote(server: Server, to: string | undefined): Promise<Row> {
  const row = rowOf(await server.again((link) => ask(link, sql.PROMOTE, [to ?? null])));
  invariant(row !== undefined, 'the journal has its row');
  return row;
}
