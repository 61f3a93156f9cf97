/** Which conditional orders are worth triggering or ratcheting at a price. Pure. */
import {
  type Conditional,
  conditionalFillPrice,
  conditionalHash,
  conditionalLots,
  conditionMet,
  improves,
  type SignedConditional,
  TRAILING,
} from '@holdfast/order';
import type { Hex } from '@holdfast/units';

/** A conditional order, and what its owner holds. */
export type Waiting = {
  readonly hash: Hex;
  readonly order: SignedConditional;
  /** Price that a trailing stop follows from, ticks, as the chain has it. */
  readonly best: number;
};

/** A price that the chain has, or would have with a report. */
export type SeenPrice = { readonly price: number; readonly time: number };

/** What to do with an order, or why nothing. */
export type Step =
  | { readonly act: 'trigger'; readonly reward: bigint; readonly price: number }
  | { readonly act: 'ratchet'; readonly best: number }
  | { readonly act: 'wait'; readonly why: string };

export type KeeperTerms = {
  /** Least reward that is worth the gas of a trigger, quote units. */
  readonly rewardQuoteMin: bigint;
  /** Least step of the best price that is worth the gas of a ratchet, ppm of it. */
  readonly ratchetPpmMin: number;
};

const ppmOne = 1_000_000;

const wait = (why: string): Step => ({ act: 'wait', why });

/**
 * What is in it for the keeper: the distance of the fill from the index price over all lots.
 *
 * @param tickValue quote units of one lot at one tick
 */
export function rewardOf(
  order: Conditional,
  index: number,
  lots: number,
  tickValue: number,
): bigint {
  const price = conditionalFillPrice(order, index);
  if (price === undefined) return 0n;
  return BigInt(Math.abs(price - index)) * BigInt(lots) * BigInt(tickValue);
}

/**
 * Judges one order at one price, as the chain would.
 *
 * @param position the owner's position in the market, lots
 * @param now venue time
 * @param ageSecondsMax oldest price that the chain takes for it
 */
export function judgeConditional(
  waiting: Waiting,
  seen: SeenPrice,
  position: number,
  market: { readonly tickValue: number },
  terms: KeeperTerms,
  at: { readonly now: number; readonly ageSecondsMax: number },
): Step {
  const { order, best } = waiting;
  if (order.expiry <= at.now) return wait('OrderExpired');
  if (seen.time < order.since) return wait('PriceEarlier');
  if (at.now - seen.time > at.ageSecondsMax) return wait('PriceStale');
  if (!conditionMet(order, best, seen.price)) {
    if (order.kind !== TRAILING || !improves(order.isBuy, best, seen.price)) {
      return wait('NotTriggered');
    }
    const step = Math.abs(seen.price - best);
    const worth = step * ppmOne >= best * terms.ratchetPpmMin;
    return worth ? { act: 'ratchet', best: seen.price } : wait('RatchetSmall');
  }
  const price = conditionalFillPrice(order, seen.price);
  if (price === undefined) return wait('LimitBroken');
  const lots = conditionalLots(order, position);
  if (lots === 0) return wait('PositionMissing');
  const reward = rewardOf(order, seen.price, lots, market.tickValue);
  return reward < terms.rewardQuoteMin ? wait('RewardSmall') : { act: 'trigger', reward, price };
}

/** The rows of a node's list that are conditional orders, each with its own hash. */
export function readListed(body: unknown): { hash: Hex; order: SignedConditional }[] {
  if (!Array.isArray(body)) return [];
  return body.flatMap((row: SignedConditional & Record<string, unknown>) => {
    try {
      const { id: _, hash: __, at: ___, ...order } = row;
      // The node's word for the hash counts for nothing.
      return [
        { hash: conditionalHash(order as SignedConditional), order: order as SignedConditional },
      ];
    } catch {
      return [];
    }
  });
}
