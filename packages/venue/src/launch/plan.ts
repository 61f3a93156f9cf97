import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadVenue, readJson, type Venue, venuePaths, writeJsonAtomic } from '@holdfast/host';
import { commonSpan, readBars } from '@holdfast/reporter';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { demoSymbols } from '../markets.ts';
import type { VenueOptions } from './options.ts';

/** What a venue keeps of its first start, so that later starts need not be told again. */
const keptSchema = z.strictObject({
  seed: z.string(),
  source: z.enum(['simulated', 'recorded', 'live']),
  replay: z.string().optional(),
  perps: z.string().optional(),
});
export type KeptOptions = z.infer<typeof keptSchema>;

export interface LaunchPlan {
  kept: KeptOptions;
  /** Present when the folder already holds a venue. */
  venue?: Venue | undefined;
  /** Markets of a new venue. */
  symbols: readonly string[];
  /** Earliest venue time to start at. */
  epochMin: number;
  /** Last recorded time of a replay. */
  replayEnd?: number | undefined;
}

const keptName = 'launch.json';
const ownEntries = [
  'venue.json',
  'trust.json',
  keptName,
  'keys',
  'chain',
  'journal',
  'logs',
  'traders',
  'parties',
];

/**
 * Empties a venue folder of what a venue puts there.
 *
 * @throws EnvironmentError FolderForeign when it holds files and is no venue folder
 */
export function clearVenue(dir: string): void {
  if (!existsSync(dir)) return;
  const entries = readdirSync(dir).filter((name) => name !== 'venue.lock');
  const ours = entries.length === 0 || entries.some((name) => ownEntries.includes(name));
  if (!ours) {
    const message = `${dir} holds files but no venue; --fresh will not touch it`;
    throw new EnvironmentError('FolderForeign', message, { retry: false });
  }
  for (const name of [...ownEntries, 'pids.json']) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function loadKept(dir: string): KeptOptions | undefined {
  const path = join(dir, keptName);
  if (!existsSync(path)) return undefined;
  const parsed = keptSchema.safeParse(readJson(path, 'launch options'));
  if (parsed.success) return parsed.data;
  const message = `${path} is wrong: ${z.prettifyError(parsed.error)}`;
  throw new EnvironmentError('FileMalformed', message, { retry: false });
}

/** Writes what later starts need. */
export async function saveKept(dir: string, kept: KeptOptions): Promise<void> {
  await writeJsonAtomic(join(dir, keptName), kept);
}

function chooseSource(options: VenueOptions, before: KeptOptions | undefined): KeptOptions {
  const seed = before?.seed ?? options.seed;
  if (options.replay !== undefined) {
    const perps = options.perps === undefined ? {} : { perps: options.perps };
    return { seed, source: 'recorded', replay: options.replay, ...perps };
  }
  if (options.live) return { seed, source: 'live' };
  return before ?? { seed: options.seed, source: 'simulated' };
}

function refuse(message: string): never {
  const cure = 'add --fresh to begin anew, or --dir for another folder';
  throw new EnvironmentError('VenueDiffers', `${message}; ${cure}`, { retry: false });
}

/** Wall seconds that a start takes, about. */
const startWallSeconds = 30;

function planReplay(path: string, options: VenueOptions, symbols: readonly string[]) {
  const series = readBars(path, symbols);
  if (options.perps !== undefined) readBars(options.perps, symbols);
  const span = commonSpan(series.values());
  const from = options.from ?? span.from;
  if (from < span.from || from >= span.to) {
    const [first, last] = [span.from, span.to].map((at) => new Date(at * 1000).toISOString());
    const message = `--from is outside the recording (${first} to ${last})`;
    throw new EnvironmentError('ArgumentWrong', message, { retry: false });
  }
  // Time passes while everything starts; what was asked for should still be ahead then.
  const early = Math.max(span.from, Math.floor(from - startWallSeconds * options.speed));
  return { symbols: [...series.keys()], from: early, to: span.to };
}

/**
 * Decides what a start does: whether a venue is there, which prices it runs on and when it begins.
 *
 * @throws EnvironmentError when the folder, the recording or their combination will not do
 */
export function planLaunch(options: VenueOptions, wallSeconds: number): LaunchPlan {
  const { dir, speed } = options;
  const venue = existsSync(venuePaths(dir).file) ? loadVenue(dir) : undefined;
  const kept = chooseSource(options, venue === undefined ? undefined : loadKept(dir));
  if (venue !== undefined && venue.clock.speed !== speed) {
    refuse(`this venue was made for --speed ${venue.clock.speed}, its limits depend on it`);
  }
  const known = venue?.markets.map((market) => market.symbol) ?? demoSymbols;
  if (kept.replay === undefined) {
    return { kept, venue, symbols: known, epochMin: venue === undefined ? wallSeconds : 0 };
  }
  const replay = planReplay(kept.replay, options, known);
  const again = venue !== undefined && options.replay === undefined;
  const symbols = demoSymbols.filter((symbol) => replay.symbols.includes(symbol));
  return { kept, venue, symbols, epochMin: again ? 0 : replay.from, replayEnd: replay.to };
}

/**
 * A chain's time cannot go back to before a recording's beginning.
 *
 * @throws EnvironmentError VenueDiffers
 */
export function requireReachable(plan: LaunchPlan, options: VenueOptions, now: number): void {
  if (plan.venue === undefined || options.replay === undefined) return;
  const end = plan.replayEnd ?? Number.POSITIVE_INFINITY;
  const before = options.from !== undefined && options.from < now;
  if (before || now >= end) {
    refuse(`this venue's time is already ${new Date(now * 1000).toISOString()}`);
  }
}
