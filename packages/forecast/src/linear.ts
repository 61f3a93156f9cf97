/** Ordinary least squares by normal equations, and quantiles: all the algebra that is needed. */
import { invariant } from '@holdfast/units';

/** Sums of a regression, to which rows are added one by one. */
export interface Normal {
  readonly size: number;
  readonly rows: () => number;
  /** @param x as many regressors as the size; NaN anywhere leaves the row out */
  add(x: ArrayLike<number>, y: number): void;
  /**
   * The coefficients, the constant first.
   *
   * @returns undefined when the rows do not determine them
   */
  solve(): number[] | undefined;
}

/** An empty regression on `size` regressors and a constant. */
export function createNormal(size: number): Normal {
  const width = size + 1;
  const sums = new Float64Array(width * width);
  const targets = new Float64Array(width);
  let rows = 0;
  return {
    size,
    rows: () => rows,
    add(x, y) {
      invariant(x.length === size, `a row of ${x.length}, not of ${size} regressors`);
      if (Number.isNaN(y) || Array.prototype.some.call(x, Number.isNaN)) return;
      const at = (i: number): number => (i === 0 ? 1 : (x[i - 1] as number));
      for (let i = 0; i < width; i += 1) {
        targets[i]! += at(i) * y;
        for (let j = 0; j <= i; j += 1) sums[i * width + j]! += at(i) * at(j);
      }
      rows += 1;
    },
    solve: () => (rows <= width ? undefined : solveSymmetric(sums, targets)),
  };
}

/**
 * Solves A·x = b by Cholesky's decomposition.
 *
 * @param a lower half of a symmetric matrix, row by row
 * @returns undefined when it is not positive definite
 */
export function solveSymmetric(a: Float64Array, b: Float64Array): number[] | undefined {
  const n = b.length;
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k += 1) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = sum / lower[j * n + j]!;
      else if (sum > 1e-12 * a[i * n + i]!) lower[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = 0; i < n; i += 1) {
    let sum = b[i]!;
    for (let k = 0; k < i; k += 1) sum -= lower[i * n + k]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k += 1) sum -= lower[k * n + i]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  return x;
}

/** Σ coefficient · regressor, with the constant first. */
export function predict(coefficients: readonly number[], x: ArrayLike<number>): number {
  let sum = coefficients[0]!;
  for (let i = 0; i < x.length; i += 1) sum += coefficients[i + 1]! * x[i]!;
  return sum;
}

/**
 * The smallest of the values that at least this part of them does not exceed.
 *
 * @param part from 0 to 1
 * @returns NaN of no values
 */
export function quantile(values: ArrayLike<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1));
  return sorted[at]!;
}
