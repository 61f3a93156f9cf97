/** Mango: cross a position with yourself, push the index, take the profit, leave the debt. */
import type { Ablation, Attack } from '../types.ts';
import { answer, fundQuote, resolve } from '../world/keeping.ts';
import type { World } from '../world/world.ts';
import { furnishThin, lone, ramp, thinTerms } from './thin-market.ts';

/** Unrealised profit counts as soon as it is there. */
export const withoutAge: Ablation = {
  kind: 'source',
  name: 'unrealised profit counts only as far as it is old',
  contracts: ['CustodyModule'],
  edits: [
    {
      file: 'src/libraries/Profit.sol',
      from: 'if (aged == 0) return 0;',
      to: 'if (aged != type(uint256).max) return 0;',
    },
  ],
};

/** Part of the market's fund that the debts of one account may draw, quote units. */
export async function coverOfOne(world: World): Promise<bigint> {
  const share = BigInt(world.market(lone).coverSharePpm);
  return ((await fundQuote(world, lone)) * share) / 1_000_000n;
}

/** Both accounts of the attacker, and 4,000 lots between them. */
export async function cross(world: World): Promise<void> {
  await world.trade('mallory', 'mallory-b', { market: lone, size: 4_000, price: 10 });
}

/** Asks for the paper profit, in pieces, until nothing more is paid. */
export async function takeProfit(world: World): Promise<void> {
  for (const part of [40_000, 10_000, 5_000, 1_000]) await world.withdraw('mallory', part);
}

const common = {
  kind: 'attack',
  invariants: ['I8', 'I9'],
  terms: thinTerms,
  bound: coverOfOne,
  profitMin: 20_000_000_000n,
  async before(world: World) {
    await furnishThin(world, lone);
    await world.attacker('mallory', 7_000);
    await world.attacker('mallory-b', 7_000);
  },
  ablations: [withoutAge],
} as const;

export const twoAccountSqueeze: Attack = {
  ...common,
  name: 'two-account-squeeze',
  title: 'Squeeze between two own accounts',
  story:
    'The attacker buys 4,000 lots of a thin market from itself, buys the spot market up to three ' +
    'times the price within half a minute, and asks for the profit of one account while the ' +
    'other is bankrupt. Honest reporters report what they see; a keeper comes a minute late.',
  incidents: [
    'Mango 2022-10, $116M: two own accounts, a thin spot market, profit borrowed against',
  ],
  control: 'paper profit is valued at a price aged over four hours; debts meet the winner by ADL',
  async run(world) {
    await world.price({ [lone]: 10 });
    await world.attack('squeezes itself', async () => {
      await cross(world);
      await ramp(world, lone, [10, 30]);
      await takeProfit(world);
    });
    await answer(world, () => resolve(world, 'keeper', 'mallory-b', lone, ['alice', 'mallory']));
    await world.attack('takes what is left', () => takeProfit(world));
    await answer(world, () => ramp(world, lone, [30, 10]));
    await world.price({ [lone]: 10 });
    await world.withdraw('alice', 1_000);
  },
};

export const creepUnderBand: Attack = {
  ...common,
  name: 'creep-under-the-band',
  title: 'Creep under the band for an hour',
  story:
    'The same two accounts, but no report looks wild: every five minutes the index rises by nine ' +
    'tenths of what the band allows, for an hour, and then the profit is asked for.',
  incidents: ['BonqDAO 2023-02, Mango 2022-10: a price that the band of one update does not stop'],
  control: 'a second reference of four hours, which an hour of lawful steps hardly moves',
  async run(world) {
    await world.price({ [lone]: 10 });
    await world.attack('creeps', async () => {
      await cross(world);
      await ramp(world, lone, [10, 28], { ppm: 90_000, seconds: 300 });
      await takeProfit(world);
    });
    await answer(world, () => resolve(world, 'keeper', 'mallory-b', lone, ['alice', 'mallory']));
    await world.attack('takes what is left', () => takeProfit(world));
    await answer(world, () => ramp(world, lone, [28, 10]));
    await world.price({ [lone]: 10 });
    await world.withdraw('alice', 1_000);
  },
};
