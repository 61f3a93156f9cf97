/** Recorded panels of prices, as steps for the markets of a cascade. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { marketsCount } from './cascade.ts';

/** A bar of a recorded panel. */
type Bar = { symbol: string; time: number; open: number; low: number; close: number };

/** Steps of prices, in parts of the first, for ten markets: the lows and closes of a panel. */
export function recordedSteps(path: string, from: number, bars: number): number[][] {
  const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n').slice(1);
  const rows: Bar[] = lines.map((line) => {
    const [symbol = '', time, open, , low, close] = line.split(',');
    const [t, o, l, k] = [time, open, low, close].map(Number);
    return { symbol, time: t ?? 0, open: o ?? 0, low: l ?? 0, close: k ?? 0 };
  });
  const symbols = [...new Set(rows.map(({ symbol }) => symbol))].slice(0, marketsCount);
  const steps: number[][] = [];
  for (let i = 0; i < bars; i += 1) {
    const at = symbols.map((symbol) => {
      const series = rows.filter((row) => row.symbol === symbol);
      const first = series.find(({ time }) => time >= from);
      const bar = series.find(({ time }) => time >= from + i * 1_800) ?? first;
      const start = first?.open ?? 1;
      return { low: (bar?.low ?? start) / start, close: (bar?.close ?? start) / start };
    });
    // Panels of fewer symbols repeat them.
    const ten = Array.from({ length: marketsCount }, (_, m) => at[m % at.length]);
    steps.push(ten.map((each) => each?.low ?? 1));
    steps.push(ten.map((each) => each?.close ?? 1));
  }
  return steps;
}
