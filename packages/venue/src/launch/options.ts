import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EnvironmentError } from '@holdfast/units';

/** Everything that `npm start` can be told. */
export interface VenueOptions {
  dir: string;
  port: number;
  rpcPort: number;
  blockMs: number;
  speed: number;
  seed: string;
  /** File or folder of recorded bars. */
  replay?: string | undefined;
  /** File or folder of recorded perpetuals of another venue: a leg of the mark. */
  perps?: string | undefined;
  /** Venue time at which a replay begins, Unix seconds. */
  from?: number | undefined;
  /** Prices of real exchanges through ccxt. */
  live: boolean;
  /** Trader processes; 0 for none. */
  traders: number;
  /** Simulated accounts over all trader processes. */
  accounts: number;
  /** Orders per wall second over all trader processes. */
  ordersPerSecond: number;
  fresh: boolean;
  /** Gateway processes in front of the node; 0: clients come to the node itself. */
  gateways: number;
  /** Sentinel processes, each a guardian; 0 for none. */
  sentinels: number;
  /** Whose word the reports of a new venue are. */
  reports: 'committee' | 'quorum';
  /** Whether a new venue is governed by votes of a council, not by a key. */
  governance: boolean;
  /** Stop by itself after so many wall seconds. */
  seconds?: number | undefined;
}

/** What the options are when nothing is said. */
export const defaultOptions: VenueOptions = {
  dir: '.holdfast',
  port: 8787,
  rpcPort: 8545,
  blockMs: 1000,
  speed: 1,
  seed: 'holdfast',
  live: false,
  traders: 2,
  accounts: 24,
  ordersPerSecond: 40,
  fresh: false,
  gateways: 0,
  sentinels: 2,
  reports: 'committee',
  governance: false,
};

/** Silence of all sentinels that is an alarm: ten minutes, half a wall one, at most a day. */
export const silenceOf = ({ sentinels, speed }: VenueOptions): number =>
  sentinels === 0 ? 0 : Math.min(86_400, Math.max(600, Math.ceil(speed) * 30));

export const usage = `Usage: npm start -- [options]

Starts a whole venue on this machine: a local chain, the contracts, price reporters, the node,
a keeper and simulated traders. Ctrl-C stops it in order; the next start goes on where it was.

  --dir DIR          folder of the venue (default .holdfast)
  --fresh            throw the venue in that folder away and begin anew
  --port N           port of the node's HTTP and WebSocket interface (default 8787, 0: any)
  --rpc-port N       port of the chain (default 8545, 0: any)
  --block-ms N       a block every N ms (default 1000)
  --speed N          venue seconds per second; compresses time everywhere (default 1)
  --seed TEXT        seed of simulated prices and traders (default holdfast)
  --replay PATH      recorded bars: a CSV or CSV.GZ file, or a folder of them
                     (ts,open,high,low,close,...; a panel has a first column symbol)
  --perps PATH       recorded perpetuals of another venue beside a replay, as a leg of the mark
  --from TIME        where a replay begins, about: 2025-10-10T20:00 (UTC) or Unix seconds
  --live             prices of real exchanges (needs ccxt)
  --traders N        trader processes (default 2)
  --accounts N       simulated accounts (default 24)
  --orders N         orders per second of all traders together (default 40)
  --no-traders       no simulated traders
  --gateways N       gateway processes in front of the node, for clients (default 0)
  --sentinels N      sentinels that watch every block and tighten the breaker (default 2)
  --reports KIND     whose word the reports of a new venue are: committee, one signature of 3 of 5
                     reporters by a key that no one holds (default), or quorum, 3 of 5 signatures
  --governance       a new venue is governed by votes of three seats, not by one key
  --seconds N        stop after N seconds
  --help

Examples:
  npm start
  npm start -- --fresh --accounts 60 --orders 100
  npm start -- --dir ./crash --replay panel.csv.gz --from 2025-10-10T20:00 --speed 60`;

function wrong(message: string): EnvironmentError {
  return new EnvironmentError('ArgumentWrong', `${message}; --help lists the options`, {
    retry: false,
  });
}

interface Range {
  min: number;
  max: number;
  whole?: boolean;
}

function number(name: string, text: string | undefined, range: Range): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  const { min, max, whole = true } = range;
  const fits = text.trim() !== '' && value >= min && value <= max;
  if (!fits || (whole && !Number.isInteger(value))) {
    throw wrong(`--${name} must be a ${whole ? 'whole ' : ''}number ${min}..${max}, not "${text}"`);
  }
  return value;
}

/** '2025-10-10T20:00' (UTC when nothing else is said) or Unix seconds. */
export function parseTime(text: string): number | undefined {
  if (/^\d{9,11}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) || text.length === 10 ? text : `${text}Z`;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        dir: text,
        port: text,
        'rpc-port': text,
        'block-ms': text,
        speed: text,
        seed: text,
        replay: text,
        perps: text,
        from: text,
        live: flag,
        traders: text,
        accounts: text,
        orders: text,
        'no-traders': flag,
        seconds: text,
        fresh: flag,
        reports: text,
        governance: flag,
        gateways: text,
        sentinels: text,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw wrong(error instanceof Error ? (error.message.split('. ')[0] as string) : String(error));
  }
}

/**
 * Reads the command line.
 *
 * @returns the options, or 'help'
 * @throws EnvironmentError ArgumentWrong
 */
export function parseOptions(argv: readonly string[]): VenueOptions | 'help' {
  const given = parse(argv);
  if (given.help) return 'help';
  const base = defaultOptions;
  const port = { min: 0, max: 65_535 };
  const from = given.from === undefined ? undefined : parseTime(given.from);
  if (given.from !== undefined && from === undefined) {
    throw wrong(`--from must be a time such as 2025-10-10T20:00, not "${given.from}"`);
  }
  if (from !== undefined && given.replay === undefined) throw wrong('--from needs --replay');
  if (given.perps !== undefined && given.replay === undefined)
    throw wrong('--perps needs --replay');
  if (given.live && given.replay !== undefined)
    throw wrong('--live and --replay exclude each other');
  const speed = number('speed', given.speed, { min: 0.1, max: 3600, whole: false }) ?? base.speed;
  if (given.live && speed !== 1) throw wrong('--live prices come at --speed 1 only');
  const reports = given.reports ?? base.reports;
  if (reports !== 'committee' && reports !== 'quorum') {
    throw wrong(`--reports is committee or quorum, not "${reports}"`);
  }
  const traders = number('traders', given.traders, { min: 0, max: 16 }) ?? base.traders;
  const orders = { min: 0.1, max: 5000, whole: false };
  return {
    dir: resolve(given.dir ?? base.dir),
    port: number('port', given.port, port) ?? base.port,
    rpcPort: number('rpc-port', given['rpc-port'], port) ?? base.rpcPort,
    blockMs: number('block-ms', given['block-ms'], { min: 50, max: 60_000 }) ?? base.blockMs,
    speed,
    seed: given.seed ?? base.seed,
    replay: given.replay === undefined ? undefined : resolve(given.replay),
    perps: given.perps === undefined ? undefined : resolve(given.perps),
    from,
    live: given.live ?? false,
    traders: given['no-traders'] ? 0 : traders,
    accounts: number('accounts', given.accounts, { min: 4, max: 2000 }) ?? base.accounts,
    ordersPerSecond: number('orders', given.orders, orders) ?? base.ordersPerSecond,
    fresh: given.fresh ?? false,
    gateways: number('gateways', given.gateways, { min: 0, max: 16 }) ?? base.gateways,
    sentinels: number('sentinels', given.sentinels, { min: 0, max: 15 }) ?? base.sentinels,
    reports,
    governance: given.governance ?? false,
    seconds: number('seconds', given.seconds, { min: 1, max: 1e9 }),
  };
}

/** @throws EnvironmentError NodeTooOld */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  const message = `Node ${version} is too old; install Node 20.19 or newer`;
  throw new EnvironmentError('NodeTooOld', message, { retry: false });
}
