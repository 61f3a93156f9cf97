import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { errorMessage } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { parse } from 'csv-parse/sync';

/** One bar; prices in 10^-8, times in Unix seconds. */
export interface Bar {
  ts: number;
  open: number;
  high: number;
  low: number;
  close: number;
}

/** Bars of one symbol, ascending in time, all of one length. */
export interface BarSeries {
  symbol: string;
  barSeconds: number;
  bars: Bar[];
}

const required = ['ts', 'open', 'high', 'low', 'close'] as const;

function fail(code: string, message: string, cause?: unknown): never {
  throw new EnvironmentError(code, message, { retry: false, cause });
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    return fail('ReplayUnreadable', `replay file ${path}: ${errorMessage(error)}`, error);
  }
}

const decimal = /^(\d{1,9})(?:\.(\d+))?$/;

/** Decimal text to whole 10^-8; digits beyond the eighth are dropped. */
function price8(text: string | undefined): number | undefined {
  const match = decimal.exec(text ?? '');
  if (match === null) return undefined;
  const value = Number((match[1] ?? '') + (match[2] ?? '').slice(0, 8).padEnd(8, '0'));
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

interface Row {
  record: Record<string, string>;
  info: { lines: number };
}

function rows(path: string): Row[] {
  try {
    return parse(readText(path), {
      columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
      info: true,
      bom: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as Row[];
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    return fail('ReplayMalformed', `replay file ${path}: ${errorMessage(error)}`, error);
  }
}

function toBar(record: Record<string, string>, where: string): Bar {
  const ts = Number(record.ts);
  if (!/^\d{9,11}$/.test(record.ts ?? '')) {
    fail('ReplayMalformed', `${where}: ts "${record.ts}" is not a Unix time in seconds`);
  }
  const bar: Bar = { ts, open: 0, high: 0, low: 0, close: 0 };
  for (const field of ['open', 'high', 'low', 'close'] as const) {
    const value = price8(record[field]);
    if (value === undefined) {
      fail('ReplayMalformed', `${where}: ${field} "${record[field]}" is not a positive price`);
    }
    bar[field] = value;
  }
  const { open, high, low, close } = bar;
  if (low > Math.min(open, close) || high < Math.max(open, close)) {
    fail('ReplayMalformed', `${where}: low..high does not hold open and close`);
  }
  return bar;
}

/** 'BTCUSDT_1h.csv.gz' → 'BTCUSDT'; undefined for files that hold no trade prices. */
function symbolOfFile(path: string): string | undefined {
  const name = basename(path).replace(/\.csv(\.gz)?$/i, '');
  if (/_(mark|funding|index)(_|$)/i.test(name)) return undefined;
  return name.split(/[_.]/)[0]?.toUpperCase();
}

/** A recorded symbol as the venue's: BTCUSDT, BTC-USDT, BTC/USD → BTC-USD. */
export function venueSymbol(recorded: string): string {
  const match = /^([A-Z0-9]+?)[-_/]?(USDT|USDC|USD)$/.exec(recorded.toUpperCase());
  return match === null ? recorded.toUpperCase() : `${match[1]}-USD`;
}

function barLength(bars: readonly Bar[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < bars.length; i += 1) {
    const gap = (bars[i] as Bar).ts - (bars[i - 1] as Bar).ts;
    if (gap < shortest) shortest = gap;
  }
  return Number.isFinite(shortest) ? shortest : 60;
}

/**
 * Reads a CSV (or .csv.gz) of bars: columns ts, open, high, low, close, and optionally a first
 * column `symbol` (a panel). Without that column the file's name begins with the symbol.
 *
 * @throws EnvironmentError ReplayUnreadable, or ReplayMalformed with the line number
 */
export function readBarFile(path: string): BarSeries[] {
  const found = new Map<string, Bar[]>();
  const fileSymbol = symbolOfFile(path) ?? '';
  let first = true;
  for (const { record, info } of rows(path)) {
    const where = `${path} line ${info.lines}`;
    if (first) {
      const missing = required.filter((name) => record[name] === undefined);
      if (missing.length > 0) {
        fail('ReplayMalformed', `${path} line 1: no column ${missing.join(', ')}`);
      }
      first = false;
    }
    const symbol = venueSymbol(record.symbol ?? fileSymbol);
    const bar = toBar(record, where);
    let bars = found.get(symbol);
    if (bars === undefined) {
      bars = [];
      found.set(symbol, bars);
    }
    const last = bars.at(-1);
    if (last !== undefined && bar.ts <= last.ts) {
      fail('ReplayMalformed', `${where}: ts ${bar.ts} does not come after ${last.ts}`);
    }
    bars.push(bar);
  }
  if (first) fail('ReplayMalformed', `${path} holds no bars`);
  return [...found].map(([symbol, bars]) => ({ symbol, bars, barSeconds: barLength(bars) }));
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) fail('ReplayMissing', `replay path ${path} does not exist`);
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /\.csv(\.gz)?$/i.test(name));
  return names.sort().map((name) => join(path, name));
}

/**
 * Reads a file or a folder and keeps the series of the wanted symbols; of two series for one
 * symbol the one with the shorter bars.
 *
 * @param wanted venue symbols such as BTC-USD
 * @throws EnvironmentError ReplayMissing, ReplayUnreadable, ReplayMalformed, ReplayEmpty
 */
export function readBars(path: string, wanted: readonly string[]): Map<string, BarSeries> {
  const chosen = new Map<string, BarSeries>();
  const folder = existsSync(path) && statSync(path).isDirectory();
  for (const file of filesOf(path)) {
    const symbol = symbolOfFile(file);
    if (symbol === undefined) continue;
    // A panel's name carries no symbol, so only a name that is another market's is skipped.
    const named = venueSymbol(symbol);
    if (folder && named.endsWith('-USD') && !wanted.includes(named)) continue;
    for (const series of readBarFile(file)) {
      const present = chosen.get(series.symbol);
      const better = present === undefined || series.barSeconds < present.barSeconds;
      if (wanted.includes(series.symbol) && better) chosen.set(series.symbol, series);
    }
  }
  if (chosen.size === 0) {
    fail('ReplayEmpty', `${path} holds no bars of ${wanted.join(', ')}`);
  }
  return chosen;
}

/** The time that all series cover: from the latest first bar to the earliest end. */
export function commonSpan(series: Iterable<BarSeries>): { from: number; to: number } {
  let from = 0;
  let to = Number.POSITIVE_INFINITY;
  for (const { bars, barSeconds } of series) {
    from = Math.max(from, bars[0]?.ts ?? 0);
    to = Math.min(to, (bars.at(-1)?.ts ?? 0) + barSeconds);
  }
  if (from >= to) fail('ReplayEmpty', 'the recorded markets have no time in common');
  return { from, to };
}
