/** The whole state against the laws and against itself: after every batch, and in tests. */
import { judge } from '@holdfast/laws';
import { health, initialWithOrders } from '@holdfast/risk';
import { q32Bits } from '@holdfast/units';
import { contexts, reserveOf } from './amounts.ts';
import type { Book, Resting } from './book/book.ts';
import { freeMargin, healthOf } from './margin.ts';
import { restingOf } from './resting.ts';
import { sortedKeys } from './state.ts';
import type { AccountState, MarketState, State } from './types.ts';

/**
 * Holds every law that speaks of a whole state: L01 collateral conserved, L04 net position zero,
 * L05 open interest is longs; and the engine's own redundancy: books sorted and uncrossed, open
 * sums equal to what rests. Parts of a chain effect still in transit count as held by nobody.
 *
 * @returns one sentence per breach; empty if all is well
 */
export function checkLaws(state: State): string[] {
  const breaches: string[] = [];
  const hold = (kept: boolean, breach: string): void => {
    if (!kept) breaches.push(breach);
  };
  checkConservation(state, hold);
  for (const market of state.markets.values()) checkBook(market, hold);
  for (const account of state.accounts.values()) checkAccount(state, account, hold);
  return breaches;
}

type Hold = (kept: boolean, breach: string) => void;

function checkConservation(state: State, hold: Hold): void {
  const { liabilities, suspense } = state;
  const accounts: { cashQ32: bigint }[] = [{ cashQ32: suspense.cash }];
  const held: { market: number; size: number }[] = [];
  for (const account of state.accounts.values()) {
    accounts.push({ cashQ32: account.cash });
    for (const [market, size] of account.positions) held.push({ market, size });
  }
  const inTransit = [...suspense.sizes].map(([market, size]) => ({ market, size }));
  const markets = [...state.markets.values()].map(({ id, openInterest }) => ({
    market: id,
    openInterest,
  }));
  const sum = accounts.reduce((total, { cashQ32 }) => total + cashQ32, 0n);
  hold(
    judge('collateralConserved', { accounts, liabilities }),
    `L01: cash is ${sum - (liabilities << q32Bits)} (Q32) away from the liabilities`,
  );
  const positions = [...held, ...inTransit];
  hold(judge('netPositionZero', { positions, markets }), 'L04: a net position is not zero');
  for (const { id, openInterest, interestLow, interestHigh } of state.markets.values()) {
    const inside = interestLow <= openInterest && openInterest <= interestHigh;
    hold(inside, `open interest of market ${id} is outside of its range`);
  }
  hold(
    judge('openInterestIsLongs', { positions: held, markets }),
    'L05: open interest is not the sum of longs',
  );
}

function checkBook({ call, id, book }: MarketState, hold: Hold): void {
  let count = 0;
  for (const isBuy of [true, false]) {
    let last: Resting | undefined;
    for (let each = book.best(isBuy); each !== undefined; each = book.next(each)) {
      if (last !== undefined) {
        const step = (each.order.price - last.order.price) * (isBuy ? -1 : 1);
        hold(
          step > 0 || (step === 0 && each.placed > last.placed),
          `the book of market ${id} is not in priority`,
        );
      }
      hold(each.remaining > 0, `an order without lots rests in market ${id}`);
      last = each;
      count += 1;
    }
  }
  hold(count === book.count, `the book of market ${id} miscounts`);
  hold(call !== undefined || !isCrossed(book), `the book of market ${id} is crossed`);
}

function isCrossed(book: Book): boolean {
  const bid = book.best(true);
  const ask = book.best(false);
  return bid !== undefined && ask !== undefined && bid.order.price >= ask.order.price;
}

function checkAccount(state: State, account: AccountState, hold: Hold): void {
  const resting = restingOf(account);
  let reserved = 0n;
  for (const { order, reserve, adverse, remaining } of resting) {
    reserved += reserve;
    const market = state.markets.get(order.market);
    hold(
      market !== undefined && reserve >= reserveOf(market.params, order.price, remaining, adverse),
      `an order of account ${account.id} has too small a reserve`,
    );
  }
  hold(
    state.resting.has(account.id) === account.openCount > 0,
    `account ${account.id} is not listed as it rests`,
  );
  hold(
    state.armed.has(account.id) === account.deadman > 0,
    `account ${account.id} is not listed as it is armed`,
  );
  hold(reserved === account.reserved, `account ${account.id} reserves something else`);
  hold(resting.length === account.openCount, `account ${account.id} miscounts its orders`);
  let isWhole = true;
  const holdSums: Hold = (kept, breach) => {
    isWhole &&= kept;
    hold(kept, breach);
  };
  for (const id of sortedKeys(state.markets)) checkSums(account, id, resting, holdSums);
  // Margin of wrong sums would be wrong either way.
  if (isWhole) checkMargin(state, account, hold);
}

/** What is kept of margin against the whole computation. */
function checkMargin(state: State, account: AccountState, hold: Hold): void {
  const marketOf = contexts(state);
  const whole = health(account, marketOf);
  const kept = healthOf(state, account);
  const required = initialWithOrders(account, account.open, marketOf);
  hold(
    kept.equity === whole.equity &&
      kept.initial === whole.initial &&
      kept.maintenance === whole.maintenance &&
      freeMargin(state, account) === whole.equity - required - account.reserved,
    `account ${account.id} keeps margin of something else`,
  );
}

function checkSums(
  account: AccountState,
  id: MarketState['id'],
  resting: readonly Resting[],
  hold: Hold,
): void {
  const lots = (isBuy: boolean, reduceOnly: boolean): number =>
    resting
      .filter(({ order }) => order.market === id)
      .filter(({ order }) => order.isBuy === isBuy && order.reduceOnly === reduceOnly)
      .reduce((total, { remaining }) => total + remaining, 0);
  const sums = account.open.get(id);
  const size = account.positions.get(id) ?? 0;
  hold(
    lots(true, false) === (sums?.buys ?? 0) &&
      lots(false, false) === (sums?.sells ?? 0) &&
      lots(true, true) === (sums?.reduceBuys ?? 0) &&
      lots(false, true) === (sums?.reduceSells ?? 0),
    `account ${account.id} has wrong open sums in market ${id}`,
  );
  hold(
    lots(true, true) <= Math.max(-size, 0) && lots(false, true) <= Math.max(size, 0),
    `account ${account.id} has reduce-only orders beyond its position in market ${id}`,
  );
}
