/**
 * The operator's desk: takes members' signed orders, judges them on the book, and passes them to
 * the venue as orders of the omnibus account, each on a lane of its own.
 */

import type { Order, ServerFrame } from '@holdfast/order';
import type { Answer, Client, OrderInput } from '@holdfast/sdk';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { recoverTypedDataAddress } from 'viem';
import type { Book } from './book.ts';
import { lifeMarginSeconds } from './closing.ts';
import { type ClosingStep, closeMember, closingsOf, gateClosing } from './closing-desk.ts';
import type { PoolInfo } from './contract.ts';
import type { Followed } from './follow.ts';
import type { Entry, Journal } from './journal.ts';
import { marginFault, type OpenOrder, onlyReduces } from './margin.ts';
import { createOrders, type Orders, type Tracked } from './orders.ts';
import { type Routed, sendTracked } from './send.ts';
import { type MemberOrder, poolDomain, poolTypes } from './terms.ts';

export type DeskDeps = {
  readonly info: PoolInfo;
  readonly journal: Journal;
  readonly now: () => number;
  readonly state: () => Followed;
  /** A client that trades for the omnibus account; told of the hook for each order. */
  readonly client: () => Client;
};

export type Placed = Answer & { readonly nonce: number };

/** An order of a member as the venue's client takes it, with the member's order inside. */
type Terms = Omit<Routed, 'trackedId'>;

const timeInForceOf = ['GTC', 'IOC', 'FOK'] as const;
const wholeMax = Number.MAX_SAFE_INTEGER;

/** Why an order's terms mean nothing. */
export function shapeFault(order: MemberOrder, markets: readonly number[]): Rejection | undefined {
  if (!markets.includes(order.market)) {
    const found = { found: order.market, allowed: [...markets] as never };
    return reject('MarketUnknown', `the pool does not trade market ${order.market}`, found);
  }
  const bounds: readonly (readonly [string, number, number, number])[] = [
    ['size', order.size, 1, 2 ** 40 - 2],
    ['price', order.price, 1, 2 ** 32 - 1],
    ['expiry', order.expiry, 1, 2 ** 40 - 1],
    ['nonce', order.nonce, 1, wholeMax],
  ];
  for (const [field, value, low, high] of bounds) {
    if (Number.isSafeInteger(value) && value >= low && value <= high) continue;
    return reject('OrderMalformed', `${field} ${value} is not within ${low} and ${high}`, {
      field,
      found: value,
    });
  }
  if (order.postOnly && order.timeInForce !== 0) {
    return reject('OrderMalformed', 'a post-only order rests: its time in force is 0');
  }
  return undefined;
}

/** Who signed something for the pool; undefined: nobody. */
export async function signerOf<K extends keyof typeof poolTypes>(
  info: Pick<PoolInfo, 'chainId' | 'pool'>,
  primaryType: K,
  message: Readonly<Record<string, unknown>>,
  signature: Hex,
): Promise<Hex | undefined> {
  try {
    const signer = await recoverTypedDataAddress({
      domain: poolDomain(info.chainId, info.pool),
      types: { [primaryType]: poolTypes[primaryType] },
      primaryType,
      message,
      signature,
    } as never);
    return signer.toLowerCase() as Hex;
  } catch {
    return undefined;
  }
}

export const numberOf = (book: Book, member: string): number | undefined => {
  const found = book.members.findIndex(({ address }) => address === member.toLowerCase());
  return found < 0 ? undefined : found;
};

const messageOf = (order: MemberOrder) => ({
  ...order,
  size: BigInt(order.size),
  nonce: BigInt(order.nonce),
});

type Context = DeskDeps & {
  readonly orders: Orders;
  write(...entries: readonly Entry[]): void;
  openOf(member: string, but?: number): OpenOrder[];
  settled(order: Tracked): number;
};

function lifeFault({ now, state }: Context, order: MemberOrder): Rejection | undefined {
  const { lapsedTime, freshUntil } = state();
  if (lapsedTime !== 0) return reject('PoolLapsed', `the pool was wound up at ${lapsedTime}`);
  if (order.expiry <= now()) return reject('OrderExpired', `expired at ${order.expiry}`);
  if (freshUntil > now() + lifeMarginSeconds) return undefined;
  return reject('PoolStale', `the newest proof counted until ${freshUntil}; reduce-only`, {
    freshUntil,
  });
}

/** What the venue is asked: reduce-only where the omnibus account shrinks by it as well. */
function route(c: Context, number: number, order: MemberOrder): Terms | Rejection {
  const { book, freshUntil } = c.state();
  const asked = { market: order.market, isBuy: order.isBuy, lots: order.size, price: order.price };
  const others = c.openOf(order.member);
  const fault = marginFault(book, number, asked, others);
  if (fault) return fault;
  const net = book.total.sizes.get(order.market) ?? 0;
  const shrinks = order.isBuy ? net <= -order.size : net >= order.size;
  const reduceOnly = onlyReduces(book, number, asked, others) && shrinks;
  const stale = lifeFault(c, order);
  if (stale && !(stale.code === 'PoolStale' && reduceOnly)) return stale;
  const expiry = reduceOnly ? order.expiry : Math.min(order.expiry, freshUntil);
  return {
    market: order.market,
    side: order.isBuy ? 'buy' : 'sell',
    size: order.size,
    price: order.price,
    timeInForce: timeInForceOf[order.timeInForce],
    postOnly: order.postOnly,
    reduceOnly,
    expiry,
  };
}

async function send(c: Context, id: number, terms: Terms): Promise<Placed | Rejection> {
  const order = c.orders.find(id)?.order as MemberOrder;
  const sent = await sendTracked(c, { ...terms, trackedId: id });
  return 'refused' in sent ? sent.refused : { ...sent.answer, nonce: order.nonce };
}

/** The same order again has the same answer; another one under its number has none. */
function repeated(before: Tracked, order: MemberOrder): Placed | Rejection {
  const isSame = (Object.keys(order) as (keyof MemberOrder)[]).every(
    (field) => String(before.order[field]).toLowerCase() === String(order[field]).toLowerCase(),
  );
  if (isSame && before.answer !== undefined) {
    return { ...(before.answer as Answer), nonce: order.nonce };
  }
  return reject('NonceUsed', `number ${order.nonce} of ${order.member} is used`, {
    nonce: order.nonce,
  });
}

async function accept(c: Context, order: MemberOrder, signature: Hex): Promise<Placed | Rejection> {
  const shape = shapeFault(order, c.info.markets);
  if (shape) return shape;
  const signer = await signerOf(c.info, 'MemberOrder', messageOf(order), signature);
  if (signer === undefined || signer !== order.member.toLowerCase()) {
    return reject('SignatureWrong', `${order.member} did not sign this`);
  }
  const before = c.orders.byNonce(order.member, order.nonce);
  if (before !== undefined) return repeated(before, order);
  const number = numberOf(c.state().book, order.member);
  if (number === undefined) return reject('MemberUnknown', `${order.member} is no member`);
  const terms = route(c, number, order);
  if (isRejection(terms)) return terms;
  const id = c.orders.next();
  c.write({ type: 'order', id, order, signature });
  return send(c, id, terms);
}

/** Orders of a member that are not over, by a number or all: 0. Closings are not the member's. */
const cancellable = (c: Context, member: Hex, nonce: number) =>
  c.orders.of(member).flatMap(({ order, closing, ended, places }) => {
    const isMeant = closing === undefined && (nonce === 0 || order.nonce === nonce);
    const last = places.at(-1);
    return isMeant && ended === undefined && last !== undefined ? [last] : [];
  });

function contextOf(deps: DeskDeps): Context {
  const { journal, now, state } = deps;
  const orders: Orders = createOrders();
  for (const entry of journal.entries) orders.apply(entry);
  const settled = ({ places }: Tracked): number =>
    places.reduce((sum, { lane, seq }) => sum + (state().filled.get(`${lane}:${seq}`) ?? 0), 0);
  return {
    ...deps,
    orders,
    write(...entries) {
      journal.append(...entries);
      for (const entry of entries) orders.apply(entry);
    },
    openOf: (member, but) => orders.open(member, settled, now()).filter(({ id }) => id !== but),
    settled,
  };
}

export function createDesk(deps: DeskDeps) {
  const c = contextOf(deps);
  const { orders, info, state } = c;
  /** One after the other: an order is judged when the one before is in the journal. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(body: () => Promise<T>): Promise<T> => {
    const next = turn.then(body);
    turn = next.catch(() => undefined);
    return next;
  };
  return {
    orders,
    openOf: (member: string) => c.openOf(member),
    /** Orders by which the operator closed a member. */
    closingsOf: (member: string) => closingsOf(orders, member, c.settled),
    /** Whose an order of the omnibus account was, by its lane. */
    ownerOf(lane: number, seq: number): number | undefined {
      const tracked = orders.at(lane, seq);
      return tracked && numberOf(state().book, tracked.order.member);
    },
    /** The client's hook: the lane is on disk before the venue hears of it. */
    async beforeSend(order: Order, input: OrderInput): Promise<void> {
      const id = (input as Routed).trackedId;
      const tracked = orders.find(id);
      if (tracked !== undefined) gateClosing(c, tracked, order);
      c.write({ type: 'lane', id, lane: order.lane, seq: order.seq });
    },
    /** What the venue tells of orders that are over. */
    onFrame(frame: ServerFrame): void {
      if (frame.op !== 'order' || frame.account !== info.account || frame.status === 'open') return;
      const tracked = orders.at(frame.lane, frame.seq);
      if (tracked === undefined || tracked.ended !== undefined) return;
      if (frame.status === 'unwound') return;
      c.write({ type: 'ended', id: tracked.id, filled: frame.filled, at: c.now() });
    },
    /** Takes an order: a rejection, or the venue's answer. */
    place(order: MemberOrder, signature: Hex): Promise<Placed | Rejection> {
      return inTurn(() => accept(c, order, signature));
    },
    /** One step of closing a member below maintenance; of no other member anything is done. */
    close(number: number, slipPpm: number): Promise<ClosingStep | Rejection> {
      return inTurn(() => closeMember(c, number, slipPpm));
    },
    /** Cancels one order of a member by its number, or all: 0. */
    async cancel(member: Hex, nonce: number): Promise<Answer[]> {
      const places = cancellable(c, member, nonce);
      return places.length === 0 ? [] : c.client().cancelMany(places);
    },
  };
}

export type Desk = ReturnType<typeof createDesk>;
