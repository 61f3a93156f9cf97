/**
 * Randomness as a function of (seed, position): nothing is stored, so that any process at any time
 * computes the same walk. 32-bit mixing by the finaliser of MurmurHash3.
 */

function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A 32-bit seed of a text (FNV-1a, mixed). */
export function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return mix(h);
}

/** A uniform number in (0, 1) of a seed and two whole coordinates. */
export function uniform(seed: number, x: number, y = 0): number {
  const high = Math.floor(x / 2 ** 32);
  const word = mix(mix(mix(seed ^ (x | 0)) + high) ^ mix(y + 0x9e3779b9));
  return (word + 0.5) / 2 ** 32;
}

/** A standard normal number of a seed and two whole coordinates (Box and Muller). */
export function gaussian(seed: number, x: number, y = 0): number {
  const radius = Math.sqrt(-2 * Math.log(uniform(seed, x, 2 * y)));
  return radius * Math.cos(2 * Math.PI * uniform(seed, x, 2 * y + 1));
}

/** Noise with knots every `period` seconds, straight between them, unit variance at the knots. */
export function smoothNoise(seed: number, time: number, period: number, octave = 0): number {
  const knot = Math.floor(time / period);
  const part = time / period - knot;
  return gaussian(seed, knot, octave) * (1 - part) + gaussian(seed, knot + 1, octave) * part;
}
