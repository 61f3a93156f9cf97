/**
 * Twin of `settle` on the mirror: says what the contracts will say of a batch, but for
 * signatures, which the gateway has verified. Pure. What it says is a forecast: the chain is
 * always asked before a fill is given up.
 */
import type { CoreReport } from '@holdfast/core';
import { acceptReport, fundingDelta, type MarketPrice } from '@holdfast/oracle';
import { FOK, GTC, isProtocol, type SignedOrder } from '@holdfast/order';
import {
  crowdMost,
  fillBand,
  grows,
  health,
  healthyOrHealthier,
  isolationHeld,
  type MarketOf,
  marketContext,
  type RiskAccount,
  resumeAfterReport,
  seizureTerms,
} from '@holdfast/risk';
import {
  type FundingIndex,
  isRejection,
  type Lots,
  type MarketId,
  type Ppm,
  type Round,
  type Seconds,
  type Ticks,
} from '@holdfast/units';
import type { Verdict } from './bisect.ts';
import { breakerLevel, isBarred } from './breaker.ts';
import type { MarketParams } from './events.ts';
import { chainValuation, type FillTerms, fillDeltas } from './fills.ts';
import {
  chainRow,
  laneKey,
  type Mirror,
  type MirrorAccount,
  type MirrorMarket,
  marketRow,
} from './mirror.ts';
import { ordersOf } from './planner.ts';

/** What surrounds the batch. */
export type PredictContext = {
  /** Report inside the batch. */
  readonly report?: CoreReport | undefined;
  /** Expected time of the block. */
  readonly now: number;
};

const ok: Verdict = { kind: 'ok' };
const positionsMax = 16;

function refused(code: string, message: string): Verdict {
  return { kind: 'refused', code, message };
}

function hold(code: string, message: string): Verdict {
  return { kind: 'hold', code, message };
}

type Market = MirrorMarket & { readonly params: MarketParams };
type Touched = {
  cash: bigint;
  readonly sizes: Map<number, number>;
  readonly before: MirrorAccount;
};
type Desk = {
  readonly mirror: Mirror;
  readonly now: number;
  readonly markets: Map<number, Market>;
  readonly touched: Map<number, Touched>;
  /** Lots filled by order key. */
  readonly filled: Map<SignedOrder, number>;
  /** Open interest after a single fill that adds to it, at which it is judged. */
  readonly foreseen: Map<number, number>;
};

/** Accepts the report as the oracle would, and charges funding. */
function refresh(desk: Desk, report: CoreReport | undefined): Verdict {
  for (const [id, params] of desk.mirror.params) {
    desk.markets.set(id, { ...marketRow(desk.mirror, id), params });
  }
  if (report === undefined) return ok;
  const row = chainRow(desk.mirror);
  const prices = new Map<MarketId, MarketPrice>();
  for (const [id, market] of desk.mirror.markets) {
    if (market.price === 0) continue;
    prices.set(id as MarketId, {
      price: market.price as Ticks,
      mark: market.mark as Ticks,
      time: market.priceTime as Seconds,
      round: market.priceRound as Round,
    });
  }
  const state = { round: row.round as Round, time: row.roundTime as Seconds, prices };
  const params = {
    reportSkewSecondsMax: row.reportSkewSecondsMax,
    bandPpm: (id: MarketId) => desk.mirror.params.get(id)?.bandPpm as Ppm | undefined,
    markClampPpm: (id: MarketId) => (desk.mirror.params.get(id)?.markClampPpm ?? 0) as Ppm,
  };
  const judged = acceptReport(state, report, params, desk.now as Seconds);
  if (isRejection(judged)) return hold(judged.code, judged.message);
  for (const { market: id, price, rate } of report.quotes) {
    const market = desk.markets.get(id);
    if (market === undefined) return hold('MarketUnlisted', `market ${id} is not listed`);
    const elapsed = market.fundingTime === 0 ? 0 : report.time - market.fundingTime;
    const step = fundingDelta({
      rate,
      fundingRatePpmMax: market.params.fundingRatePpmMax as Ppm,
      price,
      tickValue: market.params.tickValue,
      elapsedSeconds: Math.max(elapsed, 0),
      gapSecondsMax: market.params.fundingGapSecondsMax,
    });
    desk.markets.set(id, {
      ...market,
      resume: resumeAfterReport(
        market.resume,
        market.fundingTime,
        report.time,
        market.params.priceAgeSecondsMax,
      ),
      index: market.index + step,
      fundingTime: report.time,
      price,
      mark: (judged.state.prices.get(id) as MarketPrice).mark,
      priceTime: report.time,
      priceRound: report.round,
    });
  }
  return ok;
}

/** Level in force in the batch: its report may end an outage. */
const levelOf = (desk: Desk, market: number): number =>
  breakerLevel(desk.mirror, market, desk.now, desk.markets.get(market));

function usable(desk: Desk, id: number): Verdict {
  const market = desk.markets.get(id);
  if (market === undefined) return refused('MarketUnknown', `market ${id} is not listed`);
  const age = desk.now - market.priceTime;
  const ageMax = market.params.priceAgeSecondsMax;
  if (market.price > 0 && age <= ageMax) return ok;
  return hold('PriceStale', `the price of market ${id} is ${age} s old, ${ageMax} s are allowed`);
}

function admit(desk: Desk, order: SignedOrder): Verdict {
  const { account, lane, seq } = order;
  const name = `order ${account}/${lane}/${seq}`;
  const row = desk.mirror.accounts.get(account);
  if (row === undefined) return refused('AccountUnknown', `account ${account} is not open`);
  if (order.expiry <= desk.now) {
    return refused('OrderExpired', `${name} expired at ${order.expiry}, it is ${desk.now}`);
  }
  if (order.epoch !== row.epoch && !isProtocol(order)) {
    return refused('SignatureWrong', `${name} is of epoch ${order.epoch}, not ${row.epoch}`);
  }
  const slot = desk.mirror.lanes.get(laneKey(account, lane));
  if (slot !== undefined && seq < slot.seq) {
    return refused('SeqStale', `${name}: the lane is at ${slot.seq}`);
  }
  const priced = usable(desk, order.market);
  if (priced.kind !== 'ok') return priced;
  if (levelOf(desk, order.market) >= 3 && !order.reduceOnly) {
    return refused('BreakerTripped', `market ${order.market} takes reduce-only orders alone`);
  }
  desk.filled.set(order, slot?.seq === seq ? slot.filled : 0);
  if (!desk.touched.has(account)) {
    desk.touched.set(account, { cash: row.cash, sizes: new Map(row.sizes), before: row });
  }
  return ok;
}

function pair(fill: FillTerms, market: Market): Verdict {
  const { maker, taker, price } = fill;
  if (maker.market !== fill.market || taker.market !== fill.market) {
    return refused('MarketsDiffer', `fill ${fill.id} joins orders of two markets`);
  }
  if (maker.isBuy === taker.isBuy) return refused('SidesEqual', `fill ${fill.id}: one side`);
  if (maker.account === taker.account) {
    return refused('SelfTrade', `fill ${fill.id}: account ${maker.account} with itself`);
  }
  if (maker.timeInForce !== GTC || taker.postOnly) {
    return refused('RoleWrong', `fill ${fill.id}: a role that an order forbids`);
  }
  const { low, high } = fillBand(market.price as Ticks, market.params.fillBandPpm as Ppm);
  if (price < low || price > high) {
    return refused('OutsideBand', `fill ${fill.id} at ${price}, the band is ${low}..${high}`);
  }
  for (const order of [maker, taker]) {
    if (order.isBuy ? price > order.price : price < order.price) {
      return refused('LimitBroken', `fill ${fill.id} at ${price}, a limit is ${order.price}`);
    }
  }
  return ok;
}

function applyFill(desk: Desk, fill: FillTerms, orders: ReadonlyMap<string, SignedOrder>): Verdict {
  const market = desk.markets.get(fill.market) as Market;
  const fit = pair(fill, market);
  if (fit.kind !== 'ok') return fit;
  const [maker, taker] = fillDeltas(
    fill,
    market.params.tickValue,
    chainValuation(fill, market.params, market.index),
  );
  for (const [side, delta] of [
    [fill.maker, maker],
    [fill.taker, taker],
  ] as const) {
    const order = orders.get(keyOf(side)) as SignedOrder;
    desk.filled.set(order, (desk.filled.get(order) as number) + fill.lots);
    const account = desk.touched.get(side.account) as Touched;
    const before = account.sizes.get(fill.market) ?? 0;
    const after = before + (side.isBuy ? fill.lots : -fill.lots);
    if (side.reduceOnly && grows(before, after)) {
      return refused('ReduceOnlyBroken', `fill ${fill.id}: account ${side.account} would grow`);
    }
    account.cash += delta?.cash ?? 0n;
    account.sizes.set(fill.market, after);
  }
  return ok;
}

function keyOf(order: SignedOrder): string {
  return `${order.account}:${order.lane}:${order.seq}`;
}

function holdOrders(desk: Desk): Verdict {
  for (const [order, filled] of desk.filled) {
    if (filled > order.size) {
      return refused('OverFilled', `order of account ${order.account}: ${filled} of ${order.size}`);
    }
    if (order.timeInForce === FOK && filled !== order.size) {
      return refused('FillOrKillShort', `order of account ${order.account}: ${filled} filled`);
    }
  }
  return ok;
}

function holdMarkets(desk: Desk, isSingle: boolean): Verdict {
  const interest = new Map<number, number>();
  for (const [owner, account] of desk.touched) {
    for (const [id, after] of account.sizes) {
      const before = account.before.sizes.get(id) ?? 0;
      const grown = Math.max(after, 0) - Math.max(before, 0);
      interest.set(id, (interest.get(id) ?? 0) + grown);
      if (!grows(before, after)) continue;
      if (levelOf(desk, id) >= 1) {
        return refused('BreakerTripped', `positions in market ${id} may not grow`);
      }
      if (isBarred(desk.mirror, owner, desk.now)) {
        return refused('AccountBarred', `account ${owner} may not grow`);
      }
    }
  }
  for (const [id, change] of interest) {
    const { openInterest, params } = desk.markets.get(id) as Market;
    const after = openInterest + change;
    if (change <= 0) continue;
    if (after > params.openInterestMax) {
      return refused('OpenInterestExceeded', `market ${id}: cap ${params.openInterestMax}`);
    }
    if (isSingle) desk.foreseen.set(id, after);
    else if (after > crowdMost(params, openInterest)) {
      return refused('BatchCrowds', `market ${id}: from ${openInterest} to ${after} at once`);
    }
  }
  return ok;
}

function contextsOf(desk: Desk): MarketOf {
  return (market) => {
    const { mark, index, params, openInterest } = desk.markets.get(market) as Market;
    const range = { low: openInterest, high: desk.foreseen.get(market) ?? openInterest };
    const at = { price: mark as Ticks, index: index as FundingIndex, openInterest: range };
    return marketContext(params, at);
  };
}

function riskAccount(
  { userPpm }: MirrorAccount,
  cash: bigint,
  held: ReadonlyMap<number, number>,
): RiskAccount {
  return {
    cash: cash as RiskAccount['cash'],
    positions: held as ReadonlyMap<MarketId, Lots>,
    userPpm: userPpm as Ppm,
  };
}

/**
 * What the protocol sold of an account: needed, no more than the partial size, no worse than the
 * fillable price, and alone. What keepers took in the same block only the chain knows.
 */
function holdProtocol(desk: Desk): Verdict {
  for (const [order, filled] of desk.filled) {
    if (!isProtocol(order)) continue;
    const { account: id, market, isBuy, price } = order;
    if ([...desk.filled.keys()].some((other) => other !== order && other.account === id)) {
      return refused('ProtocolNotAlone', `account ${id} has another order in the batch`);
    }
    const { before } = desk.touched.get(id) as Touched;
    const level = Math.max(...[market, ...before.sizes.keys()].map((held) => levelOf(desk, held)));
    if (level > 1) return refused('BreakerTripped', `the breaker is at level ${level}`);
    const stood = riskAccount(before, before.cash, before.sizes);
    const terms = seizureTerms(stood, market, contextsOf(desk));
    if (isRejection(terms)) return refused(terms.code, terms.message);
    if (filled > Math.abs(terms.size)) {
      return refused('SeizureTooLarge', `account ${id}: ${filled} lots of ${terms.size}`);
    }
    if (isBuy ? price > terms.limit : price < terms.limit) {
      return refused('SeizureTooCheap', `account ${id}: ${price}, fillable is ${terms.limit}`);
    }
  }
  return ok;
}

function judge(desk: Desk, id: number, account: Touched): Verdict {
  const sizes = new Map([...account.sizes].filter(([, size]) => size !== 0));
  for (const market of new Set([...sizes.keys(), ...account.before.sizes.keys()])) {
    const priced = usable(desk, market);
    if (priced.kind !== 'ok') return priced;
  }
  if (sizes.size > positionsMax) {
    return refused('PositionsExceeded', `account ${id} would hold ${sizes.size} positions`);
  }
  const isIsolated = (market: number) => desk.markets.get(market)?.params.isolated === 1;
  if (!isolationHeld([...sizes.keys()] as MarketId[], isIsolated)) {
    return refused('IsolatedMarket', `account ${id} would hold more than an isolated market`);
  }
  const contextOf = contextsOf(desk);
  const { before } = account;
  const healthBefore = health(riskAccount(before, before.cash, before.sizes), contextOf);
  const healthAfter = health(riskAccount(before, account.cash, sizes), contextOf);
  const grew = [...sizes].some(([market, size]) => grows(before.sizes.get(market) ?? 0, size));
  if (healthyOrHealthier(healthBefore, healthAfter, grew)) return ok;
  return refused(
    'MarginShort',
    `account ${id}: equity ${healthAfter.equity}, initial margin ${healthAfter.initial}`,
  );
}

/** Foretells the fate of fills as one batch on top of the mirror. */
export function predict(
  mirror: Mirror,
  fills: readonly FillTerms[],
  context: PredictContext,
): Verdict {
  const desk: Desk = {
    mirror,
    now: context.now,
    markets: new Map(),
    touched: new Map(),
    filled: new Map(),
    foreseen: new Map(),
  };
  const refreshed = refresh(desk, context.report);
  if (refreshed.kind !== 'ok') return refreshed;
  const orders = ordersOf(fills);
  for (const order of orders) {
    const admitted = admit(desk, order);
    if (admitted.kind !== 'ok') return admitted;
  }
  const byKey = new Map(orders.map((order) => [keyOf(order), order]));
  for (const fill of fills) {
    const applied = applyFill(desk, fill, byKey);
    if (applied.kind !== 'ok') return applied;
  }
  const rules = [holdOrders(desk), holdMarkets(desk, fills.length === 1), holdProtocol(desk)];
  for (const held of rules) if (held.kind !== 'ok') return held;
  for (const [id, account] of desk.touched) {
    const judged = judge(desk, id, account);
    if (judged.kind !== 'ok') return judged;
  }
  return ok;
}
