/** How much open interest fills add, so that no batch of several adds more than the chain takes. */
import { crowdMost } from '@holdfast/risk';
import type { FillTerms } from './fills.ts';
import { type Mirror, marketRow } from './mirror.ts';

/** Counts fills on top of a mirror. */
export type Crowd = {
  /** Whether an atom may join the batch: what it would end at is inside the bound. */
  readonly fits: (atom: readonly FillTerms[]) => boolean;
  readonly join: (atom: readonly FillTerms[]) => void;
};

/**
 * Sizes and open interest as a batch finds them, and as it leaves them.
 *
 * @param ahead fills of batches that are on their way and land before it
 */
export function createCrowd(mirror: Mirror, ahead: readonly FillTerms[] = []): Crowd {
  const sizes = new Map<string, number>();
  const longs = new Map<number, number>();
  const longsOf = (market: number) => longs.get(market) ?? marketRow(mirror, market).openInterest;
  const move = (account: number, market: number, lots: number): void => {
    const key = `${account}:${market}`;
    const before = sizes.get(key) ?? mirror.accounts.get(account)?.sizes.get(market) ?? 0;
    const after = before + lots;
    sizes.set(key, after);
    longs.set(market, longsOf(market) + Math.max(after, 0) - Math.max(before, 0));
  };
  const apply = (fills: readonly FillTerms[], sign: 1 | -1): void => {
    for (const { maker, taker, market, lots } of fills) {
      move(maker.account, market, maker.isBuy ? sign * lots : -sign * lots);
      move(taker.account, market, taker.isBuy ? sign * lots : -sign * lots);
    }
  };
  apply(ahead, 1);
  const start = new Map(longs);
  const isInside = (market: number): boolean => {
    const params = mirror.params.get(market);
    if (params === undefined) return true;
    const before = start.get(market) ?? marketRow(mirror, market).openInterest;
    return longsOf(market) <= crowdMost(params, before);
  };
  return {
    fits: (atom) => {
      apply(atom, 1);
      const inside = atom.every(({ market }) => isInside(market));
      apply(atom, -1);
      return inside;
    },
    join: (atom) => apply(atom, 1),
  };
}

/** No bound: what is counted elsewhere. */
export const uncrowded: Crowd = { fits: () => true, join: () => undefined };
