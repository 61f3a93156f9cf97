/**
 * One settler between a core in this process and the real contracts on an anvil of its own, which
 * mines only when told. No gateway, no journal on disk: the core's commands are applied directly.
 */
import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { clearingHouseAbi, testTokenAbi } from '@holdfast/abi';
import { apply, type Command, type CoreConfig, createState, type State } from '@holdfast/core';
import {
  type ChainReader,
  createChainReader,
  createChainWriter,
  createClock,
  createLogger,
  silentLogger,
  sleep,
  type Venue,
} from '@holdfast/host';
import {
  assembleReport,
  encodeReport,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
} from '@holdfast/oracle';
import { domain, domainSeparator, type Order, orderDigest, signDigest } from '@holdfast/order';
import { createSettler, memoryStore, type SettlerDeps } from '@holdfast/settle';
import { fromHex, type Hex, isRejection, keccak256, toHex } from '@holdfast/units';
import { demoMarkets, deployVenue } from '@holdfast/venue';
import type { LocalAccount, PublicClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { spawnBareAnvil } from '../../../tools/anvil.ts';

const chainId = 31_337;
/** Blocks of 300 ms must not run ahead of venue time, which they step by a second at least. */
const speed = 4;

function secretOf(name: string): Hex {
  return toHex(keccak256(new TextEncoder().encode(`settle rig/${name}`)));
}

const accountOf = (name: string): LocalAccount => privateKeyToAccount(secretOf(name));

type Raw = (method: string, params: unknown[]) => Promise<unknown>;

/** anvil on a free port. */
function startAnvil(port: number): ChildProcess {
  const args = ['--no-mining', '--quiet', '--accounts', '0', '--hardfork', 'prague'];
  const more = ['--gas-limit', '60000000', '--chain-id', String(chainId), '--port', String(port)];
  return spawnBareAnvil([...args, ...more, '--disable-code-size-limit']);
}

export type Rig = Awaited<ReturnType<typeof createRig>>;

type Terms = Partial<Venue['markets'][number]>;

function venueOf(
  port: number,
  wallEpochMs: number,
  symbols: readonly string[],
  terms: Terms,
): Venue {
  const none = `0x${'00'.repeat(20)}` as Hex;
  const reporters = ['r1', 'r2', 'r3'].map((name) => accountOf(name).address);
  return {
    version: 1,
    chainId,
    rpcUrl: `http://127.0.0.1:${port}`,
    contracts: {
      clearingHouse: none,
      vault: none,
      oracle: none,
      verifier: none,
      breaker: none,
      parameters: none,
      laws: none,
      token: none,
    },
    deployBlock: 0,
    token: { symbol: 'tUSD', decimals: 6 },
    // Base margin alone: the young market of a test is all concentration.
    markets: demoMarkets(symbols, speed).map((market) => ({
      ...market,
      concentrationPpm: 0,
      openInterestLowPpm: 1_000_000,
      ...terms,
    })),
    clock: { wallEpochMs, venueEpoch: Math.floor(wallEpochMs / 1000), speed },
    gateway: { host: '127.0.0.1', port: 1 },
    relay: { host: '127.0.0.1', port: 1 },
    reporters: { k: 2, n: 3, addresses: reporters },
    sequencer: accountOf('sequencer').address,
    node: accountOf('node').address,
    blockMs: 300,
  };
}

/** The rig's miner: one block per interval, stamped with venue time, unless paused. */
function createMiner(raw: Raw, now: () => number, blockMs: number) {
  let paused = false;
  let ended = false;
  let current: Promise<void> = Promise.resolve();
  const mine = async (): Promise<void> => {
    const head = (await raw('eth_getBlockByNumber', ['latest', false])) as { timestamp: string };
    const time = Math.max(Number(head.timestamp) + 1, now());
    await raw('evm_setNextBlockTimestamp', [time]);
    await raw('evm_mine', []);
  };
  const loop = (async () => {
    while (!ended) {
      if (!paused) {
        current = mine().catch(() => {});
        await current;
      }
      await sleep(blockMs);
    }
  })();
  return {
    mine,
    /** Waits for a block that is being mined: anvil cannot reorganise and mine at one time. */
    pause: async (on: boolean): Promise<void> => {
      paused = on;
      await current;
    },
    end: async () => {
      ended = true;
      await loop;
    },
  };
}

function coreConfigOf(venue: Venue): CoreConfig {
  const markets = venue.markets.map(({ id, symbol: _s, tickSize: _t, lotSize: _l, ...params }) => {
    return { id, params };
  });
  return {
    book: 'ladder',
    expiryMarginSeconds: 2,
    priceAgeMarginSeconds: 5,
    reportSkewSecondsMax: 120,
    rateLimit: { burst: 100_000, perSecond: 10_000, quotePerToken: 1_000_000n },
    markets,
  } as unknown as CoreConfig;
}

export async function createRig(
  port: number,
  users: number,
  symbols: readonly string[] = ['BTC-USD', 'ETH-USD'],
  terms: Terms = {},
) {
  const wallEpochMs = Date.now();
  const venue = venueOf(port, wallEpochMs, symbols, terms);
  const clock = createClock(venue.clock);
  const anvil = startAnvil(port);
  const access = { rpcUrl: venue.rpcUrl, chainId, blockMs: venue.blockMs, retries: 0 };
  const reader: ChainReader = createChainReader(access);
  const raw: Raw = (method, params) =>
    reader.request({ method: method as never, params: params as never });
  for (let i = 0; i < 100; i++) {
    if (await raw('eth_chainId', []).catch(() => undefined)) break;
    await sleep(100);
  }
  const miner = createMiner(raw, clock.now, venue.blockMs);
  const officers = ['deployer', 'sequencer', 'guardian1', 'guardian2'];
  const names = [...officers, ...Array.from({ length: users }, (_, i) => `user${i}`)];
  for (const name of names) {
    await raw('anvil_setBalance', [accountOf(name).address, '0xffffffffffffffffff']);
  }
  const deployed = await deployVenue(reader, createChainWriter(access, accountOf('deployer')), {
    markets: venue.markets,
    reporters: venue.reporters,
    sequencer: accountOf('sequencer').address,
    governor: accountOf('deployer').address,
    guardians: ['deployer', 'guardian1', 'guardian2'].map((name) => accountOf(name).address),
    quietSeconds: 3_600,
    reportSkewSecondsMax: 120,
    forced: { deadlineSeconds: 21_600, graceSeconds: 21_600, feeWei: 10n ** 14n },
    gas: 12_000_000n,
  });
  Object.assign(venue, deployed);

  const logFile = process.env.SETTLE_RIG_LOG;
  const logger =
    logFile === undefined
      ? silentLogger()
      : createLogger('rig', { destination: { write: (line) => appendFileSync(logFile, line) } });
  const core: State = createState(coreConfigOf(venue));
  const reports = new Map<number, Hex>();
  const store = memoryStore();
  const halts: string[] = [];
  const unwound: { ids: readonly number[]; code: string }[] = [];
  const settled: number[] = [];
  const broken = { rpc: false };
  const stamp = () => Math.max(clock.now(), core.at) as State['at'];
  const tell = (drafts: readonly object[]) =>
    drafts.flatMap((draft) => apply(core, { ...draft, at: stamp() } as Command).events);

  const client = {
    ...reader,
    request: async (args: { method: string; params: unknown[] }) => {
      if (broken.rpc) throw new Error('connection refused');
      return reader.request(args as never);
    },
  } as unknown as PublicClient;

  const separator = domainSeparator(domain(chainId, venue.contracts.clearingHouse));
  const oracle = oracleDomainSeparator(oracleDomain(chainId, venue.contracts.verifier));
  const live: { stop(): Promise<void> }[] = [];
  let roundNo = 0;
  let reportedAt = 0;
  let seqNo = 0;

  /** A fresh settler over the same core and store, as after a restart. */
  const settler = (options: SettlerDeps['options'] = {}) => {
    const made = createSettler({
      venue,
      client,
      sequencer: accountOf('sequencer'),
      clock,
      logger,
      state: () => core,
      receipts: () => `0x${'22'.repeat(32)}`,
      report: (round) => reports.get(round),
      applyJournaled: async (drafts) => tell(drafts),
      onHalt: (reason) => halts.push(reason),
      onSettled: (batch) => settled.push(batch),
      onUnwound: (ids, code) => unwound.push({ ids, code }),
      storePath: { ...store, records: store.all(), close: async () => {} },
      options: { finalDepth: 4, auditEvery: 3, ...options },
    });
    live.push(made);
    return made;
  };

  const write = (name: string) => createChainWriter(access, accountOf(name));
  const receiptOf = (hash: Hex) => reader.waitForTransactionReceipt({ hash, timeout: 30_000 });
  const house = { address: venue.contracts.clearingHouse, abi: clearingHouseAbi } as const;
  const gas = 1_000_000n;

  return {
    venue,
    core,
    clock,
    miner,
    raw,
    reader,
    house,
    halts,
    unwound,
    settled,
    broken,
    settler,
    tell,
    store,
    /** Whoever sends under this name: user0, user1, …, deployer. */
    accountOf,
    secretOf,
    write,
    receiptOf,
    /** Opens account 2 + i for user i and deposits whole tokens. */
    async fund(i: number, tokens: number): Promise<void> {
      const writer = write(`user${i}`);
      const amount = BigInt(tokens) * 1_000_000n;
      const { token, vault, clearingHouse } = venue.contracts;
      const erc20 = { address: token, abi: testTokenAbi, gas } as const;
      await receiptOf(
        await writer.writeContract({
          ...house,
          functionName: 'openAccount',
          args: [writer.account.address],
          gas,
        }),
      );
      await receiptOf(
        await writer.writeContract({
          ...erc20,
          functionName: 'mint',
          args: [writer.account.address, amount],
        }),
      );
      await receiptOf(
        await writer.writeContract({ ...erc20, functionName: 'approve', args: [vault, amount] }),
      );
      const deposit = { address: clearingHouse, abi: clearingHouseAbi, gas } as const;
      const hash = await writer.writeContract({
        ...deposit,
        functionName: 'deposit',
        args: [token, 2 + i, amount],
      });
      const { status } = await receiptOf(hash);
      if (status !== 'success') throw new Error('a deposit failed');
    },
    async withdraw(i: number, tokens: number, report: Hex = '0x'): Promise<string> {
      const writer = write(`user${i}`);
      const hash = await writer.writeContract({
        ...house,
        functionName: 'withdraw',
        args: [2 + i, BigInt(tokens) * 1_000_000n, writer.account.address, report],
        gas,
      });
      return (await receiptOf(hash)).status;
    },
    async cancelAll(i: number): Promise<string> {
      const call = { ...house, functionName: 'cancelAll', args: [2 + i], gas } as const;
      return (await receiptOf(await write(`user${i}`).writeContract(call))).status;
    },
    /** The sequencer's next transaction becomes another one, which does nothing. */
    async supplant(): Promise<void> {
      const { address } = accountOf('sequencer');
      const nonce = await reader.getTransactionCount({ address });
      const fee = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 11n };
      const call = { type: 'eip1559', chainId, nonce, to: address, gas: 21_000n, ...fee } as const;
      await raw('eth_sendRawTransaction', [await accountOf('sequencer').signTransaction(call)]);
    },
    /** Makes a report known to the chain, as the sequencer may at any time. */
    async push(report: Hex): Promise<string> {
      const call = { ...house, functionName: 'push', args: [report], gas } as const;
      return (await receiptOf(await write('sequencer').writeContract(call))).status;
    },
    /** A new round at these prices, told to the core. */
    report(
      prices: readonly number[],
      marks = prices,
      rate = 50_000,
      // Each is later than the last, however fast the chain takes them.
      time: number = Math.max(clock.now(), reportedAt + 1),
    ): Hex {
      roundNo += 1;
      reportedAt = time;
      const quotes = prices.map((price, market) => {
        return { market, price, mark: marks[market], rate };
      });
      const observation = { round: roundNo, time, quotes } as never;
      const digest = observationDigest(oracle, observation);
      const signed = ['r1', 'r2'].map((name) => ({
        ...(observation as object),
        signer: accountOf(name).address,
        signature: signDigest(digest, fromHex(secretOf(name))),
      }));
      const assembled = assembleReport(signed as never, 2);
      if (isRejection(assembled)) throw new Error(assembled.message);
      const bytes = toHex(encodeReport(assembled));
      reports.set(roundNo, bytes);
      tell([{ type: 'report', report: { round: roundNo, time, quotes }, raw: bytes }]);
      return bytes;
    },
    /** A signed order of user i to the core. */
    order(i: number, isBuy: boolean, market: number, size: number, price: number, more = {}) {
      seqNo += 1;
      const order = {
        account: 2 + i,
        market,
        isBuy,
        size,
        price,
        timeInForce: 0,
        reduceOnly: false,
        postOnly: false,
        expiry: clock.now() + 600,
        lane: seqNo % 8,
        seq: seqNo,
        epoch: core.accounts.get((2 + i) as never)?.epoch ?? 0,
        ...more,
      } as unknown as Order;
      const signature = signDigest(orderDigest(separator, order), fromHex(secretOf(`user${i}`)));
      return tell([{ type: 'order', order: { ...order, signature } }]);
    },
    /** Stops every settler that a test left running. */
    async clear(): Promise<void> {
      for (const made of live.splice(0)) await made.stop();
    },
    async end(): Promise<void> {
      await miner.end();
      anvil.kill('SIGKILL');
    },
  };
}
