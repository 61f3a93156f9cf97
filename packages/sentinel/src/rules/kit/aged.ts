/** Aged prices as the oracle keeps them, rebuilt from reports, and what a disputed price did. */
import { agedTicks, ageStep } from '@holdfast/oracle';
import type { Ticks } from '@holdfast/units';
import type { BlockView } from '../../rule.ts';
import { equityOf, isUser, maintenanceOf } from './value.ts';
import { set } from './window.ts';

/** Aged price of a market (ticks × 2^32) and the time of its last report. */
export interface Aged {
  readonly agedQ32: bigint;
  readonly time: number;
}

/** Reports of a block in its order, with their times. */
export function reportsOf(view: BlockView) {
  return view.events.flatMap(({ name, quotes, args }) =>
    name === 'Refreshed' && quotes !== undefined ? [{ quotes, time: Number(args.time) }] : [],
  );
}

/** The aged price after one quote. */
export function age(
  aged: ReadonlyMap<number, Aged>,
  market: number,
  price: number,
  time: number,
): ReadonlyMap<number, Aged> {
  const before = aged.get(market) ?? { agedQ32: 0n, time };
  const elapsed = Math.max(0, time - before.time);
  return set(aged, market, { agedQ32: ageStep(before.agedQ32, price as Ticks, elapsed), time });
}

/** Whole ticks of an aged price; 0: none. */
export const agedPrice = (aged: ReadonlyMap<number, Aged>, market: number): number => {
  const found = aged.get(market);
  return found === undefined ? 0 : agedTicks(found.agedQ32);
};

/**
 * Somebody whom the disputed price of a market has harmed or paid in this block: an account that
 * was liquidated though healthy at the other price, or paid out though unhealthy at it.
 */
export function harmOf(view: BlockView, market: number, otherPrice: number): string | undefined {
  const { state, previous } = view;
  if (previous === undefined) return undefined;
  const prices = new Map([[market, otherPrice]]);
  for (const { name, args } of view.events) {
    const account = Number(args.account);
    if (!isUser(account)) continue;
    const was = previous.accounts.get(account);
    const is = state.accounts.get(account);
    if (name === 'Liquidated' || name === 'Resolved' || name === 'Seized') {
      if (was === undefined || Number(args.market) !== market) continue;
      if (equityOf(previous, was, prices) >= maintenanceOf(previous, was, prices)) {
        return `account ${account} was taken from though healthy at ${otherPrice}`;
      }
    } else if (name === 'Withdrawn') {
      if (is === undefined || !is.positions.has(market)) continue;
      if (equityOf(state, is, prices) < maintenanceOf(state, is, prices)) {
        return `account ${account} was paid though unhealthy at ${otherPrice}`;
      }
    }
  }
  return undefined;
}
