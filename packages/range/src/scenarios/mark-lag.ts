/** The mark follows the index slowly: a keeper takes over at a mark that the index has left. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';
import { crowd } from './self-liquidation.ts';

const market = 'BTC-USD';
const size = 5;
const price = 58_500;
/** Largest penalty of a liquidation, parts per million of what changes hands. */
const penaltyPpm = 15_000;

/** So many reports of one price: the mark moves by at most 1 % in each. */
async function stay(world: World, at: number, reports: number): Promise<void> {
  for (let i = 0; i < reports; i++) await world.price({ [market]: at });
}

export const markLag: Attack = {
  kind: 'attack',
  name: 'mark-lag',
  title: 'A mark that comes late',
  story:
    'The index dips by 5 % for a few reports and is back in one. Bob is healthy by the index ' +
    'again, but the mark, by which accounts are judged, follows at 1 % a report. The attacker ' +
    'waits for that moment and takes over his position at the mark.',
  incidents: [],
  control: 'a mark is never further from the index than its clamp, whatever it was before',
  invariants: ['I4', 'I9'],
  // The clamp and the penalty, of all that he holds.
  bound: (world) => {
    const ppm = BigInt(world.market(market).markClampPpm + penaltyPpm);
    return BigInt(size * price) * ppm;
  },
  profitMin: 5_000_000_000n,
  exposed: ['bob'],
  async before(world) {
    await crowd(world);
    await world.user('alice', 400_000);
    await world.user('bob', 22_000);
    await world.attacker('mallory', 400_000);
    await world.trade('bob', 'alice', { market, size, price: 60_000 });
    await stay(world, price, 4);
  },
  async run(world) {
    await stay(world, 55_500, 5);
    await stay(world, price, 1);
    await world.attack('liquidates bob at the mark', async () => {
      for (let i = 0; i < 4; i++) await world.liquidate('mallory', 'bob', market, size);
    });
    await stay(world, price, 4);
  },
  ablations: [
    {
      kind: 'source',
      name: 'the clamp wins over the slew',
      contracts: ['Oracle'],
      edits: [
        {
          file: 'src/libraries/Marks.sol',
          from: 'return uint32(_near(mark, index, (index * clampPpm) / PPM));',
          to: 'return uint32(before == 0 ? index + clampPpm * 0 : mark);',
        },
        {
          file: 'src/Oracle.sol',
          from: 'assert(LawLib.withinBand(mark, found, clampPpm));',
          to: '',
        },
      ],
    },
  ],
};
