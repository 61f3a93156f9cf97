/**
 * The waterfall as a whole, `resolve` of one position: backstop, insurance, deleveraging, fund and
 * levy. To the unit of the contracts' `WaterfallModule`; docs/MARGIN.md, The waterfall.
 */
import {
  type AccountId,
  absBig,
  type CashQ32,
  fundAccount,
  insuranceAccount,
  type Lots,
  type MarketId,
  maxBig,
  minBig,
  q32Bits,
  type Rejection,
  reject,
} from '@holdfast/units';
import { allocate, isEligible, leverOf, roomsOf } from './deleverage.ts';
import { freedBy, levyPerLot, shareOf, zeroDiscount, zeroSurcharge } from './liquidation.ts';
import {
  closeOut,
  type Health,
  health,
  initialPpmOf,
  type MarketContext,
  type MarketOf,
  notional,
  type RiskAccount,
  shareUp,
  unitQ32,
} from './margin.ts';
import { drawOf, type Pace, paceAfter } from './pace.ts';

const priceMax = 2n ** 32n - 1n;
/** Most positions of one account. */
const positionsMax = 16;

/** Everything that the waterfall looks at. */
export type Fall = {
  readonly account: AccountId;
  readonly market: MarketId;
  /** Every account that it may touch. */
  readonly accountOf: (id: AccountId) => RiskAccount;
  readonly marketOf: MarketOf;
  readonly coverSharePpm: number;
  /** What the market's fund and the shared one paid in the hour, quote; none: nothing. */
  readonly drawn?: { readonly own: bigint; readonly shared: bigint } | undefined;
  /** What the block resolved of the market before; none: nothing. */
  readonly pace?: Pace | undefined;
  readonly backstopLotsMax: number;
  readonly isolated: boolean;
  /** Σ longs of the market, lots. */
  readonly openInterest: number;
  /** Account of the backstop's pool; undefined: there is none. */
  readonly backstop?: AccountId | undefined;
  /** Ascending. */
  readonly counterparties: readonly AccountId[];
};

/** What it does to one account; the levy comes on top. */
export type FallChange = { cashDelta: bigint; sizeDelta: number };

export type Resolution = {
  readonly toBackstop: number;
  readonly toCounterparties: number;
  readonly toFund: number;
  /** Ticks in favour of who takes the lots; minus the surcharge. */
  readonly discount: bigint;
  /** Quote that insurance pays. */
  readonly covered: bigint;
  /** The part of it that the market's own fund pays. */
  readonly ownCovered: bigint;
  /** Quote that is charged to every position in the market. */
  readonly levied: bigint;
  /** Charge for each lot of every position as it stands afterwards, Q32. */
  readonly perLotQ32: bigint;
  readonly changes: ReadonlyMap<AccountId, FallChange>;
};

/** What the steps hand on. */
type Work = {
  readonly fall: Fall;
  readonly context: MarketContext;
  readonly standing: Health;
  readonly side: 1 | -1;
  readonly lots: number;
  readonly fund: AccountId;
  readonly changes: Map<AccountId, FallChange>;
};

const sizeIn = (account: RiskAccount, market: MarketId): number =>
  account.positions.get(market) ?? 0;

function change({ changes }: Work, id: AccountId, cash: bigint, size = 0): void {
  const row = changes.get(id) ?? { cashDelta: 0n, sizeDelta: 0 };
  changes.set(id, { cashDelta: row.cashDelta + cash, sizeDelta: row.sizeDelta + size });
}

/** Lots of the debtor change hands at the mark less a discount in favour of `to`. */
function swap(work: Work, to: AccountId, lots: number, discount: bigint): void {
  const { context, side, fall } = work;
  const gain = BigInt(lots) * BigInt(context.tickValue) * discount;
  const value = BigInt(side * lots) * unitQ32(context) - (gain << q32Bits);
  change(work, fall.account, value, -side * lots);
  change(work, to, -value, side * lots);
}

/** What the bankrupt account lacks for this position, and who insures it. */
function coverOf({ fall, context, standing, lots, fund }: Work) {
  if (standing.equity >= 0n) return { own: 0n, shared: 0n, loss: 0n, surcharge: 0n };
  const lacks = -shareOf(standing, freedBy(context, lots, lots));
  const drawn = fall.drawn ?? { own: 0n, shared: 0n };
  let own = 0n;
  if (fund !== fall.account) {
    const { equity, initial } = health(fall.accountOf(fund), fall.marketOf);
    own = drawOf(equity - initial, drawn.own, lacks, fall.coverSharePpm);
  }
  const sharedCash = fall.accountOf(insuranceAccount).cash >> q32Bits;
  const shared = fall.isolated
    ? 0n
    : drawOf(sharedCash, drawn.shared, lacks - own, fall.coverSharePpm);
  const loss = lacks - own - shared;
  if (loss === 0n) return { own, shared, loss, surcharge: 0n };
  const price = BigInt(context.price);
  const long = sizeIn(fall.accountOf(fall.account), fall.market) > 0;
  const most = long ? priceMax - price : price - 1n;
  return {
    own,
    shared,
    loss,
    surcharge: minBig(zeroSurcharge(loss, lots, context.tickValue), most),
  };
}

/** Most lots that the backstop's cap and initial margin leave room for. */
function toBackstop({ fall, context, side, lots }: Work, surcharge: bigint): number {
  const { backstop, backstopLotsMax: cap, market, marketOf } = fall;
  if (backstop === undefined || backstop === fall.account || surcharge !== 0n) return 0;
  const pool = fall.accountOf(backstop);
  const held = sizeIn(pool, market);
  if (held === 0 && pool.positions.size >= positionsMax) return 0;
  const others = new Map([...pool.positions].filter(([id]) => id !== market));
  const rest = health({ ...pool, positions: others }, marketOf);
  const worth = pool.cash + BigInt(held) * unitQ32(context);
  const equity = [...others].reduce((sum, [id, size]) => {
    return sum + BigInt(size) * unitQ32(marketOf(id));
  }, worth as bigint);
  const fits = (taken: number): boolean => {
    const after = held + side * taken;
    if (Math.abs(after) > cap) return false;
    const amount = notional(after, context.price, context.tickValue);
    const need = rest.initial + shareUp(amount, initialPpmOf(context, after, pool.userPpm));
    return equity >> q32Bits >= need;
  };
  let [low, room] = [0, Math.min(Math.max(cap - side * held, 0), lots)];
  while (low < room) {
    const middle = room - Math.floor((room - low) / 2);
    if (fits(middle)) low = middle;
    else room = middle - 1;
  }
  return low;
}

/** What each of the list gives up, or undefined when the list holds too little. */
function takesOf({ fall, context, side }: Work, need: number, surcharge: bigint) {
  const rows = fall.counterparties.map((id) => {
    const account = fall.accountOf(id);
    const size = sizeIn(account, fall.market);
    const isOther = size !== 0 && size > 0 !== side > 0;
    return { size: isOther ? Math.abs(size) : 0, standing: health(account, fall.marketOf) };
  });
  const rooms = roomsOf(
    need,
    rows.map(({ size }) => size),
    fall.openInterest,
  );
  if (rooms === undefined) return undefined;
  const list = rows.map(({ size, standing }, i) => {
    const eligible = size !== 0 && isEligible(standing, context, surcharge);
    const lever = eligible ? leverOf(standing.equity, standing.maintenance) : 0n;
    return { size, room: eligible ? (rooms[i] ?? 0) : 0, lever };
  });
  return allocate(need, list);
}

/** Σ longs after the changes of positions so far. */
function interestAfter({ fall, changes }: Work): number {
  let sum = fall.openInterest;
  for (const [id, { sizeDelta }] of changes) {
    const before = sizeIn(fall.accountOf(id), fall.market);
    sum += Math.max(before + sizeDelta, 0) - Math.max(before, 0);
  }
  return sum;
}

/** Cover, what was paid too much or too little, and the last fraction of a unit. */
function settle(
  work: Work,
  cover: ReturnType<typeof coverOf>,
  paid: bigint,
  freed: bigint,
): { levied: bigint; perLotQ32: bigint } {
  const { fall, fund, standing } = work;
  const { own, shared, loss } = cover;
  change(work, fall.account, (own + shared) << q32Bits);
  change(work, fund, -(own << q32Bits));
  if (shared !== 0n) change(work, insuranceAccount, -(shared << q32Bits));
  let [levied, perLotQ32] = [0n, 0n];
  const open = BigInt(interestAfter(work)) * 2n;
  if (paid > loss) {
    change(work, fall.account, -((paid - loss) << q32Bits));
    change(work, fund, (paid - loss) << q32Bits);
  } else if (paid < loss && open !== 0n) {
    levied = loss - paid;
    perLotQ32 = levyPerLot(levied, open);
    change(work, fall.account, levied << q32Bits);
    change(work, fund, perLotQ32 * open - (levied << q32Bits));
  }
  const debtor = fall.accountOf(fall.account);
  const row = work.changes.get(fall.account) as FallChange;
  const left = sizeIn(debtor, fall.market) + row.sizeDelta;
  const dust = debtor.cash + row.cashDelta;
  const empty = left === 0 && standing.maintenance === freed;
  if (standing.equity < 0n && empty && dust > 0n && dust < 1n << q32Bits) {
    change(work, fall.account, -dust);
    change(work, fund, dust);
  }
  return { levied, perLotQ32 };
}

function begin(fall: Fall): Work | Rejection {
  const debtor = fall.accountOf(fall.account);
  const size = sizeIn(debtor, fall.market);
  if (size === 0) {
    return reject('PositionMissing', `no position in market ${fall.market}`);
  }
  const standing = health(debtor, fall.marketOf);
  if (standing.equity >= closeOut(standing.maintenance)) {
    return reject('NotCloseOut', `equity ${standing.equity} is not below close-out`);
  }
  return {
    fall,
    context: fall.marketOf(fall.market),
    standing,
    side: size > 0 ? 1 : -1,
    lots: Math.abs(size),
    fund: fundAccount(fall.market),
    changes: new Map(),
  };
}

/**
 * What `resolve` does. Every lot that leaves the account goes to exactly one other, and every unit
 * of its loss is paid by exactly one payer.
 *
 * @returns the changes, or a rejection `PositionMissing`, `NotCloseOut`, `CounterpartiesShort`,
 * `NobodyTakes` or `ResolvedEnough`
 */
export function resolution(fall: Fall): Resolution | Rejection {
  const work = begin(fall);
  if ('code' in work) return work;
  const { context, standing, lots, fund } = work;
  const { tickValue } = context;
  const bankrupt = standing.equity < 0n;
  const cover = coverOf(work);
  const pool = toBackstop(work, cover.surcharge);
  const need = lots - pool;
  const wanted = need !== 0 && (bankrupt || fall.counterparties.length > 0 || pool === 0);
  const takes = wanted ? takesOf(work, need, cover.surcharge) : [];
  if (takes === undefined) {
    return reject('CounterpartiesShort', 'the list holds too little of the other side');
  }
  const others = takes.reduce((sum, each) => sum + each, 0);
  const toFund = bankrupt && fall.account !== fund ? need - others : 0;
  const moved = pool + others + toFund;
  if (moved === 0 && !bankrupt) return reject('NobodyTakes', 'nobody takes a lot');
  if (fall.pace !== undefined && paceAfter(fall.pace, moved) === undefined) {
    return reject('ResolvedEnough', `the block takes no ${moved} lots more of this market`);
  }
  const freed = freedBy(context, lots, moved);
  const discount = bankrupt
    ? -cover.surcharge
    : zeroDiscount(maxBig(shareOf(standing, freed), 0n), moved, tickValue);
  const paid = bankrupt ? BigInt(others) * cover.surcharge * BigInt(tickValue) : 0n;
  change(work, fall.account, 0n);
  takes.forEach((taken, i) => {
    if (taken !== 0) swap(work, fall.counterparties[i] as AccountId, taken, discount);
  });
  if (pool !== 0) swap(work, fall.backstop as AccountId, pool, discount);
  if (toFund !== 0) swap(work, fund, toFund, 0n);
  const { levied, perLotQ32 } = settle(work, cover, paid, freed);
  return {
    toBackstop: pool,
    toCounterparties: others,
    toFund,
    discount,
    covered: cover.own + cover.shared,
    ownCovered: cover.own,
    levied,
    perLotQ32,
    changes: work.changes,
  };
}

/** Cash of an account afterwards, the levy on its position taken off; Q32. */
export function cashAfter(
  { changes, perLotQ32 }: Resolution,
  id: AccountId,
  account: RiskAccount,
  market: MarketId,
): CashQ32 {
  const { cashDelta, sizeDelta } = changes.get(id) ?? { cashDelta: 0n, sizeDelta: 0 };
  const size = BigInt((sizeIn(account, market) + sizeDelta) as Lots);
  return (account.cash + cashDelta - absBig(size) * perLotQ32) as CashQ32;
}
