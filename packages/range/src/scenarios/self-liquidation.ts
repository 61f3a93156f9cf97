/** Liquidation as a way to pay oneself: one's own bad account, crumbs of it. */
import type { Attack, Edit } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';

/** The second witness of the law of liquidations, which would stop the faulty code itself. */
export const unwitnessed: Edit = {
  file: 'src/modules/LiquidationModule.sol',
  from: 'LawLib.liquidationLawful(\n                standing.equity,',
  to: 'true || LawLib.liquidationLawful(\n                standing.equity,',
};

/** Two who hold so much that nobody else is most of the open interest. */
export async function crowd(world: World): Promise<void> {
  await world.user('carol', 2_000_000);
  await world.user('dave', 2_000_000);
  await world.price({ [market]: 60_000 });
  await world.trade('carol', 'dave', { market, size: 50, price: 60_000 });
}

/** Mallory's other self takes over her bad account, once in crumbs and then as much as it can. */
async function liquidateSelf(world: World): Promise<void> {
  const own = world.person('mallory').account;
  await world.call('mallory', 'clearingHouse', 'flag', [own, '0x'], { what: 'flags itself' });
  await world.liquidate('mallory', 'mallory', market, 1);
  await world.wait(125);
  await world.price({ [market]: 56_000 });
  for (let i = 0; i < 6; i++) await world.liquidate('mallory-b', 'mallory', market, '0.001');
  for (let i = 0; i < 8; i++) await world.liquidate('mallory-b', 'mallory', market, 5);
}

export const selfLiquidation: Attack = {
  kind: 'attack',
  name: 'self-liquidation',
  title: 'Liquidating oneself',
  story:
    'The attacker makes one of its accounts bad, waits until the reward is at its highest, and ' +
    'lets its other account take over: in crumbs of one lot, then as much as it can. If it got ' +
    'the lots for less than its bad account has, the rest would be everybody’s debt.',
  incidents: ['Euler 2023-03, $197M: self-liquidation at full bonus'],
  control: 'discount and penalty end where the account’s own equity ends',
  invariants: ['I9', 'I10'],
  bound: 0n,
  profitMin: 1_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.attacker('mallory', 20_900);
    await world.attacker('mallory-b', 400_000);
    await crowd(world);
    await world.trade('mallory', 'alice', { market, size: 5, price: 60_000 });
  },
  async run(world) {
    await world.price({ [market]: 56_000 });
    await world.attack('liquidates itself', () => liquidateSelf(world));
    await world.price({ [market]: 56_000 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'the discount ends where equity ends',
      contracts: ['LiquidationModule'],
      edits: [
        {
          file: 'src/modules/LiquidationModule.sol',
          from: 'if (discount > most) discount = most;',
          to: 'most;',
        },
        {
          file: 'src/modules/LiquidationModule.sol',
          from: 'uint256 left = worth - discount * lots * tickValue;',
          to: 'uint256 left = 0;',
        },
        unwitnessed,
      ],
    },
  ],
};
