/** The same business in ten thousand crumbs: is anything cheaper split than done once? */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';
/** A price at which the fee of one lot is almost one unit more than its whole part. */
const price = 60_002.1;
const lots = 5_000;
/** Fills in one batch. */
const crumbs = 1_000;

/** Mallory takes lots of Alice's order, all at once or in fills of one lot. */
async function trade(world: World, side: 'buy' | 'sell', split: boolean): Promise<void> {
  const wish = { market, size: lots / 1_000, price };
  const maker = await world.order('alice', { ...wish, side: side === 'buy' ? 'sell' : 'buy' });
  const taker = await world.order('mallory', { ...wish, side });
  if (!split) {
    await world.settle([{ maker, taker }], { what: `settles ${lots} lots at once` });
    return;
  }
  for (let done = 0; done < lots; done += crumbs) {
    const fills = Array.from({ length: crumbs }, () => ({ maker, taker, lots: 1 }));
    await world.settle(fills, { what: `settles ${crumbs} fills of one lot` });
  }
}

/** So many units in and out again, at once or one by one, in two blocks. */
async function money(world: World, units: bigint, split: boolean): Promise<void> {
  const { account, address } = world.person('mallory');
  const { token, clearingHouse: to } = world.venue.contracts;
  const times = split ? Number(units) : 1;
  const each = split ? 1n : units;
  const both = [
    ['deposit', [token, account, each]],
    ['withdraw', [account, each, address, '0x']],
  ] as const;
  for (const [name, args] of both) {
    const data = world.encode('clearingHouse', name, args);
    const wish = {
      by: 'mallory',
      what: `${name}s ${each}`,
      request: { to, data, gas: 1_000_000n },
    };
    await world.together(Array.from({ length: times }, () => wish));
  }
}

async function churn(world: World, split: boolean): Promise<void> {
  await trade(world, 'buy', split);
  await trade(world, 'sell', split);
  await money(world, 20n, split);
}

export const dustChurn: Attack = {
  kind: 'attack',
  name: 'dust-churn',
  title: 'Ten thousand crumbs',
  story:
    'Mallory buys five bitcoins of Alice, sells them again, moves a few units in and out. With ' +
    'the attack it does the same in 10,000 fills of the smallest lot and in deposits and ' +
    'withdrawals of a single unit: were anything rounded its way, that would be cheaper.',
  incidents: ['rounding: 4 % of 463 thefts of 2024 to 2026'],
  control: 'fees and requirements round up, each time',
  invariants: ['I2', 'I10'],
  bound: 0n,
  profitMin: 2_500n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.attacker('mallory', 400_000);
    await world.mint('mallory', 1);
    const { vault } = world.venue.contracts;
    await world.call('mallory', 'token', 'approve', [vault, world.tokens(1)]);
  },
  async run(world) {
    await world.price({ [market]: price });
    const split = await world.attack('does it in crumbs', async () => {
      await churn(world, true);
      return true;
    });
    if (split === undefined) await churn(world, false);
  },
  ablations: [
    {
      kind: 'source',
      name: 'fees round up',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/libraries/Margin.sol',
          from: 'return (amount * ppm + (PPM - 1)) / PPM;',
          to: 'return (amount * ppm) / PPM;',
        },
      ],
    },
  ],
};
