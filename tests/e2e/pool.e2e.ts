/**
 * A pool's whole life on a running venue, by the command line, with real proofs: members join,
 * trade and prove; the operator is killed; the pool goes stale; operator and node go for good, and
 * every member leaves with its part, two of them by the chain and their own record alone.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  clearingHouseAbi,
  iConfidentialPoolAbi,
  iForcedQueueAbi,
  iProofRegistryAbi,
  testTokenAbi,
} from '@holdfast/abi';
import { runWith } from '@holdfast/cli';
import { createChainReader } from '@holdfast/host';
import { contextOf, poolInfo } from '@holdfast/pool';
import { connect, showPrice, showSize } from '@holdfast/sdk';
import { type Hex, isRejection, type Rejection, stringifyPlain } from '@holdfast/units';
import type { Abi } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { terminal } from '../../packages/cli/test/terminal.ts';
import { checkForm } from '../../packages/pool/src/check/desk.ts';
import { type Papers, withPaper } from '../../packages/pool/src/check/papers.ts';
import { root } from '../../tools/sources.mjs';
import { keysOf } from './harness/proof-keys.ts';
import { onStage, type Stage, serviceOf, tell } from './harness/stage.ts';
import { until } from './harness/until.ts';

const members = ['alice', 'bob', 'carol'] as const;
const everyone = ['operator', ...members] as const;
/** Venue seconds go by so much faster; a proof counts for 90 s of the wall's. */
const speed = 20;
const lots = 40;

function got<T>(value: T | Rejection): T {
  if (isRejection(value)) throw new Error(`${value.code}: ${value.message}`);
  return value;
}

type World = Awaited<ReturnType<typeof build>>;

/** Commands in this process, the operator in one of its own. */
function commands(stage: Stage) {
  const run = async (who: string, ...words: string[]) => {
    const { io, seen } = terminal(stage.dir);
    const all = [...words, '--venue', stage.dir, '--key', who, '--json'];
    const exit = await runWith(all, io);
    return { exit, ...seen };
  };
  const must = async (who: string, ...words: string[]) => {
    const { exit, out, err } = await run(who, ...words);
    assert.equal(exit, 0, `${who}: ${words.join(' ')}: ${err}${out}`);
    return JSON.parse(out);
  };
  const refused = async (code: RegExp, who: string, ...words: string[]): Promise<void> => {
    const { exit, out, err } = await run(who, ...words);
    assert.notEqual(exit, 0, `${who}: ${words.join(' ')} was done: ${out}`);
    assert.match(err + out, code);
  };
  return { run, must, refused };
}

async function build(stage: Stage) {
  const cli = commands(stage);
  const keys = await keysOf(4);
  for (const name of everyone) {
    await cli.must(name, 'key', 'create', name);
    await cli.must(name, 'faucet', '5000');
  }
  const terms = ['--chunk', '4', '--keys', keys, '--fresh', '30m', '--exit', '60m'];
  const { pool } = await cli.must('operator', 'pool', 'create', ...terms);
  const signer = privateKeyToAccount(generatePrivateKey());
  const other = await connect({ venue: stage.venue, signer, timeoutMs: 60_000 });
  got(await other.faucet('20000'));
  got(await other.openAccount());
  got(await other.deposit('10000'));
  const { info } = await poolInfo(stage.dir, pool);
  const { rpcUrl, blockMs } = stage.venue;
  const reader = createChainReader({ rpcUrl, chainId: info.chainId, blockMs });
  return { stage, cli, keys, pool: pool as Hex, info, reader, other, signer };
}

/** Starts the operator; its first epoch follows at once. */
async function operate({ stage, cli, pool }: World): Promise<ChildProcess> {
  const entry = join(root, 'packages/cli/bin/holdfast.mjs');
  const words = ['pool', 'run', '--every', '10h', '--port', '0', '--venue', stage.dir];
  const child = spawn(process.execPath, [entry, ...words, '--key', 'operator'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout?.on('data', (data) => {
    told += data;
  });
  const url = await until('the operator', 60_000, () => /at (http:\S+)/.exec(told)?.[1]);
  assert.ok(told.includes(pool));
  const up = async () => {
    const status = await cli.run('operator', 'pool', 'status');
    return status.exit === 0 && url;
  };
  await until('the pool', 20_000, up);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

const statusOf = ({ cli }: World) => cli.must('operator', 'pool', 'status');
const proven = (world: World, number: number) =>
  until(`epoch ${number}`, 120_000, async () => (await statusOf(world)).proven >= number);
const holdings = ({ cli }: World, who: string) => cli.must(who, 'pool', 'holdings');

/** What one side of a trade needs: the price in ticks and as people write it. */
async function priceOf({ other }: World, percent: number) {
  const market = await until('a price', 60_000, async () => {
    const [found] = await other.markets();
    return found !== undefined && found.indexPrice > 0 && found;
  });
  const ticks = Math.floor((market.indexPrice * percent) / 100);
  const size = (n: number): string => showSize(market, n);
  return { market: market.symbol, ticks, text: showPrice(market, ticks), size };
}

async function joinAll({ cli, pool }: World, url: string): Promise<void> {
  const at = ['--pool', pool, '--operator', url];
  for (const name of members) await cli.must(name, 'pool', 'join', ...at);
  for (const name of everyone) await cli.must(name, 'pool', 'deposit', '1000');
}

/** A member's order that fills against another account of the venue, and one that may not be. */
async function trade(world: World): Promise<void> {
  const { cli, other } = world;
  const { market, ticks, text, size } = await priceOf(world, 101);
  got(await other.place({ market: 0, size: lots, price: ticks, side: 'sell' }));
  const ask = ['pool', 'order', market, 'buy'];
  await cli.must('alice', ...ask, size(lots), '--price', text);
  await until('the fill', 60_000, async () => {
    const { positions } = await holdings(world, 'alice');
    return positions.length === 1 && positions[0].size === lots;
  });
  await cli.refused(/Margin/, 'bob', ...ask, size(lots * 10_000), '--price', text);
  assert.equal((await holdings(world, 'bob')).positions.length, 0);
  tell('a member’s order filled, one beyond its margin was refused');
}

/** Who is below maintenance, the operator alone is told; a member, how it was closed itself. */
async function nobodyBelow({ cli }: World): Promise<void> {
  assert.deepEqual((await cli.must('operator', 'pool', 'uncovered')).uncovered, []);
  await cli.refused(/NotOperator/, 'alice', 'pool', 'uncovered');
  assert.deepEqual((await cli.must('alice', 'pool', 'closings')).closings, []);
}

/** Cash and sizes of all members, as the operator has them. */
async function bookOf(world: World) {
  const views = [];
  for (const name of everyone) {
    const { number, cashQ32, positions } = await holdings(world, name);
    views.push({ number, cashQ32, positions });
  }
  return views;
}

type Asked = Readonly<Record<'verifier' | 'requester' | 'nonce' | 'expiry' | 'kind', string>>;

/** The verdict of a counterparty's page: it has the files and a URL, and reads the chain itself. */
async function onPage(
  { stage, keys, pool, info }: World,
  out: string,
  asked: Asked,
  least: string,
) {
  let papers: Papers = {};
  for (const path of [out, join(keys, 'margin-4.key.json')]) {
    papers = got(withPaper(papers, readFileSync(path, 'utf8'))).papers;
  }
  const question = { ...asked, chainId: `${info.chainId}`, threshold: least };
  const place = { from: 'chain', url: stage.venue.rpcUrl, pool, root: '', seen: '' } as const;
  return checkForm({ ...place, papers, asked: question, clock: 0n });
}

/** A member answers one verifier, who checks by himself and on chain, and once only. */
async function answer(world: World): Promise<void> {
  const { stage, cli, keys, info, reader, other, signer } = world;
  const out = join(stage.dir, 'margin.json');
  const to = ['--to', signer.address, '--nonce', '7', '--life', '3h', '--threshold', '1000'];
  await cli.must('alice', 'prove', 'margin', ...to, '--out', out);
  const file = JSON.parse(readFileSync(out, 'utf8'));
  const registry = { address: info.registry, abi: iProofRegistryAbi } as const;
  const { number, chunkMembers, context, totalCash, totalSizes } = file.snapshot;
  const root_ = await reader.readContract({
    ...registry,
    functionName: 'chunkRoot',
    args: [number, 0],
  });
  const id = await reader.readContract({ ...registry, functionName: 'provenId', args: [number] });
  assert.equal(chunkMembers, 4);
  const facts = {
    format: 'holdfast-facts/1',
    chainId: `${info.chainId}`,
    pool: info.pool,
    epoch: `${id}`,
    context: contextOf(context.map(BigInt)).map((slot) => slot ?? null),
    totals: { cash: totalCash, sizes: totalSizes },
    keys: [],
  };
  const asked = {
    format: 'holdfast-question/1',
    chainId: `${info.chainId}`,
    verifier: signer.address,
    requester: signer.address,
    nonce: '7',
    expiry: file.claim.expiry.toString(),
    kind: 'threshold',
    threshold: '1000',
  };
  const shown = got(await onPage(world, out, asked, '1000'));
  assert.equal(shown.nullifier, BigInt(file.nullifier));
  const more = await onPage(world, out, asked, '1001');
  assert.ok(isRejection(more) && more.code === 'ProofWrong', stringifyPlain(more));

  const write = (name: string, value: unknown): string => {
    const path = join(stage.dir, name);
    writeFileSync(path, stringifyPlain(value));
    return path;
  };
  const check = ['prove', 'verify', '--keys', keys, '--size', '4', '--proof', out];
  const rest = ['--root', `${root_}`, '--facts', write('facts.json', facts), '--now', '5'];
  await cli.must('alice', ...check, ...rest, '--question', write('question.json', asked));
  const lie = write('other.json', { ...asked, threshold: '1001' });
  await cli.refused(/ProofWrong/, 'alice', ...check, ...rest, '--question', lie);

  const args = [file.snapshot, file.claim] as never;
  const call = { ...registry, functionName: 'verifyMargin', args } as const;
  await reader.simulateContract({ ...call, account: signer.address } as never);
  await assert.rejects(
    reader.simulateContract({ ...call, account: stage.venue.contracts.vault } as never),
    /ProofWrong|0x/,
  );
  const chain = other.chain();
  got(await chain.call({ ...call, abi: iProofRegistryAbi as Abi, args: args as unknown[] }));
  const again = await chain.call({
    ...call,
    abi: iProofRegistryAbi as Abi,
    args: args as unknown[],
  });
  assert.ok(isRejection(again) && again.code === 'ChallengeAnswered', JSON.stringify(again));
  tell('a proof of margin held in Node, on a page and on chain, for its verifier, once');
}

/** No newer proof: nothing that adds risk, everything that takes it away. */
async function stale(world: World): Promise<void> {
  const { cli, other } = world;
  await until('a stale pool', 180_000, async () => /stale/.test((await statusOf(world)).state));
  const { market, ticks, text, size } = await priceOf(world, 99);
  const grow = ['pool', 'order', market, 'buy', size(1), '--price', text];
  await cli.refused(/PoolStale/, 'bob', ...grow);
  got(await other.place({ market: 0, size: lots, price: ticks, side: 'buy' }));
  await cli.must('alice', 'pool', 'order', market, 'sell', size(lots), '--price', text);
  await until('the account to be flat', 60_000, async () => {
    return (await holdings(world, 'alice')).positions.length === 0;
  });
  tell('a stale pool refused growth and took the closing order');
}

/** Nobody serves the pool or the venue any more: the chain alone pays. */
async function leave(world: World): Promise<void> {
  const { stage, cli, pool, info, reader, other } = world;
  await cli.refused(/OperatorGone/, 'bob', 'pool', 'holdings');
  await until(
    'the pool to be wound up',
    300_000,
    async () => {
      const { exit, err, out } = await cli.run('carol', 'pool', 'lapse');
      // The last refusal is told when time is up.
      if (exit !== 0) throw new Error(err + out);
      return true;
    },
    1_000,
  );
  tell('the pool is wound up');
  await cli.must('carol', 'pool', 'recall');
  const house = { address: info.clearingHouse, abi: clearingHouseAbi as Abi };
  const queue = (await reader.readContract({ ...house, functionName: 'forcedQueue' })) as Hex;
  const at = { address: queue, abi: iForcedQueueAbi } as const;
  const [next] = await reader.readContract({ ...at, functionName: 'state' });
  const force = { ...house, functionName: 'executeForced', args: [next, 0, 0n, '0x'] };
  const early = await other.chain().call(force);
  assert.ok(isRejection(early), 'executed before its deadline');
  const token = { address: stage.venue.contracts.token, abi: testTokenAbi } as const;
  const held = () => reader.readContract({ ...token, functionName: 'balanceOf', args: [pool] });
  // The venue's keeper, or anybody else, executes what is overdue.
  const all = await until('the account to be paid out', 120_000, async () => {
    const amount = await held();
    return amount > 3_000n * 10n ** 6n && amount;
  });
  const parts = new Map<string, bigint>();
  for (const name of everyone) {
    const { paid: text } = await cli.must(name, 'pool', 'exit');
    const amount = BigInt(Math.round(Number(text) * 10 ** stage.venue.token.decimals));
    parts.set(name, amount);
  }
  // Alice alone had traded by the last proof; what she lost after it all bear alike.
  const [operator = 0n, alice = 0n, bob = 0n, carol = 0n] = [...parts.values()];
  assert.ok(alice > bob / 2n && alice < bob * 2n, `alice ${alice}, bob ${bob}`);
  for (const [name, amount] of [
    ['operator', operator],
    ['carol', carol],
  ] as const) {
    const apart = amount > bob ? amount - bob : bob - amount;
    assert.ok(apart <= 1_000n, `${name} ${amount}, bob ${bob}`);
  }
  const paid = operator + alice + bob + carol;
  const shown = await reader.getContractEvents({
    address: pool,
    abi: iConfidentialPoolAbi,
    eventName: 'ExitPaid',
    fromBlock: 0n,
  });
  assert.equal(shown.length, everyone.length);
  assert.equal(
    shown.reduce((sum, { args }) => sum + (args.amount as bigint), 0n),
    all - (await held()),
  );
  assert.ok((await held()) <= BigInt(everyone.length), 'more is left than rounds off');
  tell(`four members left with ${paid} of ${all}`);
}

type Running = { operator: ChildProcess; epochs: number };

/**
 * Kills the operator, starts it again, and does something while the epoch that it proves then is
 * fresh; anew, twice at most, where the machine was too slow for that.
 */
async function whileFresh(world: World, running: Running, body: () => Promise<void>) {
  for (let tries = 1; ; tries++) {
    await kill(running.operator);
    running.operator = await operate(world);
    running.epochs += 1;
    await proven(world, running.epochs);
    try {
      return await body();
    } catch (error) {
      if (tries === 3 || !/PoolStale/.test(String(error))) throw error;
    }
  }
}

async function life(stage: Stage): Promise<void> {
  const world = await build(stage);
  const { cli } = world;
  const running = { operator: await operate(world), epochs: 1 };
  try {
    await proven(world, 1);
    const { operator: url } = JSON.parse(
      readFileSync(join(stage.dir, 'pools', world.pool, 'pool.json'), 'utf8'),
    );
    await joinAll(world, url);
    await whileFresh(world, running, () => trade(world));
    await nobodyBelow(world);
    const before = await bookOf(world);
    await whileFresh(world, running, async () => {
      assert.deepEqual(await bookOf(world), before);
      tell('killed and started again: the same book, proven with its members');
      // Bob and Carol never ask for their leaf.
      for (const name of ['operator', 'alice']) await cli.must(name, 'pool', 'inclusion');
      await answer(world);
    });
    await stale(world);
    await kill(running.operator);
    await serviceOf(stage.running, 'node').stop();
    await leave(world);
  } finally {
    await kill(running.operator);
    world.other.close();
  }
}

describe('a confidential pool', () => {
  it('trades, proves, and pays everyone without its operator', () =>
    onStage({ traders: 0, speed }, life));
});
