/** Repeated measures of one thing, as the table of `npm run bench` takes them. */
import { cpuUsage } from 'node:process';

export type Measure = {
  name: string;
  value: number;
  unit: string;
  note?: string;
  /** Lowest and highest of the repeats. */
  band?: readonly [number, number];
  /** What `value` is held against, and value / reference. */
  reference?: string;
  ratio?: number;
};

/** CPU time of all threads of this process during `run`, µs. */
export async function cpuMicros(run: () => void | Promise<void>): Promise<number> {
  const begun = cpuUsage();
  await run();
  const { user, system } = cpuUsage(begun);
  return user + system;
}

/** The median as the value, the extremes as the band. */
export function measure(name: string, unit: string, values: readonly number[]): Measure {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.floor(sorted.length / 2)] as number;
  return { name, value, unit, band: [sorted[0] as number, sorted.at(-1) as number] };
}

/** Holds one measure against another of the same run. */
export const against = (row: Measure, reference: Measure): Measure => ({
  ...row,
  reference: reference.name,
  ratio: row.value / reference.value,
});
