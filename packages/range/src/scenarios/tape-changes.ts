/** What is planned and announced: another verifier, other parameters, other keys. */
import type { Tape } from '../types.ts';
import { callAt, place, placeOf, setMarket } from '../world/places.ts';
import { execute, handOver, openTreasury, payment, schedule } from '../world/treasury.ts';
import type { World } from '../world/world.ts';
import { aDayInOneStep } from './tape-listing.ts';

const prices = { 'BTC-USD': 60_000, 'ETH-USD': 3_000 };
const announced =
  'MarketProposed 1, VenueProposed, VerifierProposed, GuardianProposed, VerifierChanged';

async function before(world: World): Promise<void> {
  for (const name of ['ann', 'ben']) await world.user(name, 100_000);
  await world.price(prices);
  await world.trade('ann', 'ben', { market: 'ETH-USD', size: 10, price: 3_000 });
}

const watched = (world: World) =>
  world.sentinel({
    guardian: 'guardian-1',
    rules: {
      'loosening-proposed': { settings: { announced } },
      'role-change': { settings: { announced } },
      ...aDayInOneStep,
    },
  });

/** Until what was proposed is ready, and reports that bring the venue back to normal. */
async function settleIn(world: World, wish = {}): Promise<void> {
  for (let i = 0; i < 6; i++) {
    world.later(478);
    await world.price(prices, wish);
  }
}

const dayAndMore = 90_000;

export const plannedUpgrade: Tape = {
  kind: 'tape',
  name: 'tape-planned-upgrade',
  title: 'Planned upgrade',
  story:
    'The verifier of reports is replaced by one with four reporters instead of five, and ETH ' +
    'gets a wider band. Both were announced, wait for their day, and are applied by a keeper.',
  before,
  async run(world) {
    await watched(world);
    const signers = ['reporter-1', 'reporter-2', 'reporter-3', 'reporter-6'];
    const addresses = signers.map((name) => world.key(name).address).sort();
    const verifier = await place(world, 'deployer', 'QuorumVerifier', [3n, addresses], 'next');
    const what = 'proposes the next verifier';
    await world.call('governor', 'oracle', 'proposeVerifier', [verifier], { what });
    await world.price(prices);
    await setMarket(world, 'ETH-USD', { bandPpm: 110_000 });
    await world.call('keeper', 'oracle', 'applyVerifier', [], { what: 'applies the verifier' });
    await settleIn(world, { signers: signers.slice(1), verifier: placeOf(world, 'next') });
    await world.trade('ben', 'ann', { market: 'ETH-USD', size: 5, price: 3_000 });
    await world.withdraw('ann', 5_000);
  },
};

export const keyRotation: Tape = {
  kind: 'tape',
  name: 'tape-key-rotation',
  title: 'Key rotation',
  story:
    'The sequencer gets another key, a fourth guardian joins, and the committee of a treasury ' +
    'hands over to its next key. All wait for their day; then the new sequencer settles and ' +
    'reports, and the new key pays a supplier.',
  async before(world) {
    await openTreasury(world, 100_000, 20_000);
    await world.user('supplier', 1_000);
    await before(world);
  },
  async run(world) {
    await watched(world);
    const fourth = [world.key('guardian-4').address];
    const what = 'proposes a guardian';
    await world.call('governor', 'breaker', 'proposeGuardian', fourth, { what });
    const venue = (await world.read('parameters', 'venue')) as object;
    const next = { ...venue, sequencer: world.key('sequencer-2').address };
    await world.call('governor', 'parameters', 'proposeVenue', [next], { what: 'and a sequencer' });
    await handOver(world);
    world.later(dayAndMore);
    await world.call('keeper', 'breaker', 'applyGuardian', fourth, {
      what: 'applies the guardian',
    });
    await world.call('keeper', 'parameters', 'applyVenue', [], { what: 'applies the sequencer' });
    await callAt(world, 'keeper', 'Committees', 'applyRotation', [1], 'applies the next key');
    world.memory.sequencer = 'sequencer-2';
    const { address } = world.person('supplier');
    const bill = payment(world, 0n, world.memory.time + 3_600, address, 500);
    await schedule(world, 'keeper', bill, 2);
    world.later(3_600);
    await execute(world, 'keeper', bill);
    await settleIn(world);
    await world.trade('ben', 'ann', { market: 'ETH-USD', size: 5, price: 3_000 });
    await world.withdraw('ann', 5_000);
  },
};

const crowd = Array.from({ length: 12 }, (_, i) => `trader-${i + 1}`);

export const massCancel: Tape = {
  kind: 'tape',
  name: 'tape-mass-cancel',
  title: 'Mass cancel',
  story:
    'Twelve traders cancel everything in one block while ETH falls by 4 %; half of them quote ' +
    'anew in the next, and are filled. Nobody is held up, and what was cancelled fills nothing.',
  async before(world) {
    for (const name of crowd) await world.user(name, 20_000);
    await world.price(prices);
    for (let i = 0; i < crowd.length; i += 2) {
      const [buyer, seller] = [crowd[i] ?? '', crowd[i + 1] ?? ''];
      await world.trade(buyer, seller, { market: 'ETH-USD', size: 2, price: 3_000 });
    }
  },
  async run(world) {
    await watched(world);
    const to = world.venue.contracts.clearingHouse;
    await world.price({ 'ETH-USD': 2_880 });
    await world.together(
      crowd.map((by) => {
        const data = world.encode('clearingHouse', 'cancelAll', [world.person(by).account]);
        return { by, what: 'cancels everything', request: { to, data, gas: 1_000_000n } };
      }),
    );
    const wish = { market: 'ETH-USD', size: 1, price: 2_880 };
    const fills = [];
    for (let i = 0; i < 6; i += 2) {
      const maker = await world.order(crowd[i] ?? '', { ...wish, side: 'sell' });
      const taker = await world.order(crowd[i + 1] ?? '', { ...wish, side: 'buy' });
      fills.push({ maker, taker });
    }
    await world.settle(fills);
    await world.price({ 'ETH-USD': 2_900 });
    await world.withdraw('trader-12', 5_000);
  },
};
