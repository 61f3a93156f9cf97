/** When a market collects orders, and for how long. */
import type { Seconds } from '@holdfast/units';

/**
 * When a market trades by auction without being told to; 0: never. A call collects orders for so
 * many seconds of venue time, then all that crosses fills at one price.
 */
export type AuctionPolicy = {
  /** Of the call at a market's first price. */
  readonly openSeconds: number;
  /** Of the call at its first price after an outage of prices, and when a breaker has ended. */
  readonly reopenSeconds: number;
};

/** Why a market collects orders. */
export type CallCause = 'opening' | 'prices' | 'breaker' | 'operator';

/** A call: orders are collected and nothing matches. */
export type Call = {
  /** When it may end. It goes on while the price is too old or a breaker is in force. */
  readonly until: Seconds;
  readonly cause: CallCause;
};
