/**
 * The drill: the operator is gone with open positions, and everybody leaves. Nothing but the chain
 * runs; users have an RPC, an address and their keys. The sums are worked out from the logs.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { breakerAbi, clearingHouseAbi, testTokenAbi } from '@holdfast/abi';
import { runWith } from '@holdfast/cli';
import { createKey, sleep, venuePaths } from '@holdfast/host';
import { exitShared } from '@holdfast/laws';
import { wholeScope } from '@holdfast/order';
import { createExit, type ExitStatus, planExit, runExit } from '@holdfast/sdk';
import { isRejection } from '@holdfast/units';
import { terminal } from '../../packages/cli/test/terminal.ts';
import { type Owing, reckonLogs } from './harness/reckon.ts';
import { createRig, type Rig } from './harness/settle-rig.ts';

const holders = 100;
/** One more has deposited and never traded. */
const idle = holders;
const deposit = 1_000n * 1_000_000n;
const symbols = ['BTC-USD', 'ETH-USD', 'SOL-USD'];
const startPrices = [600_000, 300_000, 150_000];
/** Users whose position is nearly as large as their deposit carries. */
const daring = [10, 11, 12, 13, 14];

let rig: Rig;
let snapshot: unknown;
let prices = startPrices;
let home: string;

const place = () => ({
  rpcUrl: rig.venue.rpcUrl,
  clearingHouse: rig.venue.contracts.clearingHouse,
});
const userOf = (i: number) => rig.accountOf(`user${i}`);

/** Sends as a user and insists; the miner takes it in. */
async function must(name: string, call: object): Promise<void> {
  const hash = await rig.write(name).writeContract({ gas: 3_000_000n, ...call } as never);
  const { status } = await rig.receiptOf(hash);
  assert.equal(status, 'success', `${name}: ${JSON.stringify(call, ['functionName'])}`);
}

const house = (functionName: string, args: readonly unknown[]) => {
  return { address: rig.venue.contracts.clearingHouse, abi: clearingHouseAbi, functionName, args };
};
const token = (functionName: string, args: readonly unknown[]) => {
  return { address: rig.venue.contracts.token, abi: testTokenAbi, functionName, args };
};

/** Opens accounts 2, 3, … for all users, and pays for them. */
async function openAll(): Promise<void> {
  const { contracts } = rig.venue;
  const { address } = rig.accountOf('deployer');
  const total = deposit * BigInt(holders + 10);
  await must('deployer', token('mint', [address, total]));
  await must('deployer', token('approve', [contracts.vault, total]));
  const writer = rig.write('deployer');
  const hashes: `0x${string}`[] = [];
  let nonce = await rig.reader.getTransactionCount({ address });
  const queue = async (call: object) => {
    const options = { gas: 400_000n, nonce };
    nonce += 1;
    hashes.push(await writer.writeContract({ ...call, ...options } as never));
  };
  for (let i = 0; i <= holders; i++) {
    await queue(house('openAccount', [userOf(i).address]));
    await queue(house('deposit', [contracts.token, 2 + i, deposit]));
  }
  const receipts = await Promise.all(hashes.map(rig.receiptOf));
  assert(receipts.every(({ status }) => status === 'success'));
}

/** Everyone takes positions against neighbours, in two markets or three; a few overreach. */
function tradeAll(): void {
  const trade = (buyer: number, seller: number, market: number, lots: number) => {
    rig.order(buyer, true, market, lots, startPrices[market] as number);
    rig.order(seller, false, market, lots, startPrices[market] as number);
  };
  for (let i = 0; i < holders; i++) {
    const other = (i + 1 + (i % 7)) % holders;
    if (i !== other) trade(i, other, i % 3, 3 + (i % 5));
  }
  for (const [at, i] of daring.entries()) {
    for (let k = 0; k < 8; k++) trade(i, 20 + at * 8 + k, 0, 30);
  }
}

async function settleAll(): Promise<void> {
  const settler = rig.settler();
  await settler.start();
  rig.report(startPrices);
  await sleep(600);
  tradeAll();
  const end = Date.now() + 60_000;
  while (rig.core.unconfirmed.size > 0) {
    assert.deepEqual(rig.halts, []);
    assert(Date.now() < end, settler.status().summary);
    await sleep(100);
  }
  assert.deepEqual(rig.unwound, []);
  // The operator goes, and does not come back.
  await settler.stop();
}

async function headTime(): Promise<number> {
  return Number((await rig.reader.getBlock()).timestamp);
}

/** The chain goes on without anybody: one block, `seconds` later. */
async function pass(seconds: number): Promise<void> {
  await rig.miner.pause(true);
  await rig.raw('evm_setNextBlockTimestamp', [(await headTime()) + seconds]);
  await rig.raw('evm_mine', []);
  await rig.miner.pause(false);
}

/** Reporters are not the operator: somebody pushes what they sign. */
async function push(moves: readonly number[]): Promise<void> {
  await pass(3_700);
  prices = prices.map((price, market) => Math.floor((price * (moves[market] as number)) / 1_000));
  const report = rig.report(prices, prices, 50_000, await headTime());
  await must('user7', house('push', [report]));
}

async function reckoned(): Promise<Owing> {
  const { contracts, markets } = rig.venue;
  const logs = await rig.reader.getLogs({ address: contracts.clearingHouse, fromBlock: 0n });
  return reckonLogs(logs, new Map(markets.map(({ id, tickValue }) => [id, BigInt(tickValue)])));
}

const balanceOf = async (address: `0x${string}`): Promise<bigint> =>
  (await rig.reader.readContract(token('balanceOf', [address]) as never)) as bigint;

/** `holdfast …` in a folder that has a key and knows of no venue. */
async function cli(words: string) {
  const { io, seen } = terminal(home, { home, columns: 100 });
  const { rpcUrl, clearingHouse } = place();
  const where = ['--rpc', rpcUrl, '--clearing-house', clearingHouse, '--json'];
  const exit = await runWith([...words.split(' '), ...where], io);
  return { exit, value: JSON.parse(seen.out || seen.err) };
}

type Run = { results: { do: string; refused?: unknown }[]; status: ExitStatus };
const doneIn = (value: Run) => value.results.map((each) => each.do);

async function leaveAs(i: number): Promise<string[]> {
  const exit = await createExit(place(), userOf(i));
  const owner = userOf(i).address;
  const { results } = await runExit(exit, owner, await exit.accountsOf(owner));
  for (const { refused } of results) assert.equal(refused, undefined);
  return results.map((each) => each.do);
}

/** The first user queues what it has; who never traded is out at once. */
async function askFirst(): Promise<void> {
  const asked = await cli('exit');
  assert.equal(asked.exit, 0, JSON.stringify(asked.value));
  const kinds = doneIn(asked.value);
  assert.equal(kinds[0], 'cancelOrders');
  assert.equal(kinds.at(-1), 'queueWithdraw');
  assert(kinds.filter((kind) => kind === 'queueClose').length >= 2, `${kinds}`);
  // Running it again asks for nothing twice.
  assert.deepEqual(doneIn((await cli('exit')).value), []);
  const { value } = await cli('exit status');
  assert.equal(value.waiting.length, kinds.length - 1);
  assert(value.freezeFrom > value.time);
  assert.deepEqual(await leaveAs(idle), ['withdraw']);
  assert.equal(await balanceOf(userOf(idle).address), deposit);
}

/** Whoever governs does its worst. */
async function attack(): Promise<void> {
  const { breaker } = rig.venue.contracts;
  const tighten = { address: breaker, abi: breakerAbi, functionName: 'tighten' };
  const evidence = { law: `0x${'0'.repeat(64)}`, blockNumber: 0n, values: [] };
  // The one guardian stops growth; what would halt the venue is a vote, of which it has one.
  await must('deployer', { ...tighten, args: [0, 1, 21_600n, evidence] });
  await must('deployer', { ...tighten, args: [0, 3, 86_400n, evidence] });
}

/** Moves prices until the daring are under water, and lets the grace run out. */
async function neglect(): Promise<void> {
  await push([920, 1_030, 980]);
  await push([915, 990, 1_040]);
  await pass(21_600);
  const early = await createExit(place(), userOf(3));
  const overdue = await early.status(userOf(3).address, []);
  assert((overdue.waiting[0]?.deadline ?? 0) < overdue.time);
  const refused = await early.freeze();
  assert(isRejection(refused) && refused.code === 'FreezeEarly');
  await pass(21_600);
}

async function leaveTogether(): Promise<void> {
  const first = await cli('exit');
  assert.equal(first.exit, 0, JSON.stringify(first.value));
  const kinds = doneIn(first.value);

  assert(kinds.includes('refund') && kinds.at(-1) === 'collect', `${kinds}`);
  const rest = Array.from({ length: holders - 1 }, (_, i) => i + 1);
  for (let from = 0; from < rest.length; from += 20) {
    await Promise.all(rest.slice(from, from + 20).map(leaveAs));
  }
}

/** Everyone was paid what the logs say, to the unit, once. */
async function compare(owing: Owing, heldBefore: bigint): Promise<void> {
  const vault = rig.venue.contracts.vault;
  let sum = 0n;
  for (let i = 0; i < holders; i++) {
    const expected = owing.payable.get(2 + i) ?? 0n;
    assert.equal(await balanceOf(userOf(i).address), expected, `user ${i}`);
    const claim = owing.equity.get(2 + i) ?? 0n;
    const { claims, collateral: pool } = owing;
    if (claim > 0n) assert(exitShared({ paid: expected, claim, claims, pool }), `user ${i}`);
    sum += expected;
  }
  assert.equal(await balanceOf(vault), heldBefore - sum);
  const { exit, value } = await cli('exit');
  assert.equal(exit, 0);
  assert.deepEqual(doneIn(value), [], 'nobody is paid twice');
  const [count, users] = [owing.bankrupt.length, holders];
  const state = owing.isShort ? 'shared' : 'paid in full';
  const text = `${users} accounts, ${count} bankrupt, claims ${state}: ${sum} units paid`;
  process.stdout.write(`    ${text}, ${heldBefore - sum} left behind\n`);
}

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'holdfast-exit-'));
  rig = await createRig(19_845 + (process.pid % 1_000), holders + 1, symbols);
  const keys = venuePaths(join(home, '.holdfast')).keys;
  await createKey(keys, 'default', { privateKey: rig.secretOf('user0') });
  await openAll();
  await settleAll();
});
beforeEach(async () => {
  await rig.miner.pause(true);
  snapshot = await rig.raw('evm_snapshot', []);
  await rig.miner.pause(false);
  prices = startPrices;
});
afterEach(async () => {
  await rig.miner.pause(true);
  await rig.raw('evm_revert', [snapshot]);
  await rig.miner.pause(false);
});
after(async () => {
  await rig?.end();
  rmSync(home, { recursive: true, force: true });
});

/** What the core has of an account, against the chain. */
async function assertCoreAgrees(id: number): Promise<void> {
  const call = house('account', [id]);
  const [, cash, , held] = (await rig.reader.readContract(call as never)) as readonly [
    string,
    bigint,
    number,
    readonly { market: number; size: bigint }[],
  ];
  const account = rig.core.accounts.get(id as never);
  assert.equal(account?.cash, cash, `cash of account ${id}`);
  const sizes = held.map(({ market, size }) => [market, Number(size)] as const);
  assert.deepEqual(new Map(account?.positions), new Map(sizes), `positions of account ${id}`);
}

describe('exit without the operator', { concurrency: false }, () => {
  it('needs none of this while the sequencer serves its queue', async () => {
    const taker = 2 + idle;
    const { sequencer } = rig.venue;
    const forever = 2 ** 40 - 1;
    await must(`user${idle}`, house('setSession', [taker, sequencer, forever, wholeScope]));
    const settler = rig.settler({ forcedTaker: taker });
    await settler.start();
    rig.report(startPrices);
    const exit = await createExit(place(), userOf(50));
    const owner = userOf(50).address;
    const [account] = (await exit.status(owner, await exit.accountsOf(owner))).accounts;
    const position = account?.positions[0];
    assert(account !== undefined && position !== undefined);
    const { market, size } = position;
    for (const asked of [
      await exit.requestCancelAll(account.account),
      await exit.requestClose(account.account, market, size > 0),
      await exit.requestWithdraw(account.account, owner, 1n, 5_000_000n),
    ]) {
      assert(!isRejection(asked), JSON.stringify(asked));
    }
    const end = Date.now() + 30_000;
    for (let i = 0; settler.status().forced.next !== 4; i++) {
      if (i % 40 === 0) rig.report(startPrices);
      assert.deepEqual(rig.halts, []);
      assert(Date.now() < end, JSON.stringify(settler.status().forced.hold));
      await sleep(100);
    }
    assert.equal(await balanceOf(owner), 5_000_000n);
    const [left] = (await exit.status(owner, [account.account])).accounts;
    assert(left?.positions.every((each) => each.market !== market));
    await sleep(1_000);
    for (const id of [account.account, taker]) await assertCoreAgrees(id);
    assert.deepEqual(rig.halts, []);
    await settler.stop();
  });

  it('pays everyone in full when insurance covers the bankrupt', async () => {
    await must('deployer', house('deposit', [rig.venue.contracts.token, 0, 8n * deposit]));
    await askFirst();
    await attack();
    await neglect();
    const owing = await reckoned();
    assert(owing.bankrupt.length >= 3, `${owing.bankrupt}`);
    assert(!owing.isShort);
    const held = await balanceOf(rig.venue.contracts.vault);
    assert.equal(held, owing.collateral);
    await leaveTogether();
    await compare(owing, held);
  });

  it('shares a shortfall in proportion, to the unit', async () => {
    await askFirst();
    await neglect();
    const owing = await reckoned();
    assert(owing.isShort && owing.bankrupt.length >= 3, `${owing.bankrupt}`);
    const held = await balanceOf(rig.venue.contracts.vault);
    await leaveTogether();
    await compare(owing, held);
    // Each share is rounded down by less than a unit.
    assert((await balanceOf(rig.venue.contracts.vault)) < BigInt(holders));
  });

  it('serves requests after their deadline by anyone, without a freeze', async () => {
    const second = await createExit(place(), userOf(2));
    const asked = await second.requestWithdraw(4, userOf(2).address, 1n, 10_000_000n);
    assert(!isRejection(asked), JSON.stringify(asked));
    await pass(21_601);
    const report = rig.report(startPrices, startPrices, 50_000, await headTime());
    const stranger = await createExit(place(), rig.accountOf('deployer'));
    const stale = await stranger.execute(1);
    assert(isRejection(stale) && stale.code === 'PriceStale', JSON.stringify(stale));
    const served = await stranger.execute(1, 0, 1n, report);
    assert(!isRejection(served), JSON.stringify(served));
    assert.equal(await balanceOf(userOf(2).address), 10_000_000n);
    const owner = rig.accountOf('deployer').address;
    const status = await stranger.status(owner, []);
    assert.deepEqual(planExit(status), [{ do: 'collect' }]);
    assert.equal(status.frozenTime, 0);
    assert(!isRejection(await stranger.collect(owner)));
  });

  it('names what is wrong when the place is', async () => {
    const wrong = { ...place(), clearingHouse: `0x${'ab'.repeat(20)}` as const };
    await assert.rejects(createExit(wrong, undefined), { code: 'VenueUnknown' });
    const dead = { ...place(), rpcUrl: 'http://127.0.0.1:1' };
    await assert.rejects(createExit(dead, undefined), { code: 'ChainFailed' });
  });
});
