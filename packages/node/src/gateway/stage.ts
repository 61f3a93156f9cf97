import { createFairQueue } from './fair.ts';

/** A service with a fair queue in front of it. */
export type Stage<T> = {
  /** Queues an item; false where its flow and member have no room. */
  push(flow: string, member: string, item: T): boolean;
  /** Says that `mayServe` may have become true. */
  kick(): void;
  waiting(): number;
  /** Milliseconds until what waits now will have been served, from what was served lately. */
  delayMs(): number;
};

export type StageOptions<T> = {
  /** Serves a batch; never rejects. */
  readonly serve: (batch: readonly T[]) => Promise<void>;
  readonly batchMax: number;
  /**
   * Batches in service at once: enough that nobody idles, few enough that a turn comes soon. What
   * comes meanwhile makes the next batch larger.
   */
  readonly batchesMax: number;
  /** Items that may wait, see `fair.ts`. */
  readonly roomMax: number;
  /** False while what comes after this stage is full. */
  readonly mayServe: () => boolean;
};

const RATE_WINDOW_MS = 250;
const DELAY_MS_MIN = 20;
const DELAY_MS_MAX = 5000;

/** Served per millisecond, over windows of a quarter of a second. */
function createRate() {
  let since = performance.now();
  let count = 0;
  let rate = 1;
  return {
    add(served: number): void {
      count += served;
      const now = performance.now();
      if (now - since < RATE_WINDOW_MS) return;
      rate = count / (now - since);
      since = now;
      count = 0;
    },
    perMs: () => Math.max(rate, 0.01),
  };
}

/** Items that arrive in one turn of the event loop share a batch. */
export function createStage<T>(options: StageOptions<T>): Stage<T> {
  const { serve, batchMax, batchesMax, roomMax, mayServe } = options;
  const queue = createFairQueue<T>(roomMax);
  const rate = createRate();
  let inService = 0;
  let batches = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(run);
  }

  function run(): void {
    isScheduled = false;
    while (queue.size() > 0 && batches < batchesMax && mayServe()) {
      const batch = queue.take(batchMax);
      batches += 1;
      inService += batch.length;
      void serve(batch).then(() => {
        batches -= 1;
        inService -= batch.length;
        rate.add(batch.length);
        schedule();
      });
    }
  }

  return {
    push(flow, member, item) {
      const isIn = queue.push(flow, member, item);
      if (isIn) schedule();
      return isIn;
    },
    kick: schedule,
    waiting: () => queue.size() + inService,
    delayMs: () =>
      Math.round(Math.min(Math.max(queue.size() / rate.perMs(), DELAY_MS_MIN), DELAY_MS_MAX)),
  };
}
