/**
 * The tape of 10 October 2025 through the whole stack: chain, contracts, reporters, relay, node,
 * keeper, traders. Where the recording is absent, the built-in simulation takes its place and the
 * crash is missing, but every other check stays.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sleep, venuePaths } from '@holdfast/host';
import { coreConfig } from '@holdfast/node';
import { parseTime } from '@holdfast/venue';
import { agree, headOf } from './harness/agree.ts';
import { type Crowd, createCrowd } from './harness/crowd.ts';
import { awaitFunds, gather, type Member, openPurse } from './harness/herd.ts';
import { createJudge } from './harness/judge.ts';
import { advance, emptyRecords, type Records } from './harness/records.ts';
import { copyJournal, play } from './harness/replay.ts';
import { onStage, type Stage, statusOf, tell } from './harness/stage.ts';
import { brokenLaws } from './harness/storage.ts';
import { since, until } from './harness/until.ts';

const recording = join(import.meta.dirname, '../../../shared/data/events30m');
const panel = join(recording, 'panel_2025-10-10.csv.gz');
const isRecorded = existsSync(panel);

const fillsMin = 5000;
const accountsMin = 50;
/** Wall seconds of trading at the most: three times what a quiet machine of two cores takes. */
const secondsMax = 420;
const speed = 10;
const from = parseTime('2025-10-10T21:00');
/** The fall is over by then; trading goes on until this venue time. */
const crashOver = isRecorded ? (parseTime('2025-10-10T21:22') ?? 0) : 0;

const tape = isRecorded ? { replay: panel, from, speed } : { speed };

const shape = { makers: 12, takers: 24, gamblers: 16 };

async function assemble(stage: Stage) {
  const purse = await openPurse(stage.venue);
  const tokens = [
    ...Array.from({ length: shape.makers }, () => 2_000_000),
    ...Array.from({ length: shape.takers }, () => 100_000),
    ...Array.from({ length: shape.gamblers }, () => 400),
  ];
  const members = await gather(stage.venue, purse, tokens, { verifyReceipts: false });
  await awaitFunds(members);
  const makers = members.slice(0, shape.makers);
  const takers = members.slice(shape.makers, shape.makers + shape.takers);
  const gamblers = members.slice(shape.makers + shape.takers);
  return { members, makers, takers, gamblers };
}

/** Follows the chain with the judge while the crowd trades. */
async function follow(
  stage: Stage,
  records: Records,
  judge: ReturnType<typeof createJudge>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await advance(stage.venue, records, await headOf(stage.venue), judge.judge);
    await sleep(1000, signal);
  }
}

/** Trades until there are fills enough and the crash is over, judging all the while. */
async function trade(
  stage: Stage,
  crowd: Crowd,
  records: Records,
  judge: ReturnType<typeof createJudge>,
): Promise<void> {
  const began = Date.now();
  const stop = new AbortController();
  const trading = crowd.run(stop.signal);
  const following = follow(stage, records, judge, stop.signal);
  // A broken law ends the test at once, not after the last minute of trading.
  const failed = following.then(() => false);
  try {
    for (;;) {
      const { ok, halted, venueTime } = await statusOf(stage.url);
      assert.ok(ok, `the node halted: ${halted}`);
      const seconds = (Date.now() - began) / 1000;
      const { fills, liquidations, seizures } = judge.tally;
      const done =
        fills >= fillsMin && venueTime >= crashOver && (liquidations + seizures > 0 || !isRecorded);
      if (done || seconds > secondsMax) break;
      await Promise.race([sleep(3000), failed]);
    }
  } finally {
    // Whatever happened, nobody trades on: a crowd that goes on keeps this process alive.
    stop.abort();
    await trading;
  }
  await following;
  tell(`traded for ${since(began)} s: ${JSON.stringify(crowd.counts)}`);
  tell(`refused: ${JSON.stringify(Object.fromEntries(crowd.refused))}`);
}

async function closeAll(members: readonly Member[]): Promise<void> {
  await Promise.all(members.map(({ client }) => client.cancelAll()));
  for (const { client } of members) client.close();
}

/** By the journal: fills that the core took back, and fills of forced sales. */
async function countFills(stage: Stage): Promise<{ unwound: number; sold: number }> {
  const copy = copyJournal(venuePaths(stage.dir).journal);
  const reasons = new Map<string, number>();
  let [unwound, sold] = [0, 0];
  try {
    await play(copy.path, coreConfig(stage.venue), {
      visit: ({ type }, events) => {
        if (type === 'seize') sold += events.filter((event) => event.type === 'fill').length;
        for (const event of events) {
          if (event.type !== 'unwound') continue;
          unwound += event.fillIds.length;
          reasons.set(event.reason, (reasons.get(event.reason) ?? 0) + event.fillIds.length);
        }
      },
    });
  } finally {
    copy.remove();
  }
  if (unwound > 0) tell(`unwound: ${JSON.stringify(Object.fromEntries(reasons))}`);
  return { unwound, sold };
}

/** The laws must be able to fail: the same final state, one unit wrong, is found out. */
function wouldNotice(stored: Awaited<ReturnType<typeof agree>>): void {
  assert.deepEqual(brokenLaws(stored), []);
  const [first, ...rest] = stored.accounts;
  assert.ok(first);
  const richer = [{ ...first, cash: first.cash + 1n }, ...rest];
  assert.deepEqual(brokenLaws({ ...stored, accounts: richer }), ['collateralConserved']);
  const poorer = { ...stored, balance: stored.liabilities - 1n };
  assert.deepEqual(brokenLaws(poorer), ['vaultCovers']);
  const holder = stored.accounts.find(({ sizes }) => sizes.size > 0);
  assert.ok(holder, 'nobody holds a position');
  const fewer = stored.accounts.filter((account) => account !== holder);
  assert.ok(brokenLaws({ ...stored, accounts: fewer }).includes('netPositionZero'));
}

describe('the tape of 10 October 2025', { timeout: 900_000 }, () => {
  it('holds every law from the first batch to the last', async () => {
    const began = Date.now();
    const options = { ...tape, traders: 1, accounts: 10, ordersPerSecond: 15 };
    await onStage({ ...options, seed: 'tape' }, async (stage) => {
      tell(isRecorded ? 'prices: recorded' : 'prices: simulated, the recording is absent');
      const { members, makers, takers, gamblers } = await assemble(stage);
      tell(`${members.length} accounts ready after ${since(began)} s`);
      const crowd = createCrowd({ makers, takers, gamblers, everyMs: 1500, seed: 'tape' });
      const records = emptyRecords(stage.venue);
      const judge = createJudge(stage.venue);
      await trade(stage, crowd, records, judge);
      await closeAll(members);
      const trader = stage.running.services.find(({ name }) => name.startsWith('trader'));
      await trader?.stop();
      // A machine with other work needs longer for the fills of the end.
      const stored = await agree(stage, 180_000);
      await advance(stage.venue, records, await headOf(stage.venue), judge.judge);
      await judge.audit(records);
      const status = await statusOf(stage.url);
      const { tally } = judge;
      await until('the judge has seen the last batch', 5000, () => records.batch === stored.batch);
      const sum = stored.accounts.reduce((total, { cash }) => total + cash, 0n);
      assert.equal(sum, stored.liabilities << 32n);
      assert.ok(stored.balance >= stored.liabilities);
      wouldNotice(stored);
      const { batches, fills, liquidations, seizures, reports, blocks, audits, liquidatedAt } =
        tally;
      const worst = Math.max(0, ...liquidatedAt) / 10_000;
      const verdicts = Object.fromEntries(tally.verdicts);
      const { unwound, sold } = await countFills(stage);
      assert.equal(fills + unwound, status.fills, 'a fill is neither settled nor unwound');
      tell(
        `settled ${fills} fills in ${batches} batches; ` +
          `core matched ${status.fills}, unwound ${unwound}`,
      );
      tell(`${stored.accounts.length} accounts, ${tally.traders.size} of them traded`);
      tell(
        `${reports} reports, ${sold} fills of sales into the book, ${seizures} sales settled, ` +
          `${liquidations} taken by keepers, ` +
          `closest at ${worst} % of maintenance`,
      );
      tell(`${blocks} blocks held against storage, ${audits} of them whole by Laws.evaluate`);
      tell(`verdicts ${JSON.stringify(verdicts)}`);
      tell(`Σ cash = liabilities = ${stored.liabilities} quote units; whole run ${since(began)} s`);
      assert.ok(fills >= fillsMin, `${fills} fills, ${fillsMin} wanted`);
      assert.ok(tally.traders.size >= accountsMin, `${tally.traders.size} accounts traded`);
      // Whether the book's sale or a keeper lands first depends on the machine's load.
      if (isRecorded) assert.ok(sold > 0, 'the book took nothing of the crash');
      assert.equal(status.settler.state, 'following');
      assert.equal(
        stage.running.services.reduce((n, each) => n + each.restarts(), 0),
        0,
      );
    });
  });
});
