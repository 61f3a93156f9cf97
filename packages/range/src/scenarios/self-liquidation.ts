/** Liquidation as a way to pay oneself: one's own bad account, crumbs of it, a healthy neighbour. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';

/** Two who hold so much that nobody else is most of the open interest. */
async function crowd(world: World): Promise<void> {
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
        {
          file: 'src/modules/LiquidationModule.sol',
          from: 'assert(\n            LawLib.liquidationLawful(\n                standing.equity,',
          to: 'assert(\n            true || LawLib.liquidationLawful(\n                standing.equity,',
        },
      ],
    },
  ],
};

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
    await world.price({ [market]: 58_000 });
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
        {
          file: 'src/modules/LiquidationModule.sol',
          from: 'assert(\n            LawLib.liquidationLawful(\n                standing.equity,',
          to: 'assert(\n            true || LawLib.liquidationLawful(\n                standing.equity,',
        },
      ],
    },
  ],
};
