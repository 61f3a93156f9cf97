/** What a book is: one market's resting orders in price-time priority. */

import type { SignedOrder } from '@holdfast/order';
import type { Hex } from '@holdfast/units';
import type { OrderRef } from '../types.ts';

/** A resting order. Its book alone writes `slot`. */
export type Resting = {
  readonly order: SignedOrder;
  /** Global number of its placement: time priority. */
  readonly placed: number;
  /** Lots still to fill, at least 1 while it rests. */
  remaining: number;
  /** Ticks per lot by which its limit was worse than the index price at placement. */
  readonly adverse: number;
  /** Quote units held for its fees and adverse fills. */
  reserve: bigint;
  /** hashStruct(Order), once somebody asked. */
  hash: Hex | undefined;
  slot: number;
};

/**
 * Bucket sums of one side, best price first: prices in ticks, each once, and the lots at each.
 */
export type Buckets = { readonly prices: readonly number[]; readonly lots: readonly number[] };

/** One price level: price in ticks, lots, orders. */
export type Level = readonly [price: number, lots: number, orders: number];

/**
 * One market's book. Both sides in price-time priority; sides never cross while the engine
 * matches before it inserts, and may while a call collects. Assumes: a Resting is in at most one
 * book.
 */
export type Book = {
  /** Orders on both sides. */
  readonly count: number;
  insert(resting: Resting): void;
  /** O(1) in the ladder. @throws AssertionError if it does not rest here */
  remove(resting: Resting): void;
  /** Takes `lots` off; at least one lot stays. */
  shrink(resting: Resting, lots: number): void;
  /** First in priority on a side. */
  best(isBuy: boolean): Resting | undefined;
  /** The next in priority on the same side. */
  next(resting: Resting): Resting | undefined;
  /**
   * Appends to `into` all orders whose expiry is `last` or earlier, in any order.
   * @returns the earliest expiry of the others, or 2^53 − 1 if there are none
   */
  expiring(last: number, into: Resting[]): number;
  /** The best `levels` price levels of a side. */
  depth(isBuy: boolean, levels: number): Level[];
  /** The levels of a side from its best price to `limit`, that one included. */
  buckets(isBuy: boolean, limit: number): Buckets;
};

/** Names an order in events. */
export function refOf(order: SignedOrder): OrderRef {
  const { account, market, lane, seq } = order;
  return { account, market, lane, seq };
}
