import { Worker } from 'node:worker_threads';
import { packedOrderBytes } from '@holdfast/order';
import { EnvironmentError, type Hex, toHex } from '@holdfast/units';
import { createVerifier, VERDICT_BYTES, type VerifyJob, type VerifySetup } from './verify.ts';
import type { VerifyDone } from './worker.ts';

/** An order of 90 packed bytes with a compact signature, and the epoch that it was signed for. */
export type Signed = { readonly packed: Uint8Array; readonly epoch: number };

export type VerifyPool = {
  /**
   * The signer of each order, undefined where nobody signed it. Assumes: compact signatures.
   * One call is one message to one thread: give it what one tick brings, in a batch.
   * Rejects with `EnvironmentError` VerifierDied or VerifierStopped.
   */
  signers(orders: readonly Signed[]): Promise<(Hex | undefined)[]>;
  readonly threads: number;
  waiting(): number;
  close(): Promise<void>;
};

type Pending = { resolve: (verdicts: Uint8Array) => void; reject: (error: Error) => void };
type Thread = { worker: Worker; pending: Map<number, Pending> };

type Failed = (thread: Thread, error: Error) => void;

function startThread(boot: URL, setup: VerifySetup, failed: Failed): Thread {
  const worker = new Worker(boot, { workerData: setup });
  const thread: Thread = { worker, pending: new Map() };
  worker.on('message', ({ id, verdicts }: VerifyDone) => {
    thread.pending.get(id)?.resolve(verdicts);
    thread.pending.delete(id);
  });
  worker.on('error', (error) => failed(thread, error));
  // A thread that ends without an error would otherwise keep its orders for ever.
  worker.on('exit', (code) => failed(thread, new Error(`it ended with code ${code}`)));
  return thread;
}

/**
 * Lets a thread end by itself, after the job that it is at. Ending it from outside in the middle of
 * a call of the addon aborts the whole process.
 */
function endThread({ worker }: Thread): Promise<void> {
  // One that has ended has no number.
  if (worker.threadId === -1) return Promise.resolve();
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    worker.postMessage('end');
  });
}

function stopThread(thread: Thread, error: Error): void {
  for (const { reject } of thread.pending.values()) reject(error);
  thread.pending.clear();
}

function packJob(id: number, orders: readonly Signed[]): VerifyJob {
  const packed = new Uint8Array(orders.length * packedOrderBytes);
  const epochs = new Uint32Array(orders.length);
  for (const [at, order] of orders.entries()) {
    packed.set(order.packed, at * packedOrderBytes);
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
  const verify = createVerifier(setup);
  return {
    threads: 0,
    signers: async (orders) => readSigners(verify(packJob(0, orders))),
    waiting: () => 0,
    close: async () => {},
  };
}

export type PoolOptions = {
  /** 0 verifies on the calling thread. */
  readonly threads: number;
  /** The script of a thread: another one in tests that let it die. */
  readonly boot?: URL;
};

/** By its package's name: the place of this module is another one in a bundle. */
const workerBoot = new URL(import.meta.resolve('@holdfast/node/verify-worker'));

/**
 * Verifies order signatures on worker threads. A thread that dies fails the orders it held (their
 * senders may send again) and is replaced.
 */
export function createVerifyPool(options: VerifySetup & PoolOptions): VerifyPool {
  const { threads, boot = workerBoot, ...setup } = options;
  if (threads === 0) return inlinePool(setup);
  let closed = false;
  let last = 0;
  const running: Thread[] = [];

  function failed(thread: Thread, cause: Error): void {
    const text = `a signature verifier died: ${cause.message}`;
    stopThread(thread, new EnvironmentError('VerifierDied', text, { retry: true, cause }));
    const at = running.indexOf(thread);
    if (!closed && at >= 0) running[at] = startThread(boot, setup, failed);
  }

  for (let i = 0; i < threads; i++) running.push(startThread(boot, setup, failed));

  return {
    threads,
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
      await Promise.all(running.map(endThread));
    },
  };
}
