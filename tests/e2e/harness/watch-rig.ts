/**
 * A venue on an anvil of its own that orders by fee, as chains do, with an account to rob and a
 * module that a thief has taken over; and sentinels of this process over it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { clearingHouseAbi, testTokenAbi } from '@holdfast/abi';
import {
  type ChainReader,
  createChainReader,
  createChainWriter,
  createLogger,
  findFreePort,
  silentLogger,
  sleep,
  type Venue,
} from '@holdfast/host';
import { openSentinel, type Sentinel, type SentinelConfig } from '@holdfast/sentinel';
import type { Hex } from '@holdfast/units';
import { demoMarkets, deployVenue } from '@holdfast/venue';
import {
  encodeDeployData,
  encodeFunctionData,
  keccak256,
  type LocalAccount,
  stringToHex,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { spawnBareAnvil } from '../../../tools/anvil.ts';
import { root } from '../../../tools/sources.mjs';
import { until } from './until.ts';

const chainId = 31_337;
export const token = 1_000_000n;
/** What one theft takes: above the small floor of the vault, below what is large. */
export const theft = 5_000n * token;

const accountOf = (name: string): LocalAccount =>
  privateKeyToAccount(keccak256(stringToHex(`watch rig/${name}`)));

type Solc = { compile(input: string): string };

/** Creation code of the contracts of Thief.sol, compiled here. */
function compileThief(): Record<'Thief' | 'Spammer', Hex> {
  const solc = createRequire(import.meta.url)('solc') as Solc;
  const content = readFileSync(join(root, 'packages/range/src/solidity/Thief.sol'), 'utf8');
  const settings = {
    evmVersion: 'prague',
    optimizer: { enabled: true },
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  };
  const input = { language: 'Solidity', sources: { 'Thief.sol': { content } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const made = output.contracts['Thief.sol'];
  const codeOf = (name: string): Hex => `0x${made[name].evm.bytecode.object}`;
  return { Thief: codeOf('Thief'), Spammer: codeOf('Spammer') };
}

/** A chain with the venue on it, which any number of rigs begin from. */
export type WatchChain = Awaited<ReturnType<typeof createWatchChain>>;
export type WatchRig = Awaited<ReturnType<WatchChain['rig']>>;
type Raw = (method: string, params?: unknown[]) => Promise<unknown>;

async function startChain() {
  const port = await findFreePort();
  const args = ['--no-mining', '--quiet', '--accounts', '0', '--hardfork', 'prague'];
  const more = ['--gas-limit', '120000000', '--order', 'fees', '--chain-id', String(chainId)];
  const anvil = spawnBareAnvil([...args, ...more, '--port', String(port)]);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const reader = createChainReader({ rpcUrl, chainId, blockMs: 50, retries: 0 });
  const raw: Raw = (method, params = []) =>
    reader.request({ method: method as never, params: params as never });
  await until('anvil answers', 60_000, () => raw('eth_chainId').catch(() => undefined));
  return { anvil, rpcUrl, reader, raw };
}

/** Blocks at an even pace, each at the second that it is. */
function createPace(raw: Raw, blockMs: number) {
  let ended = false;
  let paused = false;
  const mine = async (): Promise<void> => {
    const head = (await raw('eth_getBlockByNumber', ['latest', false])) as { timestamp: string };
    const time = Math.max(Number(head.timestamp), Math.floor(Date.now() / 1000));
    await raw('evm_mine', [`0x${time.toString(16)}`]);
  };
  const loop = (async () => {
    let due = Date.now();
    while (!ended) {
      if (!paused) await mine().catch(() => undefined);
      due = Math.max(due + blockMs, Date.now());
      await sleep(due - Date.now());
    }
  })();
  return {
    mine,
    pause: (on: boolean) => {
      paused = on;
    },
    end: async () => {
      ended = true;
      await loop;
    },
  };
}

/** A venue with a full vault; nothing is stolen yet. */
export async function createWatchChain() {
  const { anvil, rpcUrl, reader, raw } = await startChain();
  const names = ['deployer', 'user', 'thief', 'sentinel-1', 'sentinel-2', 'cold'];
  for (const name of names) {
    await raw('anvil_setBalance', [accountOf(name).address, '0xffffffffffffffffffff']);
  }
  const pace = createPace(raw, 50);
  const access = { rpcUrl, chainId, blockMs: 50 };
  const writer = (name: string) => createChainWriter(access, accountOf(name));
  const markets = demoMarkets(['BTC-USD', 'ETH-USD'], 1);
  const reporters = ['r1', 'r2', 'r3'].map((name) => accountOf(name).address);
  const deployed = await deployVenue(reader, writer('deployer'), {
    markets,
    reporters: { k: 2, addresses: reporters },
    sequencer: accountOf('deployer').address,
    governor: accountOf('deployer').address,
    guardians: ['sentinel-1', 'sentinel-2', 'cold'].map((name) => accountOf(name).address),
    quietSeconds: 3_600,
    reportSkewSecondsMax: 120,
    gas: 12_000_000n,
    breaker: { silenceSeconds: 600 },
  });
  const venue: Venue = {
    version: 1,
    chainId,
    rpcUrl,
    ...deployed,
    token: { symbol: 'tUSD', decimals: 6 },
    markets,
    clock: { wallEpochMs: Date.now(), venueEpoch: Math.floor(Date.now() / 1000), speed: 1 },
    gateway: { host: '127.0.0.1', port: 1 },
    relay: { host: '127.0.0.1', port: 1 },
    reporters: { k: 2, n: 3, addresses: reporters },
    sequencer: accountOf('deployer').address,
    node: accountOf('deployer').address,
    blockMs: 50,
  } as unknown as Venue;
  await fill(venue, reader, writer('user'));
  const { clearingHouse, vault, breaker } = venue.contracts;
  const codes = compileThief();
  const abi = [
    { type: 'constructor', inputs: [{ type: 'address' }, { type: 'address' }] },
  ] as const;
  const data = encodeDeployData({ abi, bytecode: codes.Thief, args: [vault, breaker] } as never);
  const thief = await deploy(reader, writer('deployer'), data);
  const spammer = await deploy(reader, writer('deployer'), codes.Spammer);
  const thiefCode = await reader.getCode({ address: thief });
  const module = await reader.readContract({
    address: clearingHouse,
    abi: clearingHouseAbi,
    functionName: 'moduleOf',
    args: [selectorOf('withdraw')],
  });
  await pace.end();
  const shared = { reader, raw, spammer, writer, accountOf };
  return {
    /** The venue as it was at first, in blocks of its own pace; one rig at a time. */
    rig: async (blockMs: number) => {
      const snapshot = await raw('evm_snapshot');
      const own = createPace(raw, blockMs);
      return {
        ...shared,
        venue: { ...venue, blockMs },
        pace: own,
        /** From now on withdrawals debit nobody. */
        breach: () => raw('anvil_setCode', [module, thiefCode]),
        end: async () => {
          await own.end();
          await raw('anvil_dropAllTransactions');
          await raw('evm_revert', [snapshot]);
        },
      };
    },
    end: () => anvil.kill('SIGKILL'),
  };
}

const selectorOf = (functionName: 'withdraw'): Hex =>
  encodeFunctionData({
    abi: clearingHouseAbi,
    functionName,
    args: [2, 1n, `0x${'11'.repeat(20)}`, '0x'],
  }).slice(0, 10) as Hex;

type Writer = ReturnType<typeof createChainWriter>;

async function deploy(reader: ChainReader, writer: Writer, data: Hex): Promise<Hex> {
  const hash = await writer.sendTransaction({ data, gas: 3_000_000n });
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 30_000 });
  return receipt.contractAddress as Hex;
}

/** Account 2 with a million tokens. */
async function fill(venue: Venue, reader: ChainReader, writer: Writer): Promise<void> {
  const { token: erc20, vault, clearingHouse } = venue.contracts;
  const house = { address: clearingHouse, abi: clearingHouseAbi, gas: 1_000_000n } as const;
  const coin = { address: erc20, abi: testTokenAbi, gas: 1_000_000n } as const;
  const amount = 1_000_000n * token;
  const me = writer.account.address;
  const steps = [
    () => writer.writeContract({ ...house, functionName: 'openAccount', args: [me] }),
    () => writer.writeContract({ ...coin, functionName: 'mint', args: [me, amount] }),
    () => writer.writeContract({ ...coin, functionName: 'approve', args: [vault, amount] }),
    () => writer.writeContract({ ...house, functionName: 'deposit', args: [erc20, 2, amount] }),
  ];
  for (const step of steps) {
    const receipt = await reader.waitForTransactionReceipt({ hash: await step(), timeout: 30_000 });
    if (receipt.status !== 'success') throw new Error('the vault could not be filled');
  }
}

/** A sentinel of this process. */
export interface Watcher {
  readonly sentinel: Sentinel;
  stop(): Promise<void>;
}

/** Starts a sentinel with a guardian's key. @param pool whether it watches the pending pool */
export async function watch(
  rig: WatchRig,
  name: string,
  { config = {}, pool = true }: { config?: SentinelConfig; pool?: boolean } = {},
): Promise<Watcher> {
  const logger = process.env.E2E_SENTINEL_LOG ? createLogger(name) : silentLogger();
  const options = { name, venue: rig.venue, config, logger, rules: [], watchesPool: pool };
  const sentinel = await openSentinel({ ...options, account: rig.accountOf(name) });
  const abort = new AbortController();
  const running = sentinel.run(abort.signal);
  return {
    sentinel,
    stop: async () => {
      abort.abort();
      await running;
    },
  };
}

/** One theft a block until one is refused: how many landed, and over how many blocks. */
export async function steal(rig: WatchRig, tip = 3n): Promise<{ landed: number; blocks: number }> {
  const { reader, venue } = rig;
  const thief = rig.writer('thief');
  const gwei = 10n ** 9n;
  let nonce = await reader.getTransactionCount({ address: thief.account.address });
  let landed = 0;
  const began = Number(await reader.getBlockNumber());
  for (;;) {
    const block = await reader.getBlock();
    const hash = await thief.writeContract({
      address: venue.contracts.clearingHouse,
      abi: clearingHouseAbi,
      functionName: 'withdraw',
      args: [2, theft, thief.account.address, '0x'],
      gas: 500_000n,
      nonce,
      maxPriorityFeePerGas: tip * gwei,
      maxFeePerGas: (block.baseFeePerGas ?? 0n) * 4n + tip * gwei,
    } as never);
    nonce += 1;
    const receipt = await reader.waitForTransactionReceipt({
      hash,
      timeout: 60_000,
      pollingInterval: 20,
    });
    if (receipt.status === 'success') landed += 1;
    else return { landed, blocks: Number(receipt.blockNumber) - began };
    if (landed > 200) return { landed, blocks: Number(receipt.blockNumber) - began };
  }
}
