/** Buy at the index, push the market that makes it, sell at the index, let it fall, again. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';
import { worthOf } from '../world/worth.ts';
import { furnishThin, plain, thinMarkets, thinTerms } from './thin-market.ts';

/**
 * What it costs to push the spot market by a tenth and let it come back: 200,000 of orders are
 * bought on the way up at half of the way on average, and sold on the way down the same.
 */
const pushCost = 20_000;
const nowhere = '0x000000000000000000000000000000000000dEaD';
const market = plain;

/** Mara, a market maker, quotes 0.2 % around the index for whoever comes. */
async function withMara(world: World, side: 'buy' | 'sell', size: number, price: string) {
  const maker = await world.order('mara', {
    market,
    side: side === 'buy' ? 'sell' : 'buy',
    size,
    price,
  });
  const taker = await world.order('mallory', { market, side, size, price });
  return world.settle([{ maker, taker }], { what: `mallory ${side}s ${size} of mara at ${price}` });
}

/** The largest position that the venue lets her have, into the push, and out of it. */
async function loop(world: World): Promise<void> {
  for (const size of [60_000, 9_000]) {
    const { ok } = await withMara(world, 'buy', size, '10.020');
    if (!ok) continue;
    const what = 'pays for the push of the spot market';
    await world.call('mallory', 'token', 'transfer', [nowhere, world.tokens(pushCost)], { what });
    await world.price({ [market]: 11 });
    await withMara(world, 'sell', size, '10.978');
    await world.price({ [market]: 10 });
    return;
  }
}

export const thinIndexPush: Attack = {
  kind: 'attack',
  name: 'thin-index-push',
  title: 'Push the spot market that makes the index',
  story:
    'A market maker quotes around the index. The attacker buys, pays for a push of the thin spot ' +
    'market by a tenth, sells at the higher index and lets it fall back, three times over. What ' +
    'is measured is what is left after the pushes are paid.',
  incidents: ['GMX AVAX 2022-09: no slippage at an index that was cheap to push'],
  control: 'a cap on open interest that makes a push dearer than what can be won by it',
  invariants: ['I8'],
  terms: thinTerms,
  bound: 0n,
  profitMin: 50_000_000_000n,
  harm: {
    unit: 'quote won after the cost of pushing',
    measure: async (world) => (await worthOf(world, world.memory.prices)).attackers,
  },
  async before(world) {
    await furnishThin(world, market);
    await world.user('mara', 600_000);
    await world.attacker('mallory', 300_000);
    await world.mint('mallory', 100_000);
  },
  async run(world) {
    await world.price({ [market]: 10 });
    await world.attack('pushes, three times', async () => {
      for (let i = 0; i < 3; i++) await loop(world);
    });
    await world.price({ [market]: 10 });
    await world.withdraw('mara', 1_000);
  },
  ablations: [
    { kind: 'venue', name: 'open interest is capped', terms: { markets: thinMarkets(100) } },
  ],
};
