/**
 * The chain's state as its logs alone tell it. `applyEvent` writes and returns what it
 * overwrote; `undo` puts that back, so a reorganisation is undone to the unit.
 *
 * Assumes: logs arrive in chain order, each once.
 */
import type { SessionScope } from '@holdfast/order';
import { noResume, type Resume, resumeAfterReport } from '@holdfast/risk';
import { firstFundAccount, firstUserAccount, invariant } from '@holdfast/units';
import type { ChainEvent, MarketParams, SettledAccount } from './events.ts';

/** An account on chain. Rows are replaced, never changed in place. */
export type MirrorAccount = {
  /** Lower-case address; the zero address for the reserved accounts. */
  readonly owner: string;
  /** Quote × 2^32. */
  readonly cash: bigint;
  /** Signed lots by market; no zero entries. */
  readonly sizes: ReadonlyMap<number, number>;
  readonly epoch: number;
  /** Initial margin that the owner demands of itself; 0: none. */
  readonly userPpm: number;
};

/** The live order of a lane on chain: sequence number and lots filled. */
export type MirrorLane = { readonly seq: number; readonly filled: number };

/** A market on chain. */
export type MirrorMarket = {
  /** Quote × 2^32 per lot. */
  readonly index: bigint;
  readonly fundingTime: number;
  /** Σ of long sizes, lots. */
  readonly openInterest: number;
  /** Index price in ticks; 0 before the first report. */
  readonly price: number;
  /** Mark price in ticks; 0 before the first report. */
  readonly mark: number;
  readonly priceTime: number;
  readonly priceRound: number;
  /** The last way back from an outage of its price. */
  readonly resume: Resume;
};

/** What exists once. */
export type MirrorChain = {
  readonly batchNumber: number;
  readonly batchHead: string;
  readonly round: number;
  readonly roundTime: number;
  /** Quote that the vault owes. */
  readonly liabilities: bigint;
  readonly sequencer: string;
  readonly quietSeconds: number;
  readonly reportSkewSecondsMax: number;
};

/** A session key as it was last set. */
export type MirrorSession = { readonly expiry: number; readonly scope: SessionScope };

/** A breaker entry: level i + 1 is in force before the second at i; since when it was halted. */
export type MirrorBreaker = {
  readonly untils: readonly [number, number, number];
  readonly since: number;
};

/** All tables. */
export type Mirror = {
  readonly accounts: Map<number, MirrorAccount>;
  /** By {@link laneKey}. */
  readonly lanes: Map<number, MirrorLane>;
  /** By {@link sessionKey}. */
  readonly sessions: Map<string, MirrorSession>;
  readonly markets: Map<number, MirrorMarket>;
  readonly params: Map<number, MarketParams>;
  readonly breaker: Map<number, MirrorBreaker>;
  /** Until when an account may not grow. */
  readonly barred: Map<number, number>;
  /** One row, key 0. */
  readonly chain: Map<number, MirrorChain>;
};

type Table = keyof Mirror;
type UndoEntry = { readonly table: Table; readonly key: number | string; readonly before: unknown };
/** Prior rows, oldest first. */
export type Undo = readonly UndoEntry[];

/** keccak chain head before the first batch. */
export const zeroHead = `0x${'00'.repeat(32)}`;
/** `filled` of a lane whose live order was cancelled: 2^40 − 1, more than any order's room. */
export const laneDead = 2 ** 40 - 1;
/** A scope that was never tightened. */
export const noBreaker: MirrorBreaker = { untils: [0, 0, 0], since: 0 };
/** Scope of the accounts that may not grow. */
const accountsScope = 258;
const zeroAddress = `0x${'00'.repeat(20)}`;
const reserved: MirrorAccount = {
  owner: zeroAddress,
  cash: 0n,
  sizes: new Map(),
  epoch: 0,
  userPpm: 0,
};

/** Lane table key. */
export function laneKey(account: number, lane: number): number {
  return account * 65_536 + lane;
}

/** Session table key. */
export function sessionKey(account: number, key: string): string {
  return `${account}:${key.toLowerCase()}`;
}

/** The state right after deployment: the two reserved accounts and nothing else. */
export function emptyMirror(): Mirror {
  return {
    accounts: new Map([
      [0, reserved],
      [1, reserved],
    ]),
    lanes: new Map(),
    sessions: new Map(),
    markets: new Map(),
    params: new Map(),
    breaker: new Map(),
    barred: new Map(),
    chain: new Map([
      [
        0,
        {
          batchNumber: 0,
          batchHead: zeroHead,
          round: 0,
          roundTime: 0,
          liabilities: 0n,
          sequencer: zeroAddress,
          quietSeconds: 0,
          reportSkewSecondsMax: 0,
        },
      ],
    ]),
  };
}

/** The single row of {@link Mirror.chain}. */
export function chainRow(mirror: Mirror): MirrorChain {
  const row = mirror.chain.get(0);
  invariant(row !== undefined, 'mirror without its chain row');
  return row;
}

/** A market's row, or the row of a market that nothing has happened to. */
export function marketRow(mirror: Mirror, market: number): MirrorMarket {
  return mirror.markets.get(market) ?? emptyMarket;
}

const emptyMarket: MirrorMarket = {
  index: 0n,
  fundingTime: 0,
  openInterest: 0,
  price: 0,
  mark: 0,
  priceTime: 0,
  priceRound: 0,
  resume: noResume,
};

/** Writes rows and remembers what was there. */
type Writer = {
  readonly mirror: Mirror;
  readonly undo: UndoEntry[];
};

function put(writer: Writer, table: Table, key: number | string, row: unknown): void {
  const rows = writer.mirror[table] as Map<unknown, unknown>;
  writer.undo.push({ table, key, before: rows.get(key) });
  if (row === undefined) rows.delete(key);
  else rows.set(key, row);
}

function account(writer: Writer, id: number): MirrorAccount {
  const row = writer.mirror.accounts.get(id) ?? (id >= firstFundAccount ? reserved : undefined);
  invariant(row !== undefined, `log of account ${id}, which was never opened`);
  return row;
}

function setCash(writer: Writer, id: number, cash: bigint): void {
  put(writer, 'accounts', id, { ...account(writer, id), cash });
}

function setSize(writer: Writer, id: number, market: number, size: number): void {
  const row = account(writer, id);
  const before = row.sizes.get(market) ?? 0;
  if (before === size) return;
  const sizes = new Map(row.sizes);
  if (size === 0) sizes.delete(market);
  else sizes.set(market, size);
  put(writer, 'accounts', id, { ...row, sizes });
  const state = marketRow(writer.mirror, market);
  const openInterest = state.openInterest + Math.max(size, 0) - Math.max(before, 0);
  put(writer, 'markets', market, { ...state, openInterest });
}

function addLiabilities(writer: Writer, quote: bigint): void {
  const row = chainRow(writer.mirror);
  put(writer, 'chain', 0, { ...row, liabilities: row.liabilities + quote });
}

function applyAccounts(writer: Writer, accounts: readonly SettledAccount[]): void {
  for (const touched of accounts) {
    setCash(writer, touched.account, touched.cashAfter);
    for (const [market, size] of touched.sizes) setSize(writer, touched.account, market, size);
  }
}

/** Storage follows when a position is next touched; the views tell it as it is here. */
function applyLevied(writer: Writer, market: number, perLot: bigint): void {
  for (const [id, row] of [...writer.mirror.accounts].sort((a, b) => a[0] - b[0])) {
    const size = row.sizes.get(market) ?? 0;
    if (size !== 0) setCash(writer, id, row.cash - BigInt(Math.abs(size)) * perLot);
  }
}

function applySettled(writer: Writer, event: Extract<ChainEvent, { type: 'Settled' }>): void {
  applyAccounts(writer, event.accounts);
  for (const order of event.orders) {
    const row = { seq: order.seq, filled: order.filledAfter };
    put(writer, 'lanes', laneKey(order.account, order.lane), row);
  }
  const row = chainRow(writer.mirror);
  put(writer, 'chain', 0, { ...row, batchNumber: event.number, batchHead: event.head });
}

function applyRefreshed(writer: Writer, event: Extract<ChainEvent, { type: 'Refreshed' }>): void {
  for (const quoteRow of event.quotes) {
    const row = marketRow(writer.mirror, quoteRow.market);
    const ageMax = writer.mirror.params.get(quoteRow.market)?.priceAgeSecondsMax ?? 0;
    put(writer, 'markets', quoteRow.market, {
      ...row,
      resume: resumeAfterReport(row.resume, row.fundingTime, event.time, ageMax),
      index: quoteRow.indexAfter,
      fundingTime: event.time,
      price: quoteRow.price,
      mark: quoteRow.mark,
      priceTime: event.time,
      priceRound: event.round,
    });
  }
  const row = chainRow(writer.mirror);
  put(writer, 'chain', 0, { ...row, round: event.round, roundTime: event.time });
}

function applyLaneCancelled(writer: Writer, id: number, lane: number, seq: number): void {
  const before = writer.mirror.lanes.get(laneKey(id, lane));
  if (before !== undefined && before.seq > seq) return;
  put(writer, 'lanes', laneKey(id, lane), { seq, filled: laneDead });
}

type ChoiceType = 'SessionSet' | 'LaneCancelled' | 'AllCancelled' | 'LeverageSet';

/** What an owner decided about its account; moves neither cash nor size. */
function applyChoice(writer: Writer, event: Extract<ChainEvent, { type: ChoiceType }>): void {
  const id = event.account;
  switch (event.type) {
    case 'SessionSet': {
      const { expiry, scope } = event;
      put(writer, 'sessions', sessionKey(id, event.key), { expiry, scope });
      break;
    }
    case 'LaneCancelled':
      applyLaneCancelled(writer, id, event.lane, event.seq);
      break;
    case 'AllCancelled':
      put(writer, 'accounts', id, { ...account(writer, id), epoch: event.epoch });
      break;
    case 'LeverageSet':
      put(writer, 'accounts', id, { ...account(writer, id), userPpm: event.initialPpm });
      break;
  }
}

/** Whether an account has an owner: the others are reserved. */
const isOwned = (id: number): boolean => id >= firstUserAccount && id < firstFundAccount;

type BreakerEvent = Extract<ChainEvent, { type: 'Tightened' | 'Halted' | 'Cleared' }>;

function applyBreaker(writer: Writer, event: BreakerEvent): void {
  const { untils, since } = writer.mirror.breaker.get(event.scope) ?? noBreaker;
  const row = { untils: [...untils] as [number, number, number], since };
  if (event.type === 'Tightened') row.untils[event.level - 1] = event.until;
  // A halt ends by a log of its own: what follows it stays.
  else if (event.type === 'Cleared') row.untils.fill(0, 0, 2);
  else [row.untils[2], row.since] = [event.until, event.since];
  put(writer, 'breaker', event.scope, row);
}

/** A clearing of the accounts lets all of them go. */
function applyBarred(writer: Writer, accounts: Iterable<number>, until: number | undefined): void {
  for (const id of [...accounts]) {
    const before = writer.mirror.barred.get(id) ?? 0;
    put(writer, 'barred', id, until === undefined ? undefined : Math.max(before, until));
  }
}

/**
 * Applies one log.
 *
 * @returns the rows that it overwrote, for {@link undo} and `deltasOf`
 * @throws AssertionError if the log cannot follow the logs before it
 */
export function applyEvent(mirror: Mirror, event: ChainEvent): Undo {
  const writer: Writer = { mirror, undo: [] };
  switch (event.type) {
    case 'AccountOpened':
      invariant(isOwned(event.account), 'a reserved account was opened');
      put(writer, 'accounts', event.account, {
        owner: event.owner,
        cash: 0n,
        sizes: new Map(),
        epoch: 0,
        userPpm: 0,
      });
      break;
    case 'Deposited':
    case 'Withdrawn':
      setCash(writer, event.account, event.cashAfter);
      addLiabilities(writer, event.type === 'Deposited' ? event.quote : -event.quote);
      break;
    case 'SessionSet':
    case 'LaneCancelled':
    case 'AllCancelled':
    case 'LeverageSet':
      applyChoice(writer, event);
      break;
    case 'Refreshed':
      applyRefreshed(writer, event);
      break;
    case 'Settled':
      applySettled(writer, event);
      break;
    case 'Touched':
      applyAccounts(writer, event.accounts);
      break;
    case 'Levied':
      applyLevied(writer, event.market, event.perLot);
      break;
    case 'MarketSet':
      put(writer, 'params', event.market, event.params);
      break;
    case 'VenueSet': {
      const { sequencer, quietSeconds, reportSkewSecondsMax } = event;
      const row = { ...chainRow(mirror), sequencer, quietSeconds, reportSkewSecondsMax };
      put(writer, 'chain', 0, row);
      break;
    }
    case 'Cleared':
      if (event.scope === accountsScope) applyBarred(writer, mirror.barred.keys(), undefined);
      applyBreaker(writer, event);
      break;
    case 'Tightened':
    case 'Halted':
      applyBreaker(writer, event);
      break;
    case 'Barred':
      applyBarred(writer, event.accounts, event.until);
      break;
  }
  return writer.undo;
}

/** Puts back what one {@link applyEvent} overwrote. Must run newest first. */
export function undo(mirror: Mirror, entries: Undo): void {
  for (let i = entries.length - 1; i >= 0; i--) {
    const { table, key, before } = entries[i] as UndoEntry;
    const rows = mirror[table] as Map<unknown, unknown>;
    if (before === undefined) rows.delete(key);
    else rows.set(key, before);
  }
}

/** Text that is equal exactly if two mirrors are: for tests and for comparing a rebuild. */
export function mirrorText(mirror: Mirror): string {
  const rows = Object.entries(mirror).map(([name, table]) => {
    const entries = [...(table as Map<number | string, unknown>)];
    entries.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
    return [name, entries];
  });
  return JSON.stringify(rows, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    return value instanceof Map ? [...value].sort((a, b) => a[0] - b[0]) : value;
  });
}
