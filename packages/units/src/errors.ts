/**
 * The three kinds of failure. A rejection is a value, an environment error is worth a retry or an
 * operator, an assertion is a defect in this program and halts it.
 */

/** A lawful "no": the same `code` as the contracts' custom error where both exist. */
export type Rejection = {
  readonly code: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, string | number>>;
};

/**
 * Makes a rejection.
 *
 * @param code - name of the rule, equal to the custom error of the contracts where one exists
 * @param message - one sentence for a human: what was found, what is required, how to cure it
 * @param data - the values in the message, for machines; bigint as a decimal string
 */
export function reject(
  code: string,
  message: string,
  data?: Readonly<Record<string, string | number>>,
): Rejection {
  return data === undefined ? { code, message } : { code, message, data };
}

/** Whether an unknown value has the shape of a {@link Rejection}. */
export function isRejection(value: unknown): value is Rejection {
  if (typeof value !== 'object' || value === null || value instanceof Error) return false;
  const candidate = value as { code?: unknown; message?: unknown };
  return typeof candidate.code === 'string' && typeof candidate.message === 'string';
}

/** The world outside failed: network, disk, chain, clock, configuration. Never a defect of ours. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code: string;
  /** True if the same call may succeed later without anybody changing anything. */
  readonly retry: boolean;

  constructor(code: string, message: string, options: { retry?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? false;
  }
}

/** A defect in this program. Nobody catches it but the process boundary, which halts. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * Holds in production too.
 *
 * @throws AssertionError if `condition` is false
 */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
