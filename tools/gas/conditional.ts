/** Conditional orders on the measured venue: signed here, triggered by a keeper's account. */
import { type Conditional, conditionalDigest, signDigest } from '@holdfast/order';
import { type Hex, toHex } from '@holdfast/units';
import { call, ownerOf, report, type Venue } from './venue.ts';

/** Order and signature as the contract takes them. */
export function conditionalArgs(venue: Venue, order: Conditional): [object, Hex] {
  const key = venue.keys.get(order.account) as Uint8Array;
  const signature = toHex(signDigest(conditionalDigest(venue.separator, order), key));
  return [{ ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) }, signature];
}

/** A reduce-only stop of a long of market 0 that any price triggers; `change` overrides fields. */
export const stopOf = (venue: Venue, account: number, change: object = {}): Conditional =>
  ({
    account,
    market: 0,
    isBuy: false,
    size: 3,
    kind: 0,
    triggerPrice: 2 ** 32 - 1,
    trailPpm: 0,
    limitPrice: 1,
    rewardPpm: 1_000,
    reduceOnly: true,
    since: 0,
    expiry: venue.chain.time + 100_000,
    nonce: 1,
    epoch: 0,
    ...change,
  }) as unknown as Conditional;

/** The second of two: account, keeper and the word of one-time numbers were used before. */
export async function measureTrigger(venue: Venue, trader: number, keeper: number, price: number) {
  const owner = ownerOf(venue, keeper);
  let gas = 0;
  for (const nonce of [1, 2]) {
    const args = conditionalArgs(venue, stopOf(venue, trader, { nonce }));
    gas = await call(venue, 'trigger', [...args, keeper, report(venue, price + nonce)], owner);
  }
  return gas;
}

/** The second of two: the slot of the best price was used before. */
export async function measureRatchet(venue: Venue, trader: number, price: number) {
  const trail = stopOf(venue, trader, {
    kind: 2,
    triggerPrice: price,
    trailPpm: 500_000,
    nonce: 300,
  });
  let gas = 0;
  for (const step of [1, 2]) {
    const args = conditionalArgs(venue, trail);
    gas = await call(venue, 'ratchet', [...args, report(venue, price + 100 * step)]);
  }
  return gas;
}
