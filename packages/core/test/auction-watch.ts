/**
 * Judges auctions over random commands from what rested before each and the events after it: one
 * price, the one that trying every tick finds, and nobody passed over.
 */
import type { Resting } from '../src/book/book.ts';
import { ordersOf } from '../src/index.ts';
import type { Command, CoreEvent, State } from '../src/types.ts';
import { type Bid, naiveClear, naiveShares } from './naive-clear.ts';
import { stream } from './stream.ts';
import { numbers } from './support.ts';

type Known = Bid & {
  lots: number;
  readonly key: string;
  readonly market: number;
  readonly postOnly: boolean;
};

const keyOf = (of: { account: number; lane: number; seq: number }): string =>
  `${of.account}/${of.lane}/${of.seq}`;

/** The streams of other tests, with operators who use auctions. */
export function calling(seed: number): (state: State) => Command {
  const dice = numbers(seed * 31);
  const busy = stream(seed);
  return (state) => {
    const { at } = state;
    const kind = dice(400);
    const market = dice(2) as never;
    if (kind < 5) return { type: 'call', at, market, seconds: dice(4) === 0 ? 0 : 1 + dice(20) };
    if (kind > 5) return busy(state);
    const policy = { openSeconds: dice(10), reopenSeconds: dice(20) };
    return { type: 'auctions', at, scope: dice(3), policy: dice(5) === 0 ? null : policy };
  };
}

export class AuctionWatch {
  readonly breaches: string[] = [];
  auctions = 0;
  lots = 0;
  private before: Known[] = [];
  private readonly prices = new Map<number, number>();

  /** To be called before each command. */
  look(state: State): void {
    for (const { id, price } of state.markets.values()) this.prices.set(id, price);
    this.before = [];
    const all: Resting[] = [];
    for (const account of state.accounts.keys()) all.push(...ordersOf(state, account));
    all.sort((a, b) => a.placed - b.placed);
    for (const { order, remaining } of all) {
      const { isBuy, price, market, postOnly } = order;
      const key = keyOf(order);
      this.before.push({ isBuy, price, lots: remaining, market, postOnly, key });
    }
  }

  /** To be called after it, with its events. */
  see(events: readonly CoreEvent[]): void {
    let open: { market: number; price: number; due: Map<string, number> } | undefined;
    for (const event of events) {
      if (event.type === 'cancelled' || event.type === 'expired') {
        const known = this.before.find(({ key }) => key === keyOf(event));
        if (known !== undefined) known.lots -= event.lots;
      } else if (event.type === 'report') {
        for (const { market, price } of event.quotes) this.prices.set(market, price);
      } else if (event.type === 'auction') {
        this.settle(open?.due);
        open = { ...event, due: this.auction(event) };
      } else if (event.type === 'fill' && open?.market === event.market) {
        this.hold(event.price === open.price, `fill ${event.id} has a price of its own`);
        const taker = this.before.find(({ key }) => key === keyOf(event.taker));
        this.hold(taker?.postOnly === false, `fill ${event.id}: a post-only order takes`);
        for (const side of [event.maker, event.taker]) {
          const key = keyOf(side);
          open.due.set(key, (open.due.get(key) ?? 0) - event.lots);
        }
      } else {
        this.settle(open?.due);
        open = undefined;
      }
    }
    this.settle(open?.due);
  }

  private hold(kept: boolean, breach: string): void {
    if (!kept) this.breaches.push(breach);
  }

  /** What each order must fill. */
  private auction(event: CoreEvent & { readonly type: 'auction' }): Map<string, number> {
    const { market, price, lots } = event;
    const orders = this.before.filter((each) => each.market === market && each.lots > 0);
    const index = this.prices.get(market) ?? 0;
    const expected = orders.length === 0 ? undefined : naiveClear(orders, index);
    const right = price === (expected?.price ?? 0) && lots === (expected?.lots ?? 0);
    this.hold(right, `an auction of ${lots} at ${price}: it should be ${JSON.stringify(expected)}`);
    this.auctions += 1;
    this.lots += lots;
    const due = new Map<string, number>();
    if (expected === undefined) return due;
    naiveShares(orders, expected).forEach((share, i) => {
      if (share > 0) due.set(orders[i]?.key ?? '', share);
    });
    return due;
  }

  private settle(due: ReadonlyMap<string, number> | undefined): void {
    for (const [key, left] of due ?? []) {
      this.hold(left === 0, `order ${key} was passed over in an auction, by ${left} lots`);
    }
  }
}
