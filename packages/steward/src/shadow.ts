/** A tuple tried on the live accounts before it is sent. */
import type { Venue } from '@holdfast/host';
import type { Mirror } from '@holdfast/keeper';
import {
  health,
  liquidatable,
  type MarketContext,
  marketContext,
  type SteeredParams,
} from '@holdfast/risk';
import { type AccountId, fundingIndex, type MarketId } from '@holdfast/units';

/** What a change of parameters would do to the accounts as they are. */
export interface Shadow {
  /** Accounts with positions that were looked at. */
  readonly accounts: number;
  /** Healthy before, below maintenance after: whoever would be liquidated by the change alone. */
  readonly liquidated: readonly AccountId[];
  /** At initial margin before and below it after: they may reduce, but not grow or withdraw. */
  readonly confined: number;
  /** Accounts in a market without a price, of which nothing can be said. */
  readonly unknown: number;
}

type ParamsOf = (market: number) => SteeredParams;

function contexts(venue: Venue, mirror: Mirror, paramsOf: ParamsOf) {
  const longs = new Map<number, number>();
  for (const { positions } of mirror.accounts.values()) {
    for (const [id, size] of positions) longs.set(id, (longs.get(id) ?? 0) + Math.max(size, 0));
  }
  const made = new Map<number, MarketContext>();
  for (const { id } of venue.markets) {
    const known = mirror.marks.get(id as MarketId);
    if (known === undefined) continue;
    const index = known.index ?? fundingIndex(0n);
    const state = { price: known.mark, index, openInterest: longs.get(id) ?? 0 };
    made.set(id, marketContext(paramsOf(id) as never, state));
  }
  return (id: MarketId): MarketContext | undefined => made.get(id);
}

/**
 * Judges every account of the mirror with the parameters in force and with others.
 *
 * @param before parameters in force, by market
 * @param after those that would be
 */
export function shadowApply(
  venue: Venue,
  mirror: Mirror,
  before: ParamsOf,
  after: ParamsOf,
): Shadow {
  const [then, now] = [contexts(venue, mirror, after), contexts(venue, mirror, before)];
  const liquidated: AccountId[] = [];
  let [accounts, confined, unknown] = [0, 0, 0];
  for (const [id, account] of mirror.accounts) {
    const ids = [...account.positions.keys()];
    if (ids.length === 0) continue;
    if (ids.some((market) => now(market) === undefined)) {
      unknown += 1;
      continue;
    }
    accounts += 1;
    const of = (context: typeof now) => health(account, (market) => context(market)!);
    const [was, would] = [of(now), of(then)];
    if (!liquidatable(was) && liquidatable(would)) liquidated.push(id);
    if (was.equity >= was.initial && would.equity < would.initial) confined += 1;
  }
  return { accounts, liquidated, confined, unknown };
}

/** Largest account's part of each market's open interest, 0 to 1. */
export function topShares(mirror: Mirror): ReadonlyMap<number, number> {
  const [longs, tops] = [new Map<number, number>(), new Map<number, number>()];
  for (const { positions } of mirror.accounts.values()) {
    for (const [id, size] of positions) {
      longs.set(id, (longs.get(id) ?? 0) + Math.max(size, 0));
      tops.set(id, Math.max(tops.get(id) ?? 0, Math.abs(size)));
    }
  }
  return new Map(
    [...longs].map(([id, all]) => [id, all === 0 ? 0 : Math.min(1, (tops.get(id) ?? 0) / all)]),
  );
}
