/** A keeper that wants more than its part: in crumbs, and all in one block. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';
import { crowd } from './self-liquidation.ts';

const market = 'BTC-USD';
const size = 5;
const crumbs = 40;

/** Several calls of one keeper in one block: so many lots each. */
async function together(world: World, all: readonly number[]): Promise<void> {
  const { id } = world.market(market);
  const [victim, own] = [world.person('erin').account, world.person('mallory').account];
  const to = world.venue.contracts.clearingHouse;
  await world.together(
    all.map((lots) => {
      const args = [victim, id, lots, own, '0x'];
      const data = world.encode('clearingHouse', 'liquidate', args);
      const request = { to, data, gas: 1_500_000n };
      return { by: 'mallory', what: `takes ${lots} lots`, request };
    }),
  );
}

export const greedyLiquidator: Attack = {
  kind: 'attack',
  name: 'greedy-liquidator',
  title: 'A keeper that wants it all',
  story:
    'Erin is below her maintenance margin, and Mallory takes over a part of her position, as any ' +
    'keeper may. With the attack she takes it in crumbs of one lot, for what is rounded off ' +
    'each, and then asks for everything, four times in the same block.',
  incidents: [],
  control:
    'in one block at most a quarter of a position changes hands, whatever the number of calls',
  invariants: ['I9', 'I10'],
  // A tick for each lot of that quarter.
  bound: (world) => {
    const { tickValue, liquidationPartPpm } = world.market(market);
    return (BigInt(world.lots(market, size)) * BigInt(liquidationPartPpm * tickValue)) / 1_000_000n;
  },
  profitMin: 500_000_000n,
  exposed: ['erin'],
  async before(world) {
    await crowd(world);
    await world.user('alice', 400_000);
    await world.user('erin', 19_500);
    await world.attacker('mallory', 400_000);
    await world.trade('erin', 'alice', { market, size, price: 60_000 });
  },
  async run(world) {
    // The mark follows the index by 1 % a report.
    for (let i = 0; i < 4; i++) await world.price({ [market]: 57_000 });
    const { account } = world.person('erin');
    await world.call('mallory', 'clearingHouse', 'flag', [account, '0x'], { what: 'flags erin' });
    const all = world.lots(market, size);
    const greedy = await world.attack('takes crumbs, then everything', async () => {
      await together(world, [...Array.from({ length: crumbs }, () => 1), all, all, all, all]);
      return true;
    });
    if (greedy === undefined) await together(world, [all]);
    await world.price({ [market]: 57_000 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'a part of a position in one block',
      contracts: ['LiquidationModule'],
      edits: [
        {
          file: 'src/modules/LiquidationModule.sol',
          from: 'Liquidations.speedLots(start, leg.market.params.liquidationPartPpm)',
          to: 'type(uint64).max',
        },
      ],
    },
  ],
};
