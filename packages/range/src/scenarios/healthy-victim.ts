/** Liquidation of somebody who is healthy: a price tick above, crumbs, an old report. */
import type { Attack } from '../types.ts';
import { crowd, unwitnessed } from './self-liquidation.ts';

const market = 'BTC-USD';

export const healthyVictim: Attack = {
  kind: 'attack',
  name: 'healthy-victim',
  title: 'Liquidating the healthy',
  story:
    'Bob is a little above his maintenance margin. The attacker liquidates him all the same: at ' +
    'one price tick above, in crumbs, and with an old report that says worse.',
  incidents: [],
  control: 'only an account below maintenance at a valid price is liquidated',
  invariants: ['I9'],
  bound: 0n,
  profitMin: 100_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.user('bob', 19_000);
    await world.attacker('mallory', 400_000);
    await crowd(world);
    await world.trade('bob', 'alice', { market, size: 5, price: 60_000 });
  },
  async run(world) {
    // The mark follows the index by 1 % a report.
    for (let i = 0; i < 4; i++) await world.price({ [market]: 58_000 });
    const old = world.report({ [market]: 57_000 }, { time: world.memory.time - 60 });
    await world.price({ [market]: 57_966.1 });
    await world.attack('liquidates bob', async () => {
      const { account } = world.person('bob');
      await world.call('mallory', 'clearingHouse', 'flag', [account, '0x'], { what: 'flags bob' });
      await world.liquidate('mallory', 'bob', market, '0.001', old);
      for (let i = 0; i < 4; i++) await world.liquidate('mallory', 'bob', market, 5);
    });
    await world.price({ [market]: 58_000 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'only below maintenance',
      contracts: ['LiquidationModule'],
      edits: [
        {
          file: 'src/modules/LiquidationModule.sol',
          from: `        if (standing.equity >= int256(standing.maintenance)) {
            revert NotLiquidatable(standing.equity, standing.maintenance);
        }
        if (standing.equity < 0)`,
          to: '        if (standing.equity < 0)',
        },
        {
          file: 'src/libraries/Liquidations.sol',
          from: 'uint256 missing = equity > 0 ? maintenance - uint256(equity) : maintenance;',
          to: 'uint256 missing = maintenance / 2;',
        },
        unwitnessed,
      ],
    },
  ],
};
