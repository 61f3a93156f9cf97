/**
 * A node over PostgreSQL: it follows the journal and keeps its state warm until it holds the
 * lease, and is the venue from then on.
 */
import type { Command, CoreConfig } from '@holdfast/core';
import { type Logger, sleep } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { commandsOf } from './journal/frame.ts';
import { createJournal } from './journal/group.ts';
import type { Holding } from './journal/postgres/holding.ts';
import { aloneError, createKeeper } from './journal/postgres/keeper.ts';
import { isFree, prepare, type Row, readRow, take } from './journal/postgres/lease.ts';
import { framesAfter, tipAt } from './journal/postgres/read.ts';
import { createServer, type Server } from './journal/postgres/server.ts';
import type { PostgresSettings } from './journal/postgres/settings.ts';
import { loadSnapshot } from './journal/postgres/snapshots.ts';
import { GENESIS } from './journal/segments.ts';
import type { Journal, Tip } from './journal/types.ts';
import { follow, newborn, type Recovered, unpackRecovered } from './recovery.ts';

const POLL_MS = 20;

export type StandbyDeps = {
  readonly settings: PostgresSettings;
  readonly config: CoreConfig;
  /** What the journal belongs to, e.g. chain and clearing house. */
  readonly venue: string;
  readonly logger: Logger;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Called once when the lease is lost: the process has to end. */
  readonly onLost: (error: Error) => void;
};

/** A state and the place in the journal that it stands at. */
type Warm = { known: Omit<Recovered, 'replayed'>; tip: Tip; replayed: number };

async function warmUp(deps: StandbyDeps, server: Server): Promise<Warm> {
  const { next } = await readRow(server);
  const stored = await loadSnapshot(server, next);
  const tip = stored && (await tipAt(server, stored.index));
  const known = stored && tip && unpackRecovered(stored.bytes, deps.logger);
  if (known !== undefined && tip !== undefined) return { known, tip, replayed: 0 };
  return { known: newborn(deps.config), tip: GENESIS, replayed: 0 };
}

/** Applies what is new, at most a few hundred frames. @returns whether there was anything */
async function step(server: Server, warm: Warm): Promise<boolean> {
  const { frames, tip } = await framesAfter(server, warm.tip);
  for (const frame of frames) {
    for (const command of commandsOf(frame)) {
      follow(warm.known, command as Command);
      warm.replayed += 1;
    }
  }
  warm.tip = tip;
  return frames.length > 0;
}

const isAt = (tip: Tip, row: Row): boolean =>
  tip.next === row.next && Buffer.from(tip.head).equals(row.head);

/**
 * Follows until `done`. Frames that do not follow what was read before mean that the database
 * failed over and took back what nobody acknowledged: the state is then made anew.
 */
async function followUntil(
  deps: StandbyDeps,
  server: Server,
  start: Warm,
  done: (warm: Warm) => Promise<boolean>,
): Promise<Warm> {
  let warm = start;
  let strays = 0;
  for (;;) {
    if (deps.signal?.aborted) throw new EnvironmentError('Stopped', 'the node is stopping');
    try {
      // The lease is taken with everything read: nothing is left to do that could outlast it.
      if (await step(server, warm)) continue;
      if (await done(warm)) return warm;
      await sleep(POLL_MS, deps.signal);
    } catch (error) {
      const isStray = error instanceof EnvironmentError && error.code === 'JournalDamaged';
      // Once is a failover of the database; the same again from the beginning is damage.
      if (!isStray || strays > 0) throw error;
      strays += 1;
      deps.logger.warn({ next: warm.tip.next }, 'the journal took a turn; reading it anew');
      warm = await warmUp(deps, server);
    }
  }
}

/** Follows up to the row's end; a state that cannot be brought there is made anew. */
async function catchUp(deps: StandbyDeps, server: Server, start: Warm, row: Row): Promise<Warm> {
  const reached = async ({ tip }: Warm): Promise<boolean> => tip.next >= row.next;
  const warm = await followUntil(deps, server, start, reached);
  if (isAt(warm.tip, row)) return warm;
  deps.logger.warn({ next: warm.tip.next, required: row.next }, 'reading the journal anew');
  const again = await followUntil(deps, server, await warmUp(deps, server), reached);
  if (isAt(again.tip, row)) return again;
  const text = `journal damaged: its frames end at ${again.tip.next}, its row says ${row.next}`;
  throw new EnvironmentError('JournalDamaged', text);
}

/** Tells of a row when what it says of the lease has changed. */
function once(tell: (row: Row, next: number) => void): typeof tell {
  let last = '';
  return (row, next) => {
    const { holder, reserved, expired, alone } = row;
    const text = JSON.stringify([holder, reserved, expired, alone]);
    if (text !== last) tell(row, next);
    last = text;
  };
}

/**
 * Follows the journal and returns once this node holds the lease and has applied every command.
 *
 * @throws EnvironmentError JournalUnreachable, JournalForeign, JournalDamaged, Stopped
 */
export async function awaitLease(
  deps: StandbyDeps,
): Promise<{ journal: Journal; recovered: Recovered }> {
  const { settings, logger } = deps;
  const server = createServer(settings, logger, deps.signal);
  try {
    await prepare(server, deps.venue);
    let row: Row | undefined;
    const tell = once((seen: Row, next: number) => {
      if (isFree(seen, settings)) logger.error(aloneError().message);
      else logger.info({ holder: seen.holder, next }, 'standing by');
    });
    const warm = await followUntil(deps, server, await warmUp(deps, server), async ({ tip }) => {
      const seen = await readRow(server);
      if (isFree(seen, settings) && (!seen.alone || settings.alone === 'allow')) {
        row = await take(server, settings);
      } else tell(seen, tip.next);
      return row !== undefined;
    });
    const taken = row as Row;
    const { known, tip, replayed } = await catchUp(deps, server, warm, taken);
    const { term } = taken;
    logger.info({ term, next: tip.next, replayed }, 'this node holds the journal');
    const holding: Holding = {
      settings,
      server,
      term,
      renewedAt: performance.now(),
      lost: undefined,
    };
    const keeper = createKeeper(holding, tip, logger, deps.onLost);
    return { journal: createJournal(keeper), recovered: { ...known, replayed } };
  } catch (error) {
    await server.close();
    throw error;
  }
}
