/** Three of five reporters die in silence, and one of the two that are left lies. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';
import { withoutQuorum } from './one-oracle-key.ts';

const market = 'ETH-USD';
const alive = ['reporter-4', 'reporter-5'];
const liar = 'reporter-5';

/** A thousand times the price, with the honest one and alone, then as far as the band allows. */
async function lie(world: World): Promise<void> {
  const lies = { [liar]: { [market]: 3_000_000 } };
  await world.withdraw('mallory', 1, world.report({ [market]: 3_000 }, { signers: alive, lies }));
  const alone = { signers: [liar] };
  for (const price of [3_000_000, 3_300, 3_480]) {
    await world.withdraw('mallory', 1, world.report({ [market]: price }, alone));
  }
  for (let part = 0; part < 3; part++) await world.liquidate('mallory', 'bob', market, 10);
}

export const sourceAttrition: Attack = {
  kind: 'attack',
  name: 'source-attrition',
  title: 'Sources die in silence, one of the rest lies',
  story:
    'Three of five reporters stop. Of the two that are left one says a thousand times the price ' +
    'and would have Bob’s short liquidated. Nobody’s word is a price then: the market stands ' +
    'still, margin can be added, and when two reporters are back it goes on.',
  incidents: ['Synthetix sKRW 2019-06: two feeds silently dead, the average of the rest was taken'],
  control: 'fewer signatures than the quorum are refused, not averaged; then nothing grows',
  invariants: ['I4', 'I9'],
  bound: 0n,
  profitMin: 100_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.user('bob', 5_000);
    await world.mint('bob', 1_000);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
    await world.trade('alice', 'bob', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    // What is left of the reporters goes on as before, and is refused in every run.
    await world.price({ [market]: 3_000 }, { signers: alive });
    await world.attack('lies with what is left', () => lie(world));
    await world.deposit('bob', 1_000);
    await world.wait(620);
    await world.trade('bob', 'alice', { market, size: 1, price: 3_000 });
    await world.attack('lies on', () => lie(world));
    await world.price({ [market]: 3_000 });
    await world.wait(400);
    await world.price({ [market]: 3_000 });
    await world.trade('bob', 'alice', { market, size: 1, price: 3_000 });
  },
  ablations: [withoutQuorum],
};
