/** What work costs, and another checkout of the core to hold it against in the same run. */
import { join, resolve } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { cpuUsage } from 'node:process';
import { pathToFileURL } from 'node:url';

export type Cost = {
  /** CPU time of all threads, µs: the collector's are among them. */
  readonly cpuMicros: number;
  /** Time for which the collector stopped the main thread, ms. */
  readonly gcMs: number;
  readonly collections: number;
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs `work` and says what it cost. */
export async function costOf(work: () => void): Promise<Cost> {
  let gcMs = 0;
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gcMs += duration;
      collections += 1;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  await turn();
  const begun = cpuUsage();
  work();
  const { user, system } = cpuUsage(begun);
  // Collections are told in a later turn of the event loop.
  await turn();
  await turn();
  observer.disconnect();
  return { cpuMicros: user + system, gcMs, collections };
}

/**
 * A module of the core at another commit: `HOLDFAST_BENCH_BEFORE` names a checkout that has its
 * node_modules. Undefined without it.
 */
export async function before<T>(file: string): Promise<T | undefined> {
  const checkout = process.env.HOLDFAST_BENCH_BEFORE;
  if (checkout === undefined) return undefined;
  const path = join(resolve(checkout), 'packages', 'core', 'src', file);
  return (await import(pathToFileURL(path).href)) as T;
}
