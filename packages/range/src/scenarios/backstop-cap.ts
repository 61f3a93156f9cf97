/** JELLY once more, where the pool of all ordinary markets stands behind the short. */
import type { Attack } from '../types.ts';
import { answer, poolState, resolve } from '../world/keeping.ts';
import type { World } from '../world/world.ts';
import { jelly, poison, pushed, uncapped } from './backstop-poisoning.ts';
import { furnishThin, plain, ramp, thinTerms } from './thin-market.ts';

/** All that the backstop may hold of the market, at the peak. */
async function capAtPeak(world: World): Promise<bigint> {
  const { backstopLotsMax, tickValue } = world.market(plain);
  return BigInt(backstopLotsMax) * BigInt(tickValue) * BigInt(world.ticks(plain, 30));
}

export const backstopCap: Attack = {
  kind: 'attack',
  incidents: [jelly],
  invariants: ['I8', 'I9'],
  terms: thinTerms,
  name: 'backstop-cap',
  title: 'A poisoned short for the shared backstop',
  story:
    'The same in an ordinary market, which the shared pool of 500,000 serves: rich enough to ' +
    'carry the whole short through the rise, and to pay the attacker all of it.',
  control: 'a cap on what the shared pool takes over of one market; the rest is deleveraged',
  bound: capAtPeak,
  profitMin: 40_000_000_000n,
  async before(world) {
    await furnishThin(world, plain);
    await world.attacker('mallory', 7_000);
    await world.attacker('mallory-b', 6_100);
  },
  async run(world) {
    await world.price({ [plain]: 10 });
    await world.attack('poisons the backstop', () => poison(world, plain));
    await world.attack('has the rest of its short deleveraged', async () => {
      await resolve(world, 'keeper', 'mallory-b', plain, ['alice', 'mallory']);
    });
    await world.attack('pushes on and closes against the pool', async () => {
      await ramp(world, plain, [pushed, 30]);
      const [pool] = await poolState(world, 0);
      const args = [pool, world.market(plain).id, 4_000, world.person('mallory').account, '0x'];
      await world.call('mallory', 'clearingHouse', 'unwind', args);
    });
    await answer(world, () => ramp(world, plain, [30, 10]));
    await world.price({ [plain]: 10 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'the backstop takes over no more than its cap',
      contracts: ['WaterfallModule'],
      edits: uncapped,
    },
  ],
};
