/** A dip that is over: a keeper would take over at a mark that the index has left. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';
import { crowd } from './self-liquidation.ts';

const market = 'BTC-USD';
const size = 5;
const price = 58_500;

/** So many reports of one price. */
async function stay(world: World, at: number, reports: number): Promise<void> {
  for (let i = 0; i < reports; i++) await world.price({ [market]: at });
}

export const markLag: Attack = {
  kind: 'attack',
  name: 'mark-lag',
  title: 'A mark that comes late',
  story:
    'The index dips by 5 % for a few reports and is back in one. Bob is healthy by the index ' +
    'again. The attacker waited for that moment: a mark that follows by 1 % a report would still ' +
    'be at the dip, and his position could be taken over there.',
  incidents: [],
  control: 'the index carries the mark along; only its distance from the index is slow',
  invariants: ['I4', 'I9'],
  bound: 0n,
  profitMin: 1_000_000_000n,
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
      name: 'the index carries the mark',
      contracts: ['Oracle'],
      edits: [
        {
          file: 'src/libraries/Marks.sol',
          from: 'uint256 carried = (before * index) / indexBefore;',
          to: 'uint256 carried = before;',
        },
      ],
    },
  ],
};
