/**
 * The pool's book: what each member holds of the omnibus account. It is made of what the chain
 * says, in the chain's order, and of whose each order was; nothing else. So it is the same whoever
 * makes it again, and its members sum to the omnibus account to the unit after every event. Pure.
 */
import { absBig, invariant, q32Bits } from '@holdfast/units';
import { shareOut } from './shares.ts';

/** What the book needs of a market: parameters in force, last mark and funding. */
export type BookMarket = {
  readonly tickValue: number;
  readonly initialPpm: number;
  readonly maintenancePpm: number;
  readonly takerFeePpm: number;
  readonly makerFeePpm: number;
  /** Mark price, ticks; 0 before the first report. */
  readonly mark: number;
  /** Funding index, quote per lot Q32. */
  readonly index: bigint;
};

export type BookMember = {
  readonly address: string;
  readonly key: bigint;
  /** Quote Q32. */
  cash: bigint;
  /** Lots by market; no zeros. */
  readonly sizes: Map<number, number>;
};

/** A side of a fill that the omnibus account was on. */
export type BookFill = {
  /** Whose order it was; undefined: nobody's that the book knows. */
  readonly member: number | undefined;
  readonly market: number;
  /** Lots, positive when bought. */
  readonly lots: number;
  readonly price: number;
  readonly role: 'maker' | 'taker';
};

export type BookEvent =
  | { readonly type: 'joined'; readonly address: string; readonly key: bigint }
  | { readonly type: 'market'; readonly market: number; readonly to: Partial<BookMarket> }
  /** A deposit or, below zero, a payout; quote units. */
  | { readonly type: 'flow'; readonly member: number; readonly quote: bigint }
  | { readonly type: 'fills'; readonly fills: readonly BookFill[] }
  /** Every lot of the omnibus account's own position pays this, quote Q32. */
  | { readonly type: 'levied'; readonly market: number; readonly perLot: bigint }
  /** What the omnibus account is after an event; `sizes` of the markets that were touched. */
  | {
      readonly type: 'omnibus';
      readonly cash: bigint;
      readonly sizes: readonly (readonly [market: number, size: number])[];
    };

export type Book = {
  readonly members: BookMember[];
  readonly markets: Map<number, BookMarket>;
  /** Sums over the members. */
  readonly total: { cash: bigint; readonly sizes: Map<number, number> };
};

const unknownMarket: BookMarket = {
  tickValue: 0,
  initialPpm: 0,
  maintenancePpm: 0,
  takerFeePpm: 0,
  makerFeePpm: 0,
  mark: 0,
  index: 0n,
};

export const emptyBook = (): Book => ({
  members: [],
  markets: new Map(),
  total: { cash: 0n, sizes: new Map() },
});

/** The member that holds what nobody is known for, and bears what rounds: the operator's own. */
export const operatorNumber = 0;

export const marketOf = (book: Book, market: number): BookMarket =>
  book.markets.get(market) ?? unknownMarket;

export function memberOf(book: Book, number: number): BookMember {
  const member = book.members[number];
  invariant(member !== undefined, `there is no member ${number}`);
  return member;
}

/** Worth of a lot, quote Q32. */
const unitOf = (market: BookMarket, price: number): bigint =>
  ((BigInt(price) * BigInt(market.tickValue)) << q32Bits) - market.index;

function addSize(sizes: Map<number, number>, market: number, lots: number): void {
  const size = (sizes.get(market) ?? 0) + lots;
  invariant(Number.isSafeInteger(size), `${size} lots are no whole number`);
  if (size === 0) sizes.delete(market);
  else sizes.set(market, size);
}

function move(book: Book, number: number, market: number, lots: number, cash: bigint): void {
  const member = memberOf(book, number);
  member.cash += cash;
  book.total.cash += cash;
  if (lots === 0) return;
  addSize(member.sizes, market, lots);
  addSize(book.total.sizes, market, lots);
}

/** A fill is one member's whole: its fee, rounded up as the chain does, is that member's too. */
function fill(book: Book, { member, market, lots, price, role }: BookFill): void {
  const of = marketOf(book, market);
  const amount = BigInt(Math.abs(lots)) * BigInt(price) * BigInt(of.tickValue);
  const feePpm = BigInt(role === 'maker' ? of.makerFeePpm : of.takerFeePpm);
  const fee = (amount * feePpm + 999_999n) / 1_000_000n;
  const cash = -(BigInt(lots) * unitOf(of, price)) - (fee << q32Bits);
  move(book, member ?? operatorNumber, market, lots, cash);
}

/** Members on one side of a market, with how many lots each has there. */
function holders(book: Book, market: number, side: number): { number: number; lots: bigint }[] {
  return book.members.flatMap(({ sizes }, number) => {
    const size = sizes.get(market) ?? 0;
    return Math.sign(size) === side ? [{ number, lots: BigInt(Math.abs(size)) }] : [];
  });
}

/** A levy is the omnibus account's; the members on the side that it is on bear it by their lots. */
function levy(book: Book, market: number, perLot: bigint): void {
  const net = book.total.sizes.get(market) ?? 0;
  if (net === 0) return;
  const all = perLot * BigInt(Math.abs(net));
  const payers = holders(book, market, Math.sign(net));
  spread(book, payers, -all);
}

/** Shares an amount (quote Q32) by lots, each rounded towards zero; the operator has the rest. */
function spread(book: Book, among: readonly { number: number; lots: bigint }[], all: bigint): void {
  const sum = among.reduce((total, { lots }) => total + lots, 0n);
  let left = all;
  for (const { number, lots } of among) {
    const part = sum === 0n ? 0n : (all * lots) / sum;
    move(book, number, 0, 0, part);
    left -= part;
  }
  move(book, operatorNumber, 0, 0, left);
}

/**
 * Lots that left or came without an order of the pool: a liquidation, a deleveraging, a forced
 * close. They come off the members on the side that shrank, by their lots; at the mark, and what
 * the chain paid less than that is theirs by the lots that they gave up.
 */
function take(book: Book, market: number, change: number): { number: number; lots: bigint }[] {
  const side = -Math.sign(change);
  const from = holders(book, market, side);
  const parts = shareOut(
    BigInt(Math.abs(change)),
    from.map(({ lots }) => lots),
  );
  const of = marketOf(book, market);
  const moved = from.map(({ number }, i) => ({ number, lots: parts.shares[i] as bigint }));
  // More than anybody held: nothing on chain does that to an account, but a lost record would.
  if (parts.left > 0n) moved.push({ number: operatorNumber, lots: parts.left });
  for (const { number, lots } of moved) {
    const signed = -side * Number(lots);
    move(book, number, market, signed, -(BigInt(signed) * unitOf(of, of.mark)));
  }
  return moved;
}

/** Brings the members to what the omnibus account is. */
function reconcile(book: Book, event: BookEvent & { type: 'omnibus' }): void {
  const moved: { number: number; lots: bigint }[] = [];
  for (const [market, size] of event.sizes) {
    const change = size - (book.total.sizes.get(market) ?? 0);
    if (change === 0) continue;
    const value = BigInt(marketOf(book, market).mark) * BigInt(marketOf(book, market).tickValue);
    for (const { number, lots } of take(book, market, change)) {
      moved.push({ number, lots: lots * (value === 0n ? 1n : value) });
    }
  }
  const rest = event.cash - book.total.cash;
  if (rest !== 0n) spread(book, moved, rest);
}

/** Applies one event, in the order of the chain. */
export function applyEvent(book: Book, event: BookEvent): void {
  switch (event.type) {
    case 'joined':
      book.members.push({
        address: event.address.toLowerCase(),
        key: event.key,
        cash: 0n,
        sizes: new Map(),
      });
      return;
    case 'market':
      book.markets.set(event.market, { ...marketOf(book, event.market), ...event.to });
      return;
    case 'flow':
      move(book, event.member, 0, 0, event.quote << q32Bits);
      return;
    case 'fills':
      for (const each of event.fills) fill(book, each);
      return;
    case 'levied':
      levy(book, event.market, event.perLot);
      return;
    case 'omnibus':
      reconcile(book, event);
  }
}

/**
 * Whether an event moves something of members by what the others hold: a levy, or lots that went
 * without an order. Who knows its own orders only cannot tell its part of that.
 */
export function isShared(book: Book, event: BookEvent): boolean {
  const netOf = (market: number): number => book.total.sizes.get(market) ?? 0;
  if (event.type === 'levied') return netOf(event.market) !== 0;
  if (event.type !== 'omnibus') return false;
  return event.sizes.some(([market, size]) => size !== netOf(market));
}

/** The law of the book: members sum to its totals. Undefined, or what differs. */
export function sumsFault(book: Book): string | undefined {
  const sizes = new Map<number, number>();
  let cash = 0n;
  for (const member of book.members) {
    cash += member.cash;
    for (const [market, lots] of member.sizes) addSize(sizes, market, lots);
  }
  if (cash !== book.total.cash) return `cash: members ${cash}, account ${book.total.cash}`;
  for (const market of new Set([...sizes.keys(), ...book.total.sizes.keys()])) {
    const [found, required] = [sizes.get(market) ?? 0, book.total.sizes.get(market) ?? 0];
    if (found !== required) return `market ${market}: members ${found}, account ${required}`;
  }
  return undefined;
}

/** Largest magnitude of cash that a leaf holds. */
export const cashFits = (book: Book): boolean =>
  book.members.every(({ cash }) => absBig(cash) < 1n << 127n);
