/** Recorded markets as blocks: bars become reports, and a crowd may trade on them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { EnvironmentError } from '@holdfast/units';
import { parse } from 'csv-parse/sync';
import type { BlockView } from '../../rule.ts';
import { type Crowd, gather, live } from '../tape/crowd.ts';
import { createTape, type Quote, type Tape } from '../tape/venue.ts';

export interface Bar {
  readonly ts: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Rows of a gzipped table. @throws EnvironmentError FileMissing */
export function rowsOf(path: string): Record<string, string>[] {
  if (!existsSync(path)) {
    throw new EnvironmentError('FileMissing', `recorded data ${path} is not there`);
  }
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  return parse(text, { columns: true, skip_empty_lines: true }) as Record<string, string>[];
}

const barOf = (row: Record<string, string>): Bar => ({
  ts: Number(row.ts),
  open: Number(row.open),
  high: Number(row.high),
  low: Number(row.low),
  close: Number(row.close),
});

/** Bars of several files, those times alone that all have. */
export function barsOf(paths: readonly string[]): { ts: number; bars: Bar[] }[] {
  const series = paths.map(
    (path) => new Map(rowsOf(path).map((row) => [Number(row.ts), barOf(row)])),
  );
  return aligned(series);
}

function aligned(series: readonly ReadonlyMap<number, Bar>[]): { ts: number; bars: Bar[] }[] {
  const times = [...(series[0]?.keys() ?? [])].sort((a, b) => a - b);
  return times.flatMap((ts) => {
    const bars = series.map((each) => each.get(ts));
    return bars.every((bar) => bar !== undefined) ? [{ ts, bars: bars as Bar[] }] : [];
  });
}

/** Bars of a panel of one crash, by the symbols wanted. */
export function panelOf(path: string, symbols: readonly string[]): { ts: number; bars: Bar[] }[] {
  const rows = rowsOf(path);
  return aligned(
    symbols.map((symbol) => {
      const own = rows.filter((row) => row.symbol === symbol);
      return new Map(own.map((row) => [Number(row.ts), barOf(row)]));
    }),
  );
}

/** Path of a bar: open, first extreme, second extreme, close. */
const pathOf = ({ open, high, low, close }: Bar): readonly number[] =>
  close >= open ? [open, low, high, close] : [open, high, low, close];

/** Price at a part of a bar, 0..1. */
function priceAt(bar: Bar, part: number): number {
  const path = pathOf(bar);
  const at = Math.min(part, 0.9999) * 3;
  const leg = Math.floor(at);
  const [from, to] = [path[leg] as number, path[leg + 1] as number];
  return from + (to - from) * (at - leg);
}

/** Ticks of a first price of 500,000. */
const scaleOf = (bars: readonly Bar[]): number[] => bars.map(({ open }) => 500_000 / open);

/** Reports alone, four a bar. */
export function* reports(
  all: readonly { ts: number; bars: Bar[] }[],
  barSeconds: number,
): Generator<BlockView> {
  const first = all[0];
  if (first === undefined) return;
  const scale = scaleOf(first.bars);
  const markets = first.bars.map(() => ({ price: 500_000, insurance: 100_000 }));
  const tape = createTape({ markets, start: first.ts });
  for (const { ts, bars } of all) {
    for (let k = 0; k < 4; k += 1) {
      const time = ts + (barSeconds * k) / 4;
      const prices = bars.map((bar, id) => (pathOf(bar)[k] as number) * (scale[id] as number));
      const quotes = new Map<number, Quote>(prices.map((price, id) => [id, { price }]));
      if (time > tape.now()) tape.block(time - tape.now());
      tape.report(quotes);
      yield tape.block(barSeconds / 8);
    }
  }
}

/**
 * A crowd on recorded bars: calm bars in one step, wild ones in steps of thirty seconds, crashes in
 * steps of two.
 */
export function* crowded(
  all: readonly { ts: number; bars: Bar[] }[],
  barSeconds: number,
  seed: string,
): Generator<BlockView> {
  const first = all[0];
  if (first === undefined) return;
  const scale = scaleOf(first.bars);
  const markets = first.bars.map(() => ({ price: 500_000, insurance: 100_000 }));
  const tape = createTape({ markets, start: first.ts, seed });
  const crowd = gather(tape, 50);
  yield* live(tape, crowd, { blocks: 5, seconds: 2, noise: 0 });
  for (const { ts, bars } of all) {
    const isWild = bars.some(({ high, low }) => high / low > 1.02);
    const isCrash = bars.some(({ high, low }) => high / low > 1.15);
    const steps = isWild ? Math.floor(barSeconds / (isCrash ? 2 : 30)) : 1;
    for (let k = 0; k < steps; k += 1) {
      const part = steps === 1 ? 0.9999 : k / steps;
      for (const [id, bar] of bars.entries()) {
        crowd.prices.set(id, priceAt(bar, part) * (scale[id] as number));
      }
      yield* stepTo(tape, crowd, ts + Math.floor((barSeconds * k) / steps), isWild);
    }
    refill(tape, crowd);
  }
}

function* stepTo(tape: Tape, crowd: Crowd, time: number, isWild: boolean): Generator<BlockView> {
  if (time > tape.now()) yield tape.block(time - tape.now());
  const scene = { blocks: 1, seconds: 1, noise: 0.00003, trading: isWild ? 0.7 : 0.5, leverage: 6 };
  yield* live(tape, crowd, scene);
}

/** Who lost everything is followed by somebody else. */
function refill(tape: Tape, crowd: Crowd): void {
  const accounts = tape.state().accounts;
  crowd.takers.forEach((taker, at) => {
    const row = accounts.get(taker);
    if (row === undefined || row.positions.size > 0 || row.cashQ32 >> 32n > 1_000_000_000n) return;
    if (tape.random.next() < 0.02) crowd.takers[at] = tape.join(5_000 + tape.random.below(20_000));
  });
}

/** Funding of recorded perpetuals, as reports of an hour each. */
export function* funding(folder: string, symbols: readonly string[]): Generator<BlockView> {
  const series = symbols.map(
    (symbol) =>
      new Map(
        rowsOf(join(folder, `${symbol}_funding_8h.csv.gz`)).map((row) => [
          Number(row.ts),
          Number(row.funding_rate),
        ]),
      ),
  );
  const times = [...(series[0]?.keys() ?? [])].sort((a, b) => a - b);
  const tape = createTape({ start: times[0] ?? 0 });
  for (const ts of times) {
    for (let hour = 0; hour < 8; hour += 1) {
      const time = ts + hour * 3600;
      if (time > tape.now()) tape.block(time - tape.now());
      const quotes = new Map<number, Quote>();
      series.forEach((rates, id) => {
        const rate = rates.get(ts);
        if (rate !== undefined) quotes.set(id, { price: 300_000, rate: Math.round(rate * 3e6) });
      });
      tape.report(quotes);
      yield tape.block(1);
    }
  }
}
