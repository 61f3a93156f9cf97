/** The price falls by a fifth: who is overstretched is liquidated, nobody else notices. */
import type { Tape } from '../types.ts';

const market = 'ETH-USD';

export const gap: Tape = {
  kind: 'tape',
  name: 'tape-gap',
  title: 'A gap of 20 %',
  story:
    'ETH falls from 3,000 to 2,400 within a minute. One account at eight times leverage is ' +
    'liquidated lawfully; five others trade, deposit and withdraw as if nothing had happened.',
  exposed: ['leo'],
  async before(world) {
    for (const name of ['ann', 'ben', 'cem', 'kim']) await world.user(name, 200_000);
    await world.user('leo', 6_000);
    await world.mint('ann', 1_000);
    await world.price({ [market]: 3_000 });
    await world.trade('ann', 'ben', { market, size: 40, price: 3_000 });
    await world.trade('leo', 'cem', { market, size: 12, price: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 2_800 });
    await world.price({ [market]: 2_650 });
    await world.price({ [market]: 2_520 });
    await world.liquidate('kim', 'leo', market, 12);
    await world.trade('cem', 'ben', { market, size: 2, price: 2_520 });
    await world.price({ [market]: 2_400 });
    await world.trade('ben', 'ann', { market, size: 10, price: 2_400 });
    await world.deposit('ann', 1_000);
    await world.withdraw('ben', 20_000);
  },
};
