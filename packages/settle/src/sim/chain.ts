/**
 * A chain in memory for tests: it does what the contracts do to cash, sizes and indexes, by
 * @holdfast/risk and @holdfast/oracle, and can be reorganised to any earlier block.
 */
import type { CoreConfig } from '@holdfast/core';
import { acceptMark, fundingDelta } from '@holdfast/oracle';
import { fillDelta } from '@holdfast/risk';
import type { FundingIndex, Hex, Lots, Ppm, PpmPerDay, Ticks } from '@holdfast/units';
import type { BlockHead, Version } from '../books.ts';
import type { ChainEvent, MarketParams, PlacedEvent } from '../events.ts';
import type { FillTerms } from '../fills.ts';

export type SimAccount = { owner: string; cash: bigint; sizes: Map<number, number>; epoch: number };
export type SimMarket = {
  index: bigint;
  time: number;
  price: number;
  mark: number;
  params: MarketParams;
};
export type SimState = {
  accounts: Map<number, SimAccount>;
  markets: Map<number, SimMarket>;
  round: number;
  batchNumber: number;
  batchHead: string;
  lanes: Map<string, { seq: number; filled: number }>;
};
export type SimBlock = { head: BlockHead; events: PlacedEvent[]; after: SimState };
export type SimReport = {
  round: number;
  time: number;
  quotes: readonly { market: number; price: number; mark: number; rate: number }[];
};

export const demoParams: MarketParams = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 600,
  bandPpm: 500_000,
  fillBandPpm: 200_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000_000,
  openInterestLowPpm: 1_000_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 0,
  concentrationCapPpm: 0,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 7_200,
  liquidationPartPpm: 1_000_000,
  coverSharePpm: 1_000_000,
  backstopLotsMax: 0,
};

/** A core with two such markets, whose limits are out of the way. */
export const demoConfig = {
  book: 'naive',
  expiryMarginSeconds: 0,
  priceAgeMarginSeconds: 0,
  reportSkewSecondsMax: 1_000_000,
  rateLimit: { burst: 1_000_000, perSecond: 1_000, quotePerToken: 1n },
  markets: [0, 1].map((id) => ({ id, params: demoParams })),
} as unknown as CoreConfig;

const zeroHead = `0x${'00'.repeat(32)}` as Hex;
export const hashOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;

export function createSim() {
  const reserved = () => ({ owner: '0x', cash: 0n, sizes: new Map<number, number>(), epoch: 0 });
  const genesis: SimState = {
    accounts: new Map([
      [0, reserved()],
      [1, reserved()],
    ]),
    markets: new Map(
      [0, 1].map((id) => [id, { index: 0n, time: 0, price: 0, mark: 0, params: demoParams }]),
    ),
    round: 0,
    batchNumber: 0,
    batchHead: zeroHead,
    lanes: new Map(),
  };
  const first: PlacedEvent[] = [0, 1].map((market) => ({
    event: { type: 'MarketSet', market, params: demoParams },
    transaction: '0x',
    logIndex: market,
  }));
  const head = { number: 1, hash: hashOf(1), parent: hashOf(0), time: 1 };
  return {
    state: structuredClone(genesis),
    blocks: [{ head, events: first, after: structuredClone(genesis) }] as SimBlock[],
    salt: 1,
  };
}
export type Sim = ReturnType<typeof createSim>;

/** Mines a block of the given events, which the caller has applied to `sim.state`. */
export function mine(sim: Sim, time: number, events: readonly ChainEvent[]): SimBlock {
  const last = sim.blocks.at(-1) as SimBlock;
  sim.salt += 1;
  const { number, hash: parent } = last.head;
  const block: SimBlock = {
    head: { number: number + 1, hash: hashOf(sim.salt * 1_000 + number), parent, time },
    events: events.map((event, logIndex) => ({ event, transaction: '0x01', logIndex })),
    after: structuredClone(sim.state),
  };
  sim.blocks.push(block);
  return block;
}

/** Throws away the newest blocks. */
export function reorg(sim: Sim, depth: number): void {
  sim.blocks.splice(Math.max(1, sim.blocks.length - depth));
  sim.state = structuredClone((sim.blocks.at(-1) as SimBlock).after);
}

export function openAccount(sim: Sim, owner: string): ChainEvent {
  const account = sim.state.accounts.size;
  sim.state.accounts.set(account, { owner, cash: 0n, sizes: new Map(), epoch: 0 });
  return { type: 'AccountOpened', account, owner };
}

export function transfer(sim: Sim, account: number, quote: bigint): ChainEvent {
  const row = sim.state.accounts.get(account) as SimAccount;
  row.cash += quote << 32n;
  const type = quote >= 0n ? 'Deposited' : 'Withdrawn';
  return { type, account, quote: quote < 0n ? -quote : quote, cashAfter: row.cash };
}

export function refresh(sim: Sim, report: SimReport): ChainEvent {
  const quotes = report.quotes.map(({ market: id, price, mark, rate }) => {
    const market = sim.state.markets.get(id) as SimMarket;
    const step = fundingDelta({
      rate: rate as PpmPerDay,
      fundingRatePpmMax: market.params.fundingRatePpmMax as Ppm,
      price: price as Ticks,
      tickValue: market.params.tickValue,
      elapsedSeconds: market.time === 0 ? 0 : report.time - market.time,
      gapSecondsMax: market.params.fundingGapSecondsMax,
    });
    market.index += step;
    market.time = report.time;
    const before = { price: market.price as Ticks, mark: market.mark as Ticks };
    market.price = price;
    const clamp = market.params.markClampPpm as Ppm;
    market.mark = acceptMark(mark, before, price as Ticks, clamp);
    return { market: id, price, mark: market.mark, rate, indexAfter: market.index };
  });
  sim.state.round = report.round;
  return { type: 'Refreshed', round: report.round, time: report.time, quotes };
}

function move(row: SimAccount, market: number, by: number): void {
  const size = (row.sizes.get(market) ?? 0) + by;
  if (size === 0) row.sizes.delete(market);
  else row.sizes.set(market, size);
}

function applyOne(sim: Sim, fill: FillTerms, touched: Map<number, Set<number>>): bigint {
  const market = sim.state.markets.get(fill.market) as SimMarket;
  let fees = 0n;
  for (const [order, feePpm] of [
    [fill.maker, market.params.makerFeePpm],
    [fill.taker, market.params.takerFeePpm],
  ] as const) {
    const delta = fillDelta({
      isBuy: order.isBuy,
      lots: fill.lots,
      price: fill.price,
      index: market.index as FundingIndex,
      tickValue: market.params.tickValue,
      feePpm: feePpm as Ppm,
    });
    const row = sim.state.accounts.get(order.account) as SimAccount;
    row.cash += delta.cashDelta;
    move(row, fill.market, delta.sizeDelta);
    fees += delta.fee;
    const key = `${order.account}:${order.lane}`;
    const lane = sim.state.lanes.get(key);
    const filled = lane?.seq === order.seq ? lane.filled : 0;
    sim.state.lanes.set(key, { seq: order.seq, filled: filled + fill.lots });
    touched.set(order.account, (touched.get(order.account) ?? new Set()).add(fill.market));
  }
  return fees;
}

/** Settles a version, the report (if newer) first. */
export function settle(sim: Sim, version: Version, report: SimReport | undefined): ChainEvent[] {
  const events: ChainEvent[] = [];
  if (report !== undefined) events.push(refresh(sim, report));
  const touched = new Map<number, Set<number>>();
  let fees = 0n;
  for (const fill of version.fills) fees += applyOne(sim, fill, touched);
  const fee = sim.state.accounts.get(1) as SimAccount;
  fee.cash += fees << 32n;
  const accounts = [...touched].map(([account, markets]) => {
    const row = sim.state.accounts.get(account) as SimAccount;
    const sizes = [...markets].map((market) => [market, row.sizes.get(market) ?? 0] as const);
    return { account, cashAfter: row.cash, sizes };
  });
  accounts.push({ account: 1, cashAfter: fee.cash, sizes: [] });
  const orders = version.fills.flatMap(({ maker, taker }) =>
    [maker, taker].map(({ account, lane, seq }) => {
      const filledAfter = sim.state.lanes.get(`${account}:${lane}`)?.filled ?? 0;
      return { account, lane, seq, filledAfter };
    }),
  );
  sim.state.batchNumber = version.number;
  sim.state.batchHead = version.head;
  events.push({ type: 'Settled', number: version.number, head: version.head, accounts, orders });
  return events;
}

/** Moves a whole position, a made-up penalty goes to the insurance fund and the keeper. */
export function liquidate(
  sim: Sim,
  account: number,
  keeperAccount: number,
  market: number,
): ChainEvent | undefined {
  const rows = sim.state.accounts;
  const from = rows.get(account) as SimAccount;
  const keeper = rows.get(keeperAccount) as SimAccount;
  const insurance = rows.get(0) as SimAccount;
  const size = from.sizes.get(market) ?? 0;
  if (size === 0 || account === keeperAccount) return undefined;
  const { mark, params, index } = sim.state.markets.get(market) as SimMarket;
  const unit = ((BigInt(mark) * BigInt(params.tickValue)) << 32n) - index;
  from.cash += BigInt(size) * unit - (7n << 32n);
  keeper.cash += -BigInt(size) * unit + (3n << 32n);
  insurance.cash += 4n << 32n;
  move(from, market, -size);
  move(keeper, market, size as Lots);
  const row = (id: number, each: SimAccount) => ({
    account: id,
    cashAfter: each.cash,
    sizes: [[market, each.sizes.get(market) ?? 0]] as const,
  });
  const touched = [row(account, from), row(keeperAccount, keeper)];
  const fund = { account: 0, cashAfter: insurance.cash, sizes: [] };
  return { type: 'Touched', cause: 1, accounts: [...touched, fund] };
}
