/**
 * The venue as its logs tell it, read here a second time and in another way than by the settler:
 * every account, lane, price and funding index, block by block, with what each log changed.
 */
import { clearingHouseAbi } from '@holdfast/abi';
import { type ChainReader, chainAccess, createChainReader, type Venue } from '@holdfast/host';
import { decodeEventLog, type Hex, hexToBytes, type Log } from 'viem';

export type Row = { owner: string; cash: bigint; epoch: number; sizes: Map<number, number> };
export type Mark = {
  price: number;
  mark: number;
  time: number;
  index: bigint;
  fundingTime: number;
};
export type LaneRow = { seq: number; filled: number };

export type Records = {
  readonly accounts: Map<number, Row>;
  /** Keyed `account/lane`. */
  readonly lanes: Map<string, LaneRow>;
  readonly marks: Map<number, Mark>;
  /** Quote units: all that came in less all that went out. */
  liabilities: bigint;
  batch: number;
  head: string;
  round: number;
  roundTime: number;
  /** Last block that is in here. */
  block: number;
};

export type SettledLog = {
  readonly type: 'Settled';
  readonly number: number;
  readonly head: Hex;
  readonly accounts: { account: number; cash: bigint; sizes: [number, number][] }[];
  readonly orders: { account: number; lane: number; seq: number; filled: number }[];
};
export type LiquidatedLog = {
  readonly type: 'Liquidated';
  readonly account: number;
  readonly market: number;
  readonly keeperAccount: number;
  readonly size: number;
  readonly price: number;
  readonly penalty: bigint;
};
export type SeizedLog = {
  readonly type: 'Seized';
  readonly account: number;
  readonly market: number;
  readonly size: number;
  readonly lost: bigint;
  readonly penalty: bigint;
};
export type RefreshedLog = {
  readonly type: 'Refreshed';
  readonly round: number;
  readonly time: number;
  readonly quotes: { market: number; price: number; mark: number; rate: number; index: bigint }[];
};

/** One log that matters to a judge, between the records before and after it. */
export type Step = {
  readonly log: SettledLog | LiquidatedLog | SeizedLog | RefreshedLog;
  readonly tx: Hex;
  readonly block: number;
  readonly logIndex: number;
  readonly before: Records;
  readonly after: Records;
};

const zero = '0x0000000000000000000000000000000000000000';
export const noRow = (owner: string): Row => ({ owner, cash: 0n, epoch: 0, sizes: new Map() });

/** What is known right after the deployment. */
export function emptyRecords(venue: Venue): Records {
  return {
    accounts: new Map([
      [0, noRow(zero)],
      [1, noRow(zero)],
    ]),
    lanes: new Map(),
    marks: new Map(),
    liabilities: 0n,
    batch: 0,
    head: `0x${'00'.repeat(32)}`,
    round: 0,
    roundTime: 0,
    block: venue.deployBlock - 1,
  };
}

/** A copy that later logs do not change. */
export function copyOf(records: Records): Records {
  const accounts = [...records.accounts].map(
    ([id, row]) => [id, { ...row, sizes: new Map(row.sizes) }] as const,
  );
  return {
    ...records,
    accounts: new Map(accounts),
    lanes: new Map(records.lanes),
    marks: new Map(records.marks),
  };
}

const view = (text: string): DataView => new DataView(hexToBytes(text as Hex).buffer);
const int = (data: DataView, at: number, bytes: number): bigint => {
  let value = 0n;
  for (let i = 0; i < bytes; i += 1) value = (value << 8n) | BigInt(data.getUint8(at + i));
  return BigInt.asIntN(8 * bytes, value);
};
const uint = (data: DataView, at: number, bytes: number): number =>
  Number(BigInt.asUintN(8 * bytes, int(data, at, bytes)));

function settledOf(number: number, head: Hex, accounts: string, orders: string): SettledLog {
  const rows: SettledLog['accounts'] = [];
  const a = view(accounts);
  for (let at = 0; at < a.byteLength; ) {
    const row: SettledLog['accounts'][number] = {
      account: uint(a, at, 4),
      cash: int(a, at + 5, 16),
      sizes: [],
    };
    const count = uint(a, at + 4, 1);
    at += 21;
    for (let i = 0; i < count; i += 1, at += 8) {
      row.sizes.push([uint(a, at, 1), Number(int(a, at + 1, 7))]);
    }
    rows.push(row);
  }
  const list: SettledLog['orders'] = [];
  const o = view(orders);
  for (let at = 0; at < o.byteLength; at += 15) {
    const [account, lane, seq] = [uint(o, at, 4), uint(o, at + 4, 2), uint(o, at + 6, 4)];
    list.push({ account, lane, seq, filled: uint(o, at + 10, 5) });
  }
  return { type: 'Settled', number, head, accounts: rows, orders: list };
}

function refreshedOf(round: number, time: number, quotes: string): RefreshedLog {
  const data = view(quotes);
  const list: RefreshedLog['quotes'] = [];
  for (let at = 0; at < data.byteLength; at += 25) {
    const [market, price, mark] = [uint(data, at, 1), uint(data, at + 1, 4), uint(data, at + 5, 4)];
    const rate = Number(int(data, at + 9, 4));
    list.push({ market, price, mark, rate, index: int(data, at + 13, 12) });
  }
  return { type: 'Refreshed', round, time, quotes: list };
}

function setSize(row: Row, market: number, size: number): void {
  if (size === 0) row.sizes.delete(market);
  else row.sizes.set(market, size);
}

/** The insurance account of market 0; nobody opens these. */
const firstFund = 2 ** 32 - 256;

function rowOf(records: Records, id: number): Row {
  if (id >= firstFund && !records.accounts.has(id)) {
    records.accounts.set(id, noRow(`0x${'0'.repeat(40)}`));
  }
  const row = records.accounts.get(id);
  if (row === undefined) throw new Error(`a log names account ${id}, which nobody opened`);
  return row;
}

function takeSettled(records: Records, log: SettledLog): void {
  for (const { account, cash, sizes } of log.accounts) {
    const row = rowOf(records, account);
    row.cash = cash;
    for (const [market, size] of sizes) setSize(row, market, size);
  }
  for (const { account, lane, seq, filled } of log.orders) {
    records.lanes.set(`${account}/${lane}`, { seq, filled });
  }
  records.batch = log.number;
  records.head = log.head;
}

function takeRefreshed(records: Records, log: RefreshedLog): void {
  records.round = log.round;
  records.roundTime = log.time;
  for (const { market, price, mark, index } of log.quotes) {
    records.marks.set(market, { price, mark, time: log.time, index, fundingTime: log.time });
  }
}

type Args = Record<string, unknown>;
type Taken = Step['log'] | undefined;

function takeLiquidated(records: Records, args: Args): LiquidatedLog {
  const [account, market] = [Number(args.account), Number(args.market)];
  const keeperAccount = Number(args.keeperAccount);
  const size = Number(args.size);
  const [from, to] = [rowOf(records, account), rowOf(records, keeperAccount)];
  setSize(from, market, (from.sizes.get(market) ?? 0) - size);
  setSize(to, market, (to.sizes.get(market) ?? 0) + size);
  from.cash = args.accountCash as bigint;
  to.cash = args.keeperCash as bigint;
  rowOf(records, firstFund + market).cash = args.insuranceCash as bigint;
  const [price, penalty] = [Number(args.price), args.penalty as bigint];
  return { type: 'Liquidated', account, market, keeperAccount, size, price, penalty };
}

/** The fills are in the batch's own log: here is what was taken for them. */
function takeSeized(records: Records, args: Args): SeizedLog {
  const [account, market] = [Number(args.account), Number(args.market)];
  const [lost, penalty] = [args.lost as bigint, args.penalty as bigint];
  rowOf(records, account).cash -= penalty << 32n;
  rowOf(records, firstFund + market).cash = args.insuranceCash as bigint;
  return { type: 'Seized', account, market, size: Number(args.size), lost, penalty };
}

/** Every position in the market as it stands pays for each of its lots. */
function takeLevied(records: Records, market: number, perLot: bigint): void {
  for (const row of records.accounts.values()) {
    row.cash -= BigInt(Math.abs(row.sizes.get(market) ?? 0)) * perLot;
  }
}

/** Applies one event; what a judge has to look at comes back. */
function take(records: Records, name: string, args: Args): Taken {
  const id = Number(args.account);
  const cash = args.cashAfter as bigint;
  if (name === 'AccountOpened') {
    records.accounts.set(id, noRow(String(args.owner).toLowerCase()));
  } else if (name === 'Deposited' || name === 'Withdrawn') {
    rowOf(records, id).cash = cash;
    records.liabilities += name === 'Deposited' ? (args.quote as bigint) : -(args.quote as bigint);
  } else if (name === 'LaneCancelled') {
    const lane = { seq: Number(args.seq), filled: 2 ** 40 - 1 };
    records.lanes.set(`${id}/${Number(args.lane)}`, lane);
  } else if (name === 'AllCancelled') {
    rowOf(records, id).epoch = Number(args.epoch);
  } else if (name === 'Refreshed') {
    const log = refreshedOf(Number(args.round), Number(args.time), String(args.quotes));
    takeRefreshed(records, log);
    return log;
  } else if (name === 'Settled') {
    const { number, head, accounts, orders } = args;
    const log = settledOf(Number(number), head as Hex, String(accounts), String(orders));
    takeSettled(records, log);
    return log;
  } else if (name === 'Touched') {
    const rows = settledOf(0, '0x', String(args.accounts), '0x').accounts;
    for (const { account, cash: held, sizes } of rows) {
      const row = rowOf(records, account);
      row.cash = held;
      for (const [market, size] of sizes) setSize(row, market, size);
    }
  } else if (name === 'Levied') {
    takeLevied(records, Number(args.market), args.perLotQ32 as bigint);
  } else if (name === 'Liquidated') {
    return takeLiquidated(records, args);
  } else if (name === 'Seized') {
    return takeSeized(records, args);
  }
  return undefined;
}

export type Judge = {
  /** Called for every batch, liquidation and report, in the order of the chain. */
  readonly step: (step: Step) => Promise<void>;
  /** Called after the last log of each block that had one. */
  readonly block: (records: Records, steps: readonly Step[]) => Promise<void>;
};

/** Reads logs up to a block into the records, asking the judge on the way. */
export async function advance(
  venue: Venue,
  records: Records,
  to: number,
  judge?: Judge,
): Promise<void> {
  const reader: ChainReader = createChainReader(chainAccess(venue));
  if (to <= records.block) return;
  const logs = await reader.getLogs({
    address: venue.contracts.clearingHouse,
    fromBlock: BigInt(records.block + 1),
    toBlock: BigInt(to),
  });
  const blocks = new Map<number, Log[]>();
  for (const log of logs as Log[]) {
    const block = Number(log.blockNumber);
    blocks.set(block, [...(blocks.get(block) ?? []), log]);
  }
  for (const [block, list] of [...blocks].sort((a, b) => a[0] - b[0])) {
    const steps: Step[] = [];
    records.block = block;
    for (const raw of list.sort((a, b) => Number(a.logIndex) - Number(b.logIndex))) {
      const { topics, data } = raw;
      const event = decodeEventLog({ abi: clearingHouseAbi, topics: topics as never, data });
      const before = judge === undefined ? records : copyOf(records);
      const log = take(records, event.eventName, event.args as Args);
      if (log === undefined || judge === undefined) continue;
      const place = { tx: raw.transactionHash as Hex, block, logIndex: Number(raw.logIndex) };
      const step = { log, ...place, before, after: copyOf(records) };
      steps.push(step);
      await judge.step(step);
    }
    await judge?.block(records, steps);
  }
  records.block = to;
}
