/** What a commit costs on two servers, beside one on the disk of this machine. */
import { silentLogger } from '@holdfast/host';
import { invariant } from '@holdfast/units';
import { createJournal } from '../../../packages/node/src/journal/group.ts';
import type { Holding } from '../../../packages/node/src/journal/postgres/holding.ts';
import { createKeeper } from '../../../packages/node/src/journal/postgres/keeper.ts';
import { take } from '../../../packages/node/src/journal/postgres/lease.ts';
import { createServer } from '../../../packages/node/src/journal/postgres/server.ts';
import type { PostgresSettings } from '../../../packages/node/src/journal/postgres/settings.ts';
import type { Journal } from '../../../packages/node/src/journal/types.ts';

const ROUNDS = 60;
const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

/** One command a frame, in turn. Takes the lease that nobody holds, and gives it back. */
export async function compareCommits(here: Journal, settings: PostgresSettings): Promise<string> {
  const server = createServer(settings, silentLogger());
  const row = await take(server, settings);
  invariant(row !== undefined, 'nobody holds the lease');
  const { term, next, head } = row;
  const holding: Holding = { settings, server, term, renewedAt: 0, lost: undefined };
  const there = createJournal(createKeeper(holding, { next, head }, silentLogger(), () => {}));
  const times = { here: [] as number[], there: [] as number[] };
  for (let i = 0; i < ROUNDS; i += 1) {
    await here.append([{ type: 'tick', at: 1_700_000_010 }]);
    times.here.push(here.stats().syncMsLast);
    await there.append([{ type: 'tick', at: 1_700_000_010 }]);
    times.there.push(there.stats().syncMsLast);
  }
  await there.close();
  const [disk, both] = [median(times.here), median(times.there)];
  const figures = `${disk.toFixed(2)} ms here, ${both.toFixed(2)} ms on both servers`;
  return `a commit: ${figures}, ratio ${(both / disk).toFixed(1)}`;
}
