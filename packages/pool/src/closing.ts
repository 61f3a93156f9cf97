/**
 * Closing members below maintenance, as a venue liquidates: which order, and what no such order may
 * be. The plan and the judgement are apart, so that a wrong plan does not leave the desk. Pure.
 */
import { freedBy, partialLots, shareOf, zeroDiscount } from '@holdfast/risk';
import { type Ppm, type Rejection, reject, type Ticks } from '@holdfast/units';
import { type Book, marketOf, memberOf } from './book.ts';
import type { Followed } from './follow.ts';
import { isUncovered, memberHealth, type OpenOrder, onlyReduces } from './margin.ts';

/** Farthest that any closing's limit may be from the mark, whatever the operator chose: 5 %. */
export const slipPpmMax = 50_000;
/** Of the chosen distance, what is offered for a member that has nothing left to bear it. */
const leastPart = 5n;
/** Venue seconds until the next closing of a member; twice as many after each in vain. */
export const retrySeconds = 5;
const doublingsMax = 4;
/** Life of a closing; the venue ends it at once, this ends it when nobody answers. */
export const lifeSeconds = 300;
/** What an order that may add risk needs to live at least. */
export const lifeMarginSeconds = 5;

export type ClosingTerms = {
  readonly market: number;
  readonly isBuy: boolean;
  readonly lots: number;
  readonly price: number;
  /** The omnibus account shrinks by it as well, so it needs no fresh proof. */
  readonly reduceOnly: boolean;
  readonly expiry: number;
};

/** A closing of the past: of which market, when, and whether it is known to have filled nothing. */
export type Tried = { readonly market: number; readonly at: number; readonly isVain: boolean };

/** Venue seconds that a member rests: a market without bids must not fill the journal. */
function restOf(tried: readonly Tried[]): number {
  const vain = tried.length - 1 - tried.findLastIndex(({ isVain }) => !isVain);
  return retrySeconds * 2 ** Math.min(Math.max(vain - 1, 0), doublingsMax);
}

export type ClosingView = {
  readonly others: readonly OpenOrder[];
  readonly tried: readonly Tried[];
  readonly now: number;
  readonly slipPpm: number;
};

/** Ticks from the mark that the member's equity bears for these lots, after the fee. */
function borne(book: Book, number: number, market: number, lots: number): bigint {
  const of = marketOf(book, market);
  const standing = memberHealth(book, number);
  if (standing.equity <= 0n || standing.maintenance === 0n) return 0n;
  const size = Math.abs(memberOf(book, number).sizes.get(market) ?? 0);
  const priced = {
    price: of.mark as Ticks,
    tickValue: of.tickValue,
    maintenancePpm: of.maintenancePpm as Ppm,
  };
  const worth = shareOf(standing, freedBy(priced, size, lots));
  const amount = BigInt(lots) * BigInt(of.mark) * BigInt(of.tickValue);
  const fee = (amount * BigInt(of.takerFeePpm) + 999_999n) / 1_000_000n;
  return worth > fee ? zeroDiscount(worth - fee, lots, of.tickValue) : 0n;
}

/**
 * The limit: as far from the mark as the equity bears, no farther than the chosen part of the mark,
 * and at least a fifth of that, because who has nothing left must be closed as well.
 */
function limitOf(
  book: Book,
  number: number,
  asked: Pick<ClosingTerms, 'market' | 'isBuy' | 'lots'>,
  slipPpm: number,
): number {
  const { mark } = marketOf(book, asked.market);
  const most = (BigInt(mark) * BigInt(slipPpm)) / 1_000_000n;
  const bears = borne(book, number, asked.market, asked.lots);
  const least = most / leastPart;
  const ticks = Number(bears > most ? most : bears < least ? least : bears);
  return asked.isBuy ? mark + ticks : Math.max(mark - ticks, 1);
}

/** Lots that bring the member back above maintenance when they fill at the limit, or all. */
function lotsNeeded(book: Book, number: number, market: number, slipPpm: number): number {
  const of = marketOf(book, market);
  const size = Math.abs(memberOf(book, number).sizes.get(market) ?? 0);
  const priced = {
    price: of.mark as Ticks,
    tickValue: of.tickValue,
    maintenancePpm: of.maintenancePpm as Ppm,
  };
  const discount = (BigInt(of.mark) * BigInt(slipPpm)) / 1_000_000n;
  return partialLots(size, priced, discount, memberHealth(book, number));
}

function termsFor(
  { book, freshUntil }: Followed,
  number: number,
  market: number,
  { others, now, slipPpm }: ClosingView,
): ClosingTerms | undefined {
  const size = memberOf(book, number).sizes.get(market) ?? 0;
  if (marketOf(book, market).mark === 0 || size === 0) return undefined;
  const isBuy = size < 0;
  const same = others.filter((each) => each.market === market && each.isBuy === isBuy);
  const room = Math.abs(size) - same.reduce((sum, { lots }) => sum + lots, 0);
  const wanted = Math.min(lotsNeeded(book, number, market, slipPpm), room);
  const net = book.total.sizes.get(market) ?? 0;
  const shrinking = Math.max(isBuy ? -net : net, 0);
  const isFresh = freshUntil > now + lifeMarginSeconds;
  // With an old proof only what shrinks the omnibus account is signed: better a part than nothing.
  const lots = isFresh ? wanted : Math.min(wanted, shrinking);
  if (lots <= 0) return undefined;
  const reduceOnly = lots <= shrinking;
  const expiry = reduceOnly ? now + lifeSeconds : Math.min(now + lifeSeconds, freshUntil);
  const asked = { market, isBuy, lots };
  return { ...asked, price: limitOf(book, number, asked, slipPpm), reduceOnly, expiry };
}

/**
 * The next closing of a member: of the market that waited longest, of two the one that asks more
 * margin. Undefined: something of it is still on its way, or was tried a moment ago.
 */
export function planClosing(
  state: Followed,
  number: number,
  view: ClosingView,
): ClosingTerms | Rejection | undefined {
  const { book, freshUntil } = state;
  const { others, tried, now } = view;
  const isBusy = others.some(({ isClosing }) => isClosing === true);
  if (isBusy || tried.some(({ at }) => at + restOf(tried) > now)) return undefined;
  const lastOf = (market: number): number =>
    Math.max(0, ...tried.flatMap((each) => (each.market === market ? [each.at] : [])));
  const asks = ([market, size]: [number, number]): number => {
    const { mark, tickValue, maintenancePpm } = marketOf(book, market);
    return Math.abs(size) * mark * tickValue * maintenancePpm;
  };
  const markets = [...memberOf(book, number).sizes]
    .sort((a, b) => lastOf(a[0]) - lastOf(b[0]) || asks(b) - asks(a) || a[0] - b[0])
    .map(([market]) => market);
  for (const market of markets) {
    const terms = termsFor(state, number, market, view);
    if (terms !== undefined) return terms;
  }
  if (others.length > 0) return undefined;
  if (markets.every((market) => marketOf(book, market).mark === 0)) {
    return reject('PriceStale', 'no market of the member has a price yet');
  }
  const text = `the newest proof counted until ${freshUntil}, and the account would not shrink`;
  return reject('PoolStale', `member ${number} cannot be closed: ${text}`, { freshUntil });
}

/**
 * Why an order closes nobody: the member is not below maintenance, or its position could grow or
 * turn, or the limit is beyond what any closing may cost. Judged again as the order leaves.
 */
export function closingFault(
  book: Book,
  number: number,
  order: OpenOrder,
  others: readonly OpenOrder[],
): Rejection | undefined {
  const { equity, maintenance } = memberHealth(book, number);
  if (!isUncovered(book, number)) {
    const text = `member ${number} has ${equity} of ${maintenance}: it is not below maintenance`;
    return reject('MemberCovered', text, { equity: `${equity}`, maintenance: `${maintenance}` });
  }
  if (!(order.lots > 0) || !onlyReduces(book, number, order, others)) {
    const size = memberOf(book, number).sizes.get(order.market) ?? 0;
    const text = `${order.lots} lots against ${size} could make the position of a member grow`;
    return reject('ClosingGrows', text, { found: order.lots, size });
  }
  const { mark } = marketOf(book, order.market);
  const most = Math.floor((mark * slipPpmMax) / 1_000_000);
  const far = order.isBuy ? order.price - mark : mark - order.price;
  if (mark !== 0 && far <= most) return undefined;
  return reject('ClosingFar', `the limit ${order.price} is ${far} ticks off the mark ${mark}`, {
    found: far,
    required: most,
  });
}

/** What a member without positions owes, whole quote units; 0: nothing, or it is not flat. */
export function owedBy(book: Book, number: number): bigint {
  if (memberOf(book, number).sizes.size > 0) return 0n;
  const { equity } = memberHealth(book, number);
  return equity < 0n ? -equity : 0n;
}
