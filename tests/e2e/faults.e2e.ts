/** What goes wrong around a venue: ports, folders, a chain that hangs, tokens that lie, deaths. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { errorMessage, sleep, venuePaths } from '@holdfast/host';
import { coreConfig } from '@holdfast/node';
import { createRpc, readHead } from '@holdfast/venue';
import { agree } from './harness/agree.ts';
import { createCrowd } from './harness/crowd.ts';
import { awaitFunds, gather, openPurse } from './harness/herd.ts';
import { type Launcher, npmStart, venueIn } from './harness/launcher.ts';
import { allGone, commandOf, descendants, living } from './harness/processes.ts';
import { copyJournal, play } from './harness/replay.ts';
import { inFolder, onStage, type Stage, serviceOf, statusOf, tell } from './harness/stage.ts';
import { accountText, readStored, type Stored } from './harness/storage.ts';
import { foreignTokens } from './harness/tokens.ts';
import { since, until } from './harness/until.ts';

const quiet = ['--no-traders', '--block-ms', '500'];
const readyMsMax = 180_000;

function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done({ server, port: typeof address === 'object' && address ? address.port : 0 });
    });
  });
}

/** Starts a launcher and ends whatever of it is left afterwards. */
async function withLauncher(
  dir: string,
  options: readonly string[],
  body: (launcher: Launcher) => Promise<void>,
): Promise<void> {
  const launcher = npmStart(dir, ...options);
  let pids: number[] = [];
  try {
    await body(launcher);
  } finally {
    pids = launcher.tree();
    if (launcher.ended() === undefined) launcher.signal('SIGINT');
    await allGone(pids, 60_000);
  }
}

/** The last state of a stopped venue: what its journal makes, and how long it is. */
async function stateAtRest(dir: string, upTo?: number) {
  const copy = copyJournal(venuePaths(dir).journal);
  try {
    const limit = upTo === undefined ? {} : { upTo };
    const { hash, commands } = await play(copy.path, coreConfig(venueIn(dir).venue), limit);
    return { hash, commands };
  } finally {
    copy.remove();
  }
}

const booksOf = (stored: Stored): string =>
  JSON.stringify([
    stored.accounts.map(accountText),
    `${stored.liabilities} ${stored.balance} ${stored.batch} ${stored.head}`,
  ]);

describe('a start that cannot be', { timeout: 900_000 }, () => {
  it('says which port is in use and leaves nothing behind', async () => {
    const { server, port } = await listen();
    try {
      await inFolder(async (folder) => {
        const dir = join(folder, 'venue');
        for (const option of ['--port', '--rpc-port']) {
          await withLauncher(dir, [...quiet, option, `${port}`], async (launcher) => {
            const code = await launcher.waitForEnd(60_000);
            assert.equal(code, 1, launcher.output());
            assert.match(launcher.output(), new RegExp(`port ${port} is in use.*set ${option}`));
            assert.deepEqual(descendants(launcher.pid), []);
          });
        }
      });
    } finally {
      server.close();
    }
    tell('ports in use: exit 1, the port and the option are named, nothing was left');
  });

  it('refuses a second venue on one folder and does not harm the first', async () => {
    await inFolder(async (folder) => {
      const dir = join(folder, 'venue');
      await withLauncher(dir, quiet, async (first) => {
        await first.waitFor('started in', readyMsMax);
        const { url } = venueIn(dir);
        const before = await statusOf(url);
        await withLauncher(dir, quiet, async (second) => {
          assert.equal(await second.waitForEnd(60_000), 1);
          assert.match(second.output(), new RegExp(`already runs on .*process ${first.pid}`));
        });
        await sleep(3000);
        const after = await statusOf(url);
        assert.ok(after.ok && after.applied >= before.applied, 'the first venue suffered');
        assert.ok(first.tree().length > 5);
      });
    });
    tell('a second start on a folder in use: exit 1, the first one goes on');
  });
});

type Ended = { books: string; head: number; hash: string; commands: number; applied: number };

/** Ends a running venue in some way and notes what it was. */
async function endIt(dir: string, launcher: Launcher, how: 'SIGINT' | 'SIGKILL'): Promise<Ended> {
  const { venue, url } = venueIn(dir);
  await agree({ venue, url });
  const { applied } = await statusOf(url);
  const { number: head } = await readHead(createRpc(venue.rpcUrl));
  const books = booksOf(await readStored(venue, head, true));
  const pids = launcher.tree();
  const names = pids.map(commandOf).join('\n');
  for (const part of ['anvil', 'node/src/main', 'keeper/src/main', 'reporter/src/main']) {
    assert.ok(names.includes(part), `there is no process ${part}:\n${names}`);
  }
  const began = Date.now();
  launcher.signal(how);
  if (how === 'SIGINT') {
    const code = await launcher.waitForEnd(90_000);
    assert.equal(code, 0, launcher.output());
    assert.deepEqual(living(pids), [], 'Ctrl-C left processes behind');
  }
  await allGone(pids, 45_000);
  tell(`${how}: all ${pids.length} processes gone after ${since(began)} s`);
  const rest = await stateAtRest(dir);
  assert.ok(rest.commands >= applied);
  return { books, head, applied, ...rest };
}

/** Starts the same folder again: the same venue, the same state, the same chain. */
async function resumes(dir: string, ended: Ended, launcher: Launcher): Promise<void> {
  await launcher.waitFor('started in', readyMsMax);
  const { venue, url } = venueIn(dir);
  const status = await statusOf(url);
  assert.ok(status.ok, status.halted);
  assert.ok(status.applied >= ended.commands, 'commands were lost');
  const prefix = await stateAtRest(dir, ended.commands);
  assert.equal(prefix.hash, ended.hash, 'the journal now makes another state at the same place');
  const now = await stateAtRest(dir, status.applied);
  assert.equal(now.hash, status.stateHash, 'the node is in another state than its journal makes');
  const { number } = await readHead(createRpc(venue.rpcUrl));
  assert.ok(number >= ended.head, `the chain went back from ${ended.head} to ${number}`);
  assert.equal(booksOf(await agree({ venue, url })), ended.books, 'the chain has other accounts');
  tell(`resumed at command ${ended.commands}, block ${number}: same hash, same accounts`);
}

describe('the end of a launcher', { timeout: 900_000 }, () => {
  it('is complete after Ctrl-C and after kill -9, and the next start goes on', async () => {
    await inFolder(async (folder) => {
      const dir = join(folder, 'venue');
      const ended: Ended[] = [];
      await withLauncher(dir, quiet, async (first) => {
        await first.waitFor('started in', readyMsMax);
        await tradeOn(dir);
        ended.push(await endIt(dir, first, 'SIGINT'));
      });
      await withLauncher(dir, quiet, async (second) => {
        await resumes(dir, ended[0] as Ended, second);
        await tradeOn(dir);
        ended.push(await endIt(dir, second, 'SIGKILL'));
      });
      await withLauncher(dir, quiet, async (third) => {
        await resumes(dir, ended[1] as Ended, third);
        await tradeOn(dir);
        await endIt(dir, third, 'SIGINT');
      });
    });
  });
});

/** A little trading, so that there is something to lose; ends with everything taken back. */
async function tradeOn(dir: string): Promise<void> {
  const { venue, url } = venueIn(dir);
  const purse = await openPurse(venue);
  const members = await gather(venue, purse, [100_000, 100_000, 50_000], {
    name: `t${Date.now()}`,
  });
  await awaitFunds(members);
  const stop = new AbortController();
  const crowd = createCrowd({
    makers: members.slice(0, 2),
    takers: members.slice(2),
    everyMs: 300,
    seed: 'faults',
  });
  const before = (await statusOf(url)).fills;
  const trading = crowd.run(stop.signal);
  try {
    await until('some fills', 60_000, async () => (await statusOf(url)).fills > before + 10);
  } finally {
    stop.abort();
    await trading;
    // What rests must survive the end of the venue: only the connections go.
    for (const { client } of members) client.close();
  }
}

/** The chain's program, which the venue's chain process has started. */
function anvilOf(stage: Stage): number {
  const chain = serviceOf(stage.running, 'chain').pid();
  assert.ok(chain);
  const pid = descendants(chain).find((each) => /anvil/.test(commandOf(each).split(' ')[0] ?? ''));
  assert.ok(pid, 'no anvil below the chain process');
  return pid;
}

describe('a chain that hangs', { timeout: 900_000 }, () => {
  it('holds up settlement, not trading, and is caught up with', async () => {
    await onStage({ traders: 0, seed: 'hang', blockMs: 500 }, async (stage) => {
      const purse = await openPurse(stage.venue);
      const members = await gather(stage.venue, purse, Array(8).fill(200_000));
      await awaitFunds(members);
      const [makers, takers] = [members.slice(0, 3), members.slice(3)];
      const crowd = createCrowd({ makers, takers, everyMs: 500, seed: 'hang' });
      const stop = new AbortController();
      const trading = crowd.run(stop.signal);
      const anvil = anvilOf(stage);
      try {
        const before = await until('some batches', 60_000, async () => {
          const status = await statusOf(stage.url);
          return status.settler.batchNumber > 1 && status;
        });
        process.kill(anvil, 'SIGSTOP');
        await sleep(8000);
        const during = await statusOf(stage.url);
        process.kill(anvil, 'SIGCONT');
        assert.ok(during.ok, `the node halted: ${during.halted}`);
        assert.ok(during.fills > before.fills, 'nobody could trade while the chain hung');
        assert.ok(during.settler.pendingFills > 0, 'fills were settled on a stopped chain?');
        await sleep(3000);
        stop.abort();
        await trading;
        await agree(stage);
        const after = await statusOf(stage.url);
        assert.ok(after.settler.batchNumber > before.settler.batchNumber);
        assert.equal(
          stage.running.services.reduce((sum, each) => sum + each.restarts(), 0),
          0,
        );
        tell(`8 s without a chain: ${during.fills - before.fills} fills meanwhile, all settled`);
      } finally {
        process.kill(anvil, 'SIGCONT');
        stop.abort();
        for (const { client } of members) client.close();
      }
    });
  });
});

describe('tokens that lie', { timeout: 900_000 }, () => {
  it('are refused on chain: the unlisted one and the one that keeps a fee', async () => {
    await onStage({ traders: 0, seed: 'tokens', blockMs: 250 }, async (stage) => {
      const lies = await foreignTokens(stage.venue);
      await assert.rejects(lies.depositUnlisted(), (error) => {
        assert.match(errorMessage(error), /TokenUnlisted/);
        return true;
      });
      await assert.rejects(lies.depositWithFee(), (error) => {
        assert.match(errorMessage(error), /DepositShort/);
        assert.match(errorMessage(error), /990000/);
        return true;
      });
      assert.equal(await lies.depositHonest(), 1_000_000n << 32n, 'an honest token is refused too');
      tell('TokenUnlisted and DepositShort(990000, 1000000); the honest token is taken');
    });
  });
});
