/** The reference book: two arrays kept sorted. Slow and plainly right. */
import { invariant } from '@holdfast/units';
import type { Book, Level, Resting } from './book.ts';

/** Whether `a` comes before `b` on their side: better price, then earlier placement. */
function before(a: Resting, b: Resting): boolean {
  if (a.order.price !== b.order.price) {
    return a.order.isBuy ? a.order.price > b.order.price : a.order.price < b.order.price;
  }
  return a.placed < b.placed;
}

/** An empty naive book. */
export function createNaiveBook(): Book {
  const sides: { bids: Resting[]; asks: Resting[] } = { bids: [], asks: [] };
  const side = (isBuy: boolean): Resting[] => (isBuy ? sides.bids : sides.asks);
  const placeOf = (resting: Resting): number => {
    const at = side(resting.order.isBuy).indexOf(resting);
    invariant(at >= 0, 'the order does not rest in this book');
    return at;
  };
  return {
    get count() {
      return sides.bids.length + sides.asks.length;
    },
    insert(resting) {
      const list = side(resting.order.isBuy);
      const at = list.findIndex((other) => before(resting, other));
      list.splice(at < 0 ? list.length : at, 0, resting);
    },
    remove(resting) {
      side(resting.order.isBuy).splice(placeOf(resting), 1);
    },
    shrink(resting, lots) {
      placeOf(resting);
      invariant(lots > 0 && lots < resting.remaining, 'shrink must leave a lot');
      resting.remaining -= lots;
    },
    best: (isBuy) => side(isBuy)[0],
    next: (resting) => side(resting.order.isBuy)[placeOf(resting) + 1],
    expiring(last, into) {
      const all = [...sides.bids, ...sides.asks];
      into.push(...all.filter(({ order }) => order.expiry <= last));
      const others = all.map(({ order }) => order.expiry).filter((expiry) => expiry > last);
      return others.reduce((least, expiry) => Math.min(least, expiry), Number.MAX_SAFE_INTEGER);
    },
    depth(isBuy, levels) {
      const out: [number, number, number][] = [];
      for (const { order, remaining } of side(isBuy)) {
        const last = out.at(-1);
        if (last !== undefined && last[0] === order.price) {
          last[1] += remaining;
          last[2] += 1;
        } else if (out.length < levels) out.push([order.price, remaining, 1]);
        else break;
      }
      return out satisfies Level[];
    },
    buckets(isBuy, limit) {
      const within = this.depth(isBuy, Number.POSITIVE_INFINITY).filter(([price]) =>
        isBuy ? price >= limit : price <= limit,
      );
      return { prices: within.map(([price]) => price), lots: within.map(([, lots]) => lots) };
    },
  };
}
