/** What accounts are worth, and what the venue would lose with them; whole quote units. */
import { equityQ32, type MarketContext, marketContext } from '@holdfast/risk';
import {
  absBig,
  type CashQ32,
  type FundingIndex,
  firstFundAccount,
  firstUserAccount,
  type Lots,
  type MarketId,
  maxBig,
  type Ticks,
} from '@holdfast/units';
import type { AccountView, MarketView, VenueState } from '../../rule.ts';

/** One token in quote units. */
export const token = 1_000_000n;
const million = 1_000_000n;

/** Prices to value at instead of the marks, ticks by market. */
export type Prices = ReadonlyMap<number, number>;

/** Whether an account has an owner; the others are the venue's own. */
export const isUser = (account: number): boolean =>
  account >= firstUserAccount && account < firstFundAccount;

function contextOf(state: VenueState, id: number, prices: Prices | undefined): MarketContext {
  const market = state.markets.get(id);
  // A position in a market that the logs never listed breaks a law; here it is worth nothing.
  const price = (prices?.get(id) ?? market?.mark ?? 0) as Ticks;
  const params = market?.params ?? { ...noParams };
  const index = (market?.fundingIndex ?? 0n) as FundingIndex;
  return marketContext(params, { price, index, openInterest: market?.openInterest ?? 0 });
}

const noParams = {
  tickValue: 0,
  initialPpm: 0,
  maintenancePpm: 0,
  openInterestMax: 0,
  openInterestLowPpm: 0,
  openInterestHighPpm: 0,
  concentrationPpm: 0,
  concentrationCapPpm: 0,
};

/** Equity at the marks, or at other prices; rounded down. */
export function equityOf(state: VenueState, account: AccountView, prices?: Prices): bigint {
  const row = {
    cash: account.cashQ32 as CashQ32,
    positions: account.positions as ReadonlyMap<MarketId, Lots>,
  };
  return equityQ32(row, (id) => contextOf(state, id, prices)) >> 32n;
}

/** |size| at the mark. */
export function notionalOf(market: MarketView, size: number): bigint {
  return absBig(BigInt(size)) * BigInt(market.mark) * BigInt(market.params.tickValue);
}

/** Maintenance margin of an account at the marks or at other prices; rounded down. */
export function maintenanceOf(state: VenueState, account: AccountView, prices?: Prices): bigint {
  let total = 0n;
  for (const [id, size] of account.positions) {
    const market = state.markets.get(id);
    if (market === undefined) continue;
    const at = { ...market, mark: prices?.get(id) ?? market.mark };
    total += (notionalOf(at, size) * BigInt(market.params.maintenancePpm)) / million;
  }
  return total;
}

/**
 * What these accounts would owe beyond their equity if one market moved by `gapPpm`, in the worse
 * direction; each account for itself, since the other one of a pair pays for nobody.
 */
export function shortfall(
  state: VenueState,
  accounts: Iterable<AccountView>,
  id: number,
  gapPpm: number,
): bigint {
  const market = state.markets.get(id);
  if (market === undefined) return 0n;
  const perLot = (BigInt(market.mark) * BigInt(market.params.tickValue) * BigInt(gapPpm)) / million;
  let [up, down] = [0n, 0n];
  for (const account of accounts) {
    const size = account.positions.get(id) ?? 0;
    if (size === 0) continue;
    const left = equityOf(state, account) - absBig(BigInt(size)) * perLot;
    if (left >= 0n) continue;
    if (size > 0) down -= left;
    else up -= left;
  }
  return up > down ? up : down;
}

/** What users' accounts owe beyond their equity now, and what no fund has covered. */
export function deficit(state: VenueState, prices?: Prices): bigint {
  let total = state.insolvency;
  for (const account of state.accounts.values()) {
    if (!isUser(account.account) || account.positions.size === 0) continue;
    const equity = equityOf(state, account, prices);
    if (equity < 0n) total -= equity;
  }
  return total;
}

/** Insurance that stands behind a market: its own fund and the shared one. */
export function coverOf(state: VenueState, id: number): bigint {
  const own = state.markets.get(id)?.insuranceQ32 ?? 0n;
  const all = own + state.insuranceQ32;
  return all > 0n ? all >> 32n : 0n;
}

/**
 * The debt that a market can bear: its insurance, or a hundredth of all that the vault owes. A
 * young venue has no insurance, and small positions are no danger to it either.
 */
export function bearable(state: VenueState, id: number): bigint {
  return maxBig(coverOf(state, id), state.vault.liabilities / 100n);
}

/** Equity of the backstop's pools, those below zero left out. */
export function backstopOf(state: VenueState): bigint {
  let total = 0n;
  for (const account of state.backstops.values()) {
    const row = state.accounts.get(account);
    const equity = row === undefined ? 0n : equityOf(state, row);
    if (equity > 0n) total += equity;
  }
  return total;
}

/** a / b as a plain number, for comparing; 0 when b is 0. */
export function ratio(a: bigint, b: bigint): number {
  return b === 0n ? 0 : Number((a * million) / b) / 1e6;
}

/** Quote units as whole tokens, for evidence. */
export const inTokens = (quote: bigint): string => {
  const cents = absBig(quote) / 10_000n;
  const part = (cents % 100n).toString().padStart(2, '0');
  return `${quote < 0n ? '-' : ''}${cents / 100n}.${part}`;
};
