/** What each event does to the tables. Pure; assumes events in the order of the chain. */
import { firstFundAccount, type Hex, invariant } from '@holdfast/units';
import type {
  AccountView,
  BreakerEntry,
  MarketParameters,
  MarketView,
  TouchedAccount,
  VenueEvent,
} from '../rule.ts';
import {
  blankAccount,
  type CourseRow,
  change,
  emptyCourse,
  laneKey,
  put,
  type VenueRow,
  venueRow,
  type Writer,
} from './tables.ts';
import { bucketOf, hourOf, shifted } from './windows.ts';

/** `filled` of a lane whose live order was cancelled: more than any order has. */
export const laneDead = 2 ** 40 - 1;

const num = (value: unknown): number => Number(value as bigint | number);
const big = (value: unknown): bigint => BigInt(value as bigint | number);

/** What an event is applied with: the block's time and the token units of a quote unit. */
export type Place = { readonly time: number; readonly scale: bigint };

type Handler = (writer: Writer, event: VenueEvent, place: Place) => void;

function accountOf({ tables }: Writer, id: number): AccountView {
  const row = tables.accounts.get(id);
  if (row !== undefined) return row;
  invariant(id >= firstFundAccount, `a log names account ${id}, which was never opened`);
  return blankAccount(id);
}

/** A market before its parameters are known. */
function blankMarket(market: number, params: MarketParameters): MarketView {
  const prices = { price: 0, mark: 0, priceTime: 0, priceRound: 0, rate: 0 };
  const funding = { fundingIndex: 0n, fundingTime: 0, openInterest: 0, insuranceQ32: 0n };
  return { market, params, anchor: params, ...prices, ...funding };
}

function changeMarket(writer: Writer, id: number, fields: Partial<MarketView>): void {
  const row = writer.tables.markets.get(id);
  invariant(row !== undefined, `a log names market ${id}, which was never listed`);
  put(writer, 'markets', id, { ...row, ...fields });
}

function setAccount(writer: Writer, row: AccountView): void {
  put(writer, 'accounts', row.account, row);
  const market = row.account - firstFundAccount;
  if (market >= 0 && writer.tables.markets.has(market)) {
    changeMarket(writer, market, { insuranceQ32: row.cashQ32 });
  }
}

function setCash(writer: Writer, id: number, cashQ32: bigint): void {
  setAccount(writer, { ...accountOf(writer, id), cashQ32 });
}

function touch(writer: Writer, { account, cashAfter, sizes }: TouchedAccount): void {
  const row = accountOf(writer, account);
  const positions = new Map(row.positions);
  for (const [market, size] of sizes) {
    const before = positions.get(market) ?? 0;
    if (size === 0) positions.delete(market);
    else positions.set(market, size);
    const { openInterest } = writer.tables.markets.get(market) ?? { openInterest: 0 };
    const grown = openInterest + Math.max(size, 0) - Math.max(before, 0);
    if (grown !== openInterest) changeMarket(writer, market, { openInterest: grown });
  }
  setAccount(writer, { ...row, cashQ32: cashAfter, positions });
}

/** Every position in the market pays for each of its lots. */
function levied(writer: Writer, market: number, perLotQ32: bigint): void {
  for (const row of [...writer.tables.accounts.values()]) {
    const size = row.positions.get(market) ?? 0;
    if (size === 0) continue;
    setAccount(writer, { ...row, cashQ32: row.cashQ32 - BigInt(Math.abs(size)) * perLotQ32 });
  }
}

function refreshed(writer: Writer, event: VenueEvent): void {
  const time = num(event.args.time);
  const round = num(event.args.round);
  for (const { market, price, mark, rate, indexAfter } of event.quotes ?? []) {
    const prices = { price, mark, rate, priceTime: time, priceRound: round };
    const { fundingTime } = writer.tables.markets.get(market) ?? { fundingTime: 0 };
    const funding = { fundingIndex: indexAfter, fundingTime: Math.max(fundingTime, time) };
    changeMarket(writer, market, { ...prices, ...funding });
  }
  change(writer, { round, reportTime: time });
}

function settled(writer: Writer, event: VenueEvent): void {
  for (const row of event.accounts ?? []) touch(writer, row);
  for (const { account, lane, seq, filledAfter } of event.orders ?? []) {
    put(writer, 'lanes', laneKey(account, lane), { seq, filled: filledAfter });
  }
  const head = String(event.args.head) as Hex;
  change(writer, { batchNumber: num(event.args.number), batchHead: head });
}

function laneCancelled(writer: Writer, { args }: VenueEvent): void {
  const key = laneKey(num(args.account), num(args.lane));
  const seq = num(args.seq);
  const before = writer.tables.lanes.get(key);
  if (before === undefined || before.seq <= seq)
    put(writer, 'lanes', key, { seq, filled: laneDead });
}

const house: Readonly<Record<string, Handler>> = {
  AccountOpened: (writer, { args }) => {
    const id = num(args.account);
    put(writer, 'accounts', id, blankAccount(id, String(args.owner)));
  },
  Deposited: (writer, { args }) => setCash(writer, num(args.account), big(args.cashAfter)),
  Withdrawn: (writer, { args }) => setCash(writer, num(args.account), big(args.cashAfter)),
  LeverageSet: (writer, { args }) => {
    const row = accountOf(writer, num(args.account));
    put(writer, 'accounts', row.account, { ...row, userPpm: num(args.initialPpm) });
  },
  AllCancelled: (writer, { args }) => {
    const row = accountOf(writer, num(args.account));
    put(writer, 'accounts', row.account, { ...row, epoch: num(args.epoch) });
  },
  LaneCancelled: laneCancelled,
  Refreshed: refreshed,
  Settled: settled,
  Touched: (writer, event) => {
    for (const row of event.accounts ?? []) touch(writer, row);
  },
  Levied: (writer, { args }) => levied(writer, num(args.market), big(args.perLotQ32)),
  InsolvencyChanged: (writer, { args }) => change(writer, { insolvency: big(args.quote) }),
  VenueFrozen: (writer, { args }) => change(writer, { frozenTime: num(args.time) }),
  ReckoningDone: (writer, { args }) =>
    change(writer, { claimsQ32: big(args.claimsQ32), pool: big(args.pool) }),
};

/** Moves the trailing minimum on, then changes what is owed. */
function owe(writer: Writer, place: Place, fields: Partial<VenueRow>, paid = 0n): void {
  const row = venueRow(writer.tables);
  let level = shifted(row.level, row.liabilities + row.queued, place.time);
  const next = { ...row, ...fields };
  const held = next.liabilities + next.queued;
  // The minimum falls with what is paid; what comes in raises it later.
  if (paid > 0n && held < level.low0) level = { ...level, low0: held };
  change(writer, { ...fields, level });
}

function left(writer: Writer, place: Place, quote: bigint): void {
  const [bucket, hour] = [bucketOf(place.time), hourOf(place.time)];
  put(writer, 'outflow5', bucket, (writer.tables.outflow5.get(bucket) ?? 0n) + quote);
  put(writer, 'outflow60', hour, (writer.tables.outflow60.get(hour) ?? 0n) + quote);
}

const vault: Readonly<Record<string, Handler>> = {
  Taken: (writer, { args }, place) => {
    const { liabilities } = venueRow(writer.tables);
    owe(writer, place, { liabilities: liabilities + big(args.received) / place.scale });
  },
  Paid: (writer, { args }, place) => {
    const quote = big(args.amount) / place.scale;
    const { liabilities } = venueRow(writer.tables);
    owe(writer, place, { liabilities: liabilities - quote }, quote);
    left(writer, place, quote);
  },
  Queued: (writer, { args }, place) => {
    const [id, quote] = [big(args.id), big(args.amount) / place.scale];
    const { liabilities, queued } = venueRow(writer.tables);
    owe(writer, place, { liabilities: liabilities - quote, queued: queued + quote });
    const to = String(args.to);
    const row = { id, account: num(args.account), to, quote, readyAt: num(args.readyAt) };
    put(writer, 'queue', id, row);
  },
  Released: (writer, { args }, place) => {
    const [id, quote] = [big(args.id), big(args.amount) / place.scale];
    const rest = big(args.left) / place.scale;
    const { queued } = venueRow(writer.tables);
    owe(writer, place, { queued: queued - quote }, quote);
    left(writer, place, quote);
    const row = writer.tables.queue.get(id);
    put(writer, 'queue', id, row && rest > 0n ? { ...row, quote: rest } : undefined);
  },
  Returned: (writer, { args }, place) => {
    const quote = big(args.amount) / place.scale;
    const { liabilities, queued } = venueRow(writer.tables);
    owe(writer, place, { liabilities: liabilities + quote, queued: queued - quote });
    put(writer, 'queue', big(args.id), undefined);
  },
  Gated: (writer, { args }) => change(writer, { gatedUntil: num(args.until) }),
};

/** Fields of a tuple of parameters as numbers. */
export const parametersOf = (value: unknown): MarketParameters =>
  Object.fromEntries(
    Object.entries(value as Record<string, bigint | number>).map(([name, field]) => [
      name,
      Number(field),
    ]),
  ) as unknown as MarketParameters;

const parameters: Readonly<Record<string, Handler>> = {
  MarketChanged: (writer, { args }) =>
    changeMarket(writer, num(args.market), { params: parametersOf(args.params) }),
  AnchorChanged: (writer, { args }) => {
    const id = num(args.market);
    const anchor = parametersOf(args.params);
    const row = writer.tables.markets.get(id) ?? blankMarket(id, anchor);
    put(writer, 'markets', id, { ...row, anchor });
    if (writer.tables.proposals.has(id)) put(writer, 'proposals', id, undefined);
  },
  MarketProposed: (writer, { args }) => {
    const row = { params: parametersOf(args.params), readyAt: num(args.readyAt) };
    put(writer, 'proposals', num(args.market), row);
  },
  MarketCancelled: (writer, { args }) => put(writer, 'proposals', num(args.market), undefined),
  VenueChanged: (writer, { args }) => {
    const params = args.params as Record<string, unknown>;
    change(writer, {
      sequencer: String(params.sequencer),
      quietSeconds: num(params.quietSeconds),
      reportSkewSecondsMax: num(params.reportSkewSecondsMax),
      profitHaircutPpm: num(params.profitHaircutPpm),
    });
  },
  GovernorChanged: (writer, { args }) => change(writer, { governor: String(args.governor) }),
  StewardChanged: (writer, { args }) => change(writer, { steward: String(args.steward) }),
};

function changeCourse(writer: Writer, event: VenueEvent, fields: Partial<CourseRow>): void {
  const market = num(event.args.market);
  const row = writer.tables.courses.get(market) ?? emptyCourse;
  put(writer, 'courses', market, { ...row, ...fields });
}

const noNotice = { noticePpm: 0, noticeReadyAt: 0 };

const steward: Readonly<Record<string, Handler>> = {
  Moved: (writer, event, { time }) => {
    const { args } = event;
    const current = writer.tables.markets.get(num(args.market))?.params.maintenancePpm ?? 0;
    const { maintenancePpm } = args.tuple as { maintenancePpm: number };
    const times = { inputTime: num(args.time), expiresAt: num(args.expiresAt) };
    const used = maintenancePpm > current ? noNotice : {};
    changeCourse(writer, event, { movedAt: time, ...times, ...used });
  },
  Decayed: (writer, event, { time }) => changeCourse(writer, event, { decayedAt: time }),
  Announced: (writer, event) => {
    const { maintenancePpm, readyAt } = event.args;
    changeCourse(writer, event, { noticePpm: num(maintenancePpm), noticeReadyAt: num(readyAt) });
  },
  Withdrawn: (writer, event) => changeCourse(writer, event, noNotice),
};

function guard(writer: Writer, address: string, isIn: boolean): void {
  const guardians = new Set(venueRow(writer.tables).guardians);
  if (isIn) guardians.add(address);
  else guardians.delete(address);
  change(writer, { guardians });
}

const breaker: Readonly<Record<string, Handler>> = {
  Tightened: (writer, { args }) => {
    const scope = num(args.scope);
    const until = [...(writer.tables.breaker.get(scope) ?? [0, 0, 0])];
    until[num(args.level) - 1] = num(args.until);
    put(writer, 'breaker', scope, until as unknown as BreakerEntry);
  },
  Cleared: (writer, { args }) => put(writer, 'breaker', num(args.scope), undefined),
  GuardianAdded: (writer, { args }) => guard(writer, String(args.guardian), true),
  GuardianRemoved: (writer, { args }) => guard(writer, String(args.guardian), false),
};

const forcedQueue: Readonly<Record<string, Handler>> = {
  ForcedRequested: (writer, { args }) => {
    const number = big(args.number);
    const request = args.request as Record<string, unknown>;
    const [kind, deadline] = [num(request.kind), num(request.deadline)];
    put(writer, 'forced', number, { number, account: num(args.account), kind, deadline });
    change(writer, { forcedCount: number });
  },
  ForcedTaken: (writer, { args }) => {
    const number = big(args.number);
    put(writer, 'forced', number, undefined);
    // One that was aside was passed before.
    const { forcedDone } = venueRow(writer.tables);
    if (number > forcedDone) change(writer, { forcedDone: number });
  },
  ForcedSetAside: (writer, { args }) => change(writer, { forcedDone: big(args.number) }),
  ForcedRefunded: (writer, { args }) => put(writer, 'forced', big(args.number), undefined),
};

const backstop: Readonly<Record<string, Handler>> = {
  PoolOpened: (writer, { args }) => put(writer, 'backstops', num(args.pool), num(args.account)),
};

const handlers = {
  clearingHouse: house,
  vault,
  breaker,
  parameters,
  steward,
  forcedQueue,
  backstop,
};

/** Applies one event. Events that change nothing here are passed over. */
export function applyEvent(writer: Writer, event: VenueEvent, place: Place): void {
  const group = handlers[event.source as keyof typeof handlers] as typeof house | undefined;
  group?.[event.name]?.(writer, event, place);
}
