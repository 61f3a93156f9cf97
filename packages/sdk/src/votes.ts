/**
 * Governance by votes: proposals with their state, and what their life needs. A proposal is known
 * by its number, in the order of the chain's logs.
 */
import { venueAccessAbi, venueGovernorAbi } from '@holdfast/abi';
import type { ChainReader } from '@holdfast/host';
import { type Hex, keccak256, type Rejection, reject, toHex, utf8 } from '@holdfast/units';
import type { Abi, Address } from 'viem';
import { type Ballot, ballotArguments, ballots, type SignedBallot } from './ballot.ts';
import type { ChainActions, Done } from './chain.ts';

/** States of a proposal, in the order of the contract. */
export const proposalStates = [
  'pending',
  'active',
  'cancelled',
  'defeated',
  'succeeded',
  'queued',
  'expired',
  'executed',
] as const;
export type ProposalState = (typeof proposalStates)[number];

/** One call of a proposal. */
export type ProposedCall = { readonly target: Address; readonly data: Hex };

export type Proposal = {
  /** From 1, in the order of the chain. */
  readonly number: number;
  readonly id: bigint;
  readonly proposer: Address;
  readonly calls: readonly ProposedCall[];
  readonly why: string;
  readonly state: ProposalState;
  readonly votesFor: bigint;
  readonly votesAgainst: bigint;
  readonly votesAbstain: bigint;
  readonly quorum: bigint;
  /** When votes are counted, until when they are taken, from when it can be executed; seconds. */
  readonly snapshot: number;
  readonly deadline: number;
  readonly eta: number;
};

export type Votes = ReturnType<typeof createVotes>;

type Created = {
  args: {
    proposalId: bigint;
    proposer: Address;
    targets: readonly Address[];
    calldatas: readonly Hex[];
    voteStart: bigint;
    voteEnd: bigint;
    description: string;
  };
};

const argumentsOf = ({ calls, why }: Pick<Proposal, 'calls' | 'why'>): unknown[] => [
  calls.map(({ target }) => target),
  calls.map(() => 0n),
  calls.map(({ data }) => data),
  toHex(keccak256(utf8(why))),
];

/** What an access manager's voting contract knows of proposals. */
function createRecord(reader: ChainReader, access: Address, fromBlock: number) {
  const governorOf = (): Promise<Address> =>
    reader.readContract({ address: access, abi: venueAccessAbi, functionName: 'governor' });
  const ask = async <T>(functionName: string, ...args: unknown[]): Promise<T> => {
    const call = { address: await governorOf(), abi: venueGovernorAbi, functionName, args };
    return (await reader.readContract(call as never)) as T;
  };

  async function proposalOf(log: Created, index: number): Promise<Proposal> {
    const { proposalId: id, targets, calldatas, voteStart, voteEnd } = log.args;
    const { timestamp } = await reader.getBlock();
    const [state, [against, inFavour, abstain], eta, quorum] = await Promise.all([
      ask<number>('state', id),
      ask<[bigint, bigint, bigint]>('proposalVotes', id),
      ask<bigint>('proposalEta', id),
      // Of a snapshot that is still to come nothing is known.
      voteStart < timestamp ? ask<bigint>('quorum', voteStart) : 0n,
    ]);
    return {
      number: index + 1,
      id,
      proposer: log.args.proposer,
      calls: targets.map((target, i) => ({ target, data: calldatas[i] as Hex })),
      why: log.args.description,
      state: proposalStates[state] as ProposalState,
      votesFor: inFavour,
      votesAgainst: against,
      votesAbstain: abstain,
      quorum,
      snapshot: Number(voteStart),
      deadline: Number(voteEnd),
      eta: Number(eta),
    };
  }

  async function list(): Promise<Proposal[]> {
    const logs = await reader.getContractEvents({
      address: await governorOf(),
      abi: venueGovernorAbi,
      eventName: 'ProposalCreated',
      fromBlock: BigInt(fromBlock),
    });
    return Promise.all((logs as unknown as Created[]).map(proposalOf));
  }
  return { governorOf, list };
}

/**
 * @param access the access manager that governs the venue
 * @param fromBlock first block that may hold a proposal
 * @param chain actions with the key of whoever acts
 */
export function createVotes(
  reader: ChainReader,
  chain: ChainActions,
  access: Address,
  fromBlock: number,
) {
  const { governorOf, list } = createRecord(reader, access, fromBlock);
  const act = async (functionName: string, args: unknown[]): Promise<Done | Rejection> =>
    chain.call({ address: await governorOf(), abi: venueGovernorAbi as Abi, functionName, args });
  const onNumber = async <T>(
    number: number,
    run: (proposal: Proposal) => Promise<T | Rejection>,
  ): Promise<T | Rejection> => {
    const all = await list();
    const found = all[number - 1];
    if (found !== undefined) return run(found);
    return reject('ProposalUnknown', `there is no proposal ${number}; there are ${all.length}`);
  };
  const whole = (name: string) => (number: number) =>
    onNumber(number, (proposal) => act(name, argumentsOf(proposal)));
  const takeOver = { address: access, abi: venueAccessAbi as Abi, functionName: 'takeOver' };

  return {
    list,
    /** Begins a vote about these calls, for a reason that tells it from every other proposal. */
    propose(calls: readonly ProposedCall[], why: string) {
      const [targets, values, data] = argumentsOf({ calls, why });
      return act('propose', [targets, values, data, why]);
    },
    vote: (number: number, ballot: Ballot) =>
      onNumber(number, ({ id }) => act('castVote', [id, ballots[ballot]])),
    /** What a signed ballot of a voter about a proposal needs to say. */
    ballotBox: (number: number, voter: Address) =>
      onNumber(number, async (proposal) => {
        const governor = await governorOf();
        const call = { address: governor, abi: venueGovernorAbi, functionName: 'nonces' } as const;
        const nonce = await reader.readContract({ ...call, args: [voter] });
        return { proposal, governor, nonce };
      }),
    /** Brings a ballot that somebody signed; anyone, in its time. */
    async bring(signed: SignedBallot) {
      const governor = await governorOf();
      if (governor.toLowerCase() !== signed.governor.toLowerCase()) {
        const where = `the ballot is for the votes at ${signed.governor}, not at ${governor}`;
        return reject('VenueWrong', where);
      }
      return act('castVoteWithReasonAndParamsBySig', ballotArguments(signed));
    },
    /** Starts the delay of what was voted; anyone. */
    queue: whole('queue'),
    /** Does what was voted; anyone, after its delay. */
    execute: whole('execute'),
    /** The proposer, before the vote. */
    cancel: whole('cancel'),
    /** One guardian's word to drop it. */
    veto: whole('veto'),
    /** Anyone, where the governor before has proposed the access manager. */
    takeOver: () => chain.call({ ...takeOver, args: [] }),
  };
}
