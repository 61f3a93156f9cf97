/** What the chain says of votes, where many govern: seats, quorum, times. */
import { councilAbi, venueAccessAbi, venueGovernorAbi } from '@holdfast/abi';
import type { ChainReader } from '@holdfast/host';
import type { Address } from 'viem';
import { type Ask, refused } from './ask.ts';

export type VotingFacts = {
  readonly access: Address;
  readonly governor: Address;
  readonly votes: Address;
  /** Whether votes are seats of a council; else of a token, whose holders are not listed. */
  readonly isCouncil: boolean;
  readonly seats: readonly Address[];
  /** Votes that a proposal needs now, and all that there are. */
  readonly quorum: bigint;
  readonly total: bigint;
  readonly threshold: bigint;
  readonly votingDelaySeconds: number;
  readonly votingPeriodSeconds: number;
  readonly loosenDelaySeconds: number;
  readonly expirySeconds: number;
  readonly shadowSeconds: number;
  readonly shadowQuote: bigint;
};

type Seated = { readonly args: { readonly holder?: Address } }[];

async function seatsOf(
  reader: ChainReader,
  ask: Ask,
  votes: Address,
  fromBlock: bigint,
): Promise<Address[]> {
  const from = { address: votes, abi: councilAbi, eventName: 'SeatChanged', fromBlock } as const;
  const logs = (await reader.getContractEvents(from)) as Seated;
  const all = [...new Set(logs.map(({ args }) => args.holder as Address))];
  const seated = await Promise.all(
    all.map((each) => ask<boolean>(votes, councilAbi, 'isSeated', each)),
  );
  return all.filter((_, i) => seated[i]).sort();
}

/**
 * Undefined when the governor is no access manager of ours.
 *
 * @param time of the block, Unix seconds: quorum and votes are those of the second before
 */
export async function votingOf(
  reader: ChainReader,
  ask: Ask,
  access: Address,
  time: bigint,
  fromBlock: bigint,
): Promise<VotingFacts | undefined> {
  const governor = await ask<Address>(access, venueAccessAbi, 'governor').catch(refused);
  if (governor === undefined) return undefined;
  const on = <T>(name: string, ...args: unknown[]) =>
    ask<T>(governor, venueGovernorAbi, name, ...args);
  const votes = await on<Address>('token');
  const of = async (name: string) => Number(await ask<bigint>(access, venueAccessAbi, name));
  const seats = await ask<bigint>(votes, councilAbi, 'seats').catch(refused);
  return {
    access,
    governor,
    votes,
    isCouncil: seats !== undefined,
    seats: seats === undefined ? [] : await seatsOf(reader, ask, votes, fromBlock),
    quorum: await on<bigint>('quorum', time - 1n),
    total: await ask<bigint>(votes, councilAbi, 'getPastTotalSupply', time - 1n),
    threshold: await on<bigint>('proposalThreshold'),
    votingDelaySeconds: Number(await on<bigint>('votingDelay')),
    votingPeriodSeconds: Number(await on<bigint>('votingPeriod')),
    loosenDelaySeconds: await of('loosenDelaySeconds'),
    expirySeconds: await of('expiration'),
    shadowSeconds: await of('shadowSeconds'),
    shadowQuote: await ask<bigint>(access, venueAccessAbi, 'shadowQuote'),
  };
}
