/** Text lines in PostgreSQL, fenced as frames are. */
import type { Lines } from '../types.ts';
import { durably, type Holding } from './holding.ts';
import * as sql from './schema.ts';
import { ask } from './server.ts';

/** Opens the log of that name. @throws EnvironmentError JournalFenced, JournalBroken */
export async function createLines(holding: Holding, name: string): Promise<Lines> {
  const { server, term } = holding;
  const { rows } = await server.again((link) => ask(link, sql.LINES, [name]));
  const old = (rows as { seq: string; line: string }[]).map(({ line }) => line);
  let next = Number((rows.at(-1) as { seq: string } | undefined)?.seq ?? -1) + 1;
  let bytes = old.reduce((sum, line) => sum + line.length, 0);
  let tail: Promise<unknown> = Promise.resolve();

  /** One after another; a failure does not stop the next. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = tail.then(work);
    tail = done.catch(() => undefined);
    return done;
  }

  async function add(lines: readonly string[], isAll: boolean): Promise<void> {
    const values = [term, name, next, lines, isAll];
    await durably(
      holding,
      async (link) => (await ask(link, sql.LINES_ADD, values)).rows[0].held === 1,
      // The same lines at the same places: to send them again changes nothing.
      () => 'open',
    );
    next += lines.length;
  }

  return {
    old,
    append: (line) =>
      inTurn(async () => {
        await add([line], false);
        bytes += line.length;
      }),
    rewrite: (lines) =>
      inTurn(async () => {
        await add(lines, true);
        bytes = lines.reduce((sum, line) => sum + line.length, 0);
      }),
    size: () => bytes,
    async close() {
      await tail;
    },
  };
}
