import { sleep } from '@holdfast/host';

/** Bounds a rate: tokens flow in at a steady pace, a caller waits until there are enough. */
export interface Bucket {
  /** Takes `count` tokens, waiting for its turn; false when the signal aborted meanwhile. */
  take(count: number, signal: AbortSignal): Promise<boolean>;
}

/**
 * @param perSecond tokens per wall second
 * @param wallNow source of wall time in ms; tests pass their own
 */
export function createBucket(perSecond: number, wallNow: () => number = Date.now): Bucket {
  const msPerToken = 1000 / perSecond;
  let free = wallNow();
  return {
    async take(count, signal) {
      const now = wallNow();
      // At most one second of unused tokens is kept.
      const start = Math.max(free, now - 1000);
      free = start + count * msPerToken;
      if (start > now) await sleep(start - now, signal);
      return !signal.aborted;
    },
  };
}
