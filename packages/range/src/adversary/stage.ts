/** The ground of a hunt: honest people and their day, and what the adversary starts with. */
import { createRandom } from '@holdfast/trader';
import type { Edit } from '../solidity/sources.ts';
import type { Fields } from '../world/orders.ts';
import type { World } from '../world/world.ts';
import type { Role } from './steps.ts';

/** What each seed holds, in turn. */
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
  await world.user('bob', 6_000);
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
export async function intelligence(world: World) {
  const rest = (name: string, side: 'buy' | 'sell', price: number, fields: Fields) =>
    world.order(name, { market: 'BTC-USD', side, size: 1, price, fields });
  const [{ time }, far] = [world.memory, 90_000];
  return [
    await rest('alice', 'sell', Math.round(btc * 1.005), { lane: 20, expiry: time + far }),
    await rest('carol', 'buy', Math.round(btc * 0.995), { lane: 20, expiry: time + far }),
  ];
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

/** Farthest that the day goes from where it begins, ppm. */
const dayPpm = 20_000n;

/**
 * Most that these roles can gain, quote units: nothing, but for a sequencer, who can fill resting
 * orders at their limits whenever the price is better for the other side.
 */
export function boundOf(world: World, roles: readonly Role[]): bigint {
  if (!roles.includes('sequencer')) return 0n;
  const { lotSize } = world.market('BTC-USD');
  const lots = 2n * BigInt(Math.round(1 / Number(lotSize)));
  const { tickValue } = world.market('BTC-USD');
  const reach = (BigInt(world.ticks('BTC-USD', btc)) * (dayPpm + 5_000n)) / 1_000_000n;
  return lots * reach * BigInt(tickValue);
}
