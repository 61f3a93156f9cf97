/** What a thief does who decides what a price is; shared by scenarios in which one would. */

import { place, placeOf } from '../world/places.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const size = 500;
/** Just inside the band of 10 %. */
const step = 1.099;

/** Honest people, accounts of the thief, and a verifier that believes him alone. */
export async function furnish(world: World): Promise<void> {
  await world.user('alice', 1_500_000);
  await world.user('bob', 400_000);
  await world.attacker('mallory', 300_000);
  await world.attacker('mona', 250_000);
  await world.attacker('mike', 600_000);
  // Who has no position withdraws at any price, and a report with it.
  await world.attacker('mule', 1_000);
  await place(world, 'mallory', 'QuorumVerifier', [1n, [world.key('mallory').address]], 'feed');
  await world.price({ [market]: 3_000 });
  await world.trade('alice', 'bob', { market, size: 20, price: 3_000 });
}

/** A report of the thief's own; anyone may carry one with a withdrawal. */
async function say(world: World, price: number): Promise<boolean> {
  const verifier = placeOf(world, 'feed');
  const report = world.report({ [market]: price }, { signers: ['mallory'], verifier });
  return (await world.withdraw('mule', 1, report)).ok;
}

/**
 * He trades with himself, drives the price up, and sells to himself: what his losing accounts do
 * not have, the venue owes. Nothing of it begins while his reports are refused.
 */
export async function drain(world: World): Promise<void> {
  for (let wait = 0; wait < 6; wait++) {
    // Reports came and went; the way back after an outage is waited for.
    if (!(await say(world, 3_000))) return;
    await world.wait(480);
  }
  if (!(await say(world, 3_000))) return;
  await world.trade('mallory', 'mona', { market, size, price: 3_000 });
  let price = 3_000;
  for (let i = 0; i < 9; i++) {
    price = Math.floor(price * step * 100) / 100;
    await say(world, price);
  }
  await world.trade('mike', 'mallory', { market, size, price });
  await world.together(
    Array.from({ length: 18 }, () => ({
      by: 'mallory',
      what: 'withdraws 100000',
      request: {
        to: world.venue.contracts.clearingHouse,
        data: world.encode('clearingHouse', 'withdraw', [
          world.person('mallory').account,
          world.tokens(100_000),
          world.person('mallory').address,
          '0x',
        ]),
        gas: 4_000_000n,
      },
    })),
  );
}
