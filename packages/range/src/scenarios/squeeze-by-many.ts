/** The squeeze, with the loser split in ten: together they draw no more than one. */
import type { Attack } from '../types.ts';
import { answer, resolve } from '../world/keeping.ts';
import { furnishThin, lone, ramp, thinTerms } from './thin-market.ts';
import { coverOfOne } from './two-account-squeeze.ts';

const losers = Array.from({ length: 10 }, (_, i) => `loser-${i + 1}`);

export const squeezeByMany: Attack = {
  kind: 'attack',
  name: 'squeeze-by-many',
  title: 'The squeeze with ten losers',
  story:
    'The same position as in `two-account-squeeze`, but ten accounts hold the losing side, each ' +
    'with a tenth of the debt. If each of them could draw a quarter of what the market’s fund ' +
    'still has, the fund would pay nearly all of ten debts where it pays a quarter for one.',
  incidents: ['Hyperliquid POPCAT 2025-11: one person, nineteen wallets'],
  control: 'a fund pays in any hour at most a share of itself, however many debts there are',
  invariants: ['I8', 'I10'],
  terms: thinTerms,
  bound: coverOfOne,
  profitMin: 500_000_000n,
  async before(world) {
    await furnishThin(world, lone);
    await world.attacker('mallory', 7_000);
    for (const name of losers) await world.attacker(name, 750);
  },
  async run(world) {
    await world.price({ [lone]: 10 });
    await world.attack('squeezes itself, ten times a little', async () => {
      for (const name of losers) {
        await world.trade('mallory', name, { market: lone, size: 400, price: 10 });
      }
      await ramp(world, lone, [10, 30]);
    });
    await answer(world, async () => {
      for (const name of losers) {
        await resolve(world, 'keeper', name, lone, ['alice', 'mallory']);
      }
      await ramp(world, lone, [30, 10]);
    });
    await world.price({ [lone]: 10 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'a share for all debts of an hour',
      contracts: ['WaterfallModule'],
      edits: [
        {
          file: 'src/libraries/Draws.sol',
          from: 'uint256 before = paid(self);',
          to: 'uint256 before = 0 * paid(self);',
        },
      ],
    },
  ],
};
