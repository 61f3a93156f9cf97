/** What is fixed at a core's birth. */
import type { MarketId } from '@holdfast/units';
import type { MarketParams } from './params.ts';

/** Token bucket in venue time: one token per order command; cancels are free. */
export type RateLimit = {
  /** Tokens that a bucket can hold; a new account starts with a full one. */
  readonly burst: number;
  /** Tokens regained per second. */
  readonly perSecond: number;
  /** One more token for each so many quote units traded (each side of a fill). */
  readonly quotePerToken: bigint;
};

/** What a core needs to know at birth; later changes arrive as commands. */
export type CoreConfig = {
  readonly book: 'ladder' | 'naive';
  /** An order is alive only while `expiry > at + expiryMarginSeconds`: settlement takes time. */
  readonly expiryMarginSeconds: number;
  /** A price is fresh while `age + priceAgeMarginSeconds <= priceAgeSecondsMax`. */
  readonly priceAgeMarginSeconds: number;
  readonly reportSkewSecondsMax: number;
  readonly rateLimit: RateLimit;
  readonly markets: readonly { readonly id: MarketId; readonly params: MarketParams }[];
};
