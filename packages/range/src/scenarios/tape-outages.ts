/** Benign tapes of what goes wrong on other days: the maker is away, funding is at its limit. */
import type { Tape } from '../types.ts';

const market = 'ETH-USD';

export const makerOutage: Tape = {
  kind: 'tape',
  name: 'tape-maker-outage',
  title: 'The market maker is away for an hour',
  story:
    'Mara quotes both sides, then her machine is gone: her orders are cancelled, the book is ' +
    'empty for an hour while prices go on and move by 3 %, two users trade with each other, and ' +
    'she comes back at the new price.',
  async before(world) {
    for (const name of ['ann', 'ben', 'mara']) await world.user(name, 200_000);
    await world.price({ [market]: 3_000 });
    await world.trade('ann', 'mara', { market, size: 20, price: 3_000 });
    await world.trade('mara', 'ben', { market, size: 10, price: 2_999 });
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    await world.cancelAll('mara');
    for (const price of [2_985, 2_970, 2_950, 2_930, 2_910]) {
      await world.wait(300);
      await world.price({ [market]: price }, { marks: { [market]: price - 5 } });
    }
    await world.trade('ben', 'ann', { market, size: 5, price: 2_905 });
    for (let i = 0; i < 6; i++) {
      await world.wait(300);
      await world.price({ [market]: 2_910 + i });
    }
    await world.trade('mara', 'ann', { market, size: 5, price: 2_915 });
    await world.trade('ben', 'mara', { market, size: 5, price: 2_916 });
    await world.withdraw('mara', 10_000);
  },
};

export const fundingSpike: Tape = {
  kind: 'tape',
  name: 'tape-funding-spike',
  title: 'Funding at its limit for six hours',
  story:
    'Everybody is long, and funding stands at its limit of 12 % a day for six hours, with a ' +
    'report a minute around each trade. Longs pay shorts, one long closes for it, nobody is ' +
    'liquidated and nothing is lost on the way.',
  async before(world) {
    for (const name of ['ann', 'ben', 'cem']) await world.user(name, 200_000);
    await world.price({ [market]: 3_000 });
    await world.trade('ann', 'cem', { market, size: 40, price: 3_000 });
    await world.trade('ben', 'cem', { market, size: 20, price: 3_000 });
  },
  async run(world) {
    const rate = 120_000;
    for (let i = 0; i < 12; i++) {
      for (let minute = 0; minute < 4; minute++) {
        await world.wait(minute === 0 ? 540 : 60);
        await world.price({ [market]: 3_000 + i }, { rate });
      }
      if (i === 6) await world.trade('cem', 'ben', { market, size: 20, price: 3_006 });
    }
    await world.withdraw('cem', 20_000);
    await world.withdraw('ann', 10_000);
  },
};
