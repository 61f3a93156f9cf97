/** One exchange counts in a coin that fell by 35 %: what its price says is not the market's. */
import { clampToBand, lowerMedian } from '@holdfast/oracle';
import { ppm, ticks } from '@holdfast/units';
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const longs = ['bob', 'cem', 'dora'];
const exchanges = 5;
const reporters = 5;

/** What the exchanges say: one of them in a coin that is worth `peg` ppm of a dollar. */
const quotesOf = (fair: number, peg: number): number[] =>
  Array.from({ length: exchanges }, (_, i) =>
    i === 0 ? Math.floor((fair * peg) / 1_000_000) : fair + i - 2,
  );

/**
 * A round: each reporter asks all exchanges and takes the lower median, as the reporters of the
 * venue do; without that each asks one exchange, the largest, which is the one that fell.
 */
async function round(world: World, fair: number, peg: number): Promise<void> {
  const { id, bandPpm } = world.market(market);
  const before = world.memory.prices.get(id);
  const lies: Record<string, Record<string, string>> = {};
  for (let i = 0; i < reporters; i++) {
    const seen = quotesOf(fair * 100, peg);
    const wanted = world.isOff('several venues') ? (seen[0] as number) : lowerMedian(seen);
    const last = before === undefined ? undefined : ticks(before);
    const price = clampToBand(ticks(wanted), last, ppm(bandPpm));
    lies[`reporter-${i + 1}`] = { [market]: (price / 100).toFixed(2) };
  }
  await world.price({ [market]: fair }, { lies });
}

export const depeg: Attack = {
  kind: 'attack',
  name: 'depeg',
  title: 'One venue’s collateral falls by 35 %',
  story:
    'An attacker dumps the coin in which one exchange counts: there ETH seems to cost 35 % more ' +
    'or less than anywhere else. The attacker waits as a keeper for the longs that an index of ' +
    'that exchange alone would have liquidated.',
  incidents: ['Binance USDe 2025-10-10: a collateral priced by one venue’s own book, at 0.65'],
  control: 'the index is the lower median of several exchanges, and of several reporters',
  invariants: ['I4', 'I9'],
  bound: 0n,
  profitMin: 500_000_000n,
  async before(world) {
    for (const name of ['alice', 'carl']) await world.user(name, 400_000);
    for (const [i, name] of longs.entries()) await world.user(name, 3_000 + 100 * i);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
    await world.trade('carl', 'alice', { market, size: 200, price: 3_000 });
    for (const name of longs) await world.trade(name, 'alice', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await round(world, 3_000, 1_000_000);
    for (const fair of [2_990, 2_980, 2_970, 2_960, 2_970]) {
      const peg = world.mode === 'control' ? 1_000_000 : 650_000;
      await round(world, fair, peg);
      await world.attack('looks for longs to take over', async () => {
        for (const name of longs) await world.liquidate('mallory', name, market, 10);
      });
    }
    await world.price({ [market]: world.isOff('several venues') ? 2_200 : 2_970 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    { kind: 'switch', name: 'the index is that of several exchanges', off: 'several venues' },
  ],
};
