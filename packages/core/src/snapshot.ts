/** The state as canonical bytes and back: sorted ids, one encoding per value. */
import {
  type AccountId,
  cashQ32,
  type Epoch,
  type FundingIndex,
  invariant,
  type Lane,
  type Lots,
  type MarketId,
  type Ppm,
  type Round,
  type Seconds,
  type Seq,
} from '@holdfast/units';
import { isIdle, readAuctions, writeAuctions } from './auction/keep.ts';
import type { Resting } from './book/book.ts';
import { createReader, createWriter, type Reader, type Writer } from './codec.ts';
import { rest, restingOf } from './resting.ts';
import {
  readConfig,
  readFill,
  readOrder,
  readParams,
  writeConfig,
  writeFill,
  writeOrder,
  writeParams,
} from './snapshot-parts.ts';
import { createAccount, createBook, createContext, createMarket, sortedKeys } from './state.ts';
import type { AccountState, MarketState, State } from './types.ts';

/**
 * Raised by four whenever the layout changes: an old snapshot is refused, the journal replays. A
 * state in which auctions are in use has one more part at its end and adds 1 to say so, one with
 * barred accounts adds 2; without them its bytes, and so its hash, are those of a
 * core that knew neither.
 */
const layout = 2;
const withAuctions = 1;
const withBarred = 2;

/** Canonical bytes of a state. Equal states have equal bytes, however they came about. */
export function snapshot(state: State): Uint8Array {
  const w = createWriter();
  const parts = (isIdle(state) ? 0 : withAuctions) | (state.barred.size === 0 ? 0 : withBarred);
  w.uint(2, layout + parts);
  writeConfig(w, state.config);
  writeScalars(w, state);
  list(w, sortedKeys(state.markets), (id) => writeMarket(w, state.markets.get(id) as MarketState));
  list(w, sortedKeys(state.accounts), (id) =>
    writeAccount(w, state.accounts.get(id) as AccountState),
  );
  list(w, allResting(state), (resting) => {
    writeOrder(w, resting.order);
    w.int(resting.placed);
    w.int(resting.remaining);
    w.int(resting.adverse);
    w.big(resting.reserve);
  });
  list(w, sortedKeys(state.unconfirmed), (id) => {
    const fill = state.unconfirmed.get(id);
    invariant(fill !== undefined, 'a fill is missing');
    writeFill(w, fill);
  });
  list(w, sortedKeys(state.batches), (number) => {
    const batch = state.batches.get(number);
    w.int(number);
    w.int(batch?.reportRound ?? -1);
    list(w, batch?.fillIds ?? [], (id) => w.int(id));
  });
  list(w, sortedKeys(state.breakers), (scope) => {
    const entry = state.breakers.get(scope);
    w.uint(3, scope);
    w.uint(1, entry?.level ?? 0);
    w.uint(5, entry?.until ?? 0);
  });
  list(w, sortedKeys(state.suspense.sizes), (id) => {
    w.uint(1, id);
    w.int(state.suspense.sizes.get(id) ?? 0);
  });
  if (parts & withAuctions) writeAuctions(w, state);
  if (parts & withBarred) {
    list(w, sortedKeys(state.barred), (id) => {
      w.uint(4, id);
      w.uint(5, state.barred.get(id) ?? 0);
    });
  }
  return w.done();
}

/** The state of a snapshot: same hash, same behaviour. @throws AssertionError if malformed */
export function restore(bytes: Uint8Array): State {
  const r = createReader(bytes);
  const found = r.uint(2);
  const parts = found - layout;
  invariant(parts >= 0 && parts < 4, `snapshot layout ${found} is not ${layout}`);
  const state = readScalars(r, { ...emptyState(), config: readConfig(r) });
  each(r, () => readMarket(r, state));
  each(r, () => readAccount(r, state));
  const { nextExpiry } = state;
  each(r, () => readResting(r, state));
  state.nextExpiry = nextExpiry;
  each(r, () => {
    const fill = readFill(r);
    state.unconfirmed.set(fill.id, fill);
  });
  each(r, () => {
    const number = r.int();
    const round = r.int();
    const fillIds = each(r, () => r.int());
    const reportRound = round < 0 ? null : (round as Round);
    state.batches.set(number, { number, fillIds, reportRound });
  });
  each(r, () => {
    state.breakers.set(r.uint(3), { level: r.uint(1), until: r.uint(5) as Seconds });
  });
  each(r, () => state.suspense.sizes.set(r.uint(1) as MarketId, r.int()));
  if (parts & withAuctions) readAuctions(r, state);
  if (parts & withBarred) {
    each(r, () => state.barred.set(r.uint(4) as AccountId, r.uint(5) as Seconds));
  }
  r.end();
  return state;
}

function list<T>(w: Writer, items: readonly T[], write: (item: T) => void): void {
  w.uint(4, items.length);
  for (const item of items) write(item);
}

function each<T>(r: Reader, read: () => T): T[] {
  const out: T[] = [];
  for (let left = r.uint(4); left > 0; left--) out.push(read());
  return out;
}

function allResting(state: State): Resting[] {
  const out: Resting[] = [];
  for (const account of state.accounts.values()) out.push(...restingOf(account));
  return out.sort((a, b) => a.placed - b.placed);
}

function writeScalars(w: Writer, state: State): void {
  w.uint(5, state.at);
  w.big(state.liabilities);
  w.big(state.suspense.cash);
  w.uint(4, state.round);
  w.uint(5, state.reportTime);
  w.int(state.placed);
  w.int(state.fills);
  w.int(state.events);
  w.int(state.nextExpiry);
  w.int(state.nextDeadman);
}

function readScalars(r: Reader, state: State): State {
  return {
    ...state,
    at: r.uint(5) as Seconds,
    liabilities: r.big(),
    suspense: { cash: r.big(), sizes: new Map() },
    round: r.uint(4) as Round,
    reportTime: r.uint(5) as Seconds,
    placed: r.int(),
    fills: r.int(),
    events: r.int(),
    nextExpiry: r.int(),
    nextDeadman: r.int(),
  };
}

function emptyState(): Omit<State, 'config'> {
  return {
    at: 0 as Seconds,
    accounts: new Map(),
    markets: new Map(),
    breakers: new Map(),
    barred: new Map(),
    unconfirmed: new Map(),
    batches: new Map(),
    liabilities: 0n,
    suspense: { cash: 0n, sizes: new Map() },
    round: 0 as Round,
    reportTime: 0 as Seconds,
    placed: 0,
    fills: 0,
    events: 0,
    nextExpiry: 0,
    nextDeadman: 0,
    auctions: new Map(),
    nextCall: Number.MAX_SAFE_INTEGER,
    nextLift: Number.MAX_SAFE_INTEGER,
    resting: new Set(),
    armed: new Set(),
  };
}

function writeMarket(w: Writer, market: MarketState): void {
  w.uint(1, market.id);
  writeParams(w, market.params);
  w.uint(4, market.price);
  w.uint(4, market.mark);
  w.uint(5, market.priceTime);
  w.uint(4, market.priceRound);
  w.int(market.rate);
  w.big(market.index);
  w.uint(5, market.fundingTime);
  w.int(market.interestLow);
  w.int(market.interestHigh);
  list(w, market.indexes, ({ round, index }) => {
    w.uint(4, round);
    w.big(index);
  });
}

function readMarket(r: Reader, state: State): void {
  const id = r.uint(1) as MarketId;
  const market = createMarket(id, readParams(r), createBook(state.config.book));
  market.price = r.uint(4);
  market.mark = r.uint(4);
  market.priceTime = r.uint(5) as Seconds;
  market.priceRound = r.uint(4) as Round;
  market.rate = r.int() as MarketState['rate'];
  market.index = r.big() as FundingIndex;
  market.fundingTime = r.uint(5) as Seconds;
  market.interestLow = r.int();
  market.interestHigh = r.int();
  each(r, () => market.indexes.push({ round: r.uint(4) as Round, index: r.big() as FundingIndex }));
  state.markets.set(id, market);
}

function writeAccount(w: Writer, account: AccountState): void {
  w.uint(4, account.id);
  w.hex(account.owner);
  w.uint(4, account.epoch);
  w.big(account.cash);
  w.uint(5, account.deadman);
  w.uint(3, account.userPpm);
  w.uint(4, account.grewRound);
  w.int(account.bucket.milli);
  w.uint(5, account.bucket.at);
  w.big(account.bucket.carry);
  list(w, sortedKeys(account.positions), (id) => {
    w.uint(1, id);
    w.int(account.positions.get(id) ?? 0);
  });
  list(w, [...account.sessions.keys()].sort(), (key) => {
    const grant = account.sessions.get(key);
    invariant(grant !== undefined, 'a session key is missing');
    w.hex(key);
    w.uint(5, grant.expiry);
    w.big(grant.scope.markets);
    w.uint(5, grant.scope.orderLotsMax);
    w.flag(grant.scope.reduceOnly);
  });
  list(w, sortedKeys(account.lanes), (lane) => {
    const state = account.lanes.get(lane);
    w.uint(2, lane);
    w.uint(4, state?.seq ?? 0);
    w.uint(5, state?.filled ?? 0);
  });
}

function readAccount(r: Reader, state: State): void {
  const account = createAccount(state, r.uint(4) as AccountId, r.hex());
  account.epoch = r.uint(4) as Epoch;
  account.cash = cashQ32(r.big());
  account.deadman = r.uint(5) as Seconds;
  account.userPpm = r.uint(3) as Ppm;
  account.grewRound = r.uint(4);
  account.bucket.milli = r.int();
  account.bucket.at = r.uint(5) as Seconds;
  account.bucket.carry = r.big();
  each(r, () => {
    const market = state.markets.get(r.uint(1) as MarketId);
    invariant(market !== undefined, 'a position is in no market');
    const size = r.int() as Lots;
    account.positions.set(market.id, size);
    market.openInterest += Math.max(size, 0);
  });
  each(r, () => {
    const key = r.hex();
    const expiry = r.uint(5) as Seconds;
    const scope = { markets: r.big(), orderLotsMax: r.uint(5), reduceOnly: r.flag() };
    account.sessions.set(key, { expiry, scope });
  });
  each(r, () => {
    const lane = r.uint(2) as Lane;
    const seq = r.uint(4) as Seq;
    account.lanes.set(lane, { seq, filled: r.uint(5) as Lots, resting: undefined });
  });
  state.accounts.set(account.id, account);
  if (account.deadman !== 0) state.armed.add(account.id);
}

function readResting(r: Reader, state: State): void {
  const order = readOrder(r);
  const account = state.accounts.get(order.account);
  invariant(account !== undefined, 'a resting order has no account');
  rest(createContext(state), account, {
    order,
    placed: r.int(),
    remaining: r.int(),
    adverse: r.int(),
    reserve: r.big(),
    hash: undefined,
    slot: -1,
  });
}
