/** Proposals to a VenueGovernor as single calls, ballots signed beforehand, and who drops them. */
import { ballotArguments, type SignedBallot, signBallot } from '@holdfast/sdk';
import type { Hex } from '@holdfast/units';
import { keccak256, toHex } from 'viem';
import { chainId } from './chain.ts';
import { dataFor, placeOf, readAt } from './places.ts';
import type { World } from './world.ts';

/** A proposal of one call. */
export interface Motion {
  readonly what: string;
  readonly target: Hex;
  readonly data: Hex;
}

export const motionOf = (what: string, target: Hex, data: Hex): Motion => ({ what, target, data });

const seatNames = ['seat-1', 'seat-2', 'seat-3'];
/** Holders of the council's seats. */
export const seats = (world: World): Hex[] => seatNames.map((name) => world.key(name).address);

const partsOf = ({ what, target, data }: Motion) =>
  [[target], [0n], [data], keccak256(toHex(what))] as const;

/** One transaction to the governor. */
function toGovernor(
  world: World,
  by: string,
  what: string,
  name: string,
  args: readonly unknown[],
) {
  const to = placeOf(world, 'VenueGovernor');
  return { by, what, request: { to, data: dataFor('VenueGovernor', name, args), gas: 4_000_000n } };
}

export const idOf = (world: World, motion: Motion): Promise<bigint> =>
  readAt(world, 'VenueGovernor', 'getProposalId', ...partsOf(motion)) as Promise<bigint>;

export async function propose(world: World, by: string, all: readonly Motion[]): Promise<void> {
  const wishes = all.map((motion) => {
    const [targets, values, data] = partsOf(motion);
    const args = [targets, values, data, motion.what];
    return toGovernor(world, by, `proposes to ${motion.what}`, 'propose', args);
  });
  if (wishes.length > 0) await world.together(wishes);
}

/**
 * Ballots in favour, signed by seats for a time when somebody brings them.
 *
 * @param until last second at which they count
 */
export async function consent(
  world: World,
  all: readonly Motion[],
  voters: readonly string[],
  until: number,
): Promise<SignedBallot[]> {
  const place = { chainId, governor: placeOf(world, 'VenueGovernor') };
  const signed: SignedBallot[] = [];
  for (const [nonce, motion] of all.entries()) {
    const proposalId = await idOf(world, motion);
    for (const voter of voters) {
      const account = world.key(voter);
      const wish = { proposalId, ballot: 'for', voter: account.address, until } as const;
      signed.push(await signBallot(account, place, { ...wish, nonce: BigInt(nonce) }));
    }
  }
  return signed;
}

/** When the vote ends on what was proposed at one time, seconds. */
export async function voteEnd(world: World, [first]: readonly Motion[]): Promise<number> {
  if (first === undefined) return 0;
  const id = await idOf(world, first);
  return Number(await readAt(world, 'VenueGovernor', 'proposalDeadline', id));
}

/** Brings ballots that others signed. */
export async function brought(
  world: World,
  by: string,
  signed: readonly SignedBallot[],
): Promise<void> {
  const name = 'castVoteWithReasonAndParamsBySig';
  await world.together(
    signed.map((one) =>
      toGovernor(world, by, `brings a ballot of ${one.voter}`, name, ballotArguments(one)),
    ),
  );
}

/** Tries to carry all of it on: queues, executes, and applies whatever has waited long enough. */
export async function press(world: World, by: string, all: readonly Motion[]): Promise<void> {
  if (all.length === 0) return;
  for (const step of ['queue', 'execute']) {
    await world.together(
      all.map((motion) =>
        toGovernor(world, by, `would ${step}: ${motion.what}`, step, partsOf(motion)),
      ),
    );
  }
  const apply = (contract: 'parameters' | 'oracle', name: string, args: unknown[]) => ({
    by,
    what: `would apply: ${name}`,
    request: { to: world.addressOf(contract), data: world.encode(contract, name, args) },
  });
  await world.together([
    apply('oracle', 'applyVerifier', []),
    apply('parameters', 'applyVenue', []),
    apply('parameters', 'applyMarket', [world.venue.markets.length]),
    apply('parameters', 'acceptGovernor', []),
  ]);
}

/** Guardians say no to whatever of it there is. */
export async function dropAll(world: World, guardians: readonly string[], all: readonly Motion[]) {
  for (const guardian of guardians) {
    const wishes = all.map((motion) =>
      toGovernor(world, guardian, `drops: ${motion.what}`, 'veto', partsOf(motion)),
    );
    if (wishes.length > 0) await world.together(wishes);
  }
}
