import { Worker } from 'node:worker_threads';
import { packedOrderBytes, packOrderInto, type SignedOrder } from '@holdfast/order';
import { EnvironmentError, type Hex, toHex } from '@holdfast/units';
import {
  recoverFor,
  VERDICT_BYTES,
  type VerifyJob,
  type VerifySetup,
  verifyJob,
} from './verify.ts';
import type { VerifyDone } from './worker.ts';

export type VerifyPool = {
  /**
   * The signer of each order, undefined where nobody signed it. Assumes: compact signatures.
   * Rejects with `EnvironmentError` VerifierDied or VerifierStopped.
   */
  signers(orders: readonly SignedOrder[]): Promise<(Hex | undefined)[]>;
  waiting(): number;
  close(): Promise<void>;
};

type Pending = { resolve: (verdicts: Uint8Array) => void; reject: (error: Error) => void };
type Thread = { worker: Worker; pending: Map<number, Pending> };

function startThread(setup: VerifySetup, failed: (thread: Thread, error: Error) => void): Thread {
  const url = new URL('./worker-boot.mjs', import.meta.url);
  const worker = new Worker(url, { workerData: setup });
  const thread: Thread = { worker, pending: new Map() };
  worker.on('message', ({ id, verdicts }: VerifyDone) => {
    thread.pending.get(id)?.resolve(verdicts);
    thread.pending.delete(id);
  });
  worker.on('error', (error) => failed(thread, error));
  return thread;
}

function stopThread(thread: Thread, error: Error): void {
  for (const { reject } of thread.pending.values()) reject(error);
  thread.pending.clear();
}

function packJob(id: number, orders: readonly SignedOrder[]): VerifyJob {
  const packed = new Uint8Array(orders.length * packedOrderBytes);
  const epochs = new Uint32Array(orders.length);
  for (const [at, order] of orders.entries()) {
    packOrderInto(packed, at * packedOrderBytes, order);
    epochs[at] = order.epoch;
  }
  return { id, packed, epochs };
}

function readSigners(bytes: Uint8Array): (Hex | undefined)[] {
  const found: (Hex | undefined)[] = [];
  for (let at = 0; at < bytes.length; at += VERDICT_BYTES) {
    found.push(bytes[at] === 1 ? toHex(bytes.subarray(at + 1, at + VERDICT_BYTES)) : undefined);
  }
  return found;
}

function inlinePool(setup: VerifySetup): VerifyPool {
  const recover = recoverFor(setup);
  return {
    signers: async (orders) => readSigners(verifyJob(setup, recover, packJob(0, orders))),
    waiting: () => 0,
    close: async () => {},
  };
}

/**
 * Verifies order signatures on worker threads. A thread that dies fails the orders it held (their
 * senders may send again) and is replaced.
 *
 * @param options.threads - 0 verifies on the calling thread
 */
export function createVerifyPool(options: VerifySetup & { threads: number }): VerifyPool {
  const { threads, ...setup } = options;
  if (threads === 0) return inlinePool(setup);
  let closed = false;
  let last = 0;
  const running: Thread[] = [];

  function failed(thread: Thread, cause: Error): void {
    const text = `a signature verifier died: ${cause.message}`;
    stopThread(thread, new EnvironmentError('VerifierDied', text, { retry: true, cause }));
    const at = running.indexOf(thread);
    if (!closed && at >= 0) running[at] = startThread(setup, failed);
  }

  for (let i = 0; i < threads; i++) running.push(startThread(setup, failed));

  return {
    async signers(orders) {
      if (orders.length === 0) return [];
      const thread = running.reduce((a, b) => (b.pending.size < a.pending.size ? b : a));
      last += 1;
      const job = packJob(last, orders);
      const answer = new Promise<Uint8Array>((resolve, reject) => {
        thread.pending.set(job.id, { resolve, reject });
      });
      thread.worker.postMessage(job);
      return readSigners(await answer);
    },
    waiting: () => running.reduce((sum, thread) => sum + thread.pending.size, 0),
    async close() {
      closed = true;
      const error = new EnvironmentError('VerifierStopped', 'the verifier has stopped');
      for (const thread of running) stopThread(thread, error);
      await Promise.all(running.map((thread) => thread.worker.terminate()));
    },
  };
}
