/** The reference clearing: every tick from the lowest limit to the highest, each summed anew. */
import type { Clearing } from '../src/index.ts';

/** One order of an auction: side, limit in ticks, lots. */
export type Bid = { readonly isBuy: boolean; readonly price: number; readonly lots: number };

/** Compares what two prices come to, by the rules as they are told. */
function isBetter(a: Clearing, b: Clearing, reference: number): boolean {
  if (a.lots !== b.lots) return a.lots > b.lots;
  const over = (of: Clearing): number => Math.abs(of.bid - of.offered);
  if (over(a) !== over(b)) return over(a) < over(b);
  return Math.abs(a.price - reference) < Math.abs(b.price - reference);
}

/** O(ticks · orders). */
export function naiveClear(orders: readonly Bid[], reference: number): Clearing | undefined {
  let best: Clearing | undefined;
  const prices = orders.map(({ price }) => price);
  for (let price = Math.min(...prices); price <= Math.max(...prices); price++) {
    let bid = 0;
    let offered = 0;
    for (const order of orders) {
      if (order.isBuy && order.price >= price) bid += order.lots;
      if (!order.isBuy && order.price <= price) offered += order.lots;
    }
    const found = { price, lots: Math.min(bid, offered), bid, offered };
    if (found.lots > 0 && (best === undefined || isBetter(found, best, reference))) best = found;
  }
  return best;
}

/** Lots that each order fills at a clearing: price, then place in the list. */
export function naiveShares(orders: readonly Bid[], clearing: Clearing): number[] {
  const shares = orders.map(() => 0);
  for (const isBuy of [true, false]) {
    let left = clearing.lots;
    const eligible = orders
      .map((order, i) => ({ ...order, i }))
      .filter((o) => o.isBuy === isBuy)
      .filter(({ price }) => (isBuy ? price >= clearing.price : price <= clearing.price))
      .sort((a, b) => (isBuy ? b.price - a.price : a.price - b.price) || a.i - b.i);
    for (const { i, lots } of eligible) {
      shares[i] = Math.min(lots, left);
      left -= shares[i] as number;
    }
  }
  return shares;
}
