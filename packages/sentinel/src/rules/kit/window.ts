/** Sums over a sliding time, in buckets; every function returns a new value and changes none. */

/** Buckets of `width` seconds, those of the last `span` seconds, oldest first. */
export interface Buckets<T extends number | bigint> {
  readonly span: number;
  readonly width: number;
  readonly rows: readonly (readonly [bucket: number, sum: T])[];
}

/** An empty window. @param width seconds of a bucket; the window errs long by less than one */
export function buckets<T extends number | bigint>(span: number, width: number): Buckets<T> {
  return { span, width, rows: [] };
}

/** The window at `time` with `value` added in its bucket. */
export function put<T extends number | bigint>(
  window: Buckets<T>,
  time: number,
  value: T,
): Buckets<T> {
  const bucket = Math.floor(time / window.width);
  const first = Math.floor((time - window.span) / window.width);
  const rows = window.rows.filter(([at]) => at >= first);
  const last = rows[rows.length - 1];
  if (last !== undefined && last[0] === bucket) {
    rows[rows.length - 1] = [bucket, ((last[1] as number) + (value as number)) as T];
  } else rows.push([bucket, value]);
  return { ...window, rows };
}

/** Σ of what lies in the window at `time`. @param zero 0 or 0n, as the window has it */
export function sum<T extends number | bigint>(window: Buckets<T>, time: number, zero: T): T {
  const first = Math.floor((time - window.span) / window.width);
  let total = zero;
  for (const [at, value] of window.rows) {
    if (at >= first) total = ((total as number) + (value as number)) as T;
  }
  return total;
}

/** A copy of a map with one entry set, or taken out when the value is undefined. */
export function set<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): Map<K, V> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** Mean and variance that forget: weights halve every `halfLife` steps or seconds. */
export interface Moments {
  readonly weight: number;
  readonly mean: number;
  readonly variance: number;
}

/** Nothing seen yet. */
export const noMoments: Moments = { weight: 0, mean: 0, variance: 0 };

/** With one more value. @param keep weight that the past keeps, 0..1 */
export function observe(moments: Moments, value: number, keep: number): Moments {
  const weight = moments.weight * keep + 1;
  const part = 1 / weight;
  const step = value - moments.mean;
  return {
    weight,
    mean: moments.mean + step * part,
    variance: (1 - part) * (moments.variance + part * step * step),
  };
}

/** How many deviations a value lies from the mean; 0 before `weightMin` values were seen. */
export function deviations(
  moments: Moments,
  value: number,
  floor: number,
  weightMin: number,
): number {
  if (moments.weight < weightMin) return 0;
  return (value - moments.mean) / Math.max(Math.sqrt(moments.variance), floor);
}
