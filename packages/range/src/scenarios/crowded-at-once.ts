/** Margin grows with open interest; whoever fills the market at once must see it grow. */
import type { Ablation, Attack } from '../types.ts';
import type { FillWish, OrderWish } from '../world/orders.ts';
import type { World } from '../world/world.ts';
import { furnishThin, lone, thinTerms } from './thin-market.ts';

/** Initial margin that the attacker's account lacks, quote units. */
async function missing(world: World): Promise<bigint> {
  const { equity, initial } = await world.health('mallory');
  return initial > equity ? initial - equity : 0n;
}

/**
 * What one step of open interest can make dearer, quote units: the open interest up to the cap, by
 * a twentieth of the cap on the line between the parts where margin grows.
 */
function oneStep(world: World): bigint {
  const { openInterestMax, openInterestLowPpm, openInterestHighPpm, ...market } =
    world.market(lone);
  const cap = BigInt(openInterestMax) * BigInt(market.tickValue) * BigInt(world.ticks(lone, 10));
  return (cap * 50_000n) / BigInt(openInterestHighPpm - openInterestLowPpm);
}

/** Buys of its other account, all in one batch: a fill of each size. */
async function cross(world: World, ...sizes: number[]): Promise<boolean> {
  const fills: FillWish[] = [];
  for (const size of sizes) {
    const sign = (name: string, side: OrderWish['side']) =>
      world.order(name, { market: lone, size, price: 10, side });
    fills.push({ maker: await sign('mallory-b', 'sell'), taker: await sign('mallory', 'buy') });
  }
  const what = `settles ${sizes.join(' and ')} ${lone} of mallory-b for mallory in one batch`;
  return (await world.settle(fills, { what })).ok;
}

const off = (name: string, from: string): Ablation => ({
  kind: 'source',
  name,
  contracts: ['ClearingHouse'],
  edits: [{ file: 'src/Settlement.sol', from, to: '' }],
});

export const crowdedAtOnce: Attack = {
  kind: 'attack',
  name: 'crowded-at-once',
  title: 'The whole market in one batch',
  story:
    'The attacker crosses 95 % of the cap with itself in one batch: as a single fill, then as ' +
    'two. At the open interest before it that needs 15 %; a block later the market asks for ' +
    '98 %. What is left to it are batches of one step each, until its money ends; what is ' +
    'measured is the initial margin that its account lacks then.',
  incidents: ['dYdX YFI 2023-11, $9M: one actor was most of the open interest'],
  control:
    'a single fill is judged at the open interest after it; several add a step at most in a batch',
  invariants: ['I8', 'I10'],
  terms: thinTerms,
  bound: oneStep,
  profitMin: 70_000_000_000n,
  harm: { unit: 'quote of initial margin that is missing', measure: missing },
  async before(world) {
    await furnishThin(world, lone);
    for (const name of ['mallory', 'mallory-b']) await world.attacker(name, 15_000);
  },
  async run(world) {
    await world.price({ [lone]: 10 });
    await world.attack('takes the whole market at once', async () => {
      await cross(world, 9_500);
      await cross(world, 5_000, 4_500);
      await cross(world, 2_500, 2_500);
      while (await cross(world, 250, 249));
      await world.withdraw('mallory', 100);
    });
    await world.price({ [lone]: 10 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    off('a single fill is judged after it', 'if (single) _foreseeFill(desk);'),
    off('several fills add a step at most', 'if (!single) _holdCrowd(desk.book);'),
  ],
};
