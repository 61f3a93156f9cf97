/**
 * Sentinels against a thief who takes from an exploited clearing house once a block, over a real
 * chain: how many thefts land before withdrawals are tightened. Once at one pace and with 10^4
 * logs; `E2E_SENTINEL_SERIES=5` takes every pace so often, and 10^5 logs.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { clearingHouseAbi } from '@holdfast/abi';
import { sleep } from '@holdfast/host';
import { encodeFunctionData, parseAbi } from 'viem';
import { WebSocketServer } from 'ws';
import { tell } from './harness/stage.ts';
import { until } from './harness/until.ts';
import {
  createWatchChain,
  steal,
  type WatchChain,
  type Watcher,
  type WatchRig,
  watch,
} from './harness/watch-rig.ts';

const given = process.env.E2E_SENTINEL_SERIES;
const series = Number(given ?? 1);
const paces = given === undefined ? [2_000] : [250, 1_000, 2_000];
const spamLogs = given === undefined ? 10_000 : 100_000;
/** Waits are for conditions: the machine may do much else meanwhile. */
const waitMs = 90_000;
const names = ['sentinel-1', 'sentinel-2'] as const;

type Options = Parameters<typeof watch>[2];

let chain: WatchChain;

/** A rig with two sentinels, ended whatever happens. */
async function guarded<T>(
  blockMs: number,
  options: Options,
  body: (rig: WatchRig, watchers: readonly Watcher[]) => Promise<T>,
): Promise<T> {
  const rig = await chain.rig(blockMs);
  const watchers: Watcher[] = [];
  try {
    watchers.push(...(await Promise.all(names.map((name) => watch(rig, name, options)))));
    await until('both see the head', waitMs, async () => {
      const head = Number(await rig.reader.getBlockNumber());
      return watchers.every(({ sentinel }) => (sentinel.engine.tip?.number ?? 0) >= head - 1);
    });
    return await body(rig, watchers);
  } finally {
    for (const watcher of watchers) await watcher.stop();
    await rig.end();
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Rules that found something, of all watchers. */
const rulesOf = (watchers: readonly Watcher[]): string[] => [
  ...new Set(watchers.flatMap(({ sentinel }) => sentinel.recent.rows().map(({ rule }) => rule))),
];

/** Thefts that landed at one pace. */
async function thefts(blockMs: number, pool: boolean, times: number): Promise<number[]> {
  const landed: number[] = [];
  for (let i = 0; i < times; i += 1) {
    await guarded(blockMs, { pool }, async (rig, watchers) => {
      assert.deepEqual(rulesOf(watchers), [], 'something was found before anything happened');
      await rig.breach();
      landed.push((await steal(rig)).landed);
      // A theft that did not land is stopped by one guardian alone; nothing is there to vote about.
      const [scope, level] = pool ? ([257, 1] as const) : ([0, 3] as const);
      await until('the breaker', waitMs, async () => (await levelOf(rig, scope)) >= level);
    });
  }
  const how = pool ? 'by the pending pool' : 'by WebSocket';
  tell(`blocks of ${blockMs} ms, ${how}: ${landed.join(', ')} thefts landed`);
  return landed;
}

const breakerViews = parseAbi(['function level(uint16 scope) view returns (uint8)']);

function levelOf(rig: WatchRig, scope: number): Promise<number> {
  return rig.reader.readContract({
    address: rig.venue.contracts.breaker,
    abi: breakerViews,
    functionName: 'level',
    args: [scope],
  });
}

before(async () => {
  chain = await createWatchChain();
});
after(() => chain?.end());

describe('a theft a block, and sentinels', { timeout: 600_000 }, () => {
  for (const blockMs of paces) {
    it(`lands at most once in blocks of ${blockMs} ms when blocks are watched`, async () => {
      assert.ok(median(await thefts(blockMs, false, series)) <= 1);
    });

    it(`does not land in blocks of ${blockMs} ms when the pending pool is watched`, async () => {
      assert.equal(median(await thefts(blockMs, true, series)), 0);
    });
  }
});

/** A socket that takes the subscription and then says nothing. */
async function silentSocket(): Promise<{ url: string; close(): void }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data)) as { id: number };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }));
    });
  });
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as { port: number };
  return { url: `ws://127.0.0.1:${port}`, close: () => server.close() };
}

/** A port that takes connections and never answers. */
async function deafPort(): Promise<{ url: string; close(): void }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

const spamAbi = parseAbi(['function spam(bytes32 topic, uint256 count)']);
/** Topic of `Paid(address,uint256,uint256)`: what the vault would say. */
const paidTopic = '0x737c69225d647e5994eab1a6c301bf6d9232beb2759ae1e27a8966b4732bc489';

/** So many logs in one block, by one who is not the venue. */
async function spam(rig: WatchRig, logs: number): Promise<void> {
  const writer = rig.writer('user');
  const each = 5_000;
  const args = [paidTopic, BigInt(each)] as const;
  const data = encodeFunctionData({ abi: spamAbi, functionName: 'spam', args });
  let nonce = await rig.reader.getTransactionCount({ address: writer.account.address });
  rig.pace.pause(true);
  for (let sent = 0; sent < logs; sent += each, nonce += 1) {
    const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };
    await writer.sendTransaction({ to: rig.spammer, data, gas: 5_500_000n, nonce, ...fees });
  }
  rig.pace.pause(false);
  await until('the spam is in blocks', waitMs, async () => {
    const { address } = writer.account;
    return (await rig.reader.getTransactionCount({ address })) === nonce;
  });
}

/** The last three blocks go, and with them a word of an owner. */
async function reorganise(rig: WatchRig): Promise<void> {
  const writer = rig.writer('user');
  const hash = await writer.writeContract({
    address: rig.venue.contracts.clearingHouse,
    abi: clearingHouseAbi,
    functionName: 'cancelAll',
    args: [2],
    gas: 500_000n,
  });
  await rig.reader.waitForTransactionReceipt({ hash, timeout: waitMs });
  await sleep(rig.venue.blockMs);
  rig.pace.pause(true);
  // A block that was asked for before is still on its way.
  await sleep(1_000);
  const { number, hash: gone } = await rig.reader.getBlock();
  await rig.raw('anvil_reorg', [3, []]);
  const { hash: now } = await rig.reader.getBlock({ blockNumber: number });
  assert.notEqual(now, gone, 'no block was replaced');
  rig.pace.pause(false);
}

describe('sentinels that somebody would blind', { timeout: 600_000 }, () => {
  it('see past silent sockets, a deaf endpoint, a flood of logs and a reorganisation', async () => {
    const [socket, deaf] = [await silentSocket(), await deafPort()];
    try {
      const rig = await chain.rig(500);
      const { rpcUrl } = rig.venue;
      const endpoints = [
        { http: rpcUrl, ws: socket.url },
        { http: rpcUrl, ws: 'none' as const },
      ];
      const config = { endpoints: [...endpoints, { http: deaf.url, ws: 'none' as const }] };
      const watchers: Watcher[] = [];
      try {
        const opened = names.map((name) => watch(rig, name, { config, pool: false }));
        watchers.push(...(await Promise.all(opened)));
        const status = () => watchers[0]?.sentinel.status();
        await until(
          'the silent socket is named',
          waitMs,
          () => (status()?.sockets[0]?.stalls ?? 0) > 0,
        );
        const began = Date.now();
        await spam(rig, spamLogs);
        const head = Number(await rig.reader.getBlockNumber());
        await until('the spam is behind', waitMs, () => (status()?.block ?? 0) >= head);
        tell(`${spamLogs} logs were behind after ${Date.now() - began} ms`);
        await reorganise(rig);
        await until('the reorganisation is followed', waitMs, () => (status()?.reorgs ?? 0) >= 3);
        await sleep(1_000);
        const critical = watchers.flatMap(({ sentinel }) =>
          sentinel.recent.rows().filter(({ severity }) => severity === 'critical'),
        );
        assert.deepEqual(critical, []);
        const left = status()?.endpoints.filter(({ trusted }) => !trusted) ?? [];
        assert.deepEqual(
          left.map(({ fault }) => fault),
          ['failed'],
        );
        await rig.breach();
        const { landed } = await steal(rig);
        tell(`blinded as far as it goes: ${landed} thefts landed`);
        assert.ok(landed <= 2, `${landed} landed`);
      } finally {
        for (const watcher of watchers) await watcher.stop();
        await rig.end();
      }
    } finally {
      socket.close();
      deaf.close();
    }
  });

  it('pay what it takes when a gas costs a hundred times as much', async () => {
    await guarded(500, { pool: false }, async (rig) => {
      await rig.breach();
      const { baseFeePerGas } = await rig.reader.getBlock();
      const dear = (baseFeePerGas ?? 10n ** 9n) * 100n;
      const raise = setInterval(() => {
        void rig.raw('anvil_setNextBlockBaseFeePerGas', [`0x${dear.toString(16)}`]).catch(() => 0);
      }, 100);
      try {
        const first = await steal(rig, 400n);
        assert.ok(first.landed <= 3, `${first.landed} landed`);
        await until('the halt of a quorum', waitMs, async () => (await levelOf(rig, 0)) === 3);
        tell(`with the fee a hundred times as high: ${first.landed} thefts landed`);
      } finally {
        clearInterval(raise);
      }
    });
  });
});
