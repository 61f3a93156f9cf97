/** Counts how many episodes of a rule's measures reach each of many levels. */
import type { Curve } from '../kit/budget.ts';

const step = 1.08;
const lowest = 1e-3;
const count = 220;

/** Levels that measures are counted at, ascending. */
export const grid: readonly number[] = Array.from({ length: count }, (_, k) => lowest * step ** k);

export interface Counter {
  /** A measure of a key at a time. */
  add(key: string, time: number, value: number): void;
  /** Data begin anew, at any other time. */
  cut(): void;
  curve(months: number, on: string): Curve;
}

/** Makes a counter. @param quietSeconds below a level for so long, and an episode is over */
export function createCounter(quietSeconds: number): Counter {
  const episodes = new Uint32Array(count);
  let seen = new Map<string, Float64Array>();
  return {
    add: (key, time, value) => {
      let last = seen.get(key);
      if (last === undefined) {
        last = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
        seen.set(key, last);
      }
      for (let k = 0; k < count && (grid[k] as number) <= value; k += 1) {
        if (time - (last[k] as number) > quietSeconds) episodes[k] = (episodes[k] as number) + 1;
        last[k] = time;
      }
    },
    cut: () => {
      seen = new Map();
    },
    curve: (months, on) => {
      if (episodes[0] === 0) return { months: rounded(months), on, levels: [[lowest, 0]] };
      const top = episodes.indexOf(0);
      // Below the level that most episodes reach they run into each other.
      const most = episodes.lastIndexOf(Math.max(...episodes));
      const levels = grid
        .slice(0, top + 1)
        .map((level, k) => [Number(level.toPrecision(6)), episodes[k] as number] as const)
        .slice(Math.max(0, most))
        .filter(([, n]) => n <= months * 30);
      return { months: rounded(months), on, levels: thinned(levels) };
    },
  };
}

const rounded = (months: number): number => Math.round(months * 1000) / 1000;

/** Of levels with the same number the lowest is enough. */
function thinned(levels: readonly (readonly [number, number])[]) {
  return levels.filter(([, n], k) => k === 0 || levels[k - 1]?.[1] !== n);
}
