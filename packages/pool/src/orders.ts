/** Members' orders: which may still fill, whose a lane was, which numbers are used. Pure. */
import type { Entry, OrderEntry } from './journal.ts';
import type { OpenOrder } from './margin.ts';
import type { MemberOrder } from './terms.ts';

export type Tracked = {
  readonly id: number;
  readonly order: MemberOrder;
  /** Every lane and seq that it was sent on; the last one counts. */
  readonly places: { readonly lane: number; readonly seq: number }[];
  answer: Extract<Entry, { type: 'answer' }>['answer'] | undefined;
  /** Lots that it filled in all, once it is over. */
  ended: number | undefined;
};

const placeKey = (lane: number, seq: number): string => `${lane}:${seq}`;
const nonceKey = (member: string, nonce: number): string => `${member.toLowerCase()}:${nonce}`;

export function createOrders() {
  const all = new Map<number, Tracked>();
  const places = new Map<string, Tracked>();
  const nonces = new Map<string, Tracked>();

  const find = (id: number): Tracked | undefined => all.get(id);

  return {
    find,
    next: (): number => all.size + 1,
    apply(entry: Entry): void {
      if (entry.type === 'order') {
        const { id, order } = entry as OrderEntry;
        const made = { id, order, places: [], answer: undefined, ended: undefined };
        all.set(id, made);
        nonces.set(nonceKey(order.member, order.nonce), made);
        return;
      }
      const order = find(entry.id);
      if (order === undefined) return;
      if (entry.type === 'lane') {
        const { lane, seq } = entry;
        order.places.push({ lane, seq });
        places.set(placeKey(lane, seq), order);
      } else if (entry.type === 'answer') {
        order.answer = entry.answer;
        if (entry.answer.status !== 'accepted') order.ended = 0;
      } else {
        order.ended = entry.filled;
      }
    },
    /** The order on a lane; undefined: none of the pool's. */
    at: (lane: number, seq: number): Tracked | undefined => places.get(placeKey(lane, seq)),
    /** The order that used a member's number. */
    byNonce: (member: string, nonce: number) => nonces.get(nonceKey(member, nonce)),
    all: () => [...all.values()],
    /**
     * Orders of a member that may still change its position: lots that are signed, or once the
     * order is over filled, less those that the chain has settled.
     */
    open(member: string, settled: (order: Tracked) => number, now: number): OpenOrder[] {
      return [...all.values()].flatMap((each) => {
        const { order, ended } = each;
        if (order.member.toLowerCase() !== member.toLowerCase()) return [];
        const whole = ended ?? order.size;
        const lots = Math.max(whole - settled(each), 0);
        const isDead = order.expiry + settleSeconds < now || each.places.length === 0;
        if (lots === 0 || isDead) return [];
        return [{ market: order.market, isBuy: order.isBuy, lots, price: order.price }];
      });
    },
  };
}

export type Orders = ReturnType<typeof createOrders>;

/** An order that has expired may have matched before, and settles within this. */
const settleSeconds = 600;
