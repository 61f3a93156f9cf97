/** The lease that a node holds, and statements that count only under it. */
import { EnvironmentError } from '@holdfast/units';
import { broken } from '../group.ts';
import { type Row, renew } from './lease.ts';
import { hangUp, isLoss, type Link, type Server } from './server.ts';
import type { PostgresSettings } from './settings.ts';

/** A lease that this node holds: its term, and the duty to renew it. */
export type Holding = {
  readonly settings: PostgresSettings;
  readonly server: Server;
  readonly term: number;
  /** When the lease was last renewed, monotonic ms. */
  renewedAt: number;
  /** Set once the lease is lost: nothing is written after that. */
  lost: Error | undefined;
};

type Outcome = 'kept' | 'open';

/**
 * Runs one fenced statement until it is known to be durable. `attempt` tells whether it changed
 * what it should; where that is unknown or it did not, the lease is renewed, which fails if
 * another node has it and waits for all that was committed before, and `judge` decides by the row
 * whether the statement was kept after all.
 *
 * @throws EnvironmentError JournalAlone; JournalFenced and JournalBroken, after which every call
 *   fails: what became of the statement is then not known
 */
export async function durably(
  holding: Holding,
  attempt: (link: Link) => Promise<boolean>,
  judge: (row: Row) => Outcome,
): Promise<void> {
  if (holding.lost !== undefined) throw holding.lost;
  try {
    while (!(await tryOnce(holding, attempt, judge)));
  } catch (error) {
    if (error instanceof EnvironmentError && error.code === 'JournalAlone') throw error;
    const isFenced = error instanceof EnvironmentError && error.code === 'JournalFenced';
    holding.lost ??= isFenced ? error : broken(error);
    throw holding.lost;
  }
  holding.renewedAt = performance.now();
}

/** @returns whether the statement is durable; if not, it has to be run again */
async function tryOnce(
  { server, settings, term }: Holding,
  attempt: (link: Link) => Promise<boolean>,
  judge: (row: Row) => Outcome,
): Promise<boolean> {
  const link = await server.link();
  let done = false;
  try {
    done = await attempt(link);
  } catch (error) {
    if (!link.lost && !isLoss(error)) throw error;
    hangUp(link);
  }
  if (done && !link.doubt) return true;
  link.doubt = false;
  const row = await server.again((other) => renew(other, settings, term));
  return done || judge(row) === 'kept';
}
