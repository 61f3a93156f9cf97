/** The ground of a hunt: honest people and their day, and what the adversary starts with. */
import type { SignedOrder } from '@holdfast/order';
import { createRandom } from '@holdfast/trader';
import type { Edit } from '../solidity/sources.ts';
import type { World } from '../world/world.ts';
import type { Role } from './steps.ts';

/**
 * What each seed holds, in turn. `majority` is in none of them: two of the three who sign a report
 * are more than its verifier assumes, and move the price within the band (SECURITY.md).
 */
export const roleSets: readonly (readonly Role[])[] = [
  [],
  ['sequencer'],
  ['reporters'],
  ['reporter', 'keeper'],
  ['guardian'],
  ['sequencer', 'guardian', 'keeper'],
  ['sequencer', 'reporter'],
];

/** A control that can be switched off, to see that a hunt finds what it stops. */
export interface Ablation {
  readonly name: string;
  readonly contracts: readonly string[];
  readonly edits: readonly Edit[];
}

export const huntAblations: readonly Ablation[] = [
  {
    name: 'order-signature',
    contracts: ['ClearingHouse'],
    edits: [
      {
        file: 'src/Settlement.sol',
        from: 'if (signer == lane.owner()) return lane;',
        to: 'return lane;',
      },
    ],
  },
  {
    name: 'withdrawal-margin',
    contracts: ['CustodyModule'],
    edits: [
      {
        file: 'src/Withdrawing.sol',
        from: 'if (worth < int256(initial)) revert MarginShort(uint32(id), worth, initial);',
        to: '',
      },
    ],
  },
];

const btc = 60_000;
const eth = 3_000;

/** Tokens that have hooks, so that everything that pays can be re-entered. */
export const huntTerms = { collateral: { file: 'HookToken.sol', name: 'HookToken' } } as const;

/** Everybody and everything before the first step; the same for every life of a seed. */
export async function furnish(world: World): Promise<void> {
  await world.user('alice', 400_000);
  // Two lies within the band would make him liquidatable; the honest day never does.
  await world.user('bob', 5_000);
  await world.user('carol', 400_000);
  await world.attacker('mallory', 200_000);
  await world.attacker('mallory-b', 200_000);
  const puppet = await world.deploy('mallory', 'HookToken.sol', 'Puppet');
  const account = Number(await world.read('clearingHouse', 'accountsCount'));
  await world.call('mallory', 'clearingHouse', 'openAccount', [puppet]);
  const { token, vault } = world.venue.contracts;
  const amount = world.tokens(50_000);
  await world.call('mallory', 'token', 'mint', [world.person('mallory').address, 2n * amount]);
  for (const name of ['mallory', 'mallory-b']) {
    await world.call(name, 'token', 'approve', [vault, 2n ** 255n]);
    await world.call(name, 'token', 'approve', [world.addressOf('backstop'), 2n ** 255n]);
  }
  await world.call('mallory', 'clearingHouse', 'deposit', [token, account, amount]);
  world.memory.people.set('puppet', { name: 'puppet', address: puppet, account, isAttacker: true });
  await world.price({ 'BTC-USD': btc, 'ETH-USD': eth });
  await world.trade('bob', 'alice', { market: 'ETH-USD', size: 10, price: eth });
}

/** Orders that honest people have signed and that rest: whoever is the sequencer has them. */
const resting = [
  { name: 'alice', side: 'sell', price: 59_900 },
  { name: 'carol', side: 'buy', price: 60_100 },
] as const;
const restingSize = 1;

/** Signs them. */
export function intelligence(world: World): Promise<SignedOrder[]> {
  const fields = { lane: 20, expiry: world.memory.time + 90_000 };
  return Promise.all(
    resting.map(({ name, side, price }) =>
      world.order(name, { market: 'BTC-USD', side, size: restingSize, price, fields }),
    ),
  );
}

/** One thing that honest people do. */
export type Event = (world: World) => Promise<unknown>;

/**
 * The day of honest people. Prices wander by less than the margin of a new position, so that none
 * goes bankrupt by them, and end where they began: nobody is richer for having guessed them.
 */
export function dayOf(seed: string): Event[] {
  const random = createRandom(`${seed}/day`);
  const way = random.chance(0.5) ? 1 : -1;
  const at =
    (part: number): Event =>
    (world) =>
      world.price({
        'BTC-USD': Math.round(btc * (1 + way * part)),
        'ETH-USD': Math.round(eth * (1 + way * part)),
      });
  return [
    at(0.005),
    (world) =>
      world.trade('carol', 'alice', {
        market: 'BTC-USD',
        size: 1,
        price: Math.round(btc * (1 + way * 0.005)),
      }),
    at(0.015),
    (world) => world.withdraw('carol', 1_000),
    at(0.02),
    at(0.01),
    at(0),
  ];
}

/**
 * Most that these roles can gain, quote units: nothing; but a sequencer can fill resting orders at
 * their limits, and has what these give away at the price with which the day ends.
 */
export function boundOf(world: World, roles: readonly Role[]): bigint {
  if (!roles.includes('sequencer')) return 0n;
  const { tickValue } = world.market('BTC-USD');
  const lots = BigInt(world.lots('BTC-USD', restingSize));
  const gifts = resting.map(({ side, price }) =>
    Math.max(0, side === 'sell' ? btc - price : price - btc),
  );
  const ticks = gifts.reduce((sum, gift) => sum + world.ticks('BTC-USD', gift), 0);
  return lots * BigInt(ticks) * BigInt(tickValue);
}
