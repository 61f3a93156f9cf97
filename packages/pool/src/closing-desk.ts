/**
 * The desk's part of a closing: it cancels what the member has open, plans one order, writes it to
 * the journal with its reason, and judges it once more at the moment it leaves.
 */
import { sleep } from '@holdfast/host';
import type { Order } from '@holdfast/order';
import { EnvironmentError, type Hex, isRejection, type Rejection } from '@holdfast/units';
import { marketOf, memberOf } from './book.ts';
import { type ClosingTerms, closingFault, planClosing } from './closing.ts';
import type { Followed } from './follow.ts';
import type { ClosingWhy } from './journal.ts';
import { isUncovered, memberHealth, type OpenOrder } from './margin.ts';
import type { Orders, Tracked } from './orders.ts';
import { type SendDeps, sendTracked } from './send.ts';

export type ClosingDeps = SendDeps & {
  readonly orders: Orders;
  readonly state: () => Followed;
  /** What may still change a member's position, but for one order. */
  openOf(member: string, but?: number): OpenOrder[];
};

/** What a try to close came to. */
export type ClosingStep =
  | { readonly step: 'covered' | 'waiting' | 'flat' }
  | { readonly step: 'sent'; readonly id: number; readonly terms: ClosingTerms };

const frameWaitMs = 2_000;
const frameEveryMs = 20;

const restsOn = ({ places, ended }: Tracked): { lane: number; seq: number }[] => {
  const last = places.at(-1);
  return ended === undefined && last !== undefined ? [last] : [];
};

/** Cancels all of a member's orders, and gives the venue a moment to tell what they had filled. */
async function cancelOpen(c: ClosingDeps, member: string): Promise<void> {
  const open = c.orders.of(member).filter((each) => restsOn(each).length > 0);
  if (open.length === 0) return;
  const answers = await c.client().cancelMany(open.flatMap(restsOn));
  for (const [i, { code }] of answers.entries()) {
    const { id, order, ended } = open[i] as Tracked;
    // Over without our having been told: at most all of it has matched.
    if (code !== 'OrderUnknown' || ended !== undefined) continue;
    c.write({ type: 'ended', id, filled: order.size, at: c.now() });
  }
  for (let waited = 0; waited < frameWaitMs; waited += frameEveryMs) {
    if (open.every(({ ended }) => ended !== undefined)) return;
    await sleep(frameEveryMs);
  }
}

function reasonOf(c: ClosingDeps, number: number, market: number): ClosingWhy {
  const { book, block } = c.state();
  const { equity, maintenance } = memberHealth(book, number);
  return {
    at: c.now(),
    block,
    mark: marketOf(book, market).mark,
    size: memberOf(book, number).sizes.get(market) ?? 0,
    equity: `${equity}`,
    maintenance: `${maintenance}`,
  };
}

function viewOf(c: ClosingDeps, member: string, slipPpm: number) {
  const tried = c.orders
    .of(member)
    .flatMap(({ order, closing, ended }) =>
      closing === undefined ? [] : [{ market: order.market, at: closing.at, isVain: ended === 0 }],
    );
  return { others: c.openOf(member), tried, now: c.now(), slipPpm };
}

/**
 * One step of closing a member. Nothing is done for one that is not below maintenance. Assumes:
 * called in the desk's turn, so that no order of the member comes in between.
 */
export async function closeMember(
  c: ClosingDeps,
  number: number,
  slipPpm: number,
): Promise<ClosingStep | Rejection> {
  if (!isUncovered(c.state().book, number)) return { step: 'covered' };
  const member = memberOf(c.state().book, number).address as Hex;
  await cancelOpen(c, member);
  // The chain may have gone on meanwhile.
  if (!isUncovered(c.state().book, number)) return { step: 'covered' };
  const view = viewOf(c, member, slipPpm);
  if (memberOf(c.state().book, number).sizes.size === 0) {
    return { step: view.others.length === 0 ? 'flat' : 'waiting' };
  }
  const terms = planClosing(c.state(), number, view);
  if (terms === undefined) return { step: 'waiting' };
  if (isRejection(terms)) return terms;
  const { market, isBuy, lots, price, expiry } = terms;
  const id = c.orders.next();
  const why = reasonOf(c, number, market);
  const fixed = { timeInForce: 1, postOnly: false, nonce: 0 } as const;
  const order = { member, market, isBuy, size: lots, price, ...fixed, expiry };
  c.write({ type: 'closing', id, order, why });
  const fault = await send(c, id, terms);
  return fault ?? { step: 'sent', id, terms };
}

async function send(c: ClosingDeps, id: number, terms: ClosingTerms) {
  const { market, isBuy, lots, price, reduceOnly, expiry } = terms;
  const sent = await sendTracked(c, {
    market,
    side: isBuy ? 'buy' : 'sell',
    size: lots,
    price,
    timeInForce: 'IOC',
    reduceOnly,
    expiry,
    trackedId: id,
  });
  if ('refused' in sent) return sent.refused;
  const { status, code, message } = sent.answer;
  return status === 'rejected' ? { code: code ?? 'Rejected', message: message ?? '' } : undefined;
}

/**
 * The last gate: what leaves is the closing that was decided, and is still one at this moment. Also
 * when the client signs an order anew.
 *
 * @throws EnvironmentError what {@link closingFault} says, or `ClosingDiffers`
 */
export function gateClosing(c: ClosingDeps, { id, order, closing }: Tracked, sent: Order): void {
  if (closing === undefined) return;
  const isSame =
    sent.market === order.market &&
    sent.isBuy === order.isBuy &&
    sent.size === order.size &&
    sent.price === order.price &&
    sent.timeInForce === 1;
  if (!isSame) {
    throw new EnvironmentError('ClosingDiffers', `closing ${id} is another order than decided`);
  }
  const { book } = c.state();
  const number = book.members.findIndex(({ address }) => address === order.member.toLowerCase());
  const asked = {
    market: sent.market,
    isBuy: sent.isBuy,
    lots: sent.size,
    price: sent.price,
  };
  const fault = closingFault(book, number, asked, c.openOf(order.member, id));
  if (fault) throw new EnvironmentError(fault.code, fault.message);
}

/** A closing as its member is told. */
export type Closing = ClosingWhy & {
  readonly market: number;
  readonly isBuy: boolean;
  readonly lots: number;
  readonly price: number;
  readonly places: readonly { readonly lane: number; readonly seq: number }[];
  /** Lots that the chain has settled. */
  readonly settled: number;
};

/** The closings of a member that were sent. */
export const closingsOf = (
  orders: Orders,
  member: string,
  settled: (order: Tracked) => number,
): Closing[] =>
  orders.of(member).flatMap((each) => {
    const { order, closing, places } = each;
    if (closing === undefined || places.length === 0) return [];
    const { market, isBuy, size: lots, price } = order;
    return [{ ...closing, market, isBuy, lots, price, places, settled: settled(each) }];
  });
