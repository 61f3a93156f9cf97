/** Numbers from a seed, for tapes alone: the same on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Whole, in [0, n). */
  below(n: number): number;
  /** Normal with mean 0 and deviation 1, about. */
  normal(): number;
}

/** A generator from a text (mulberry32 over its FNV-1a hash). */
export function randomOf(seed: string): Random {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) as number), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (n) => Math.floor(next() * n),
    normal: () => {
      let total = 0;
      for (let i = 0; i < 12; i += 1) total += next();
      return total - 6;
    },
  };
}
