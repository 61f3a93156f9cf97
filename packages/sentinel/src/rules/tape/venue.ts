/**
 * A venue made of logs: what happens is written block by block, as the contracts would tell it,
 * and read as the {@link BlockView}s that rules see. It judges nothing; attacks break laws on it.
 */
import type { Hex } from '@holdfast/units';
import type { BlockView, MarketParameters, TxView, VenueEvent } from '../../rule.ts';
import { createBooks } from './books.ts';
import { type Random, randomOf } from './random.ts';

/** A market of a tape: about a thousandth of a bitcoin, and so on, for a lot. */
export interface TapeMarket {
  /** First price, ticks. A lot at one tick is worth 100 quote units. */
  readonly price: number;
  readonly params?: Partial<MarketParameters>;
  /** Insurance of its own fund, whole tokens. */
  readonly insurance?: number;
  /** Only listed by an event on the tape. */
  readonly unlisted?: boolean;
}

export interface TapeOptions {
  readonly seed?: string;
  readonly markets?: readonly TapeMarket[];
  /** Shared insurance and backstop, whole tokens. */
  readonly insurance?: number;
  readonly backstop?: number;
  /** Floors of the vault's windows, whole tokens. */
  readonly hourFloor?: number;
  readonly dayFloor?: number;
  readonly start?: number;
}

/** Addresses that every tape has; where a call goes decides what `unusual-calls` thinks of it. */
export const places = {
  clearingHouse: `0x${'c1'.repeat(20)}`,
  vault: `0x${'c2'.repeat(20)}`,
  breaker: `0x${'c3'.repeat(20)}`,
  parameters: `0x${'c4'.repeat(20)}`,
  steward: `0x${'c9'.repeat(20)}`,
  oracle: `0x${'c5'.repeat(20)}`,
  forcedQueue: `0x${'c6'.repeat(20)}`,
  backstop: `0x${'c7'.repeat(20)}`,
  committees: `0x${'c8'.repeat(20)}`,
  sequencer: `0x${'5e'.repeat(20)}`,
  governor: `0x${'60'.repeat(20)}`,
  keeper: `0x${'4b'.repeat(20)}`,
} as const;

export const demoParams: MarketParameters = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 20_000_000,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 100_000,
  concentrationCapPpm: 200_000,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 60,
  liquidationPartPpm: 250_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 2_000_000,
};

/** Prices of the four markets of a demonstration. */
export const demoMarkets: readonly TapeMarket[] = [
  { price: 650_000, insurance: 100_000 },
  { price: 300_000, insurance: 100_000 },
  { price: 150_000, insurance: 100_000 },
  { price: 20_000, insurance: 50_000 },
];

export interface Quote {
  readonly price: number;
  readonly mark?: number;
  /** ppm per day. */
  readonly rate?: number;
}

/** What is written, and where it is read. Amounts of money are whole tokens. */
export interface Tape {
  readonly random: Random;
  readonly now: () => number;
  readonly state: () => BlockView['state'];
  /** A log, as it is. */
  event(event: Omit<VenueEvent, 'txHash' | 'logIndex'>): void;
  /** A transaction of the next block; the settlement of each block writes its own. */
  call(from: string, to: string, selector: string, status?: TxView['status']): void;
  /** Opens an account and deposits. @returns its id */
  join(tokens: number, who?: { readonly owner?: string; readonly from?: string }): number;
  deposit(account: number, tokens: number, from?: string): void;
  withdraw(account: number, tokens: number, to?: string): void;
  /** A fill of the block's batch; at the index price unless told. */
  trade(market: number, buyer: number, seller: number, lots: number, price?: number): void;
  /** As `trade`, but without the fees that the law asks for. */
  tradeFree(market: number, buyer: number, seller: number, lots: number, price?: number): void;
  /** A report of these markets; the mark is the price unless told. */
  report(quotes: ReadonlyMap<number, Quote>, rounds?: number): void;
  /** A keeper takes lots off an account at the mark, for the usual penalty. */
  liquidate(market: number, account: number, keeper: number, lots: number): void;
  /** What a bankrupt account still owes is paid by the market's fund, then by nobody. */
  resolve(market: number, account: number, taker: number): void;
  /** An owner asks the forced queue. @returns the request's number */
  force(account: number, kind: number, seconds: number): bigint;
  forceDone(number: bigint): void;
  /** Governance sets an anchor, in force from now on. */
  setMarket(market: number, params: Partial<MarketParameters>): void;
  /** The steward moves what is in force. */
  steer(market: number, params: Partial<MarketParameters>, name?: 'Moved' | 'Decayed'): void;
  /** Seals what was written since the last block. @param seconds since that block */
  block(seconds: number, more?: { readonly batchSkip?: number }): BlockView;
}

export const zeroAddress = `0x${'0'.repeat(40)}`;

/** An address from a number. */
export const addressOf = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;

/** A hash that is only a number. */
export const hashOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;

/** A venue before its first block, with its markets listed and its funds filled. */
export function createTape(options: TapeOptions = {}): Tape {
  const random = randomOf(options.seed ?? 'tape');
  return createBooks(options, random);
}
