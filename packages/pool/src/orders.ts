/**
 * Members' orders, and the operator's closings of members: which may still fill, whose a lane was,
 * which numbers are used. Pure.
 */
import type { ClosingWhy, Entry } from './journal.ts';
import type { OpenOrder } from './margin.ts';
import type { MemberOrder } from './terms.ts';

export type Tracked = {
  readonly id: number;
  readonly order: MemberOrder;
  /** The operator closed the member by it, for this reason; absent: the member signed it. */
  readonly closing?: ClosingWhy;
  /** Every lane and seq that it was sent on; the last one counts. */
  readonly places: { readonly lane: number; readonly seq: number }[];
  answer: Extract<Entry, { type: 'answer' }>['answer'] | undefined;
  /** Lots that it filled in all, at most, once it is over. */
  ended: number | undefined;
  /** When that was known, venue seconds. */
  endedAt: number | undefined;
};

/** An order that is over may have matched before, and settles within this. */
const settleSeconds = 600;

/** Whether nothing of it can settle any more. */
function isDead({ order, places, endedAt }: Tracked, now: number): boolean {
  const over = Math.min(order.expiry, endedAt ?? order.expiry);
  return places.length === 0 || over + settleSeconds < now;
}

const placeKey = (lane: number, seq: number): string => `${lane}:${seq}`;
const nonceKey = (member: string, nonce: number): string => `${member.toLowerCase()}:${nonce}`;

export function createOrders() {
  const all = new Map<number, Tracked>();
  const places = new Map<string, Tracked>();
  const nonces = new Map<string, Tracked>();

  const find = (id: number): Tracked | undefined => all.get(id);
  const of = (member: string): Tracked[] =>
    [...all.values()].filter(({ order }) => order.member.toLowerCase() === member.toLowerCase());

  return {
    find,
    next: (): number => all.size + 1,
    apply(entry: Entry): void {
      if (entry.type === 'order' || entry.type === 'closing') {
        const { id, order } = entry;
        const open = { places: [], answer: undefined, ended: undefined, endedAt: undefined };
        const why = entry.type === 'closing' ? { closing: entry.why } : {};
        const made: Tracked = { id, order, ...why, ...open };
        all.set(id, made);
        if (entry.type === 'order') nonces.set(nonceKey(order.member, order.nonce), made);
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
        order.endedAt = entry.at;
      }
    },
    /** The order on a lane; undefined: none of the pool's. */
    at: (lane: number, seq: number): Tracked | undefined => places.get(placeKey(lane, seq)),
    /** The order that used a member's number. */
    byNonce: (member: string, nonce: number) => nonces.get(nonceKey(member, nonce)),
    all: () => [...all.values()],
    /** A member's own and the operator's for it, in their order. */
    of,
    /**
     * Orders of a member that may still change its position: lots that are signed, or once the
     * order is over filled, less those that the chain has settled.
     */
    open(member: string, settled: (order: Tracked) => number, now: number): OpenOrder[] {
      return of(member).flatMap((each) => {
        const { id, order, ended, closing } = each;
        const lots = Math.max((ended ?? order.size) - settled(each), 0);
        if (lots === 0 || isDead(each, now)) return [];
        const { market, isBuy, price } = order;
        return [{ id, market, isBuy, lots, price, isClosing: closing !== undefined }];
      });
    },
  };
}

export type Orders = ReturnType<typeof createOrders>;
