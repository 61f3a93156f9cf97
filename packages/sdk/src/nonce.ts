/** A one-time number that nobody has used: 48 random bits. */
export function randomNonce(): number {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
