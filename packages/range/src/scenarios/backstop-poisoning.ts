/** JELLY: hand a losing short to the backstop, then push the price against it. */
import type { Ablation, Attack } from '../types.ts';
import { answer, poolOf, poolState, resolve } from '../world/keeping.ts';
import type { World } from '../world/world.ts';
import { behindLone, furnishThin, lone, ramp, thinTerms } from './thin-market.ts';

const file = 'src/modules/WaterfallModule.sol';
export const uncapped = [
  {
    file,
    from: 'uint256 cap = fall.market.params.backstopLotsMax;',
    to: 'uint256 cap = type(uint40).max;',
  },
  { file, from: 'if (held > fall.market.params.backstopLotsMax) return false;', to: '' },
];

const sharedBackstop: Ablation = {
  kind: 'source',
  name: 'an isolated market has a backstop of its own, with a cap',
  contracts: ['WaterfallModule'],
  edits: [
    ...uncapped,
    { file, from: 'accountFor(marketId, isolated)', to: 'accountFor(marketId, isolated && false)' },
  ],
};

/** Where the short is below its close-out margin and not bankrupt. */
export const pushed = 11.42;

/** A short with no margin to spare, pushed to where only the backstop would take it. */
export async function poison(world: World, market: string): Promise<void> {
  await world.trade('mallory', 'mallory-b', { market, size: 4_000, price: 10 });
  await ramp(world, market, [10, pushed]);
  await resolve(world, 'mallory', 'mallory-b', market, []);
}

export const jelly =
  'Hyperliquid JELLY 2025-03: a stripped short, a pumped coin, and a vault that held on';

export const backstopPoisoning: Attack = {
  kind: 'attack',
  incidents: [jelly],
  invariants: ['I8', 'I9'],
  terms: thinTerms,
  name: 'backstop-poisoning',
  title: 'A poisoned short for the backstop',
  story:
    'The attacker sells 4,000 lots of an isolated market to itself with the least margin, pushes ' +
    'the price until the backstop takes over the short, and pushes on to three times the price ' +
    'so that the backstop loses to the attacker’s long.',
  control: 'the market’s own pool, with a cap; what it cannot carry goes to the winners by ADL',
  bound: behindLone,
  profitMin: 20_000_000_000n,
  async before(world) {
    await furnishThin(world, lone);
    await world.attacker('mallory', 7_000);
    await world.attacker('mallory-b', 6_100);
  },
  async run(world) {
    await world.price({ [lone]: 10 });
    await world.attack('poisons the backstop', async () => {
      await poison(world, lone);
      await ramp(world, lone, [pushed, 30]);
    });
    await answer(world, async () => {
      const [pool] = await poolState(world, poolOf(world.market(lone).id));
      const winners = ['alice', 'mallory'];
      await resolve(world, 'keeper', 'mallory-b', lone, winners);
      await resolve(world, 'keeper', pool, lone, winners);
    });
    await world.attack('unwinds what the shared pool holds', async () => {
      const [pool] = await poolState(world, 0);
      const args = [pool, world.market(lone).id, 4_000, world.person('mallory').account, '0x'];
      await world.call('mallory', 'clearingHouse', 'unwind', args);
    });
    await answer(world, () => ramp(world, lone, [30, 10]));
    await world.price({ [lone]: 10 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [sharedBackstop],
};
