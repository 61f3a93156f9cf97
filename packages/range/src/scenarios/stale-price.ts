/** The oracle is down while the market falls: neither the old price nor the first new one robs. */
import type { Attack } from '../types.ts';

const market = 'ETH-USD';
const ageMax = 600;

export const stalePrice: Attack = {
  kind: 'attack',
  name: 'stale-price',
  title: 'Trade at a price that everybody knows is old',
  story:
    'The oracle is silent for a quarter of an hour while ETH falls by 8 % elsewhere. Alice’s bid ' +
    'still rests where the price was; the attacker, who matches too, sells into it.',
  incidents: ['stale-price arbitrage on many venues: a fill at a price from before the move'],
  control: 'nothing is filled at an index older than its age limit',
  invariants: ['I4', 'I7'],
  bound: 0n,
  profitMin: 4_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    const bid = await world.order('alice', { market, side: 'buy', size: 20, price: 2_999 });
    await world.wait(ageMax + 300);
    await world.attack('sells into the old bid', async () => {
      const wish = { market, size: 20, price: 2_999 } as const;
      const ask = await world.order('mallory', { ...wish, side: 'sell' });
      await world.settle([{ maker: bid, taker: ask }], { what: 'settles at the old price' });
    });
    await world.cancelAll('alice');
    await world.price({ [market]: 2_760 });
    await world.attack('sells once more, into what was cancelled', async () => {
      const wish = { market, size: 20, price: 2_899 } as const;
      const ask = await world.order('mallory', { ...wish, side: 'sell' });
      await world.settle([{ maker: bid, taker: ask }], { what: 'settles the cancelled bid' });
    });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'a price has an age limit',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Pricing.sol',
          from: 'uint256 ageMax = market.params.priceAgeSecondsMax;',
          to: 'uint256 ageMax = 1_000_000;',
        },
      ],
    },
  ],
};

export const badResume: Attack = {
  kind: 'attack',
  name: 'bad-resume',
  title: 'Liquidate whoever the outage kept from knowing',
  story:
    'After a quarter of an hour without prices ETH is back, 8 % lower, and Bob is below his ' +
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
    await world.price({ [market]: 2_760 });
    await strike();
    await world.wait(120);
    await world.price({ [market]: 2_760 });
    await strike();
    await world.wait(60);
    await world.deposit('bob', 3_000);
    await world.wait(240);
    await world.price({ [market]: 2_760 });
    await strike();
    await world.trade('alice', 'bob', { market, size: 1, price: 2_760 });
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
