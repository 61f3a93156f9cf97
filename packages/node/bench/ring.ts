/**
 * The road not taken: batches handed to a verifier thread through shared memory instead of
 * messages. Slots of one batch each; the thread sleeps on a counter and raises another one.
 */
import { Worker } from 'node:worker_threads';
import { packedOrderBytes } from '@holdfast/order';
import type { Signed } from '../src/verify/pool.ts';
import { VERDICT_BYTES, type VerifySetup } from '../src/verify/verify.ts';

export const SLOTS = 8;
export const BATCH = 64;

export type Shared = {
  /** Batches given, batches done, then the orders in each slot. */
  readonly counts: Int32Array;
  readonly packed: Uint8Array;
  readonly epochs: Uint32Array;
  readonly verdicts: Uint8Array;
};

function share(): Shared {
  const bytes = (length: number) => new SharedArrayBuffer(length);
  return {
    counts: new Int32Array(bytes(4 * (2 + SLOTS))),
    packed: new Uint8Array(bytes(SLOTS * BATCH * packedOrderBytes)),
    epochs: new Uint32Array(bytes(4 * SLOTS * BATCH)),
    verdicts: new Uint8Array(bytes(SLOTS * BATCH * VERDICT_BYTES)),
  };
}

type WaitAsync = (at: Int32Array, i: number, value: number) => { value: Promise<string> | string };
const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };

/** A verifier of one thread. Assumes: one call at a time, of no more than a ring's orders. */
export function createRing(setup: VerifySetup) {
  const shared = share();
  const { counts, packed, epochs, verdicts } = shared;
  const boot = new URL('./ring-boot.mjs', import.meta.url);
  const worker = new Worker(boot, { workerData: { setup, shared } });

  function put(slot: number, batch: readonly Signed[]): void {
    for (const [i, order] of batch.entries()) {
      packed.set(order.packed, (slot * BATCH + i) * packedOrderBytes);
      epochs[slot * BATCH + i] = order.epoch;
    }
    Atomics.store(counts, 2 + slot, batch.length);
    Atomics.add(counts, 0, 1);
    Atomics.notify(counts, 0);
  }

  return {
    /** Verdicts of the batches, in order, as long as nobody gives more. */
    async verify(batches: readonly (readonly Signed[])[]): Promise<Uint8Array> {
      const first = Atomics.load(counts, 0);
      const end = first + batches.length;
      for (const [i, batch] of batches.entries()) put((first + i) % SLOTS, batch);
      for (;;) {
        const done = Atomics.load(counts, 1);
        if (done >= end) return verdicts;
        await waitAsync(counts, 1, done).value;
      }
    },
    close: () => worker.terminate(),
  };
}
