/** The oracle is down while the market falls: nobody is filled at what everybody knows is old. */
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
