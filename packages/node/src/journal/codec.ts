/**
 * Commands as journal text: JSON in which a bigint is `{"$n":"123"}`, bytes are `{"$x":"0a"}` and a
 * Map is `{"$m":[[k,v]]}`. Readable with any JSON tool, exact for every integer.
 */

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function pack(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (value instanceof Uint8Array) return { $x: toHex(value) };
  if (value instanceof Map) return { $m: [...value] };
  return value;
}

function unpack(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$n' in value) return BigInt(String(value.$n));
  if ('$x' in value) return new Uint8Array(Buffer.from(String(value.$x), 'hex'));
  if ('$m' in value) return new Map(value.$m as [unknown, unknown][]);
  return value;
}

/** One value as journal text. `Buffer` keeps its bytes but comes back as a plain `Uint8Array`. */
export function encodeValue(value: unknown): string {
  // Buffer has a toJSON of its own that would run before the replacer sees the bytes.
  return JSON.stringify(value, function (this: Record<string, unknown>, key, item) {
    const raw = key === '' ? item : this[key];
    return pack(key, raw instanceof Uint8Array ? raw : item);
  });
}

/** The inverse of {@link encodeValue}. Throws SyntaxError on text that is not JSON. */
export function decodeValue(text: string): unknown {
  return JSON.parse(text, unpack);
}
