/** What work costs, and another checkout of the core to hold it against in the same run. */
import { join, resolve } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { cpuUsage } from 'node:process';
import { pathToFileURL } from 'node:url';

export type Measure = {
  name: string;
  value: number;
  unit: string;
  note?: string;
  band?: readonly [number, number];
  reference?: string;
  ratio?: number;
};

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

/** The middle as the value, the extremes as the band. */
export function middle(name: string, unit: string, values: readonly number[]): Measure {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.floor(sorted.length / 2)] as number;
  return { name, value, unit, band: [sorted[0] as number, sorted.at(-1) as number] };
}

export const against = (row: Measure, reference: Measure): Measure => ({
  ...row,
  reference: reference.name,
  ratio: row.value / reference.value,
});

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
