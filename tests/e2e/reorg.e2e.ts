/**
 * The chain takes back its last three blocks while orders, deposits and batches are under way.
 * The node follows without a person: no halt, the same books as the chain, each fill settled once.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep, venuePaths } from '@holdfast/host';
import { coreConfig } from '@holdfast/node';
import { createRandom } from '@holdfast/trader';
import { readHead } from '@holdfast/venue';
import { agree, headOf } from './harness/agree.ts';
import { createCrowd } from './harness/crowd.ts';
import { createFates, settledTwice } from './harness/fates.ts';
import { awaitFunds, depositCall, gather, openPurse, type Purse } from './harness/herd.ts';
import { createJudge } from './harness/judge.ts';
import { advance, emptyRecords } from './harness/records.ts';
import { copyJournal, play } from './harness/replay.ts';
import { onStage, type Stage, serviceOf, statusOf, tell } from './harness/stage.ts';
import { differences, laneDifferences, readStored } from './harness/storage.ts';
import { until } from './harness/until.ts';

const depth = 3;
const rounds = 6;
const random = createRandom('reorg');

async function hashAt(stage: Stage, block: number): Promise<string | undefined> {
  const found = await stage.rpc('eth_getBlockByNumber', [`0x${block.toString(16)}`, false]);
  return (found as { hash: string } | null)?.hash;
}

/** Logs in the last blocks: a reorganisation that takes none back shows little. */
async function logsAfter(stage: Stage, block: number): Promise<number> {
  const address = stage.venue.contracts.clearingHouse;
  const fromBlock = `0x${(block + 1).toString(16)}`;
  const logs = await stage.rpc('eth_getLogs', [{ address, fromBlock, toBlock: 'latest' }]);
  return (logs as unknown[]).length;
}

/** Runs `body` while nothing is mined: only then is it certain which blocks it takes back. */
async function withoutMiner<T>(stage: Stage, body: () => Promise<T>): Promise<T> {
  const pid = serviceOf(stage.running, 'chain').pid();
  assert.ok(pid, 'the chain process is gone');
  process.kill(pid, 'SIGSTOP');
  try {
    // A block that was asked for before the stop is still on its way.
    await until('the chain stands still', 10_000, async () => {
      const { number } = await readHead(stage.rpc);
      await sleep(1_000);
      return (await readHead(stage.rpc)).number === number;
    });
    return await body();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** The program behind the chain must itself be whole: its storage is what its logs make. */
async function requireWholeChain(stage: Stage): Promise<void> {
  const { number } = await readHead(stage.rpc);
  const records = emptyRecords(stage.venue);
  await advance(stage.venue, records, number);
  const wrong = differences(records, await readStored(stage.venue, number, true));
  assert.deepEqual(wrong, [], 'the chain program lost state of blocks that it kept');
}

/** One reorganisation of three blocks, by either way that the chain offers; gives the head. */
async function reorg(stage: Stage, how: 'reorg' | 'rollback'): Promise<number> {
  const before = await statusOf(stage.url);
  const { head, logs } = await withoutMiner(stage, async () => {
    const { number } = await readHead(stage.rpc);
    const gone = await hashAt(stage, number - depth + 1);
    const lost = await logsAfter(stage, number - depth);
    await until('the node has seen what will be taken back', 10_000, async () => {
      return (await statusOf(stage.url)).settler.followed === number;
    });
    await stage.rpc(`anvil_${how}`, how === 'reorg' ? [depth, []] : [depth]);
    assert.notEqual(await hashAt(stage, number - depth + 1), gone, 'no block was replaced');
    await requireWholeChain(stage);
    return { head: number, logs: lost };
  });
  const status = await until('the node has followed', 30_000, async () => {
    const now = await statusOf(stage.url);
    assert.equal(now.halted, undefined, `the node halted: ${now.halted}`);
    return now.settler.reorgs > before.settler.reorgs && now;
  });
  tell(`${how} of ${depth} blocks at ${head}: ${logs} logs lost, ${status.fills} fills so far`);
  return head;
}

/** A deposit that a reorganisation takes back must leave the core's books too. */
async function depositAndLose(stage: Stage, purse: Purse, account: number): Promise<void> {
  await agree(stage);
  const cash = async (): Promise<bigint> => {
    const { accounts } = await agree(stage);
    return accounts.find(({ id }) => id === account)?.cash ?? 0n;
  };
  const before = await cash();
  const [receipt] = await purse.send([depositCall(stage.venue, account, 1000)]);
  await until('the node knows the deposit', 20_000, async () => {
    const { settler } = await statusOf(stage.url);
    return settler.followed >= Number(receipt?.blockNumber);
  });
  const head = await reorg(stage, 'reorg');
  // Too slow: the deposit lay deeper than the blocks that went.
  if (Number(receipt?.blockNumber) <= head - depth) return depositAndLose(stage, purse, account);
  assert.equal(await cash(), before, 'the deposit stayed in the books');
  tell('a deposit that the chain took back left the books of the core');
}

async function conclude(stage: Stage): Promise<void> {
  await agree(stage);
  const records = emptyRecords(stage.venue);
  const judge = createJudge(stage.venue, 1000);
  await advance(stage.venue, records, await headOf(stage.venue), judge.judge);
  await judge.audit(records);
  const copy = copyJournal(venuePaths(stage.dir).journal);
  try {
    const fates = createFates();
    await play(copy.path, coreConfig(stage.venue), { visit: fates.visit });
    assert.deepEqual(settledTwice(fates, judge.tally.settled, records), []);
    assert.deepEqual(await laneDifferences(stage.venue, records, records.block), []);
    const { fills, batches } = judge.tally;
    assert.ok(fills > 100, `only ${fills} fills`);
    tell(`${fills} fills settled once each in ${batches} batches, ${fates.unwound()} unwound`);
  } finally {
    copy.remove();
  }
}

describe('a reorganisation of three blocks under load', { timeout: 900_000 }, () => {
  it('is reconciled without a person', async () => {
    const options = { traders: 0, seed: 'reorg', blockMs: 500 };
    await onStage(options, async (stage) => {
      const purse = await openPurse(stage.venue);
      const members = await gather(stage.venue, purse, Array(10).fill(500_000));
      await awaitFunds(members);
      const [makers, takers] = [members.slice(0, 4), members.slice(4)];
      const stop = new AbortController();
      const crowd = createCrowd({ makers, takers, everyMs: 500, seed: 'reorg' });
      // The opening of the accounts is not taken back: it lies deeper than the reorganisations.
      await sleep(stage.venue.blockMs * (depth + 1));
      const trading = crowd.run(stop.signal);
      try {
        for (let round = 0; round < rounds; round += 1) {
          await sleep(random.between(2000, 5000));
          await reorg(stage, round % 3 === 2 ? 'rollback' : 'reorg');
        }
        stop.abort();
        await trading;
        tell(`orders: ${JSON.stringify(crowd.counts)}`);
        await depositAndLose(stage, purse, members[0]?.account ?? 0);
        await conclude(stage);
        const { settler, ok } = await statusOf(stage.url);
        assert.ok(ok && settler.state === 'following' && settler.reorgs >= rounds);
      } finally {
        stop.abort();
        for (const { client } of members) client.close();
      }
    });
  });
});
