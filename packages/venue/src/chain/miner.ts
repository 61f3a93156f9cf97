import { errorMessage, type Logger, sleep } from '@holdfast/host';
import { type Rpc, readHead } from './rpc.ts';

export interface Miner {
  /** Blocks mined by this miner. */
  readonly blocks: () => number;
  /** Stops after one last block with whatever is waiting. */
  stop(): Promise<void>;
}

/**
 * Mines a block every `blockMs` with the venue's time. After a stall it goes on from now, without
 * making up for missed blocks; a block's time is never before its parent's.
 *
 * @param now venue time, seconds
 * @param failed called when the chain did not answer several times in a row
 */
export async function startMiner(
  rpc: Rpc,
  now: () => number,
  blockMs: number,
  logger: Logger,
  failed: (message: string) => void,
): Promise<Miner> {
  const abort = new AbortController();
  let last = (await readHead(rpc)).timestamp;
  let blocks = 0;

  async function mineOne(): Promise<void> {
    last = Math.max(last, now());
    await rpc('evm_mine', [`0x${last.toString(16)}`]);
    blocks += 1;
  }

  async function run(): Promise<void> {
    let due = Date.now();
    let failures = 0;
    while (!abort.signal.aborted) {
      try {
        await mineOne();
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.error({ error: errorMessage(error), failures }, 'could not mine');
        if (failures >= 5) {
          failed(errorMessage(error));
          return;
        }
      }
      due = Math.max(due + blockMs, Date.now());
      await sleep(due - Date.now(), abort.signal);
    }
  }
  const running = run();
  return {
    blocks: () => blocks,
    stop: async () => {
      abort.abort();
      await running;
      // Transactions still waiting would not be in the state on disk.
      await mineOne().catch((error) =>
        logger.warn({ error: errorMessage(error) }, 'no last block'),
      );
    },
  };
}
