/** The squeeze, with the loser split in ten: what a share for each account is worth then. */
import type { Open } from '../types.ts';
import { answer, resolve } from '../world/keeping.ts';
import { behindLone, furnishThin, lone, ramp, thinTerms } from './thin-market.ts';

const losers = Array.from({ length: 10 }, (_, i) => `loser-${i + 1}`);

export const squeezeByMany: Open = {
  kind: 'open',
  name: 'squeeze-by-many',
  title: 'The squeeze with ten losers',
  incidents: ['Hyperliquid POPCAT 2025-11: one person, nineteen wallets'],
  control: 'what one account’s debt may draw from a fund is a share of it',
  invariants: ['I8', 'I10'],
  needs:
    'a share of the fund for each market and hour beside that for each account: ten accounts ' +
    'with a tenth of the debt each draw several times as much as one',
  measured: {
    story:
      'The same position as in `two-account-squeeze`, but ten accounts hold the losing side. ' +
      'Each may draw a quarter of what the market’s fund still has, so that the fund pays ' +
      'nearly all of ten debts where it would have paid a quarter for one.',
    terms: thinTerms,
    bound: behindLone,
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
  },
};
