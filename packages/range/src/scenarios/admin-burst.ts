/** Signatures of the council, some of them old: seize, list, set the feed, lift, drain. */
import { councilTerms } from '@holdfast/venue';
import type { Ablation, Attack, Edit } from '../types.ts';
import {
  brought,
  consent,
  dropAll,
  idOf,
  type Motion,
  motionOf,
  press,
  propose,
  seats,
  voteEnd,
} from '../world/motions.ts';
import { dataFor, paramsOf, placeOf, putUnderVotes, readAt } from '../world/places.ts';
import type { World } from '../world/world.ts';
import { withoutWindows } from './blind-sentinel.ts';
import { drain, furnish } from './stolen-feed.ts';

/** What two of three seats signed and did not see. */
async function motions(world: World): Promise<Motion[]> {
  const { parameters, oracle } = world.venue.contracts;
  const next = { isolated: 1, openInterestMax: 0n, backstopLotsMax: 0n };
  const venue = await world.read('parameters', 'venue');
  const lax = { ...(venue as object), profitHaircutPpm: 0, reportSkewSecondsMax: 7_200 };
  const inside = (name: string, args: readonly unknown[]) => dataFor('Parameters', name, args);
  return [
    motionOf(
      'seize the role',
      parameters,
      inside('proposeGovernor', [world.key('mallory').address]),
    ),
    motionOf(
      'list a market',
      parameters,
      inside('proposeMarket', [world.venue.markets.length, paramsOf(world, 'SOL-USD', next)]),
    ),
    motionOf(
      'set the feed',
      oracle,
      dataFor('Oracle', 'proposeVerifier', [placeOf(world, 'feed')]),
    ),
    motionOf('lift the limits', parameters, inside('proposeVenue', [lax])),
  ];
}

/** Everything at once: each waits for nothing. */
const atOnce: readonly Edit[] = [
  { file: 'src/governance/VenueGovernor.sol', from: 'return _votingPeriod;', to: 'return 60;' },
  {
    file: 'src/governance/VenueAccess.sol',
    from: '    /// @dev A proposal for a market that is new, or young.',
    to:
      '    function canCall(address by, address, bytes4) public view override ' +
      'returns (bool, uint32) { return (by == governor, 0); }\n',
  },
  {
    file: 'src/governance/VenueAccess.sol',
    from: 'return address(this).code.length != 0;',
    to: 'return false;',
  },
  {
    file: 'src/libraries/Delayed.sol',
    from: 'return uint40(block.timestamp + delaySeconds);',
    to: 'delaySeconds; return uint40(block.timestamp);',
  },
];

const withoutDelays: Ablation = {
  kind: 'source',
  name: 'what loosens waits',
  contracts: ['VenueGovernor', 'VenueAccess', 'Parameters', 'Oracle'],
  edits: atOnce,
};

export const withoutVeto: Ablation = {
  kind: 'source',
  name: 'guardians drop what was voted',
  contracts: ['VenueGovernor'],
  edits: [
    {
      file: 'src/governance/VenueGovernor.sol',
      from: 'if (confirmed >= required) _cancel(targets, values, calldatas, descriptionHash);',
      to: 'required;',
    },
  ],
};

/** What the vault lets out within a day at most, quote units: B24. */
export async function dayQuote(world: World): Promise<bigint> {
  const [, day] = (await world.read('vault', 'available')) as [bigint, bigint];
  return day / world.scale;
}

/** The vote, the delay of what loosens, the delay of the venue's own contracts. */
export const days = [1.1, 2.1, 1.1].map((each) => Math.round(each * 86_400));

export async function before(world: World): Promise<void> {
  await putUnderVotes(world, councilTerms(seats(world)));
  await world.user('carol', 10_000);
  await furnish(world);
}

/** The first twelve minutes, in which the venue that this happened to was empty. */
export async function burst(world: World): Promise<Motion[]> {
  const all = await motions(world);
  await propose(world, 'seat-1', all);
  await world.wait(70);
  const until = await voteEnd(world, all);
  await brought(world, 'mallory', await consent(world, all, ['seat-1', 'seat-2'], until));
  await world.wait(300);
  await press(world, 'mallory', all);
  await world.wait(300);
  await drain(world);
  return all;
}

export const adminBurst: Attack = {
  kind: 'attack',
  name: 'admin-burst',
  title: 'Signatures of the council in one burst',
  story:
    'Two of three seats sign more than they see. It is brought in twelve ' +
    'minutes: another governor, a new market, another feed, no limits, and then the drain. The ' +
    'guardians read of it half an hour later.',
  incidents: ['Drift 2026-04, $285M in 12 minutes: pre-signed administration'],
  control: 'what loosens waits, by vote and by two delays; guardians drop it meanwhile',
  invariants: ['I11', 'I12', 'I13'],
  bound: dayQuote,
  profitMin: 500_000_000_000n,
  before,
  async run(world) {
    // It watches and tells: its first word is of the proposals, half an hour before the guardians.
    await world.sentinel({ rules: true });
    const all = await world.attack('brings what two seats signed', () => burst(world));
    await world.wait(1_800);
    await dropAll(world, ['guardian-1', 'guardian-2'], all ?? []);
    for (const seconds of days) {
      await world.wait(seconds);
      await world.attack('presses on', () => press(world, 'mallory', all ?? []));
    }
    await world.attack('drains what is open to him', () => drain(world));
    await world.price({ 'ETH-USD': 3_000 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [withoutDelays, withoutVeto],
};

/** Whole tokens that left the vault to the thief. */
const taken = async (world: World): Promise<bigint> =>
  (await world.balance(world.person('mallory').address)) / world.tokens(1);

export const adminBurstUnseen: Attack = {
  kind: 'attack',
  name: 'admin-burst-unseen',
  title: 'The same signatures, and nobody looks',
  story:
    'Guardians and users sleep for four days. Everything that two seats signed comes into force, ' +
    'and the thief’s own prices make him rich on paper. He has the queue released every hour of ' +
    'the day that follows: what he holds at its end is what the vault lets out in a day.',
  incidents: ['Drift 2026-04, $285M in 12 minutes: pre-signed administration'],
  control: 'the vault’s outflow windows, which no vote can widen',
  invariants: ['I13'],
  bound: async (world) => (await dayQuote(world)) / 1_000_000n,
  harm: { unit: 'tokens paid within a day', measure: taken },
  profitMin: 1_500_000n,
  before,
  async run(world) {
    const all = await world.attack('brings what two seats signed', () => burst(world));
    for (const seconds of days) {
      await world.wait(seconds);
      await world.attack('presses on', () => press(world, 'mallory', all ?? []));
    }
    await world.attack('drains what is open to him', async () => {
      await drain(world);
      for (let hour = 0; hour < 23; hour++) {
        await world.wait(3_600);
        await world.call('mallory', 'vault', 'release', [20n], { what: 'releases the queue' });
      }
    });
    await world.withdraw('carol', 1_000);
  },
  ablations: [withoutWindows],
};

/** Votes in favour of all that was proposed. */
async function counted(world: World): Promise<bigint> {
  let sum = 0n;
  for (const motion of await motions(world)) {
    const [, inFavour] = (await readAt(
      world,
      'VenueGovernor',
      'proposalVotes',
      await idOf(world, motion),
    )) as [bigint, bigint, bigint];
    sum += inFavour;
  }
  return sum;
}

export const oldBallots: Attack = {
  kind: 'attack',
  name: 'old-ballots',
  title: 'Ballots of the council, kept for a better day',
  story:
    'What a proposal will be called is known before it is made. Two of three seats signed for ' +
    'four of them weeks ago, each for an hour of that day, and nobody proposed anything. Now ' +
    'the thief does, and brings what was signed.',
  incidents: ['Drift 2026-04, $285M in 12 minutes: pre-signed administration'],
  control: 'a signed ballot says until when it may be brought, and not later than its vote ends',
  invariants: ['I5', 'I6'],
  bound: 0n,
  harm: { unit: 'votes counted', measure: counted },
  profitMin: 8n,
  before,
  async run(world) {
    const all = await motions(world);
    const until = world.memory.time + 3_600;
    const signed = await consent(world, all, ['seat-1', 'seat-2'], until);
    await world.wait(21 * 86_400);
    await world.attack('brings what was signed long ago', async () => {
      await propose(world, 'seat-1', all);
      await world.wait(70);
      await brought(world, 'mallory', signed);
    });
    await world.price({ 'ETH-USD': 3_000 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'ballots end',
      contracts: ['VenueGovernor'],
      edits: [
        {
          file: 'src/governance/VenueGovernor.sol',
          from: 'if (block.timestamp > expiry) revert',
          to: 'if (expiry == 0) revert',
        },
      ],
    },
  ],
};
