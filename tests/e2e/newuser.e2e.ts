/** The path of a newcomer: `npm start`, then the commands of the README, as they stand there. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { vaultAbi } from '@holdfast/abi';
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  createKey,
  fetchJson,
  loadKey,
  venuePaths,
} from '@holdfast/host';
import { guardianKey, sentinelPaths } from '@holdfast/sentinel';
import { agreeOn } from './harness/agree.ts';
import { auctioning } from './harness/auctioning.ts';
import { commands } from './harness/commands.ts';
import {
  holdfast,
  type Launcher,
  npmStart,
  npxHoldfast,
  root,
  venueIn,
} from './harness/launcher.ts';
import { allGone } from './harness/processes.ts';
import { inFolder, statusOf, tell } from './harness/stage.ts';
import { since, until } from './harness/until.ts';
import { type Wrong, wrongInputs } from './harness/wrong-inputs.ts';

/** The commands that the README gives a trader, in its order. */
function readmeCommands(): string[] {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  return [...text.matchAll(/^npx holdfast (.+?)\s*(?:#.*)?$/gm)].map((match) => match[1] as string);
}

type Scene = { dir: string; launcher: Launcher; began: number };

async function onLauncher(body: (scene: Scene) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const dir = join(folder, 'venue');
    mkdirSync(dir);
    const auctions = { openSeconds: 3, reopenSeconds: 3 };
    writeFileSync(join(dir, 'node.json'), JSON.stringify({ auctions }));
    const began = Date.now();
    const options = ['--traders', '1', '--accounts', '10', '--orders', '20', '--gateways', '1'];
    const launcher = npmStart(dir, ...options);
    let pids: number[] = [];
    try {
      await launcher.waitFor('started in', 180_000);
      tell(`npm start ready after ${since(began)} s`);
      await body({ dir, launcher, began });
    } finally {
      pids = launcher.tree();
      launcher.signal('SIGINT');
      await allGone(pids, 60_000);
    }
  });
}

async function readmeWalk({ dir, began }: Scene): Promise<void> {
  const commands = readmeCommands();
  for (const verb of ['key create', 'faucet', 'deposit', 'order place', 'fills', 'withdraw']) {
    assert.ok(
      commands.some((line) => line.startsWith(verb)),
      `the README has no "${verb}"`,
    );
  }
  let isShown = false;
  for (const line of commands) {
    const isEndless = line.startsWith('watch');
    if (line.startsWith('order place')) {
      const { url } = venueIn(dir);
      await until('somebody sells', 30_000, async () => {
        const { body } = await fetchJson(`${url}/v1/book/0?depth=1`);
        return (body as { asks: unknown[] }).asks.length > 0;
      });
    }
    const said = await npxHoldfast(dir, line, isEndless ? 15_000 : undefined);
    // npx itself ends by the Ctrl-C that ends the command.
    const fine = said.code === 0 || (isEndless && [130, 'SIGINT'].includes(said.code));
    assert.ok(fine, `npx holdfast ${line}: exit ${said.code}\n${said.out}${said.err}`);
    assert.notEqual(said.out.trim(), '', `npx holdfast ${line} prints nothing`);
    if (line.startsWith('fills')) {
      assert.match(said.out, /BTC-USD/, said.out);
      tell(`first fill printed ${since(began)} s after npm start`);
      isShown = true;
    }
  }
  assert.ok(isShown, 'the README shows no fills');
  tell(`${commands.length} commands of the README work as they stand there`);
}

/** A bid for BTC-USD that rests. */
async function lowPrice(url: string): Promise<string> {
  const { body } = await fetchJson(`${url}/v1/markets`);
  const index = (body as { indexPrice: number }[])[0]?.indexPrice ?? 0;
  return `${Math.floor((index * 0.97) / 10)}`;
}

/** The same commands through a gateway: its API, its connection, receipts of the node. */
async function throughGateway({ dir, launcher }: Scene): Promise<void> {
  const url = /gateway at (\S+)/.exec(launcher.output())?.[1];
  assert.ok(url, 'npm start names no gateway');
  const { json } = commands(dir);
  const by = ['--key', 'life', '--url', url];
  const price = ['--price', await lowPrice(url)];
  type Placed = { lane: number; status: string };
  const order = ['order', 'place', 'BTC-USD', 'buy', '0.001', ...price, ...by];
  const { lane, status } = await json<Placed>(...order);
  assert.equal(status, 'accepted');
  await json('order', 'cancel', `${lane}`, ...by);
  tell('an order placed and cancelled through a gateway');
}

/** Everything of an account on chain and in the node's book, as one text. */
async function stateOf(dir: string, account: number): Promise<string> {
  const { venue, url } = venueIn(dir);
  const row = await agreeOn({ venue, url }, account);
  const { body } = await fetchJson(`${url}/v1/accounts/${account}/orders`);
  return `${row} ${JSON.stringify(body)}`;
}

type Health = { equity: string; initial: string };

/** Rests, sees, replaces, cancels, closes and leaves, with the numbers held against each other. */
async function wholeLife({ dir }: Scene): Promise<void> {
  const { json } = commands(dir);
  const key = ['--key', 'life'];
  await json('key', 'create', 'life');
  await json('faucet', '5000', ...key);
  const { account } = await json<{ account: number }>('deposit', '2500.5', ...key);
  const health = await json<Health>('health', ...key);
  assert.equal(health.equity, '2500500000', 'equity is not what was deposited');
  type Placed = { lane: number; status: string; filled: number; resting: number };
  const place = ['order', 'place', 'BTC-USD'];
  const low = await lowPrice(venueIn(dir).url);
  const rest = await json<Placed>(...place, 'buy', '0.002', '--price', low, ...key);
  assert.deepEqual([rest.status, rest.filled, rest.resting], ['accepted', 0, 2]);
  const open = await json<{ lane: number; remaining: number }[]>('order', 'list', ...key);
  assert.deepEqual(
    open.map(({ remaining }) => remaining),
    [2],
  );
  await json('order', 'cancel', `${rest.lane}`, ...key);
  assert.deepEqual(await json<unknown[]>('order', 'list', ...key), []);
  const bought = await json<Placed>(...place, 'buy', '0.005', ...key);
  assert.ok(bought.filled > 0 && bought.resting === 0, JSON.stringify(bought));
  const fills = await json<{ lots: number; taker: { account: number } }[]>('fills', ...key);
  assert.equal(
    fills.reduce((sum, { lots }) => sum + lots, 0),
    bought.filled,
  );
  const held = await json<{ market: string; side: string }[]>('positions', ...key);
  assert.deepEqual(
    held.map(({ market, side }) => [market, side]),
    [['BTC-USD', 'long']],
  );
  await json(...place, 'sell', '0.005', '--reduce-only', '--slippage', '3%', ...key);
  await until('the position is closed on chain', 30_000, async () => {
    return (await agreeOn(venueIn(dir), account)).includes('"held":[]');
  });
  const { account: hedge } = await json<Opened>('account', 'open', '--name', 'hedge', ...key);
  await json('transfer', '100', '--to-account', 'hedge', ...key);
  const names = (await json<Opened[]>('account', 'list', ...key)).map((each) => each.name);
  assert.deepEqual(names, ['', 'hedge']);
  const out = await json<Taken>('withdraw', '1900', ...key);
  assert.deepEqual([out.paid, out.queued], ['1900000000', undefined]);
  const moved = await json<Health>('health', '--account', `${hedge}`, ...key);
  assert.equal(moved.equity, '100000000');
  const left = await json<Health>('health', ...key);
  assert.ok(BigInt(left.equity) < 500_500_000n && BigInt(left.equity) > 490_000_000n, left.equity);
  tell(`a whole life: deposit 2500.5, trade, withdraw 2000, ${left.equity} quote units left`);
}

type Opened = { account: number; name: string };
type Waits = { id: string; account: number; state: string; amount: string; line: string };
type Taken = { paid: string; queued?: Waits & { ahead: number; earliest: number } };

/** A new key with an account of 600,000. */
async function rich(dir: string, key: readonly ['--key', string]): Promise<number> {
  const { json } = commands(dir);
  await json('key', 'create', key[1]);
  await json('faucet', '600000', ...key);
  return (await json<{ account: number }>('deposit', '600000', ...key)).account;
}

/** More than the windows take: paid in part, seen in the queue, taken back, stopped by a veto. */
async function queueing({ dir }: Scene): Promise<void> {
  const { json } = commands(dir);
  const [key, next] = [
    ['--key', 'whale'],
    ['--key', 'shark'],
  ] as const;
  const [account, other] = [await rich(dir, key), await rich(dir, next)];
  const first = await json<Taken>('withdraw', '110000', ...key);
  assert.equal(first.queued, undefined);
  const second = await json<Taken>('withdraw', '110000', ...next);
  const waits = second.queued;
  assert.ok(waits && BigInt(second.paid) > 0n, JSON.stringify(second));
  assert.equal(BigInt(second.paid) + BigInt(waits.amount), 110_000_000_000n);
  assert.ok(waits.line === 'ordinary' && waits.earliest > 0 && waits.ahead === 0);
  assert.deepEqual(
    (await json<{ released: string[] }>('withdrawals', '--release', ...next)).released,
    [],
  );
  // No piece is large; what one account asks for within an hour is.
  const large = (await json<Taken>('withdraw', '90000', ...key)).queued;
  assert.ok(large && large.line === 'large', JSON.stringify(large));
  const listed = [
    ...(await json<Waits[]>('withdrawals', ...key)),
    ...(await json<Waits[]>('withdrawals', ...next)),
  ];
  assert.deepEqual(
    listed.map(({ id, account: owner }) => [id, owner]),
    [
      [large.id, account],
      [waits.id, other],
    ],
  );
  await json('withdrawals', '--reclaim', waits.id, ...next);
  const { isStopped } = await json<{ isStopped: boolean }>(
    'govern',
    'veto',
    large.id,
    '--key',
    'guardian',
  );
  // Two of three guardians: the sentinels are guardians too.
  assert.equal(isStopped, false);
  await vetoBySentinel(dir, BigInt(large.id));
  const all = await json<Waits[]>('withdrawals', '--all', ...key);
  assert.deepEqual(
    all.filter((each) => each.account === account).map(({ state }) => state),
    ['vetoed'],
  );
  const early = await holdfast(dir, 'withdrawals', '--reclaim', large.id, ...key);
  assert.equal(early.code, 1);
  assert.match(early.err, /VetoRunning/);
  tell(
    `a queued withdrawal: ${second.paid} paid, ${waits.amount} waited and went back, one vetoed`,
  );
}

/** A sentinel confirms a veto with the key in its own folder. */
async function vetoBySentinel(dir: string, id: bigint): Promise<void> {
  const { venue } = venueIn(dir);
  const key = await loadKey(sentinelPaths(join(dir, 'sentinels/sentinel-1')).keys, guardianKey);
  const access = chainAccess(venue);
  const hash = await createChainWriter(access, key).writeContract({
    address: venue.contracts.vault,
    abi: vaultAbi,
    functionName: 'veto',
    args: [id],
    gas: 500_000n,
  });
  const receipt = await createChainReader(access).waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'success');
}

/** An owner signs, somebody else sends it for the fee, once. */
async function relaying({ dir }: Scene): Promise<void> {
  const { json } = commands(dir);
  const [owner, other] = [
    ['--key', 'life'],
    ['--key', 'whale'],
  ] as const;
  const equityOf = async (key: readonly string[]) =>
    BigInt((await json<Health>('health', ...key)).equity);
  const [mine, theirs] = [await equityOf(owner), await equityOf(other)];
  const note = join(dir, 'note.json');
  await json('withdraw-sign', '20', '--fee', '0.5', '--out', note, ...owner);
  const done = await json<Taken>('withdraw-relay', note, ...other);
  assert.equal(BigInt(done.paid) + BigInt(done.queued?.amount ?? 0n), 20_000_000n);
  await until('the node has seen it', 15_000, async () => {
    return (await equityOf(owner)) === mine - 20_500_000n;
  });
  assert.equal(await equityOf(other), theirs + 500_000n);
  const again = await holdfast(dir, 'withdraw-relay', note, ...other);
  assert.equal(again.code, 1);
  assert.match(again.err, /NonceUsed/);
  const dear = await holdfast(dir, 'withdraw-sign', '1', '--fee', '0.2', '--out', 'x', ...owner);
  assert.match(dear.err, /FeeTooHigh/);
  const missing = await holdfast(dir, 'withdraw-relay', 'nowhere.json', ...other);
  assert.equal(missing.code, 2);
  tell('a signed withdrawal: sent by another key for its fee, and only once');
}

/** Three at a time: they change nothing, so that their order does not matter. */
async function refusesAll(dir: string, list: readonly Wrong[]): Promise<void> {
  const faults: string[] = [];
  const queue = [...list];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { args, exit, says } = next;
      const { code, out, err } = await holdfast(dir, ...args);
      const line = args.join(' ').replace(/(\d)\1{20,}/, '$1…');
      if (code !== exit) faults.push(`${line}: exit ${code}, not ${exit}: ${out}${err}`);
      else if (!says.test(err)) faults.push(`${line}: does not say ${says}: ${out}${err}`);
      else if (/\n\s+at |node:internal|TypeError/.test(err)) faults.push(`${line}: stack: ${err}`);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  assert.deepEqual(faults, []);
}

async function wrongOnes(scene: Scene): Promise<void> {
  const { dir } = scene;
  const { json } = commands(dir);
  await json('key', 'create', 'rich');
  await json('faucet', '1000', '--key', 'rich');
  const { account } = await json<{ account: number }>('deposit', '500', '--key', 'rich');
  await createKey(venuePaths(dir).keys, 'poor');
  const before = await stateOf(dir, account);
  const victim = ['--key', 'poor', '--account', `${account}`];
  await json('faucet', '1', '--key', 'poor');
  const list = wrongInputs(['--key', 'rich'], ['--key', 'poor', '--account', '2'], victim);
  await refusesAll(dir, list);
  assert.equal(await stateOf(dir, account), before, 'a refused command changed the account');
  tell(`${list.length} wrong commands refused, each with its exit code, nothing changed`);
}

/** A port that takes connections and never answers. */
async function silentPort(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function deadOnes({ dir }: Scene): Promise<void> {
  const rich = ['--key', 'rich'];
  const account = (await commands(dir).json<{ account: number }>('account', 'show', ...rich))
    .account;
  const before = await stateOf(dir, account);
  const silent = await silentPort();
  try {
    const noNode = ['--url', 'http://127.0.0.1:1', '--timeout', '3000', ...rich];
    const mute = ['--url', `http://127.0.0.1:${silent.port}`, '--timeout', '3000', ...rich];
    const noRpc = ['--rpc', 'http://127.0.0.1:1', ...rich];
    const order = ['order', 'place', 'BTC-USD', 'buy', '0.01', '--price', '100000'];
    await refusesAll(dir, [
      { args: [...order, ...noNode], exit: 3, says: /Unreachable/ },
      { args: ['status', ...noNode], exit: 3, says: /Unreachable/ },
      { args: [...order, ...mute], exit: 3, says: /Unreachable|Timeout/ },
      { args: ['deposit', '1', ...noRpc], exit: 3, says: /ChainFailed/ },
      { args: ['withdraw', '1', ...noRpc], exit: 3, says: /ChainFailed/ },
      { args: ['faucet', ...noRpc], exit: 3, says: /ChainFailed|FaucetUnavailable/ },
    ]);
    const nowhere = join(dir, 'nowhere');
    const said = await holdfast(nowhere, 'status');
    assert.equal(said.code, 3, said.out + said.err);
    assert.match(said.err, /FileMissing|VenueUnknown/);
    assert.match(said.err, /npm start/);
  } finally {
    silent.close();
  }
  assert.equal(await stateOf(dir, account), before, 'a failed command changed the account');
  // What needs the chain alone works without the node.
  const view = await commands(dir).json<{ from: string }>(
    'account',
    'show',
    ...rich,
    '--url',
    'http://127.0.0.1:1',
  );
  assert.equal(view.from, 'chain');
  tell('no node, a mute node, no chain, no venue: exit 3 with a cure each, nothing changed');
}

describe('a newcomer', { timeout: 900_000 }, () => {
  it('gets from npm start to a fill and out again', async () => {
    await onLauncher(async (scene) => {
      await readmeWalk(scene);
      await wholeLife(scene);
      await throughGateway(scene);
      await queueing(scene);
      await relaying(scene);
      await auctioning(scene.dir);
      await wrongOnes(scene);
      await deadOnes(scene);
      const { url } = venueIn(scene.dir);
      const { ok } = await statusOf(url);
      assert.ok(ok);
    });
  });
});
