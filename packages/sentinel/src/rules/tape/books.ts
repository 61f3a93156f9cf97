/** The books of a tape's venue: state that operations change, and the events that tell of it. */
import { tupleOf } from '@holdfast/risk';
import { firstUserAccount, fundAccount, type Hex, type MarketId } from '@holdfast/units';
import type {
  AccountView,
  MarketParameters,
  MarketView,
  QueuedView,
  TxView,
  VenueEvent,
  VenueState,
} from '../../rule.ts';
import { selectorOf } from '../kit/selectors.ts';
import { equityOf, token } from '../kit/value.ts';
import { deposit, join, withdraw } from './custody.ts';
import { writeReport } from './prices.ts';
import type { Random } from './random.ts';
import { sealBlock } from './seal.ts';
import {
  demoMarkets,
  demoParams,
  hashOf,
  places,
  type Tape,
  type TapeMarket,
  type TapeOptions,
  zeroAddress,
} from './venue.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] };

export interface Books {
  readonly random: Random;
  readonly state: Open<VenueState> & {
    accounts: Map<number, AccountView>;
    markets: Map<number, MarketView>;
  };
  readonly floors: { readonly hour: bigint; readonly day: bigint };
  time: number;
  number: number;
  hashes: number;
  previous: VenueState | undefined;
  /** Of the block that is being written. */
  events: VenueEvent[];
  txs: TxView[];
  touched: Set<number>;
  batch: Map<number, Set<number>>;
  orders: { account: number; lane: number; seq: number; filledAfter: number }[];
  /** Outflow by time. */
  paid: { time: number; quote: bigint }[];
  /** Last lane sequence. */
  seq: number;
  forcedCount: bigint;
}

const q32 = 32n;

function marketOf(id: number, { price, params, insurance }: TapeMarket, time: number): MarketView {
  const anchor = { ...demoParams, ...params };
  return {
    market: id,
    params: anchor,
    anchor,
    price,
    mark: price,
    priceTime: time,
    priceRound: 1,
    rate: 0,
    fundingIndex: 0n,
    fundingTime: time,
    openInterest: 0,
    insuranceQ32: (BigInt(insurance ?? 0) * token) << q32,
  };
}

export const reserved = (account: number, cashQ32: bigint): AccountView => ({
  account,
  owner: zeroAddress,
  cashQ32,
  positions: new Map(),
  epoch: 0,
  userPpm: 0,
});

function firstState(options: TapeOptions, time: number): Books['state'] {
  const { markets: shapes = demoMarkets, insurance = 200_000, backstop = 500_000 } = options;
  const listed = shapes.map((shape, id) => [id, shape] as const).filter(([, s]) => !s.unlisted);
  const markets = new Map(listed.map(([id, shape]) => [id, marketOf(id, shape, time)]));
  const accounts = new Map<number, AccountView>();
  const put = (row: AccountView) => accounts.set(row.account, row);
  put(reserved(0, (BigInt(insurance) * token) << q32));
  put(reserved(1, 0n));
  put(reserved(firstUserAccount, (BigInt(backstop) * token) << q32));
  for (const { market, insuranceQ32 } of markets.values()) {
    put(reserved(fundAccount(market as MarketId), insuranceQ32));
  }
  const liabilities = [...accounts.values()].reduce((sum, { cashQ32 }) => sum + cashQ32, 0n) >> q32;
  return {
    accounts,
    markets,
    vault: {
      liabilities,
      queued: 0n,
      queue: new Map<bigint, QueuedView>(),
      hourUsed: 0n,
      dayUsed: 0n,
      hourMax: 0n,
      dayMax: 0n,
      gatedUntil: 0,
    },
    insuranceQ32: (BigInt(insurance) * token) << q32,
    backstops: new Map([[0, firstUserAccount as number]]),
    forced: new Map(),
    forcedDone: 0n,
    breaker: new Map(),
    guardians: new Set([`0x${'9d'.repeat(20)}`]),
    batchNumber: 0,
    batchHead: hashOf(0),
    round: 1,
    reportTime: time,
    sequencer: places.sequencer,
    governor: places.governor,
    reportSkewSecondsMax: 30,
    insolvency: 0n,
    frozenTime: 0,
  };
}

/** Writes a log. */
export function tell(b: Books, event: Omit<VenueEvent, 'txHash' | 'logIndex'>): void {
  b.events.push({ ...event, txHash: hashOf(b.hashes), logIndex: b.events.length });
}

export function putAccount(b: Books, row: AccountView): void {
  b.state.accounts.set(row.account, row);
  b.touched.add(row.account);
  if (row.account === 0) b.state.insuranceQ32 = row.cashQ32;
}

export function rowOf(b: Books, account: number): AccountView {
  return b.state.accounts.get(account) ?? reserved(account, 0n);
}

export function marketAt(b: Books, id: number): MarketView {
  const market = b.state.markets.get(id);
  if (market === undefined) throw new Error(`the tape has no market ${id}`);
  return market;
}

/** Changes the cash of an account, of a fund too. */
export function credit(b: Books, account: number, amountQ32: bigint): bigint {
  const row = rowOf(b, account);
  const cashQ32 = row.cashQ32 + amountQ32;
  putAccount(b, { ...row, cashQ32 });
  for (const market of b.state.markets.values()) {
    if (fundAccount(market.market as MarketId) !== account) continue;
    b.state.markets.set(market.market, { ...market, insuranceQ32: cashQ32 });
  }
  return cashQ32;
}

function move(b: Books, account: number, id: number, lots: number): void {
  const row = rowOf(b, account);
  const before = row.positions.get(id) ?? 0;
  const positions = new Map(row.positions);
  if (before + lots === 0) positions.delete(id);
  else positions.set(id, before + lots);
  putAccount(b, { ...row, positions });
  const market = marketAt(b, id);
  const longs = Math.max(before + lots, 0) - Math.max(before, 0);
  b.state.markets.set(id, { ...market, openInterest: market.openInterest + longs });
}

/** Moves lots between two accounts at a price. @returns the notional, quote units */
export function exchange(b: Books, id: number, to: number, from: number, lots: number, at: number) {
  const { params, fundingIndex } = marketAt(b, id);
  const unit = ((BigInt(at) * BigInt(params.tickValue)) << q32) - fundingIndex;
  for (const [account, signed] of [
    [to, lots],
    [from, -lots],
  ] as const) {
    move(b, account, id, signed);
    credit(b, account, -BigInt(signed) * unit);
  }
  return BigInt(lots) * BigInt(at) * BigInt(params.tickValue);
}

function trade(
  b: Books,
  fill: { id: number; buyer: number; seller: number; lots: number; price?: number | undefined },
  isFree: boolean,
): void {
  const { id, buyer, seller, lots } = fill;
  const market = marketAt(b, id);
  const notional = exchange(b, id, buyer, seller, lots, fill.price ?? market.price);
  const { takerFeePpm, makerFeePpm } = market.params;
  for (const [account, ppm] of [
    [buyer, takerFeePpm],
    [seller, makerFeePpm],
  ] as const) {
    const fee = isFree ? 0n : (notional * BigInt(ppm) + 999_999n) / 1_000_000n;
    credit(b, account, -(fee << q32));
    credit(b, 1, fee << q32);
    b.batch.set(account, (b.batch.get(account) ?? new Set()).add(id));
    b.seq += 1;
    b.orders.push({ account, lane: b.seq % 65_536, seq: b.seq, filledAfter: lots });
  }
  b.batch.set(1, b.batch.get(1) ?? new Set());
}

export const touchedRow = (b: Books, account: number, markets: Iterable<number>) => {
  const row = rowOf(b, account);
  const sizes = [...markets].map((id) => [id, row.positions.get(id) ?? 0] as const);
  return { account, cashAfter: row.cashQ32, sizes };
};

function liquidate(b: Books, id: number, account: number, keeper: number, lots: number): void {
  const size = Math.min(lots, Math.abs(rowOf(b, account).positions.get(id) ?? 0));
  const isLong = (rowOf(b, account).positions.get(id) ?? 0) > 0;
  const { mark } = marketAt(b, id);
  const [to, from] = isLong ? [keeper, account] : [account, keeper];
  const notional = exchange(b, id, to, from, size, mark);
  const penalty = (notional * 12_500n) / 1_000_000n;
  const fund = fundAccount(id as MarketId);
  credit(b, account, -(penalty << q32));
  credit(b, keeper, (penalty / 2n) << q32);
  const insuranceCash = credit(b, fund, (penalty - penalty / 2n) << q32);
  const accounts = [account, keeper].map((each) => touchedRow(b, each, [id]));
  const signed = isLong ? size : -size;
  tell(b, {
    source: 'clearingHouse',
    name: 'Liquidated',
    args: { account, market: id, keeperAccount: keeper, size: signed, price: mark, insuranceCash },
  });
  tell(b, { source: 'clearingHouse', name: 'Touched', args: { cause: 1 }, accounts });
  b.txs.push(callOf(b, places.keeper, places.clearingHouse, selectorOf('liquidate')));
}

function resolve(b: Books, id: number, account: number, taker: number): void {
  const size = rowOf(b, account).positions.get(id) ?? 0;
  const { mark } = marketAt(b, id);
  const [to, from] = size > 0 ? [taker, account] : [account, taker];
  if (size !== 0) exchange(b, id, to, from, Math.abs(size), mark);
  const owed = -equityOf(b.state, rowOf(b, account));
  const fund = fundAccount(id as MarketId);
  const there = rowOf(b, fund).cashQ32 >> q32;
  const covered = owed <= 0n ? 0n : owed < there ? owed : there;
  credit(b, fund, -(covered << q32));
  credit(b, account, covered << q32);
  const accounts = [account, taker, fund].map((each) => touchedRow(b, each, [id]));
  tell(b, {
    source: 'clearingHouse',
    name: 'Resolved',
    args: { account, market: id, size, price: mark, covered, levied: 0n },
  });
  tell(b, { source: 'clearingHouse', name: 'Touched', args: { cause: 2 }, accounts });
  b.txs.push(callOf(b, places.keeper, places.clearingHouse, selectorOf('resolve')));
  const left = owed > covered ? owed - covered : 0n;
  if (left === 0n) return;
  b.state.insolvency += left;
  const args = { quote: b.state.insolvency };
  tell(b, { source: 'clearingHouse', name: 'InsolvencyChanged', args });
}

function setMarket(b: Books, id: number, params: Partial<MarketParameters>): void {
  const known = b.state.markets.get(id) ?? marketOf(id, { price: 0 }, 0);
  const anchor = { ...known.anchor, ...params };
  b.state.markets.set(id, { ...known, params: anchor, anchor });
  const args = { market: id, params: anchor };
  tell(b, { source: 'parameters', name: 'AnchorChanged', args });
  tell(b, { source: 'parameters', name: 'MarketChanged', args });
}

function steer(
  b: Books,
  id: number,
  change: Partial<MarketParameters>,
  name: 'Moved' | 'Decayed' = 'Moved',
): void {
  const known = marketAt(b, id);
  const params = { ...known.params, ...change };
  b.state.markets.set(id, { ...known, params });
  tell(b, { source: 'steward', name, args: { market: id, tuple: tupleOf(params) } });
  tell(b, { source: 'parameters', name: 'MarketChanged', args: { market: id, params } });
  b.txs.push(callOf(b, places.keeper, places.steward, selectorOf('move')));
}

function force(b: Books, account: number, kind: number, seconds: number): bigint {
  b.forcedCount += 1n;
  const [number, deadline] = [b.forcedCount, b.time + seconds];
  b.state.forced = new Map(b.state.forced).set(number, { number, account, kind, deadline });
  const args = { number, account, request: { kind, time: b.time, deadline } };
  tell(b, { source: 'forcedQueue', name: 'ForcedRequested', args });
  return number;
}

function forceDone(b: Books, number: bigint): void {
  const forced = new Map(b.state.forced);
  forced.delete(number);
  b.state.forced = forced;
  b.state.forcedDone = number;
  const executor = places.sequencer;
  tell(b, { source: 'forcedQueue', name: 'ForcedTaken', args: { number, executor } });
}

export const callOf = (
  b: Books,
  from: string,
  to: string,
  selector: string,
  status: TxView['status'] = 'success',
): TxView => ({ hash: hashOf(++b.hashes), from, to, selector: selector as Hex, status });

function beginBooks(options: TapeOptions, random: Random): Books {
  const time = options.start ?? 1_800_000_000;
  return {
    random,
    state: firstState(options, time),
    floors: {
      hour: BigInt(options.hourFloor ?? 250_000) * token,
      day: BigInt(options.dayFloor ?? 1_000_000) * token,
    },
    time,
    number: 1,
    hashes: 0,
    previous: undefined,
    events: [],
    txs: [],
    touched: new Set(),
    batch: new Map(),
    orders: [],
    paid: [],
    seq: 0,
    forcedCount: 0n,
  };
}

/** The tape of {@link createTape}. */
export function createBooks(options: TapeOptions, random: Random): Tape {
  const b = beginBooks(options, random);
  return {
    random,
    now: () => b.time,
    state: () => b.state,
    event: (event) => tell(b, event),
    call: (from, to, selector, status) => b.txs.push(callOf(b, from, to, selector, status)),
    join: (tokens, who = {}) => join(b, tokens, who),
    deposit: (account, tokens, from) =>
      deposit(b, account, tokens, from ?? rowOf(b, account).owner),
    withdraw: (account, tokens, to) => withdraw(b, account, tokens, to ?? rowOf(b, account).owner),
    trade: (id, buyer, seller, lots, price) => trade(b, { id, buyer, seller, lots, price }, false),
    tradeFree: (id, buyer, seller, lots, price) =>
      trade(b, { id, buyer, seller, lots, price }, true),
    report: (quotes, rounds) => writeReport(b, quotes, rounds ?? 1),
    liquidate: (id, account, keeper, lots) => liquidate(b, id, account, keeper, lots),
    resolve: (id, account, taker) => resolve(b, id, account, taker),
    force: (account, kind, seconds) => force(b, account, kind, seconds),
    forceDone: (number) => forceDone(b, number),
    setMarket: (id, params) => setMarket(b, id, params),
    steer: (id, params, name) => steer(b, id, params, name),
    block: (seconds, more = {}) => sealBlock(b, seconds, more.batchSkip ?? 0),
  };
}
