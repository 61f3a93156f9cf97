/**
 * Branded quantities and the only functions that make them. A constructor throws on a value out
 * of range, because the caller is this program; `tryX` returns undefined, because the caller
 * passes on what somebody else sent.
 */
import { AssertionError } from './errors.ts';

declare const unit: unique symbol;
type Branded<T, U extends string> = T & { readonly [unit]: U };

/** Price in ticks, uint32, at least 1. */
export type Ticks = Branded<number, 'Ticks'>;
/** Size or position in lots, signed, |n| < 2^53 (int56 on chain is wider). */
export type Lots = Branded<number, 'Lots'>;
/** Collateral in quote units (10^-6 token), signed, int128. */
export type Quote = Branded<bigint, 'Quote'>;
/** Collateral with 32 fractional bits, signed, int128. */
export type CashQ32 = Branded<bigint, 'CashQ32'>;
/** Cumulative funding of one lot: quote × 2^32, int96, positive if longs have paid. */
export type FundingIndex = Branded<bigint, 'FundingIndex'>;
/** Parts per million, uint24. */
export type Ppm = Branded<number, 'Ppm'>;
/** Signed parts per million per day, int32. */
export type PpmPerDay = Branded<number, 'PpmPerDay'>;
/** Venue time or a duration, uint40. */
export type Seconds = Branded<number, 'Seconds'>;
/** Account id, uint32. 0 is the insurance fund, 1 the fees, users from 2. */
export type AccountId = Branded<number, 'AccountId'>;
/** Market id, uint8. */
export type MarketId = Branded<number, 'MarketId'>;
/** Lane of an account, uint16: the slot of one live order. */
export type Lane = Branded<number, 'Lane'>;
/** Sequence number inside a lane, uint32, at least 1. */
export type Seq = Branded<number, 'Seq'>;
/** Cancel-all counter of an account, uint32. */
export type Epoch = Branded<number, 'Epoch'>;
/** Round of the oracle, uint32. */
export type Round = Branded<number, 'Round'>;

/** A constructor and its lenient twin for one branded type. */
type Pair<B, I> = readonly [make: (value: I) => B, attempt: (value: unknown) => B | undefined];

function integerUnit<B extends number>(name: string, low: number, high: number): Pair<B, number> {
  const fits = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;
  return [
    (value) => {
      // -0 would survive as a distinct value in hashes and comparisons by Object.is.
      if (fits(value)) return (value + 0) as B;
      throw new AssertionError(`${name} ${value} is not a whole number in ${low}..${high}`);
    },
    (value) => (fits(value) ? (((value as number) + 0) as B) : undefined),
  ];
}

function bigUnit<B extends bigint>(name: string, bits: bigint): Pair<B, bigint> {
  const high = (1n << (bits - 1n)) - 1n;
  const low = -(1n << (bits - 1n));
  const fits = (value: unknown): boolean =>
    typeof value === 'bigint' && value >= low && value <= high;
  return [
    (value) => {
      if (fits(value)) return value as B;
      throw new AssertionError(`${name} ${value} does not fit in int${bits}`);
    },
    (value) => (fits(value) ? (value as B) : undefined),
  ];
}

/** Largest order size in lots: 2^40 − 1. */
export const orderSizeMax = 2 ** 40 - 1;
/** Largest price in ticks: 2^32 − 1. */
export const ticksMax = 2 ** 32 - 1;
/** Parts per million in one. */
export const ppmOne = 1_000_000;

/** `ticks(n)`: price, 1..2^32−1. @throws AssertionError out of range */
export const [ticks, tryTicks] = integerUnit<Ticks>('Ticks', 1, ticksMax);
/** `lots(n)`: signed position or size, |n| < 2^53. @throws AssertionError out of range */
export const [lots, tryLots] = integerUnit<Lots>(
  'Lots',
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
);
/** `orderSize(n)`: lots of an order, 1..2^40−1. @throws AssertionError out of range */
export const [orderSize, tryOrderSize] = integerUnit<Lots>('order size', 1, orderSizeMax);
/** `ppm(n)`: 0..2^24−1. @throws AssertionError out of range */
export const [ppm, tryPpm] = integerUnit<Ppm>('Ppm', 0, 2 ** 24 - 1);
/** `ppmPerDay(n)`: int32. @throws AssertionError out of range */
export const [ppmPerDay, tryPpmPerDay] = integerUnit<PpmPerDay>(
  'PpmPerDay',
  -(2 ** 31),
  2 ** 31 - 1,
);
/** `seconds(n)`: 0..2^40−1. @throws AssertionError out of range */
export const [seconds, trySeconds] = integerUnit<Seconds>('Seconds', 0, 2 ** 40 - 1);
/** `accountId(n)`: uint32. @throws AssertionError out of range */
export const [accountId, tryAccountId] = integerUnit<AccountId>('AccountId', 0, 2 ** 32 - 1);
/** `marketId(n)`: uint8. @throws AssertionError out of range */
export const [marketId, tryMarketId] = integerUnit<MarketId>('MarketId', 0, 255);
/** `lane(n)`: uint16. @throws AssertionError out of range */
export const [lane, tryLane] = integerUnit<Lane>('Lane', 0, 65_535);
/** `seq(n)`: 1..2^32−1. @throws AssertionError out of range */
export const [seq, trySeq] = integerUnit<Seq>('Seq', 1, 2 ** 32 - 1);
/** `epoch(n)`: uint32. @throws AssertionError out of range */
export const [epoch, tryEpoch] = integerUnit<Epoch>('Epoch', 0, 2 ** 32 - 1);
/** `round(n)`: uint32. @throws AssertionError out of range */
export const [round, tryRound] = integerUnit<Round>('Round', 0, 2 ** 32 - 1);
/** `quote(n)`: int128. @throws AssertionError out of range */
export const [quote, tryQuote] = bigUnit<Quote>('Quote', 128n);
/** `cashQ32(n)`: int128. @throws AssertionError out of range */
export const [cashQ32, tryCashQ32] = bigUnit<CashQ32>('CashQ32', 128n);
/** `fundingIndex(n)`: int96. @throws AssertionError out of range */
export const [fundingIndex, tryFundingIndex] = bigUnit<FundingIndex>('FundingIndex', 96n);

/** The insurance fund. */
export const insuranceAccount = 0 as AccountId;
/** The account that collects fees. */
export const feeAccount = 1 as AccountId;
/** The first account that a user can own. */
export const firstUserAccount = 2 as AccountId;
/** The insurance fund of market 0; those of the others follow. */
export const firstFundAccount = (2 ** 32 - 256) as AccountId;
/** The insurance fund of a market. */
export const fundAccount = (market: MarketId): AccountId =>
  (firstFundAccount + market) as AccountId;
