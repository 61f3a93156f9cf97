/** Margin grows with open interest; a batch that fills the market at once does not see it grow. */
import type { Open } from '../types.ts';
import type { World } from '../world/world.ts';
import { furnishThin, lone, thinTerms } from './thin-market.ts';

/** Initial margin that the attacker's account lacks, quote units. */
async function missing(world: World): Promise<bigint> {
  const { equity, initial } = await world.health('mallory');
  return initial > equity ? initial - equity : 0n;
}

/** All of the open interest that the market may have, quote units at the index. */
function cap(world: World): bigint {
  const { openInterestMax, tickValue } = world.market(lone);
  return BigInt(openInterestMax) * BigInt(tickValue) * BigInt(world.ticks(lone, 10));
}

export const crowdedAtOnce: Open = {
  kind: 'open',
  name: 'crowded-at-once',
  title: 'The whole market in one batch',
  incidents: ['dYdX YFI 2023-11, $9M: one actor was most of the open interest'],
  control: 'initial margin grows with open interest, up to the whole notional at the cap',
  invariants: ['I8', 'I10'],
  needs:
    'a bound on what one batch may add to open interest, or margin judged at what is there after',
  measured: {
    story:
      'The attacker crosses 95 % of the cap with itself. In five pieces it is refused after ' +
      'three; in one it needs 15 % where the market asks for 98 % a block later, since a batch ' +
      'is judged at the open interest before it. Nobody liquidates the account; it can only not ' +
      'withdraw.',
    terms: thinTerms,
    bound: cap,
    harm: { unit: 'quote of initial margin that is missing', measure: missing },
    async before(world) {
      await furnishThin(world, lone);
      for (const name of ['mallory', 'mallory-b']) await world.attacker(name, 15_000);
    },
    async run(world) {
      await world.price({ [lone]: 10 });
      await world.attack('takes the whole market at once', async () => {
        await world.trade('mallory', 'mallory-b', { market: lone, size: 9_500, price: 10 });
        await world.withdraw('mallory', 100);
      });
      await world.price({ [lone]: 10 });
      await world.withdraw('alice', 1_000);
    },
  },
};
