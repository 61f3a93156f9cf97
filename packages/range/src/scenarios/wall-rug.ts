/** POPCAT: nineteen small accounts lean on a wall of bids, and the wall is pulled. */
import type { Attack } from '../types.ts';
import { answer, resolve } from '../world/keeping.ts';
import { behindLone, furnishThin, lone, ramp, thinTerms } from './thin-market.ts';

const wallets = Array.from({ length: 19 }, (_, i) => `wallet-${i + 1}`);

export const wallRug: Attack = {
  kind: 'attack',
  name: 'wall-rug',
  title: 'A wall pulled from under nineteen accounts',
  story:
    'Nineteen accounts of one person buy 200 lots each, at a tenth of margin, ' +
    'while a wall of bids holds the price up. The wall is pulled, the price falls by a third ' +
    'before any keeper comes, and their debts are to be paid by the venue.',
  incidents: ['Hyperliquid POPCAT 2025-11, $4.9M: nineteen wallets, a wall of $20M, pulled'],
  control: 'an isolated market’s debts are paid by its own fund and pool, then by the winners',
  invariants: ['I8'],
  terms: thinTerms,
  bound: behindLone,
  profitMin: 4_000_000_000n,
  async before(world) {
    await furnishThin(world, lone);
    await world.attacker('mallory', 8_000);
    for (const name of wallets) await world.attacker(name, 220);
  },
  async run(world) {
    await world.price({ [lone]: 10 });
    await world.attack('levers nineteen accounts up, and pulls the wall', async () => {
      const fills = [];
      for (const name of wallets) {
        const wish = { market: lone, size: 200, price: 10 };
        const maker = await world.order(name, { ...wish, side: 'buy' });
        const taker = await world.order('mallory', { ...wish, side: 'sell' });
        fills.push({ maker, taker });
      }
      for (let i = 0; i < fills.length; i += 10) await world.settle(fills.slice(i, i + 10));
      await ramp(world, lone, [10, 6.6]);
    });
    await answer(world, async () => {
      for (const name of wallets) await resolve(world, 'keeper', name, lone, ['bob', 'mallory']);
      await ramp(world, lone, [6.6, 10]);
    });
    await world.price({ [lone]: 10 });
    await world.withdraw('bob', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'the shared fund pays for no isolated market',
      contracts: ['WaterfallModule'],
      edits: [
        {
          file: 'src/modules/WaterfallModule.sol',
          from: 'if (market.params.isolated == 0) {',
          to: 'if (market.params.isolated <= 1) {',
        },
      ],
    },
  ],
};
