import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clock,
  type ClockSettings,
  createClock,
  type Lifecycle,
  type Logger,
  sleep,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { spawnAnvil } from './anvil.ts';
import { startMiner } from './miner.ts';
import { createRpc, type Rpc, readHead } from './rpc.ts';
import { dumpState, unpackState } from './state.ts';

export interface ChainOptions {
  /** Folder of the chain's state. */
  dir: string;
  port: number;
  chainId: number;
  /** Block interval in wall ms. */
  blockMs: number;
  /** Venue seconds per wall second. */
  speed: number;
  /** Earliest venue time to start at; a loaded chain goes on from its own head if that is later. */
  epochMin: number;
  /** The clock to go on with after a crash; without it a new one is made. */
  clock?: ClockSettings | undefined;
  /** Wall ms between dumps, at least. */
  dumpMs: number;
  logger: Logger;
  lifecycle: Lifecycle;
}

export interface RunningChain {
  rpcUrl: string;
  /** As it goes now. */
  readonly clock: Clock;
  /** Lets so many seconds of venue time pass at once. */
  advance(seconds: number): Clock;
  /** Number of the block at which this run began. */
  firstBlock: number;
}

async function waitForRpc(rpc: Rpc, exited: () => string | undefined): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const reason = exited();
    if (reason !== undefined) {
      throw new EnvironmentError('AnvilFailed', `anvil ended: ${reason}`, { retry: false });
    }
    try {
      await rpc('eth_chainId');
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(50);
    }
  }
}

/** Dumps now and then; ever more rarely as the state grows, so that mining is not held up. */
function startDumping(rpc: Rpc, options: ChainOptions): () => Promise<void> {
  const { dir, logger, dumpMs } = options;
  const abort = new AbortController();
  async function run(): Promise<void> {
    let waitMs = dumpMs;
    for (;;) {
      await sleep(waitMs, abort.signal);
      if (abort.signal.aborted) return;
      const began = Date.now();
      try {
        const bytes = await dumpState(rpc, dir);
        logger.debug({ bytes, ms: Date.now() - began }, 'chain state dumped');
      } catch (error) {
        logger.error({ error }, 'chain state could not be dumped');
      }
      waitMs = Math.max(dumpMs, (Date.now() - began) * 30);
    }
  }
  const running = run();
  return async () => {
    abort.abort();
    await running;
  };
}

/**
 * Runs a local chain: anvil as a child, blocks by the venue clock, state on disk. Closers on the
 * lifecycle stop the miner, dump the state and end anvil.
 *
 * @throws EnvironmentError AnvilMissing, AnvilFailed, ChainStateBroken
 */
export async function startChain(options: ChainOptions): Promise<RunningChain> {
  const { dir, port, chainId, blockMs, speed, epochMin, logger, lifecycle } = options;
  const statePath = await unpackState(dir);
  const cacheDir = join(dir, 'cache');
  rmSync(cacheDir, { recursive: true, force: true });
  const anvil = spawnAnvil({ port, chainId, genesisTime: epochMin, cacheDir, statePath });
  let exit: string | undefined;
  let stopping = false;
  const exited = new Promise<void>((resolve) => {
    const ended = (why: string): void => {
      exit ??= why;
      resolve();
      if (!stopping) void lifecycle.shutdown(`anvil ended: ${why}`).then(() => process.exit(1));
    };
    anvil.once('error', (error) => ended(error.message));
    anvil.once('exit', (code, signal) => ended(`exit ${code ?? signal}`));
  });
  lifecycle.onShutdown('anvil', async () => {
    stopping = true;
    anvil.kill('SIGKILL');
    await exited;
    rmSync(cacheDir, { recursive: true, force: true });
  });
  const rpcUrl = `http://127.0.0.1:${port}`;
  const rpc = createRpc(rpcUrl);
  await waitForRpc(rpc, () => exit);
  if (statePath !== undefined) rmSync(statePath, { force: true });
  const head = await readHead(rpc);
  const venueEpoch = head.number === 0 ? epochMin : Math.max(epochMin, head.timestamp + 1);
  const settings = options.clock ?? { wallEpochMs: Date.now(), venueEpoch, speed };
  let clock = createClock(settings);
  // The state is on disk by then, so the program itself can be ended at once, above.
  lifecycle.onShutdown('last dump', async () => {
    stopping = true;
    if (exit === undefined) await dumpState(rpc, dir);
  });
  const stopDumping = startDumping(rpc, options);
  lifecycle.onShutdown('dumps', stopDumping);
  const miner = await startMiner(
    rpc,
    () => clock.now(),
    blockMs,
    logger,
    (message) => {
      void lifecycle.shutdown(`chain lost: ${message}`).then(() => process.exit(1));
    },
  );
  lifecycle.onShutdown('miner', () => miner.stop());
  return {
    rpcUrl,
    get clock() {
      return clock;
    },
    advance(seconds) {
      const { settings: before } = clock;
      clock = createClock({ ...before, venueEpoch: before.venueEpoch + seconds });
      return clock;
    },
    firstBlock: head.number,
  };
}
