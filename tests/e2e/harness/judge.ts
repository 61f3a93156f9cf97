/**
 * Holds what the chain did against the laws, from logs, calldata and storage alone: nothing that
 * the node says is believed.
 */
import assert from 'node:assert/strict';
import { clearingHouseAbi } from '@holdfast/abi';
import {
  type ChainReader,
  chainAccess,
  createChainReader,
  sleep,
  type Venue,
} from '@holdfast/host';
import { judge as holds, type LawInput, type LawName } from '@holdfast/laws';
import { type PackedOrder, unpackOrder } from '@holdfast/order';
import { getUint } from '@holdfast/units';
import { type Abi, decodeFunctionData, type Hex, hexToBytes } from 'viem';
import type {
  Judge,
  LiquidatedLog,
  Records,
  RefreshedLog,
  SeizedLog,
  SettledLog,
  Step,
} from './records.ts';
import { brokenLaws, differences, lawfulOnChain, readStored } from './storage.ts';
import { healthOf, marketOf, notional, q32, share } from './worth.ts';

/** Wall ms before a difference is looked at again. */
const secondLookMs = 2000;

/** A fill as calldata of a settled batch has it. */
export type ChainFill = {
  readonly batch: number;
  readonly market: number;
  readonly price: number;
  readonly lots: number;
  readonly maker: PackedOrder;
  readonly taker: PackedOrder;
};

export type Tally = {
  batches: number;
  fills: number;
  liquidations: number;
  /** What the protocol sold into the book. */
  seizures: number;
  /** Equity as ppm of maintenance at each liquidation. */
  readonly liquidatedAt: number[];
  reports: number;
  blocks: number;
  /** Blocks at which all of storage was compared and the contract Laws was asked. */
  audits: number;
  /** Verdicts of laws, by name. */
  readonly verdicts: Map<string, number>;
  readonly settled: ChainFill[];
  readonly traders: Set<number>;
};

type Context = {
  venue: Venue;
  reader: ChainReader;
  tally: Tally;
  auditEvery: number;
  /** The last batch: what it did to an account is judged again when the account was in need. */
  batch: Step | undefined;
};

function law<N extends LawName>(c: Context, name: N, input: LawInput<N>, where: string): void {
  c.tally.verdicts.set(name, (c.tally.verdicts.get(name) ?? 0) + 1);
  const text = () => JSON.stringify(input, (_, v) => (typeof v === 'bigint' ? `${v}` : v));
  assert.ok(holds(name, input), `${where} breaks ${name}: ${text()}`);
}

function grew(before: Records, after: Records, id: number): boolean {
  const [old, now] = [before.accounts.get(id), after.accounts.get(id)];
  return [...(now?.sizes ?? [])].some(([market, size]) => {
    const was = old?.sizes.get(market) ?? 0;
    return Math.abs(size) > Math.abs(was) || was * size < 0;
  });
}

type BatchCall = { number: bigint; previous: Hex; orders: Hex; fills: Hex; report: Hex };

async function callOf(c: Context, tx: Hex): Promise<BatchCall> {
  const { input } = await c.reader.getTransaction({ hash: tx });
  const { functionName, args } = decodeFunctionData({ abi: clearingHouseAbi as Abi, data: input });
  assert.equal(functionName, 'settle');
  return (args as [BatchCall])[0];
}

function fillsOf(call: BatchCall): { orders: PackedOrder[]; fills: ChainFill[] } {
  const packed = hexToBytes(call.orders);
  const orders = Array.from({ length: packed.length / 90 }, (_, i) => {
    const order = unpackOrder(packed, i * 90);
    assert.ok('account' in order, `order ${i} of batch ${call.number} is malformed`);
    return order;
  });
  const bytes = hexToBytes(call.fills);
  const fills = Array.from({ length: bytes.length / 13 }, (_, i) => {
    const maker = orders[getUint(bytes, i * 13, 2)];
    const taker = orders[getUint(bytes, i * 13 + 2, 2)];
    assert.ok(maker && taker, `fill ${i} of batch ${call.number} names no order`);
    const [lots, price] = [getUint(bytes, i * 13 + 4, 5), getUint(bytes, i * 13 + 9, 4)];
    return { batch: Number(call.number), market: maker.market, price, lots, maker, taker };
  });
  return { orders, fills };
}

function judgeFill(c: Context, fill: ChainFill, at: Records, where: string): bigint {
  const { market, price, lots, maker, taker } = fill;
  const params = marketOf(c, market);
  const mark = at.marks.get(market);
  assert.ok(mark, `${where}: market ${market} has no price`);
  for (const { isBuy, price: limit } of [maker, taker]) {
    law(c, 'fillWithin', { isBuy, limit, price }, where);
  }
  const band = { price, referencePrice: mark.price, bandPpm: params.fillBandPpm };
  law(c, 'withinBand', band, where);
  assert.ok(maker.isBuy !== taker.isBuy && maker.account !== taker.account, where);
  assert.ok(!taker.postOnly && lots > 0 && maker.market === taker.market, where);
  const amount = notional(c, market, lots, price);
  return share(amount, params.takerFeePpm) + share(amount, params.makerFeePpm);
}

function judgeOrders(
  c: Context,
  step: Step & { log: SettledLog },
  orders: readonly PackedOrder[],
  fills: readonly ChainFill[],
  now: number,
  where: string,
): void {
  const { before, log } = step;
  assert.equal(log.orders.length, orders.length, `${where}: orders`);
  orders.forEach((order, i) => {
    const told = log.orders[i];
    assert.ok(told && told.account === order.account && told.lane === order.lane, where);
    assert.equal(told.seq, order.seq, where);
    const lane = before.lanes.get(`${order.account}/${order.lane}`) ?? { seq: 0, filled: 0 };
    const used = fills.filter(({ maker, taker }) => maker === order || taker === order);
    const lots = used.reduce((sum, fill) => sum + fill.lots, 0);
    const base = lane.seq === order.seq ? lane.filled : 0;
    assert.equal(told.filled, base + lots, `${where}: filled of order ${i}`);
    assert.ok(order.expiry > now, `${where}: order ${i} expired`);
    const lawful = { seqBefore: lane.seq, filledBefore: lane.filled, seqAfter: order.seq };
    law(c, 'laneLawful', { ...lawful, filledAfter: told.filled, size: order.size }, where);
  });
}

async function judgeSettled(c: Context, step: Step & { log: SettledLog }): Promise<void> {
  const { log, before, after } = step;
  const where = `batch ${log.number}`;
  const call = await callOf(c, step.tx);
  const { timestamp } = await c.reader.getBlock({ blockNumber: BigInt(step.block) });
  const { orders, fills } = fillsOf(call);
  const link = { number: call.number, numberLast: BigInt(before.batch) };
  law(c, 'batchContiguous', { ...link, previous: call.previous, head: before.head as Hex }, where);
  judgeOrders(c, step, orders, fills, Number(timestamp), where);
  const fees = fills.reduce((sum, fill) => sum + judgeFill(c, fill, before, where), 0n);
  const cashOf = (of: Records, id: number): bigint => of.accounts.get(id)?.cash ?? 0n;
  const paid = cashOf(after, 1) - cashOf(before, 1);
  assert.equal(paid, fees * q32, `${where}: the fee account got another sum than the fees`);
  const touched = log.accounts.map(({ account }) => account);
  const drift = touched.reduce((sum, id) => sum + cashOf(after, id) - cashOf(before, id), 0n);
  law(c, 'conserved', { cashDeltaQ32: drift, liabilitiesDelta: 0n }, where);
  for (const id of touched.filter((each) => each > 1)) {
    const old = healthOf(c, before, id, after);
    const now = healthOf(c, after, id, after, before);
    const input = {
      equityBefore: old.equity,
      maintenanceBefore: old.maintenance,
      equityAfter: now.equity,
      initialAfter: now.initial,
      maintenanceAfter: now.maintenance,
      grew: grew(before, after, id),
    };
    law(c, 'healthyOrHealthier', input, `${where}, account ${id}`);
    c.tally.traders.add(id);
  }
  c.batch = step;
  c.tally.batches += 1;
  c.tally.fills += fills.length;
  c.tally.settled.push(...fills);
}

function judgeLiquidated(c: Context, step: Step & { log: LiquidatedLog }): void {
  const { log, before, after } = step;
  const where = `liquidation of account ${log.account} in block ${step.block}`;
  // A report that the call brought is an earlier log of it: `before` has its prices.
  const old = healthOf(c, before, log.account, before);
  const now = healthOf(c, after, log.account, after);
  assert.ok(old.equity < old.maintenance, `${where}: it was above maintenance`);
  const index = before.marks.get(log.market)?.mark ?? 0;
  const held = before.accounts.get(log.account)?.sizes.get(log.market) ?? 0;
  assert.ok(log.size * held > 0 && Math.abs(log.size) <= Math.abs(held), where);
  const { tickValue, maintenancePpm } = marketOf(c, log.market);
  const input = {
    equityBefore: old.equity,
    maintenanceBefore: old.maintenance,
    equityAfter: now.equity,
    maintenanceAfter: now.maintenance,
    penalty: log.penalty,
    discount: BigInt((index - log.price) * log.size) * BigInt(tickValue),
    notional: notional(c, log.market, log.size, index),
    maintenancePpm,
  };
  law(c, 'liquidationLawful', input, where);
  const keeper = healthOf(c, after, log.keeperAccount, after, before);
  assert.ok(keeper.equity >= keeper.initial, `${where}: its keeper is short of margin`);
  c.tally.liquidations += 1;
  c.tally.liquidatedAt.push(Number((old.equity * 1_000_000n) / old.maintenance));
}

/** What the protocol sold, by how the account stood before the batch that carried it. */
function judgeSeized(c: Context, step: Step & { log: SeizedLog }): void {
  const { account: id, market, size, lost, penalty } = step.log;
  const where = `seizure of account ${id} in block ${step.block}`;
  const { batch } = c;
  assert.ok(batch !== undefined && batch.tx === step.tx, `${where}: not of the batch before it`);
  const { orders } = batch.log as SettledLog;
  const own = orders.filter(({ account }) => account === id);
  assert.deepEqual([own.length, own[0]?.lane], [1, 65_535], `${where}: not alone`);
  const old = healthOf(c, batch.before, id, batch.after);
  const filled = healthOf(c, batch.after, id, batch.after);
  const now = healthOf(c, step.after, id, step.after);
  assert.ok(old.equity < old.maintenance && old.equity >= 0n, `${where}: it was not in need`);
  assert.equal(lost, old.equity - filled.equity, where);
  const held = batch.before.accounts.get(id)?.sizes.get(market) ?? 0;
  assert.ok(size * held > 0 && Math.abs(size) <= Math.abs(held), where);
  const mark = batch.after.marks.get(market)?.mark ?? 0;
  const amount = notional(c, market, size, mark);
  const share = (old.equity * (old.maintenance - now.maintenance)) / old.maintenance;
  const most = [(amount * 15_000n) / 1_000_000n, share - lost].sort((a, b) => (a < b ? -1 : 1));
  assert.equal(penalty, most[0], `${where}: penalty`);
  const input = {
    equityBefore: old.equity,
    maintenanceBefore: old.maintenance,
    equityAfter: now.equity,
    maintenanceAfter: now.maintenance,
    penalty,
    discount: lost > 0n ? lost : 0n,
    notional: amount,
    maintenancePpm: marketOf(c, market).maintenancePpm,
  };
  law(c, 'liquidationLawful', input, where);
  c.tally.seizures += 1;
  c.tally.liquidatedAt.push(Number((old.equity * 1_000_000n) / old.maintenance));
}

function judgeRefreshed(c: Context, step: Step & { log: RefreshedLog }): void {
  const { log, before } = step;
  const where = `report of round ${log.round}`;
  assert.ok(log.round > before.round && log.time > before.roundTime, `${where} goes back`);
  for (const { market, price, mark, index } of log.quotes) {
    const { bandPpm, fundingRatePpmMax, tickValue, markClampPpm, ...more } = marketOf(c, market);
    law(c, 'withinBand', { price: mark, referencePrice: price, bandPpm: markClampPpm }, where);
    const old = before.marks.get(market);
    if (old === undefined) continue;
    // Where the index carried it; moved further only as far as the clamp around it pulled.
    const carried = Math.floor((old.mark * price) / old.price);
    const slewed = Math.abs(mark - carried) <= Math.max(1, Math.floor(carried / 100));
    const pulled = Math.floor((price * markClampPpm) / 1e6);
    const towards = mark > carried ? price - pulled : price + pulled;
    assert.ok(slewed || mark === towards, `${where}: the mark of ${market} jumped`);
    law(c, 'withinBand', { price, referencePrice: old.price, bandPpm }, where);
    const funding = { indexBefore: old.index, indexAfter: index, price, tickValue };
    const elapsedSeconds = log.time - old.fundingTime;
    const gapSecondsMax = more.fundingGapSecondsMax;
    const bound = { ratePpmMax: fundingRatePpmMax, elapsedSeconds, gapSecondsMax };
    law(c, 'fundingWithin', { ...funding, ...bound }, where);
  }
  c.tally.reports += 1;
}

async function judgeBlock(c: Context, records: Records, steps: readonly Step[]): Promise<void> {
  const { tally, auditEvery } = c;
  const batches = steps.filter(({ log }) => log.type === 'Settled').length;
  const liquidated = steps.some(({ log }) => /^(Liquidated|Seized)$/.test(log.type));
  if (batches === 0 && !liquidated) return;
  const whole =
    liquidated ||
    Math.floor((tally.batches - batches) / auditEvery) < Math.floor(tally.batches / auditEvery);
  await audit(c, records, whole);
}

/** Storage at the records' block: the same as the logs say, and lawful. */
async function audit(c: Context, records: Records, whole: boolean): Promise<void> {
  const { venue, tally } = c;
  const where = `block ${records.block}`;
  let stored = await readStored(venue, records.block, whole);
  if (differences(records, stored).length > 0) {
    // The chain may answer for its newest block from a state that is already the next one's.
    await sleep(secondLookMs);
    stored = await readStored(venue, records.block, whole);
  }
  assert.deepEqual(differences(records, stored), [], `${where}: logs and storage differ`);
  const accounts = whole ? stored.accounts : [...records.accounts.values()];
  assert.deepEqual(brokenLaws({ ...stored, accounts }), [], `${where}: laws are broken`);
  tally.blocks += 1;
  if (!whole) return;
  assert.ok(await lawfulOnChain(venue, stored, records.block), `${where}: Laws.evaluate refuses`);
  tally.audits += 1;
}

/** A judge of everything from here on. @param auditEvery batches between looks at all storage */
export function createJudge(venue: Venue, auditEvery = 10) {
  const tally: Tally = {
    batches: 0,
    fills: 0,
    liquidations: 0,
    seizures: 0,
    liquidatedAt: [],
    reports: 0,
    blocks: 0,
    audits: 0,
    verdicts: new Map(),
    settled: [],
    traders: new Set(),
  };
  const reader = createChainReader(chainAccess(venue));
  const c: Context = { venue, reader, tally, auditEvery, batch: undefined };
  const judge: Judge = {
    step: async (step) => {
      const { type } = step.log;
      if (type === 'Settled') await judgeSettled(c, step as Step & { log: SettledLog });
      else if (type === 'Liquidated') judgeLiquidated(c, step as Step & { log: LiquidatedLog });
      else if (type === 'Seized') judgeSeized(c, step as Step & { log: SeizedLog });
      else judgeRefreshed(c, step as Step & { log: RefreshedLog });
    },
    block: (records, steps) => judgeBlock(c, records, steps),
  };
  return { judge, tally, audit: (records: Records) => audit(c, records, true) };
}
