/** Prices come back after an outage: who could not know has time before it is liquidated. */
import type { Attack } from '../types.ts';

const market = 'ETH-USD';
const ageMax = 600;

export const badResume: Attack = {
  kind: 'attack',
  name: 'bad-resume',
  title: 'Liquidate whoever the outage kept from knowing',
  story:
    'After a quarter of an hour without prices ETH is back, 7 % lower, and Bob is below his ' +
    'maintenance margin without ever having seen it coming. The attacker liquidates him in the ' +
    'same second; Bob needs four minutes to top up, and an hour later the price is back.',
  incidents: ['lesson 5 of the threats: halts hurt users when liquidations come back first'],
  control: 'after an outage a grace: top-ups and reductions first, liquidations after',
  invariants: ['I18', 'I9'],
  bound: 0n,
  profitMin: 100_000_000n,
  async before(world) {
    for (const name of ['alice', 'carl']) await world.user(name, 400_000);
    await world.user('bob', 3_000);
    await world.mint('bob', 3_000);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
    await world.trade('carl', 'alice', { market, size: 200, price: 3_000 });
    await world.trade('bob', 'alice', { market, size: 13, price: 3_000 });
  },
  async run(world) {
    const strike = () =>
      world.attack('liquidates at once', async () => {
        for (let part = 0; part < 3; part++) await world.liquidate('mallory', 'bob', market, 13);
      });
    await world.price({ [market]: 3_000 });
    await world.wait(ageMax + 300);
    await world.price({ [market]: 2_800 });
    await strike();
    await world.wait(120);
    await world.price({ [market]: 2_800 });
    await strike();
    await world.wait(60);
    await world.deposit('bob', 3_000);
    await world.wait(240);
    await world.price({ [market]: 2_800 });
    await strike();
    await world.trade('alice', 'bob', { market, size: 1, price: 2_800 });
    // The fall was not for long: who kept the position has it back.
    await world.price({ [market]: 2_990 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'no liquidation within the grace',
      contracts: ['LiquidationModule'],
      edits: [
        {
          file: 'src/Liquidator.sol',
          from: 'if (market.level <= LEVEL_MAX) return;',
          to: 'if (market.level <= type(uint8).max) return;',
        },
      ],
    },
    {
      kind: 'source',
      name: 'an outage is followed by a grace',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Pricing.sol',
          from: 'if (grace == 0) return;',
          to: 'if (grace < 1 hours) return;',
        },
      ],
    },
  ],
};
