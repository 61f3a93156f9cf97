import { join, resolve } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import type { Address, Hex } from 'viem';
import { z } from 'zod';
import type { ChainAccess } from './clients.ts';
import { readJson, writeJsonAtomic } from './files.ts';

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address (0x and 40 hex digits)')
  .transform((text) => text as Address);
const port = z.number().int().min(1).max(65_535);
const ppm = z
  .number()
  .int()
  .min(0)
  .max(2 ** 24 - 1);
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`), `must be ${bytes} bytes in hexadecimal`)
    .transform((text) => text as Hex);
const decimalText = z.string().regex(/^\d+(\.\d+)?$/, 'must be a decimal number as text');
const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const marketSchema = z.strictObject({
  id: z.number().int().min(0).max(255),
  symbol: z.string().min(1),
  /** Quote per base unit of one tick. */
  tickSize: decimalText,
  /** Base units of one lot. */
  lotSize: decimalText,
  /** Quote units (10^-6) of one lot at one tick. */
  tickValue: whole.min(1),
  initialPpm: ppm,
  maintenancePpm: ppm,
  takerFeePpm: ppm,
  makerFeePpm: ppm,
  priceAgeSecondsMax: whole,
  bandPpm: ppm,
  fillBandPpm: ppm,
  fundingRatePpmMax: ppm,
  /** Largest sum of longs, in lots. */
  openInterestMax: whole,
  /** Part of the cap above which initial margin grows with open interest. */
  openInterestLowPpm: ppm,
  /** Part of the cap at which initial margin is the whole notional. */
  openInterestHighPpm: ppm,
  /** Initial margin added for holding all of the open interest. */
  concentrationPpm: ppm,
  /** Largest initial margin that concentration alone demands. */
  concentrationCapPpm: ppm,
  /** 1: an account that trades this market holds nothing else. */
  isolated: whole,
  /** Largest distance of the mark price from the index price. */
  markClampPpm: ppm,
  /** Longest time without a report for which funding is charged. */
  fundingGapSecondsMax: whole,
  /** Largest part of a position liquidated, and of open interest resolved, in one block. */
  liquidationPartPpm: ppm,
  /** Largest part of an insurance fund that is drawn in any hour. */
  coverSharePpm: ppm,
  /** Largest position that the backstop takes over, lots. */
  backstopLotsMax: whole,
});

const committeeSchema = z.strictObject({
  /** Registry of committees on chain: knows the key in force. */
  registry: address,
  id: z.number().int().min(1).max(255),
  threshold: z.number().int().min(2),
  /** Group key with which the venue began, 33 bytes. */
  key: hex(33),
  /** Hash of the parties' roster. */
  roster: hex(32),
  /** Passes messages between the parties, over WebSocket. */
  relay: z.strictObject({ host: z.string().min(1), port }),
});

const venueSchema = z.strictObject({
  version: z.literal(1),
  chainId: z.number().int().min(1),
  rpcUrl: z.url(),
  contracts: z.strictObject({
    clearingHouse: address,
    vault: address,
    oracle: address,
    verifier: address,
    breaker: address,
    parameters: address,
    laws: address,
    token: address,
    /** A venue may have no backstop. */
    backstop: address.optional(),
    /** Moves margins and caps by measured risk; a venue may have none. */
    steward: address.optional(),
  }),
  /** First block that may hold a log of the venue. */
  deployBlock: whole,
  token: z.strictObject({ symbol: z.string().min(1), decimals: z.number().int().min(0).max(36) }),
  markets: z.array(marketSchema).min(1),
  clock: z.strictObject({
    wallEpochMs: whole,
    venueEpoch: whole,
    speed: z.number().positive(),
  }),
  gateway: z.strictObject({ host: z.string().min(1), port }),
  relay: z.strictObject({ host: z.string().min(1), port }),
  reporters: z.strictObject({
    k: z.number().int().min(1),
    n: z.number().int().min(1),
    addresses: z.array(address).min(1),
  }),
  /**
   * Reports are signed by this committee; its parties are the reporters, in their order. Without
   * it a report carries the signatures of k reporters.
   */
  committee: committeeSchema.optional(),
  /** Pays by its committee's signature; a venue may have none. */
  treasury: committeeSchema
    .extend({
      address,
      /** Account of the clearing house that it owns. */
      account: whole.optional(),
    })
    .optional(),
  /** The only address that may call settle. */
  sequencer: address,
  /** Signer of the node's receipts. */
  node: address,
  /** Block interval in wall ms. */
  blockMs: z.number().int().min(10),
  /** Seconds (venue time) after the last report from which anyone may push one. */
  quietSeconds: whole.optional(),
  /** Seconds (venue time) per report round. */
  roundSeconds: whole.min(1).optional(),
});

export type Venue = z.infer<typeof venueSchema>;
export type VenueMarket = Venue['markets'][number];

/** The files of a venue folder. */
export interface VenuePaths {
  dir: string;
  file: string;
  keys: string;
  chain: string;
  journal: string;
  /** Socket on which the node takes its operator's commands. */
  control: string;
  logs: string;
  lock: string;
  /** Folders of the committee's parties on this machine. */
  parties: string;
}

/** Where things are in a venue folder. */
export function venuePaths(dir: string): VenuePaths {
  const root = resolve(dir);
  return {
    dir: root,
    file: join(root, 'venue.json'),
    keys: join(root, 'keys'),
    chain: join(root, 'chain'),
    journal: join(root, 'journal'),
    control: join(root, 'node.sock'),
    logs: join(root, 'logs'),
    lock: join(root, 'venue.lock'),
    parties: join(root, 'parties'),
  };
}

function crossCheck(venue: Venue): string | undefined {
  const { k, n, addresses } = venue.reporters;
  if (addresses.length !== n) return `reporters.n is ${n} but ${addresses.length} are listed`;
  if (k > n) return `reporters.k (${k}) is greater than reporters.n (${n})`;
  const { threshold = k } = venue.committee ?? {};
  // Only those who observed can sign, and a report needs no more than k observations.
  if (threshold > k) return `committee.threshold (${threshold}) is greater than reporters.k (${k})`;
  const ids = venue.markets.map((market) => market.id);
  if (new Set(ids).size !== ids.length) return 'two markets have the same id';
  const symbols = venue.markets.map((market) => market.symbol);
  if (new Set(symbols).size !== symbols.length) return 'two markets have the same symbol';
  for (const market of venue.markets) {
    if (market.maintenancePpm > market.initialPpm) {
      return `${market.symbol}: maintenancePpm is greater than initialPpm`;
    }
  }
  return undefined;
}

/**
 * Checks a venue description.
 *
 * @param origin named in the error
 * @throws EnvironmentError VenueMalformed; the message lists each field that is wrong
 */
export function parseVenue(value: unknown, origin = 'venue.json'): Venue {
  const parsed = venueSchema.safeParse(value);
  const problem = parsed.success ? crossCheck(parsed.data) : z.prettifyError(parsed.error);
  if (!parsed.success || problem !== undefined) {
    throw new EnvironmentError('VenueMalformed', `${origin} is wrong: ${problem}`, {
      retry: false,
    });
  }
  return parsed.data;
}

/**
 * Reads `dir/venue.json`.
 *
 * @throws EnvironmentError FileMissing, FileMalformed or VenueMalformed
 */
export function loadVenue(dir: string): Venue {
  const { file } = venuePaths(dir);
  return parseVenue(readJson(file, 'venue file'), file);
}

/** Writes `dir/venue.json` (0644: it holds no secret) after checking it. */
export async function saveVenue(dir: string, venue: Venue): Promise<void> {
  const { file } = venuePaths(dir);
  await writeJsonAtomic(file, parseVenue(venue, file), 0o644);
}

/** The chain of a venue, for `createChainReader` and `createChainWriter`. */
export function chainAccess(venue: Venue): ChainAccess {
  return { rpcUrl: venue.rpcUrl, chainId: venue.chainId, blockMs: venue.blockMs };
}

/**
 * Finds a market by symbol or id.
 *
 * @throws EnvironmentError MarketUnknown, listing the symbols that exist
 */
export function findMarket(venue: Venue, symbolOrId: string | number): VenueMarket {
  const key = String(symbolOrId).toUpperCase();
  const found = venue.markets.find((m) => m.symbol.toUpperCase() === key || String(m.id) === key);
  if (found !== undefined) return found;
  const known = venue.markets.map((market) => market.symbol).join(', ');
  throw new EnvironmentError('MarketUnknown', `no market ${symbolOrId}; there are ${known}`, {
    retry: false,
  });
}
