/** What benches give, and how repeats of one thing become it. */

/** One measured figure: `value` in `unit`, e.g. 1_200_000 orders/s. */
export type Measure = {
  name: string;
  value: number;
  unit: string;
  note?: string;
  /** Lowest and highest of the repeats. */
  band?: readonly [number, number];
  /** What `value` is held against, measured in the same run, and value / reference. */
  reference?: string;
  ratio?: number;
};

/** The middle as the value, the extremes as the band. */
export function middle(name: string, unit: string, values: readonly number[]): Measure {
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
