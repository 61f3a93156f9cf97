/**
 * kill -9 of the node at random points under load. What was acknowledged is in the journal, the
 * journal gives one state, and nothing is settled twice, whatever the moment of death.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CoreConfig } from '@holdfast/core';
import { sleep, venuePaths } from '@holdfast/host';
import { coreConfig } from '@holdfast/node';
import { createRandom } from '@holdfast/trader';
import { equalBytes } from '@holdfast/units';
import type { Service } from '@holdfast/venue';
import { agree, headOf } from './harness/agree.ts';
import { type AnswerLike, createCrowd } from './harness/crowd.ts';
import { createFates, type Fates, settledTwice } from './harness/fates.ts';
import { awaitFunds, gather, type Member, openPurse } from './harness/herd.ts';
import { createJudge } from './harness/judge.ts';
import { advance, emptyRecords } from './harness/records.ts';
import { copyJournal, play } from './harness/replay.ts';
import { onStage, ownNode, type Stage, serviceOf, statusOf, tell } from './harness/stage.ts';
import { laneDifferences } from './harness/storage.ts';
import { since, until } from './harness/until.ts';

const seeds = Number(process.env.E2E_DEATHS ?? 20);
const random = createRandom('kill');

/** An order that the node acknowledged, as its client saw it. */
type Acked = { account: number; lane: number; seq: number; receipt: number; clientId: string };

function createLedger() {
  const acked: Acked[] = [];
  const answered = ({ account }: Member, answer: AnswerLike): void => {
    if (!('status' in answer) || answer.status !== 'accepted') return;
    const { lane, seq, receipt, clientId } = answer;
    acked.push({ account, lane, seq, receipt, clientId });
  };
  return { acked, answered };
}

/** Plays the journal twice, the second time through a snapshot at a random place. */
async function playTwice(path: string, config: CoreConfig, upTo?: number) {
  const fates = createFates();
  const limit = upTo === undefined ? {} : { upTo };
  const first = await play(path, config, { ...limit, visit: fates.visit });
  const repackAt = random.below(first.commands + 1);
  const second = await play(path, config, { ...limit, repackAt });
  assert.equal(second.hash, first.hash, `replay through a snapshot at ${repackAt} differs`);
  assert.equal(second.commands, first.commands);
  return { played: first, fates };
}

function requireKept(
  acked: readonly Acked[],
  fates: Fates,
  played: Awaited<ReturnType<typeof play>>,
) {
  for (const order of acked) {
    const name = `order ${order.account}/${order.lane}/${order.seq}`;
    const lost = fates.account(order, played.state);
    assert.equal(lost, undefined, `${name} was acknowledged and ${lost}`);
    const receipt = played.acks.receipt(order.receipt);
    assert.equal(receipt?.clientId, order.clientId, `${name} has another receipt`);
  }
}

/** The running node has come to the very state that its journal makes. */
async function requireSameHash(stage: Stage, config: CoreConfig): Promise<void> {
  const status = await statusOf(stage.url);
  const copy = copyJournal(venuePaths(stage.dir).journal);
  try {
    const { played } = await playTwice(copy.path, config, status.applied);
    assert.equal(played.commands, status.applied);
    assert.equal(played.hash, status.stateHash, 'the node is in another state than its journal');
    const { head } = played.acks.head();
    assert.ok(equalBytes(head, Buffer.from(status.receipts.head.slice(2), 'hex')), 'receipts');
  } finally {
    copy.remove();
  }
}

/** Kills the node and shows that its journal holds everything that was promised. */
async function killOnce(stage: Stage, node: Service, acked: readonly Acked[], config: CoreConfig) {
  const pid = node.pid();
  assert.ok(pid, 'the node is not running');
  process.kill(pid, 'SIGKILL');
  // Answers that left before the kill are still on their way to the clients.
  await until('the node is dead', 5000, () => node.pid() === undefined, 20);
  await node.stop();
  await sleep(100);
  const promised = [...acked];
  const copy = copyJournal(venuePaths(stage.dir).journal);
  const next = ownNode(stage);
  const started = next.start();
  try {
    const { played, fates } = await playTwice(copy.path, config);
    requireKept(promised, fates, played);
    return { next, started, played, fates, promised: promised.length };
  } finally {
    copy.remove();
  }
}

async function prepare(stage: Stage) {
  await serviceOf(stage.running, 'node').stop();
  const purse = await openPurse(stage.venue);
  const node = ownNode(stage);
  await node.start();
  const members = await gather(stage.venue, purse, Array(12).fill(500_000));
  await awaitFunds(members);
  return { node, members };
}

describe('kill -9 of the node under load', { timeout: 900_000 }, () => {
  it(`loses and repeats nothing in ${seeds} deaths`, async () => {
    await onStage({ traders: 0, seed: 'kill', blockMs: 500 }, async (stage) => {
      const config = coreConfig(stage.venue);
      let { node, members } = await prepare(stage);
      const { acked, answered } = createLedger();
      const [makers, takers] = [members.slice(0, 4), members.slice(4)];
      const stop = new AbortController();
      const crowd = createCrowd({ makers, takers, everyMs: 300, seed: 'kill', answered });
      const trading = crowd.run(stop.signal);
      const began = Date.now();
      const log = { records: emptyRecords(stage.venue), judge: createJudge(stage.venue, 1000) };
      try {
        for (let seed = 0; seed < seeds; seed += 1) {
          const had = acked.length;
          await until('orders are taken again', 60_000, () => acked.length > had + 20, 20);
          await sleep(random.between(0, 1500));
          const killed = await killOnce(stage, node, acked, config);
          node = killed.next;
          await killed.started;
          const { commands } = killed.played;
          tell(`death ${seed + 1}: ${killed.promised} orders acknowledged, ${commands} commands`);
          await requireSameHash(stage, config);
          // As it goes: a development chain forgets the state of old blocks.
          await advance(stage.venue, log.records, await headOf(stage.venue), log.judge.judge);
        }
        stop.abort();
        await trading;
        tell(`${seeds} deaths in ${since(began)} s: ${JSON.stringify(crowd.counts)}`);
        await conclude(stage, acked, config, log);
      } finally {
        stop.abort();
        for (const { client } of members) client.close();
        await node.stop();
      }
    });
  });
});

type Log = {
  readonly records: ReturnType<typeof emptyRecords>;
  readonly judge: ReturnType<typeof createJudge>;
};

async function conclude(
  stage: Stage,
  acked: readonly Acked[],
  config: CoreConfig,
  { records, judge }: Log,
): Promise<void> {
  await agree(stage);
  await advance(stage.venue, records, await headOf(stage.venue), judge.judge);
  const copy = copyJournal(venuePaths(stage.dir).journal);
  try {
    const { played, fates } = await playTwice(copy.path, config);
    requireKept(acked, fates, played);
    assert.deepEqual(settledTwice(fates, judge.tally.settled, records), []);
    assert.deepEqual(await laneDifferences(stage.venue, records, records.block), []);
    const { fills, batches } = judge.tally;
    assert.equal(fills, fates.fills().length, 'the chain settled another number of fills');
    assert.ok(fills > 100, `only ${fills} fills`);
    tell(`${fates.fills().length} fills matched, ${fills} settled in ${batches} batches`);
    tell(`${fates.unwound()} unwound, ${acked.length} acknowledged orders, all accounted for`);
  } finally {
    copy.remove();
  }
}
