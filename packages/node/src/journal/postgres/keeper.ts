/** Frames, snapshots and lines in PostgreSQL, for the node that holds the lease. */
import { errorMessage, type Logger } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import type { Keeper, SealedFrame, Tip } from '../types.ts';
import { durably, type Holding } from './holding.ts';
import { renew } from './lease.ts';
import { createLines } from './lines.ts';
import { replayFrames } from './read.ts';
import * as sql from './schema.ts';
import { ask } from './server.ts';
import { loadSnapshot, saveSnapshot } from './snapshots.ts';

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

/** Appends one frame, durable when it resolves. @throws as {@link durably} */
export async function writeFrame(holding: Holding, frame: SealedFrame): Promise<void> {
  const { settings, term } = holding;
  const { first, count, head, bytes, before } = frame;
  const mayBeAlone = settings.alone === 'allow';
  const values = [first, count, head, bytes, term, before, settings.leaseMs, mayBeAlone];
  await durably(
    holding,
    async (link) => (await ask(link, sql.APPEND, values)).rowCount === 1,
    (row) => {
      if (row.next === first + count && same(row.head, head)) return 'kept';
      if (row.next !== first || !same(row.head, before)) {
        throw new Error(`it ends at command ${row.next}, not at ${first}`);
      }
      if (row.alone && !mayBeAlone) throw aloneError();
      return 'open';
    },
  );
}

/** What a server without a synchronous standby is answered. */
export function aloneError(): EnvironmentError {
  const text =
    'the journal has no synchronous standby, so nothing was accepted: set ' +
    'synchronous_standby_names, or allow it with "alone": "allow" in node.json';
  return new EnvironmentError('JournalAlone', text, { retry: true });
}

/** Renews the lease when nothing else has for a third of it; tells once when it is lost. */
function keepLease(holding: Holding, logger: Logger, onLost: (error: Error) => void): () => void {
  const { settings, server, term } = holding;
  let busy = false;
  async function beat(): Promise<void> {
    if (performance.now() - holding.renewedAt < settings.leaseMs / 3) return;
    await server.again((link) => renew(link, settings, term));
    holding.renewedAt = performance.now();
  }
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    beat()
      .catch((error: Error) => {
        if (error instanceof EnvironmentError && error.code === 'Stopped') return;
        logger.error({ error: errorMessage(error) }, 'the lease of the journal is not renewed');
        clearInterval(timer);
        holding.lost ??= error;
        onLost(error);
      })
      .finally(() => {
        busy = false;
      });
  }, settings.leaseMs / 6);
  timer.unref();
  return () => clearInterval(timer);
}

/** The keeper of a node that holds the lease. */
export function createKeeper(
  holding: Holding,
  tip: Tip,
  logger: Logger,
  onLost: (error: Error) => void,
): Keeper {
  const { server, term } = holding;
  const stop = keepLease(holding, logger, onLost);
  const reach = { next: tip.next };
  return {
    tip,
    async write(frame) {
      await writeFrame(holding, frame);
      reach.next = frame.first + frame.count;
    },
    replay: (from, visit) => replayFrames(server, from, visit),
    saveSnapshot: (index, bytes) => saveSnapshot(holding, index, bytes),
    loadSnapshot: () => loadSnapshot(server, reach.next),
    lines: (name) => createLines(holding, name),
    async close() {
      stop();
      if (holding.lost === undefined) {
        await server
          .again((link) => ask(link, sql.RELEASE, [term]))
          .catch((error) => {
            logger.warn({ error: errorMessage(error) }, 'the lease is left to run out');
          });
      }
      await server.close();
    },
  };
}
