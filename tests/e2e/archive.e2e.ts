/** Old frames of a journal in PostgreSQL move to a folder, and recovery does not miss them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@holdfast/host';
import { createJournal } from '../../packages/node/src/journal/group.ts';
import { archiveDatabase } from '../../packages/node/src/journal/postgres/archive.ts';
import type { Holding } from '../../packages/node/src/journal/postgres/holding.ts';
import { createKeeper } from '../../packages/node/src/journal/postgres/keeper.ts';
import { prepare, take } from '../../packages/node/src/journal/postgres/lease.ts';
import { createServer } from '../../packages/node/src/journal/postgres/server.ts';
import type { PostgresSettings } from '../../packages/node/src/journal/postgres/settings.ts';
import { verifyDatabase } from '../../packages/node/src/journal/postgres/verify.ts';
import { verifyFolders } from '../../packages/node/src/journal/verify.ts';
import { type Pair, startPair } from './harness/postgres.ts';
import { inFolder } from './harness/stage.ts';

async function open({ primary, passwordFile }: Pair) {
  const settings: PostgresSettings = {
    kind: 'postgres',
    urls: [primary.url],
    passwordFile,
    name: 'only',
    takeover: 'automatic',
    leaseMs: 60_000,
    alone: 'allow',
    giveUpMs: 10_000,
  };
  const server = createServer(settings, silentLogger());
  await prepare(server, 'a venue');
  const row = await take(server, settings);
  assert.ok(row);
  const { term, next, head } = row;
  const holding: Holding = {
    settings,
    server,
    term,
    renewedAt: performance.now(),
    lost: undefined,
  };
  const keeper = createKeeper(holding, { next, head }, silentLogger(), () => {});
  return { server, journal: createJournal(keeper) };
}

const tick = (i: number) => ({ type: 'tick', at: 1_700_000_000 + i });

describe('the archive of a journal in PostgreSQL', { timeout: 120_000 }, () => {
  it('takes what two snapshots are past, in runs, and loses no frame', () =>
    inFolder(async (folder) => {
      const pair = await startPair(folder);
      try {
        const { server, journal } = await open(pair);
        const to = join(folder, 'archive');
        const count = async () =>
          Number((await pair.primary.query('SELECT count(*) FROM holdfast_frames'))[0]?.count);
        const archive = () => archiveDatabase(server, to, { segmentBytes: 400 });
        const write = async (from: number, until: number) => {
          for (let i = from; i < until; i += 1) await journal.append([tick(i)]);
        };
        await write(0, 10);
        await journal.saveSnapshot(10, new Uint8Array([1]));
        assert.deepEqual((await archive()).frames, 0, 'one snapshot is not enough');
        await write(10, 20);
        await journal.saveSnapshot(20, new Uint8Array([2]));
        const whole = await verifyDatabase(server);
        const first = await archive();
        assert.deepEqual([first.frames, first.next, await count()], [9, 9, 11]);
        assert.ok(first.segments > 1, 'segments are of a size');
        assert.deepEqual(await verifyDatabase(server, to), whole);
        await assert.rejects(verifyDatabase(server), { code: 'JournalDamaged' });
        // Recovery from either snapshot.
        for (const from of [10, 20]) {
          const seen: number[] = [];
          await journal.replay(from, (_, index) => seen.push(index));
          assert.deepEqual(
            seen,
            Array.from({ length: 20 - from }, (_, i) => from + i),
          );
        }
        assert.equal((await archive()).frames, 0, 'a second run has nothing to do');
        await write(20, 30);
        await journal.saveSnapshot(30, new Uint8Array([3]));
        // A run that broke off after the list and before the rows went.
        const { primary } = pair;
        await primary.query('CREATE TABLE kept AS TABLE holdfast_frames');
        await archive();
        await primary.query('INSERT INTO holdfast_frames TABLE kept ON CONFLICT DO NOTHING');
        const again = await archive();
        assert.deepEqual([again.frames, again.next, await count()], [0, 19, 11]);
        const folders = await verifyFolders(to);
        assert.deepEqual([folders.frames, folders.head], [19, again.head]);
        await refusesOthers(server, to, folder);
        await journal.close();
      } finally {
        await pair.close();
      }
    }));
});

/** An archive of another journal, or a damaged one: nothing is dropped. */
async function refusesOthers(
  server: Awaited<ReturnType<typeof open>>['server'],
  to: string,
  folder: string,
): Promise<void> {
  const empty = join(folder, 'empty');
  await assert.rejects(archiveDatabase(server, empty), { code: 'JournalForeign' });
  const list = join(to, 'closed.jsonl');
  const lines = readFileSync(list, 'utf8');
  writeFileSync(list, lines.replace('"frames":', '"frames": 1'));
  await assert.rejects(archiveDatabase(server, to), { code: 'JournalDamaged' });
  writeFileSync(list, lines);
  const [segment] = readdirSync(to).filter((name) => name.startsWith('seg-'));
  rmSync(join(to, segment as string));
  await assert.rejects(verifyDatabase(server, to), /ENOENT|neither folder/);
}
