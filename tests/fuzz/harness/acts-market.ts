/** Batches, reports, and what becomes of accounts below their margin. */
import assert from 'node:assert/strict';
import type { Order } from '@holdfast/order';
import { firstFundAccount } from '@holdfast/units';
import type { Hex } from 'viem';
import { deployer } from '../../../tools/gas/chain.ts';
import { batchOf, type Fill, report } from '../../../tools/gas/venue.ts';
import { notional, q32 } from '../../e2e/harness/worth.ts';
import { health, judgeCrowd, judgeHealth, law } from './judge.ts';
import type { Acts, Effect, Life } from './life.ts';
import type { Op } from './operations.ts';
import type { Seen } from './rig.ts';
import {
  amounts,
  eventOf,
  feesOf,
  lotsOf,
  paramsOf,
  sizeOf,
  stranger,
  userOf,
  worthOf,
} from './shadow.ts';

type Settle = Extract<Op, { op: 'settle' }>;
/** A key that owns nothing. */
const rogue = new Uint8Array(32).fill(7);
const feesAccount = 1;
/** What can never be settled. */
const refused = new Set<Settle['trick']>([
  'another key signs',
  'a stranger settles',
  'more than signed',
  'beyond the limit',
  'an old epoch',
]);

function orderOf(life: Life, op: Settle, isMaker: boolean, before: Seen): Order {
  const isSelf = op.taker === 5;
  // Another seat, or the same account on its other lane.
  const id = userOf(life, isMaker || isSelf ? op.maker : op.maker + 1 + op.taker);
  const lane = isSelf && !isMaker ? 3 - op.lane : op.lane;
  const isBuy = isMaker === op.isBuy;
  const { seq } = before.lanes.get(`${id}/${lane}`)!;
  const price = before.markets[op.market]!.price;
  return {
    account: id,
    market: op.market,
    isBuy,
    size: Math.max(op.lots, 1),
    price: Math.max(1, Math.round((price * (1_000_000 + op.off)) / 1e6)),
    timeInForce: 0,
    reduceOnly: false,
    postOnly: false,
    expiry: before.time + 100_000,
    lane,
    seq: Math.max(1, seq + op.ahead),
    epoch: before.accounts.get(id)!.epoch,
  } as Order;
}

/** Lots that the poorer of both could buy or sell, nearly; at least one. */
function mostLots(market: number, orders: readonly Order[], before: Seen): number {
  const { tickValue, initialPpm } = paramsOf(before, market);
  const lot = BigInt(before.markets[market]!.price) * BigInt(tickValue);
  const each = (lot * BigInt((initialPpm as number) + 25_000)) / 1_000_000n;
  const free = orders.map(({ account }) => {
    const { equity, initial } = health(before, account);
    return Number((equity - initial) / each);
  });
  return Math.max(1, Math.min(...free));
}

/** The batch of an operation, as a trick has it. */
function draft(life: Life, op: Settle, before: Seen): { fill: Fill; more: object } {
  let maker = orderOf(life, op, true, before);
  let taker = orderOf(life, op, false, before);
  let lots = op.lots === 0 ? mostLots(op.market, [maker, taker], before) : op.lots;
  [maker, taker] = [{ ...maker, size: lots } as Order, { ...taker, size: lots } as Order];
  if (op.trick === 'reduce only') taker = { ...taker, reduceOnly: true };
  if (op.trick === 'an old epoch') taker = { ...taker, epoch: taker.epoch + 1 } as Order;
  if (op.trick === 'more than signed') lots += 1;
  const worse = op.isBuy ? 1 : -1;
  const price = op.trick === 'beyond the limit' ? maker.price + worse : maker.price;
  const keys = life.rig.venue.keys;
  const keyOfOrder = (order: Order): Uint8Array =>
    op.trick === 'another key signs' && order === taker
      ? rogue
      : (keys.get(order.account) as Uint8Array);
  const prices = before.markets.map((market) => market.price);
  const brought = op.fresh ? { report: report(life.rig.venue, prices) } : {};
  return { fill: { maker, taker, lots, price }, more: { keyOfOrder, ...brought } };
}

async function settle(
  life: Life,
  op: Settle,
  before: Seen,
  after: () => Promise<Seen>,
): Promise<Effect> {
  const { rig } = life;
  const { fill, more } = draft(life, op, before);
  const isSplit = op.trick === 'in two fills' && fill.lots > 1;
  const fills = isSplit ? [fill.lots - 1, 1].map((lots) => ({ ...fill, lots })) : [fill];
  const batch = batchOf(rig.venue, [fill.maker, fill.taker], fills, more);
  const from = op.trick === 'a stranger settles' ? rig.owner(fill.taker.account) : deployer;
  const outcome = await rig.call('settle', [batch], from);
  if (!outcome.ok) {
    if (op.trick !== 'none' && !isSplit) life.mark(`trick refused: ${op.trick}`);
    if (outcome.error === 'MarginShort' && !isSplit && wouldDo(before, op, fill)) {
      life.mark('refused for what it leaves');
    }
    return { outcome };
  }
  assert.ok(!refused.has(op.trick), `settled: ${op.trick}`);
  if (op.trick === 'the batch comes again') await again(life, batch);
  const now = await after();
  [rig.venue.number, rig.venue.head] = [now.batch, now.head];
  judgeBatch(life, op, fill, batch, before, now);
  const { maker, taker, lots, price } = fill;
  const value = worthOf(now, op.market, op.isBuy ? lots : -lots, price);
  const each = fills.map(({ lots: some }) => feesOf(now, op.market, some, price));
  const fees = {
    maker: each.reduce((sum, { maker: fee }) => sum + fee, 0n),
    taker: each.reduce((sum, { taker: fee }) => sum + fee, 0n),
  };
  const signed = op.isBuy ? lots : -lots;
  return {
    outcome,
    cash: amounts(
      [maker.account, -value - fees.maker],
      [taker.account, value - fees.taker],
      [feesAccount, fees.maker + fees.taker],
    ),
    lots: lotsOf(op.market, [maker.account, signed], [taker.account, -signed]),
  };
}

/** Whether both would have the margin for a fill at the open interest before it. */
function wouldDo(before: Seen, op: Settle, { maker, taker, lots, price }: Fill): boolean {
  const fees = feesOf(before, op.market, lots, price);
  const accounts = new Map(before.accounts);
  for (const [{ account, isBuy }, fee] of [
    [maker, fees.maker],
    [taker, fees.taker],
  ] as const) {
    const row = accounts.get(account)!;
    const signed = isBuy ? lots : -lots;
    const size = sizeOf(before, account, op.market) + signed;
    const cash = row.cash - worthOf(before, op.market, signed, price) - fee;
    accounts.set(account, { ...row, cash, sizes: new Map(row.sizes).set(op.market, size) });
  }
  return [maker, taker].every(({ account }) => {
    const { equity, initial } = health({ ...before, accounts }, account, before, before);
    return equity >= initial;
  });
}

/** The same batch once more, as it was and as the next one. */
async function again({ rig }: Life, batch: ReturnType<typeof batchOf>): Promise<void> {
  const head = (await rig.read()).head;
  for (const next of [batch, { ...batch, number: batch.number + 1n, previous: head }]) {
    const { ok } = await rig.call('settle', [next], deployer);
    assert.ok(!ok, 'a batch is settled twice');
  }
}

function judgeBatch(
  life: Life,
  op: Settle,
  { maker, taker, lots, price }: Fill,
  batch: { number: bigint; previous: Hex },
  before: Seen,
  now: Seen,
): void {
  const { verdicts } = life.reached;
  const market = before.markets[op.market]!;
  const params = paramsOf(before, op.market);
  const last = { numberLast: before.batch, head: before.head };
  const isSplit = op.trick === 'in two fills' && lots > 1;
  // A single fill that adds to the open interest has to do at what it leaves as well.
  const grew = now.markets[op.market]!.openInterest > market.openInterest;
  const crowds = grew && !isSplit ? [before, now] : [before];
  law(verdicts, 'batchContiguous', { number: batch.number, previous: batch.previous, ...last });
  law(verdicts, 'withinBand', {
    price,
    referencePrice: market.price,
    bandPpm: params.fillBandPpm,
  });
  law(verdicts, 'priceValid', {
    price: market.price,
    priceTime: now.markets[op.market]!.priceTime,
    nowTime: now.time,
    ageSecondsMax: params.priceAgeSecondsMax as number,
    skewSecondsMax: 30,
  });
  for (const order of [maker, taker]) {
    const { account: id, isBuy, price: limit, size, reduceOnly } = order;
    law(verdicts, 'fillWithin', { isBuy, limit, price });
    const key = `${id}/${order.lane}`;
    const [old, lane] = [before.lanes.get(key)!, now.lanes.get(key)!];
    const lanes = { seqBefore: old.seq, filledBefore: old.filled, seqAfter: lane.seq };
    law(verdicts, 'laneLawful', { ...lanes, filledAfter: lane.filled, size });
    const had = old.seq === lane.seq ? old.filled : 0;
    assert.equal(lane.filled, had + lots, `fill of lane ${key}`);
    const sizes = {
      sizeBefore: sizeOf(before, id, op.market),
      sizeAfter: sizeOf(now, id, op.market),
    };
    const level = Math.max(...[0, op.market + 1].map((scope) => before.levels[scope]!));
    if (reduceOnly || level > 0) law(verdicts, 'reduceOnlyHeld', sizes);
    judgeHealth(verdicts, before, now, id, crowds);
  }
  if (isSplit) judgeCrowd(before, now, op.market);
}

/** A report that the quorum signed, or one whose bytes were changed on the way. */
async function push(life: Life, op: Extract<Op, { op: 'report' }>, before: Seen): Promise<Effect> {
  const { rig } = life;
  const prices = before.markets.map(({ price }, i) => {
    const to = Math.round((price * (1_000_000 + (op.moves[i] ?? 0))) / 1e6);
    return Math.min(4_000_000, Math.max(100_000, to));
  });
  const marks = prices.map((price) => Math.round((price * (1_000_000 + op.basis)) / 1e6));
  const good = report(rig.venue, prices, { marks, rates: prices.map(() => op.rate) });
  // Somewhere in the price of the first market.
  const bad = `${good.slice(0, 26)}${good[26] === '0' ? '1' : '0'}${good.slice(27)}`;
  const outcome = await rig.call('push', [op.broken ? bad : good], deployer);
  if (op.broken) assert.ok(!outcome.ok, 'a changed report is taken');
  return { outcome };
}

/** An account by its health, the worst first, and a market in which it holds something. */
function inNeed(
  { rig }: Life,
  op: { readonly rank: number; readonly market: number },
  before: Seen,
): readonly [id: number, market: number] {
  const ranked = rig.users
    .map((id) => [id, health(before, id)] as const)
    .filter(([, { maintenance }]) => maintenance > 0n)
    .map(([id, { equity, maintenance }]) => [id, (equity * 1_000_000n) / maintenance] as const)
    .sort((a, b) => (a[1] < b[1] ? -1 : 1));
  const id = ranked[op.rank % Math.max(ranked.length, 1)]?.[0] ?? (rig.users[0] as number);
  const market = sizeOf(before, id, op.market) === 0 ? 1 - op.market : op.market;
  return [id, market];
}

async function liquidate(
  life: Life,
  op: Extract<Op, { op: 'liquidate' }>,
  before: Seen,
  after: () => Promise<Seen>,
): Promise<Effect> {
  const { rig, reached } = life;
  const [id, market] = inNeed(life, op, before);
  const keeper = userOf(life, rig.users.indexOf(id) + 1 + op.keeper);
  const args = [id, market, op.lots, keeper, '0x'];
  const outcome = await rig.call('liquidate', args, rig.owner(keeper));
  if (!outcome.ok) return { outcome };
  assert.notEqual(rig.owner(id), rig.owner(keeper), 'somebody liquidates its own account');
  const now = await after();
  const found = eventOf(outcome.logs, 'Liquidated') as never as Record<string, bigint | number>;
  const [size, price] = [Number(found.size), Number(found.price)];
  const [penalty, reward] = [found.penalty as bigint, found.reward as bigint];
  const { mark } = before.markets[market]!;
  const params = paramsOf(before, market);
  const [old, left] = [health(before, id), health(now, id)];
  law(reached.verdicts, 'liquidationLawful', {
    equityBefore: old.equity,
    maintenanceBefore: old.maintenance,
    equityAfter: left.equity,
    maintenanceAfter: left.maintenance,
    penalty,
    discount: BigInt((mark - price) * size) * BigInt(params.tickValue),
    notional: notional({ venue: { markets: [{ id: 0, ...params }] } } as never, 0, size, mark),
    maintenancePpm: params.maintenancePpm as number,
  });
  const value = worthOf(now, market, size, price);
  return {
    outcome,
    cash: amounts(
      [id, value - penalty * q32],
      [keeper, -value + reward * q32],
      [firstFundAccount + market, (penalty - reward) * q32],
    ),
    lots: lotsOf(market, [id, -size], [keeper, size]),
  };
}

async function resolve(
  life: Life,
  op: Extract<Op, { op: 'resolve' }>,
  before: Seen,
  after: () => Promise<Seen>,
): Promise<Effect> {
  const { rig } = life;
  const [id, market] = inNeed(life, op, before);
  const list = [...rig.users, rig.pool, firstFundAccount + market];
  const outcome = await rig.call('resolve', [id, market, list, '0x'], stranger);
  if (!outcome.ok) return { outcome };
  const old = health(before, id);
  assert.ok(old.equity < (old.maintenance * 2n) / 3n, 'resolved above close-out');
  const now = await after();
  assert.ok(sizeOf(now, id, market) === 0 || old.equity >= 0n, 'a bankrupt keeps its position');
  const found = eventOf(outcome.logs, 'Resolved') as never as Record<string, bigint | number>;
  for (const what of ['toBackstop', 'toCounterparties', 'toFund', 'covered', 'levied']) {
    if (BigInt(found[what] as number) > 0n) life.mark(`resolved ${what}`);
  }
  if (old.equity < 0n) life.mark('resolved bankrupt');
  return { outcome, free: 'all' };
}

async function unwind(
  life: Life,
  op: Extract<Op, { op: 'unwind' }>,
  before: Seen,
  after: () => Promise<Seen>,
): Promise<Effect> {
  const { rig } = life;
  const pairs = [op.market, 1 - op.market].flatMap((market) =>
    [rig.pool, firstFundAccount + market].map((id) => [id, market] as const),
  );
  const holding = pairs.find(([id, market]) => sizeOf(before, id, market) !== 0);
  const [from, market] = holding ?? (pairs[0] as (typeof pairs)[number]);
  const taker = userOf(life, op.taker);
  const args = [from, market, op.lots, taker, '0x'];
  const outcome = await rig.call('unwind', args, rig.owner(taker));
  if (!outcome.ok) return { outcome };
  const now = await after();
  const found = eventOf(outcome.logs, 'Unwound') as never as Record<string, bigint | number>;
  const [size, price] = [Number(found.size), Number(found.price)];
  const value = worthOf(now, market, size, price);
  return {
    outcome,
    cash: amounts([from, value], [taker, -value]),
    lots: lotsOf(market, [from, -size], [taker, size]),
  };
}

export const marketActs: Acts<'settle' | 'report' | 'flag' | 'liquidate' | 'resolve' | 'unwind'> = {
  settle,
  report: push,
  liquidate,
  resolve,
  unwind,
  async flag(life, op, before) {
    const [id] = inNeed(life, { ...op, market: 0 }, before);
    return { outcome: await life.rig.call('flag', [id, '0x'], stranger) };
  },
};
