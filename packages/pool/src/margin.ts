/** Whether a member may have an order: the venue's own margin rules on its part of the account. */
import {
  baseAlone,
  health,
  initialWithOrders,
  type MarketContext,
  type OpenOrders,
  orderLossMax,
} from '@holdfast/risk';
import type {
  CashQ32,
  FundingIndex,
  Lots,
  MarketId,
  Ppm,
  Quote,
  Rejection,
  Ticks,
} from '@holdfast/units';
import { reject } from '@holdfast/units';
import { type Book, type BookMember, marketOf, memberOf } from './book.ts';

/** An order of a member that may still fill. */
export type OpenOrder = {
  readonly market: number;
  readonly isBuy: boolean;
  /** Lots that no fill on chain has taken. */
  readonly lots: number;
  readonly price: number;
  /** Its number in the operator's journal. */
  readonly id?: number;
  /** It is the operator's, who closes the member. */
  readonly isClosing?: boolean;
};

const contextOf = (book: Book, id: number): MarketContext => {
  const of = marketOf(book, id);
  return baseAlone({
    price: of.mark as Ticks,
    index: of.index as FundingIndex,
    tickValue: of.tickValue,
    initialPpm: of.initialPpm as Ppm,
    maintenancePpm: of.maintenancePpm as Ppm,
  });
};

const riskOf = ({ cash, sizes }: BookMember) => ({
  cash: cash as CashQ32,
  positions: sizes as unknown as ReadonlyMap<MarketId, Lots>,
});

/** Equity and requirements of a member, quote units. */
export const memberHealth = (book: Book, number: number) =>
  health(riskOf(memberOf(book, number)), (id) => contextOf(book, id));

/** Whether a member is below maintenance, or owes: no epoch can be proven with it. */
export function isUncovered(book: Book, number: number): boolean {
  const { equity, maintenance } = memberHealth(book, number);
  return equity < maintenance;
}

/** Members that no epoch can be proven with. */
export const uncovered = (book: Book): number[] =>
  [...book.members.keys()].filter((number) => isUncovered(book, number));

function openOf(orders: readonly OpenOrder[]): Map<MarketId, OpenOrders> {
  const open = new Map<MarketId, OpenOrders>();
  for (const { market, isBuy, lots } of orders) {
    const before = open.get(market as MarketId) ?? { buys: 0, sells: 0 };
    const [buys, sells] = isBuy ? [lots, 0] : [0, lots];
    open.set(market as MarketId, { buys: before.buys + buys, sells: before.sells + sells });
  }
  return open;
}

/** Whether the order can only make the position smaller, the member's other orders filled first. */
export function onlyReduces(
  book: Book,
  number: number,
  order: OpenOrder,
  others: readonly OpenOrder[],
): boolean {
  const size = memberOf(book, number).sizes.get(order.market) ?? 0;
  const same = others.filter((o) => o.market === order.market && o.isBuy === order.isBuy);
  const asked = order.lots + same.reduce((sum, { lots }) => sum + lots, 0);
  return order.isBuy ? asked <= -size : asked <= size;
}

/**
 * Why a member may not have an order beside those that it has. As on chain: equity, less what the
 * orders lose at once if they fill at their limits, covers initial margin at their worst.
 */
export function marginFault(
  book: Book,
  number: number,
  order: OpenOrder,
  others: readonly OpenOrder[],
): Rejection | undefined {
  if (marketOf(book, order.market).mark === 0) {
    return reject('PriceStale', `market ${order.market} has no price yet`);
  }
  if (onlyReduces(book, number, order, others)) return undefined;
  const all = [...others, order];
  const member = riskOf(memberOf(book, number));
  const find = (id: MarketId): MarketContext => contextOf(book, id);
  const initial = initialWithOrders(member, openOf(all), find);
  const lost = all.reduce((sum, { market, isBuy, lots, price }) => {
    const feePpm = marketOf(book, market).takerFeePpm as Ppm;
    const terms = { isBuy, size: lots, price: price as Ticks };
    return sum + orderLossMax(terms, find(market as MarketId), feePpm);
  }, 0n) as Quote;
  const { equity } = memberHealth(book, number);
  if (equity - lost >= initial) return undefined;
  const text = `equity ${equity} less ${lost} of the orders is below the initial margin ${initial}`;
  return reject('MarginShort', text, {
    equity: `${equity}`,
    lost: `${lost}`,
    initial: `${initial}`,
  });
}
