import { setMaxListeners } from 'node:events';
import { sleep } from './clock.ts';
import { errorMessage } from './files.ts';
import type { Logger } from './logger.ts';

export type Closer = () => void | Promise<void>;

/** Ordered shutdown of one process or one test fixture. */
export interface Lifecycle {
  /** Aborts when shutdown begins; loops and sleeps listen to it. */
  readonly signal: AbortSignal;
  /** Adds a closer. Closers run one at a time, the last added first. */
  onShutdown(name: string, closer: Closer): void;
  /** Runs the closers once; later calls wait for the first. Never throws. */
  shutdown(reason: string): Promise<void>;
}

export interface LifecycleOptions {
  logger?: Logger | undefined;
  /** Longest time one closer may take, in wall ms. */
  closerMsMax?: number | undefined;
}

/** Makes a lifecycle that knows nothing of signals; `runProcess` adds those. */
export function createLifecycle(options: LifecycleOptions = {}): Lifecycle {
  const { logger, closerMsMax = 15_000 } = options;
  const closers: { name: string; closer: Closer }[] = [];
  const abort = new AbortController();
  // Every sleeping loop of the process listens; many are no leak.
  setMaxListeners(0, abort.signal);
  let running: Promise<void> | undefined;

  async function closeOne(name: string, closer: Closer): Promise<void> {
    const timeout = new AbortController();
    const late = sleep(closerMsMax, timeout.signal).then(() => {
      if (timeout.signal.aborted) return;
      logger?.error({ closer: name, closerMsMax }, 'closer took too long; going on');
    });
    try {
      await Promise.race([Promise.resolve().then(closer), late]);
    } catch (error) {
      logger?.error({ closer: name, error: errorMessage(error) }, 'closer failed; going on');
    } finally {
      timeout.abort();
    }
  }

  async function closeAll(reason: string): Promise<void> {
    logger?.info({ reason }, 'shutting down');
    abort.abort();
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) {
      await closeOne(next.name, next.closer);
    }
  }

  return {
    signal: abort.signal,
    onShutdown: (name, closer) => {
      closers.push({ name, closer });
    },
    shutdown: (reason) => {
      running ??= closeAll(reason);
      return running;
    },
  };
}

/**
 * Calls `gone` once when the process that started this one is no more: its IPC channel closed, or
 * this process was handed to another parent. Returns a function that stops watching.
 */
export function watchParent(gone: (why: string) => void, everyMs = 500): () => void {
  const parent = process.ppid;
  let fired = false;
  const fire = (why: string): void => {
    if (fired) return;
    fired = true;
    stop();
    gone(why);
  };
  const onDisconnect = (): void => fire('the channel to the parent process closed');
  const timer = setInterval(() => {
    if (process.ppid !== parent) fire('the parent process ended');
  }, everyMs);
  timer.unref();
  process.once('disconnect', onDisconnect);
  // A parent may die while this process still loads its code: then nothing more happens.
  if (process.send !== undefined && !process.connected) setImmediate(onDisconnect);
  function stop(): void {
    clearInterval(timer);
    process.removeListener('disconnect', onDisconnect);
  }
  return stop;
}
