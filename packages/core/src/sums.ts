/** What is kept of an account's margin, and how a change of the account makes it stale. */
import type { MarketContext } from '@holdfast/risk';
import type { MarketId, Ppm } from '@holdfast/units';
import type { AccountState, MarketParams, MarketState } from './types.ts';

/** A market's context, what it was made of, and a number that grows when margin would change. */
export type Valued = {
  readonly context: MarketContext;
  readonly stamp: number;
  readonly mark: number;
  readonly index: bigint;
  readonly params: MarketParams;
  readonly low: number;
  readonly high: number;
};

export type Part = {
  readonly id: MarketId;
  /** Looked up when the part is first computed. */
  market: MarketState | undefined;
  /** Whether the position or the open orders may have changed since it was computed. */
  isStale: boolean;
  /** Stamp of the market's context and size that it was computed for. */
  stamp: number;
  size: number;
  /** size · unit, quote Q32. */
  worth: bigint;
  initial: bigint;
  maintenance: bigint;
  /** Initial requirement if the open orders fill in the worst sequence. */
  worst: bigint;
};

/** The parts of an account and their sums; see {@link Part}. */
export type Sums = {
  parts: Part[];
  /** The owner's own margin that they were computed with. */
  userPpm: Ppm;
  worth: bigint;
  initial: bigint;
  maintenance: bigint;
  worst: bigint;
};

/** Parts above which those without position and orders are dropped: twice what can be in use. */
const partsMax = 32;

const partOf = (id: MarketId): Part => ({
  id,
  market: undefined,
  isStale: true,
  stamp: -1,
  size: 0,
  worth: 0n,
  initial: 0n,
  maintenance: 0n,
  worst: 0n,
});

/** The sums of an account, all of whose parts are still to be computed. */
export function sumsOf(account: AccountState): Sums {
  const ids = new Set([...account.positions.keys(), ...account.open.keys()]);
  const parts = [...ids].map(partOf);
  const { userPpm } = account;
  return { parts, userPpm, worth: 0n, initial: 0n, maintenance: 0n, worst: 0n };
}

/** To be called when a position or an open sum of the account in a market has changed. */
export function touch(account: AccountState, id: MarketId): void {
  const { sums } = account;
  if (sums === undefined) return;
  for (const part of sums.parts) {
    if (part.id !== id) continue;
    part.isStale = true;
    return;
  }
  if (sums.parts.length < partsMax) sums.parts.push(partOf(id));
  else account.sums = undefined;
}
