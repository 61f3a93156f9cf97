/** Where a node keeps what it must not lose: a folder, or PostgreSQL with a standby beside it. */
import { join } from 'node:path';
import type { CoreConfig } from '@holdfast/core';
import type { Logger, Venue } from '@holdfast/host';
import { type SettleStore, storeOver } from '@holdfast/settle';
import { type ConditionalStore, conditionalsOver, openConditionals } from './conditionals/store.ts';
import { openJournal } from './journal/local.ts';
import { journalOf } from './journal/postgres/lease.ts';
import type { Journal, OpenLines } from './journal/types.ts';
import { type Recovered, recover } from './recovery.ts';
import type { JournalSettings } from './settings.ts';
import { awaitLease } from './standby.ts';

export type Log = {
  readonly journal: Journal;
  readonly recovered: Recovered;
  /** File of the settler's own memory, or the memory itself. */
  readonly settle: string | SettleStore;
  readonly conditionals: ConditionalStore;
};

export type LogDeps = {
  readonly venue: Venue;
  readonly config: CoreConfig;
  readonly logger: Logger;
  /** Ends the wait of a standby. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the journal is lost to another node. */
  readonly onLost: (error: Error) => void;
};

async function storesOver(open: OpenLines) {
  return {
    settle: storeOver(await open('settle')),
    conditionals: await conditionalsOver(await open('conditionals'), 'in PostgreSQL'),
  };
}

async function storesIn(dir: string) {
  const conditionals = await openConditionals(join(dir, 'conditionals.jsonl'));
  return { settle: join(dir, 'settle.jsonl'), conditionals };
}

/**
 * Opens the journal and brings the state to its end. Over PostgreSQL this lasts until the node
 * holds the lease: until then it is a standby.
 *
 * @throws EnvironmentError as {@link openJournal} and {@link awaitLease}
 */
export async function openLog(settings: JournalSettings, deps: LogDeps): Promise<Log> {
  const { venue, config, logger, signal, onLost } = deps;
  if (settings.kind === 'local') {
    const journal = await openJournal(settings);
    const recovered = await recover(journal, config, logger);
    return { journal, recovered, ...(await storesIn(settings.dir)) };
  }
  const place = journalOf(venue);
  const opened = await awaitLease({ settings, config, venue: place, logger, signal, onLost });
  return { ...opened, ...(await storesOver(opened.journal.lines as OpenLines)) };
}
