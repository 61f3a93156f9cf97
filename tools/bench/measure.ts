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
