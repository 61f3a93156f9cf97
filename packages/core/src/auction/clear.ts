/**
 * The uniform price: the one at which most lots change hands. A pure function of bucket sums, so
 * that it does not matter who sent the orders behind them, or when.
 */
import type { Buckets } from '../book/book.ts';

/** What an auction comes to; lots of both sides that would trade at its price. */
export type Clearing = {
  /** Ticks. */
  readonly price: number;
  /** Lots that trade: the smaller of the two below. */
  readonly lots: number;
  /** Lots bid for at the price or higher. */
  readonly bid: number;
  /** Lots offered at the price or lower. */
  readonly offered: number;
};

/**
 * The price of an auction, or undefined if nothing crosses. In this order: most lots trade; fewest
 * are left over on one side; nearest to `reference`. No two prices are equal in all three: with
 * one on either side of the reference, that itself is no worse. All ticks count, not only those at
 * which somebody bids.
 *
 * One pass: from the lowest offer up to the highest bid, both sums stay as they are between one
 * bucket and the next, so each stretch between has one candidate. Time: O(buckets that cross).
 *
 * Assumes: buckets are sorted, best first, each price once; all lots together stay below 2^53.
 */
export function clear(bids: Buckets, asks: Buckets, reference: number): Clearing | undefined {
  const low = asks.prices[0] ?? Number.POSITIVE_INFINITY;
  const high = bids.prices[0] ?? 0;
  let lowestBid = 0;
  let bid = 0;
  for (; (bids.prices[lowestBid] ?? 0) >= low; lowestBid++) bid += bids.lots[lowestBid] ?? 0;
  lowestBid -= 1;
  let nextAsk = 0;
  let offered = 0;
  let best: Clearing | undefined;
  for (let from = low; from <= high; ) {
    for (; asks.prices[nextAsk] === from; nextAsk++) offered += asks.lots[nextAsk] ?? 0;
    const bidEnd = bids.prices[lowestBid] ?? high;
    const end = Math.min(bidEnd, (asks.prices[nextAsk] ?? Number.POSITIVE_INFINITY) - 1);
    const price = Math.min(Math.max(reference, from), end);
    const found = { price, lots: Math.min(bid, offered), bid, offered };
    if (best === undefined || isBetter(found, best, reference)) best = found;
    if (end === bidEnd) {
      bid -= bids.lots[lowestBid] ?? 0;
      lowestBid -= 1;
    }
    from = end + 1;
  }
  return best;
}

function isBetter(a: Clearing, b: Clearing, reference: number): boolean {
  if (a.lots !== b.lots) return a.lots > b.lots;
  const over = Math.abs(a.bid - a.offered) - Math.abs(b.bid - b.offered);
  if (over !== 0) return over < 0;
  return Math.abs(a.price - reference) < Math.abs(b.price - reference);
}
