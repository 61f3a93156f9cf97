/** The path of a newcomer: `npm start`, then the commands of the README, as they stand there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createKey, fetchJson, venuePaths } from '@holdfast/host';
import { agreeOn } from './harness/agree.ts';
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

/** The commands that the README gives a trader, in its order. */
function readmeCommands(): string[] {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  return [...text.matchAll(/^npx holdfast (.+?)\s*(?:#.*)?$/gm)].map((match) => match[1] as string);
}

type Scene = { dir: string; launcher: Launcher; began: number };

async function onLauncher(body: (scene: Scene) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const dir = join(folder, 'venue');
    const began = Date.now();
    const options = ['--traders', '1', '--accounts', '10', '--orders', '20'];
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

type Line = { json: <T>(...args: readonly string[]) => Promise<T> };

function commands(dir: string): Line {
  return {
    async json<T>(...args: readonly string[]): Promise<T> {
      const said = await holdfast(dir, ...args, '--json');
      assert.equal(said.code, 0, `${args.join(' ')}: ${said.out}${said.err}`);
      return JSON.parse(said.out) as T;
    },
  };
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
  const { url } = venueIn(dir);
  const { body } = await fetchJson(`${url}/v1/markets`);
  const index = (body as { indexPrice: number }[])[0]?.indexPrice ?? 0;
  const low = `${Math.floor((index * 0.97) / 10)}`;
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

/** More than the windows take: paid in part, seen in the queue, taken back, stopped by a veto. */
async function queueing({ dir }: Scene): Promise<void> {
  const { json } = commands(dir);
  const key = ['--key', 'whale'];
  await json('key', 'create', 'whale');
  await json('faucet', '600000', ...key);
  const { account } = await json<{ account: number }>('deposit', '600000', ...key);
  const first = await json<Taken>('withdraw', '110000', ...key);
  assert.equal(first.queued, undefined);
  const second = await json<Taken>('withdraw', '110000', ...key);
  const waits = second.queued;
  assert.ok(waits && BigInt(second.paid) > 0n, JSON.stringify(second));
  assert.equal(BigInt(second.paid) + BigInt(waits.amount), 110_000_000_000n);
  assert.ok(waits.line === 'ordinary' && waits.earliest > 0 && waits.ahead === 0);
  assert.deepEqual(
    (await json<{ released: string[] }>('withdrawals', '--release', ...key)).released,
    [],
  );
  const large = (await json<Taken>('withdraw', '130000', ...key)).queued;
  assert.ok(large && large.line === 'large');
  const listed = await json<Waits[]>('withdrawals', ...key);
  assert.deepEqual(
    listed.map(({ id, account: owner }) => [id, owner]).sort(),
    [
      [waits.id, account],
      [large.id, account],
    ].sort(),
  );
  await json('withdrawals', '--reclaim', waits.id, ...key);
  const { isStopped } = await json<{ isStopped: boolean }>(
    'govern',
    'veto',
    large.id,
    '--key',
    'guardian',
  );
  assert.equal(isStopped, true);
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

type Wrong = { args: string[]; exit: number; says: RegExp };

/** Ways to go wrong while everything runs. Exit codes: 1 refused, 2 called wrongly, 3 around it. */
function wrongInputs(rich: string[], poor: string[], victim: string[]): Wrong[] {
  const place = ['order', 'place'];
  const at = ['--price', '100000', ...rich];
  const huge = '9'.repeat(40);
  return [
    { args: [...place, 'PEPE-USD', 'buy', '1', ...at], exit: 1, says: /MarketUnknown.*BTC-USD/s },
    { args: [...place, 'BTC-USD', 'buy', '0.0015', ...at], exit: 1, says: /0\.001/ },
    {
      args: [...place, 'BTC-USD', 'buy', '0.01', '--price', '100000.05', ...rich],
      exit: 1,
      says: /0\.1/,
    },
    { args: [...place, 'BTC-USD', 'buy', huge, ...at], exit: 1, says: /OutOfRange|Malformed/ },
    {
      args: [...place, 'BTC-USD', 'buy', '1', '--price', huge, ...rich],
      exit: 1,
      says: /OutOfRange|Malformed/,
    },
    { args: [...place, 'BTC-USD', 'buy', '-1', ...at], exit: 1, says: /SizeOutOfRange/ },
    { args: [...place, 'BTC-USD', 'buy', 'NaN', ...at], exit: 1, says: /NaN/ },
    { args: [...place, 'BTC-USD', 'hold', '1', ...at], exit: 2, says: /buy nor sell/ },
    { args: [...place, 'BTC-USD', 'buy', '1'.repeat(5), ...rich], exit: 1, says: /MarginShort/ },
    { args: [...place, 'BTC-USD', 'buy'], exit: 2, says: /missing required argument/ },
    { args: [...place, 'BTC-USD', 'buy', '1', ...victim], exit: 3, says: /SignatureWrong|owner/ },
    { args: ['deposit', huge, ...rich], exit: 1, says: /BalanceShort/ },
    { args: ['deposit', '0', ...rich], exit: 1, says: /AmountNotWhole/ },
    { args: ['deposit', '0.0000001', ...rich], exit: 1, says: /0\.0000001/ },
    { args: ['withdraw', '501', ...rich], exit: 1, says: /MarginShort/ },
    { args: ['withdraw', huge, ...rich], exit: 1, says: /AmountNotWhole|MarginShort/ },
    { args: ['withdraw', '1', ...victim], exit: 1, says: /NotOwner/ },
    { args: ['transfer', '1', '--to-account', '2', ...rich], exit: 1, says: /OwnersDiffer/ },
    { args: ['transfer', '1', '--to-account', 'x', ...rich], exit: 2, says: /whole number/ },
    { args: ['withdrawals', '--reclaim', '99999', ...rich], exit: 1, says: /WithdrawalUnknown/ },
    { args: ['govern', 'veto', '6', ...rich], exit: 1, says: /NotGuardian/ },
    { args: ['order', 'cancel', '77', ...rich], exit: 1, says: /OrderUnknown/ },
    { args: ['order', 'cancel', '99999', ...rich], exit: 2, says: /65534/ },
    { args: ['deposit', '1', '--key', 'nobody'], exit: 3, says: /KeyMissing/ },
    { args: ['deposit', '5', ...poor], exit: 1, says: /BalanceShort/ },
    { args: ['fly', 'to', 'the', 'moon'], exit: 2, says: /unknown command/ },
  ];
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
      await queueing(scene);
      await relaying(scene);
      await wrongOnes(scene);
      await deadOnes(scene);
      const { url } = venueIn(scene.dir);
      const { ok } = await statusOf(url);
      assert.ok(ok);
    });
  });
});
