/** Everybody leaves at once: slow where the windows say so, refused nowhere. */
import type { Tape } from '../types.ts';

const names = ['ann', 'ben', 'cem', 'dora', 'eli', 'fay', 'gus', 'hal'];
const market = 'ETH-USD';

export const bankRun: Tape = {
  kind: 'tape',
  name: 'tape-bank-run',
  title: 'Bank run of honest users',
  story:
    'Eight users, some with positions, ask for nearly everything within a minute. What exceeds ' +
    'the outflow windows waits in the queue; nobody is refused, and two days later all is paid.',
  async before(world) {
    for (const [i, name] of names.entries()) await world.user(name, 40_000 * (i + 1));
    await world.price({ [market]: 3_000 });
    await world.trade('ann', 'ben', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 3_010 });
    for (const [i, name] of names.entries()) {
      await world.withdraw(name, i < 2 ? 30_000 : 40_000 * (i + 1));
    }
    await world.price({ [market]: 3_005 });
    await world.trade('ben', 'ann', { market, size: 10, price: 3_005 });
    for (let hours = 0; hours < 48; hours += 6) {
      await world.wait(6 * 3_600);
      await world.call('keeper', 'vault', 'release', [20n], { what: 'releases the queue' });
    }
  },
};
