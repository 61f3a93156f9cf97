/** JSON that keeps bigint: `{"$n":"123"}`. Keys keep their order, so equal values, equal text. */

/** JSON text of a value whose bigints become `{"$n":"…"}`. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? { $n: inner.toString() } : inner,
  );
}

/** The value of {@link stringifyExact}'s text. @throws SyntaxError if the text is not JSON */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    const { $n: digits } = inner as { $n?: unknown };
    const whole = typeof digits === 'string' && /^-?\d+$/.test(digits);
    return whole && Object.keys(inner).length === 1 ? BigInt(digits) : inner;
  });
}

/** JSON text for people and other programs: bigints become decimal strings. One way only. */
export function stringifyPlain(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner),
    indent,
  );
}
