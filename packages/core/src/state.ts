/** Birth of a state, and the only functions that move cash and size. */
import {
  type AccountId,
  type CashQ32,
  cashQ32,
  type Epoch,
  type FundingIndex,
  feeAccount,
  type Hex,
  insuranceAccount,
  invariant,
  type Lots,
  lots,
  type MarketId,
  type Ppm,
  type PpmPerDay,
  type Rejection,
  type Round,
  type Seconds,
} from '@holdfast/units';
import type { Book } from './book/book.ts';
import { LadderBook } from './book/ladder.ts';
import { createNaiveBook } from './book/naive.ts';
import { touch } from './sums.ts';
import type {
  AccountState,
  CommandType,
  CoreConfig,
  CoreEvent,
  EventBody,
  MarketParams,
  MarketState,
  State,
} from './types.ts';

export const noOwner: Hex = '0x0000000000000000000000000000000000000000';

/** One call of apply: the state, the events so far, and what the laws on deltas need. */
export type Context = {
  readonly state: State;
  readonly events: CoreEvent[];
  /** Σ changes of cash (suspense and liabilities included with their signs): 0 at the end. */
  cashDrift: bigint;
  /** Σ changes of size per market, suspense included: all 0 at the end. */
  readonly sizeDrift: Map<MarketId, number>;
};

export function createBook(kind: CoreConfig['book']): Book {
  return kind === 'naive' ? createNaiveBook() : new LadderBook();
}

/** A market that has not seen a report. */
export function createMarket(id: MarketId, params: MarketParams, book: Book): MarketState {
  return {
    id,
    params,
    price: 0,
    mark: 0,
    priceTime: 0 as Seconds,
    priceRound: 0 as Round,
    rate: 0 as PpmPerDay,
    index: 0n as FundingIndex,
    fundingTime: 0 as Seconds,
    openInterest: 0,
    interestLow: 0,
    interestHigh: 0,
    indexes: [],
    book,
    call: undefined,
    tripped: false,
    valued: undefined,
  };
}

/** An empty account whose token bucket is full. */
export function createAccount(state: State, id: AccountId, owner: Hex): AccountState {
  return {
    id,
    owner,
    epoch: 0 as Epoch,
    cash: 0n as CashQ32,
    positions: new Map(),
    sessions: new Map(),
    lanes: new Map(),
    open: new Map(),
    reserved: 0n,
    openCount: 0,
    bucket: { milli: state.config.rateLimit.burst * 1000, at: state.at, carry: 0n },
    deadman: 0 as Seconds,
    userPpm: 0 as Ppm,
    grewRound: 0,
    sums: undefined,
  };
}

/** An exchange without accounts (but the two reserved ones), prices or history. */
export function createState(config: CoreConfig): State {
  invariant(config.rateLimit.quotePerToken > 0n, 'quotePerToken must be positive');
  const state: State = {
    config,
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
    nextExpiry: Number.MAX_SAFE_INTEGER,
    nextDeadman: Number.MAX_SAFE_INTEGER,
    auctions: new Map(),
    nextCall: Number.MAX_SAFE_INTEGER,
    nextLift: Number.MAX_SAFE_INTEGER,
    resting: new Set(),
    armed: new Set(),
  };
  for (const id of [insuranceAccount, feeAccount]) {
    state.accounts.set(id, createAccount(state, id, noOwner));
  }
  for (const { id, params } of config.markets) {
    invariant(!state.markets.has(id), `market ${id} is listed twice`);
    state.markets.set(id, createMarket(id, params, createBook(config.book)));
  }
  return state;
}

export function createContext(state: State): Context {
  return { state, events: [], cashDrift: 0n, sizeDrift: new Map() };
}

/** Numbers an event and appends it. Assumes: the body is nobody else's object. */
export function emit(ctx: Context, body: EventBody): void {
  ctx.state.events += 1;
  const event = body as EventBody & { eventSeq: number };
  event.eventSeq = ctx.state.events;
  ctx.events.push(event);
}

/** Emits a rejection that concerns an account. */
export function emitRejected(
  ctx: Context,
  command: CommandType,
  rejection: Rejection,
  account?: AccountId,
): void {
  emit(ctx, {
    type: 'rejected',
    command,
    ...rejection,
    ...(account === undefined ? {} : { account }),
  });
}

export function accountOf(state: State, id: AccountId): AccountState {
  const account = state.accounts.get(id);
  invariant(account !== undefined, `account ${id} is missing`);
  return account;
}

export function marketOf(state: State, id: MarketId): MarketState {
  const market = state.markets.get(id);
  invariant(market !== undefined, `market ${id} is missing`);
  return market;
}

/** Signed size of an account in a market. */
export function sizeOf(account: AccountState, market: MarketId): number {
  return account.positions.get(market) ?? 0;
}

/** Adds to an account's cash, Q32. */
export function credit(ctx: Context, account: AccountState, delta: bigint): void {
  account.cash = cashQ32(account.cash + delta);
  ctx.cashDrift += delta;
}

/** Adds to a position and keeps the open interest. */
export function move(
  ctx: Context,
  account: AccountState,
  market: MarketState,
  delta: number,
): void {
  const before = sizeOf(account, market.id);
  const after: Lots = lots(before + delta);
  if (after === 0) account.positions.delete(market.id);
  else account.positions.set(market.id, after);
  touch(account, market.id);
  market.openInterest += Math.max(after, 0) - Math.max(before, 0);
  ctx.sizeDrift.set(market.id, (ctx.sizeDrift.get(market.id) ?? 0) + delta);
}

/** Laws on the deltas of one command. @throws AssertionError if value or size was made or lost */
export function holdConservation(ctx: Context): void {
  invariant(ctx.cashDrift === 0n, `cash is not conserved: ${ctx.cashDrift} appeared`);
  for (const [market, drift] of ctx.sizeDrift) {
    invariant(drift === 0, `net position of market ${market} moved by ${drift}`);
  }
}

/** Account ids in ascending order, of a set that may be large. */
export function sortedIds(ids: ReadonlySet<AccountId>): AccountId[] {
  return [...Uint32Array.from(ids).sort()] as AccountId[];
}

/** Ids in ascending order: whatever iterates a map for its effects does so in this order. */
export function sortedKeys<K extends number>(map: ReadonlyMap<K, unknown>): K[] {
  return [...map.keys()].sort((a, b) => a - b);
}
