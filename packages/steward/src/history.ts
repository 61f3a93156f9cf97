/** Recorded bars from files: what a model learns from before the venue has a past of its own. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Bar } from '@holdfast/forecast';
import { EnvironmentError } from '@holdfast/units';
import { parse } from 'csv-parse/sync';

const columns = ['ts', 'high', 'low', 'close'] as const;

function malformed(path: string, why: string): never {
  throw new EnvironmentError('FileMalformed', `${path}: ${why}`, { retry: false });
}

/** Hourly files of a folder, or of its folder `hourly`: by symbol. */
function filesOf(folder: string): Map<string, string> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new EnvironmentError('FileMissing', `no folder ${folder}`, { retry: false });
  }
  const inner = join(folder, 'hourly');
  const from = existsSync(inner) ? inner : folder;
  const files = new Map<string, string>();
  for (const name of readdirSync(from).sort()) {
    const found = /^([A-Z0-9]+)(?:-USD|USDT?)?_1h\.csv(?:\.gz)?$/.exec(name);
    if (found?.[1] !== undefined) files.set(found[1].replace(/USDT?$/, ''), join(from, name));
  }
  if (files.size === 0) {
    const wanted = 'SYMBOLUSDT_1h.csv or .csv.gz with the columns ts,high,low,close';
    throw new EnvironmentError('FileMissing', `${from} has no ${wanted}`, { retry: false });
  }
  return files;
}

/**
 * Reads one file: CSV with a header that names at least `ts` (opening time of the bar, Unix
 * seconds, whole hours), `high`, `low` and `close`; more columns are left alone. Gzip'd or not.
 *
 * @throws EnvironmentError FileMalformed naming the line
 */
export function readHours(path: string): Bar[] {
  const raw = readFileSync(path);
  const text = path.endsWith('.gz') ? gunzipSync(raw) : raw;
  const rows = parse(text, { columns: false, skip_empty_lines: true }) as string[][];
  const head = rows[0] ?? [];
  const at = columns.map((name) => head.indexOf(name));
  const missing = columns.filter((_name, i) => at[i] === -1);
  if (missing.length > 0) malformed(path, `its header lacks ${missing.join(', ')}`);
  return rows.slice(1).map((row, i) => {
    const [ts, high, low, close] = at.map((column) => Number(row[column])) as [
      number,
      number,
      number,
      number,
    ];
    const isRight = Number.isSafeInteger(ts) && ts % 3_600 === 0 && low > 0 && high >= low;
    if (!isRight || !(close > 0)) malformed(path, `line ${i + 2} is no hourly bar`);
    return { ts, high, low, close };
  });
}

/**
 * Hourly bars of a folder by symbol; BTC first, because models take the first for the leader.
 *
 * @param wanted symbols to read; all unless given
 * @throws EnvironmentError FileMissing, FileMalformed
 */
export function readHistory(folder: string, wanted?: readonly string[]): Map<string, Bar[]> {
  const files = filesOf(folder);
  const names = [...files.keys()].filter((name) => wanted?.includes(name) ?? true);
  names.sort((a, b) => Number(b === 'BTC') - Number(a === 'BTC') || (a < b ? -1 : 1));
  const series = new Map(names.map((name) => [name, readHours(files.get(name)!)]));
  if (series.size > 0) return series;
  const message = `${basename(folder)} has none of ${wanted?.join(', ')}`;
  throw new EnvironmentError('FileMissing', message, { retry: false });
}
