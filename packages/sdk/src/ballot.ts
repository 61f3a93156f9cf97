/**
 * Votes by signature: a seat signs without gas, and anybody brings it. A ballot says until when it
 * may be brought, at the latest to the end of its vote; the contract counts no other.
 */
import {
  EnvironmentError,
  type Hex,
  type Rejection,
  reject,
  stringifyPlain,
} from '@holdfast/units';
import { type Address, encodeAbiParameters, isAddress, isHex } from 'viem';
import type { Signer } from './signer.ts';

/** How a vote is cast. */
export const ballots = { against: 0, for: 1, abstain: 2 } as const;
export type Ballot = keyof typeof ballots;

/** As OpenZeppelin's Governor hashes it; `params` is the time, one word. */
export const ballotTypes = {
  ExtendedBallot: [
    { name: 'proposalId', type: 'uint256' },
    { name: 'support', type: 'uint8' },
    { name: 'voter', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'reason', type: 'string' },
    { name: 'params', type: 'bytes' },
  ],
} as const;

/** The voting contract that a ballot is for. */
export type BallotPlace = { readonly chainId: number; readonly governor: Address };

export type BallotWish = {
  readonly proposalId: bigint;
  readonly ballot: Ballot;
  readonly voter: Address;
  /** The contract's `nonces(voter)`: what was signed for another one is void. */
  readonly nonce: bigint;
  /** Last second at which it may be brought. */
  readonly until: number;
};

/** A signed ballot as it is handed on. */
export type SignedBallot = BallotPlace & BallotWish & { readonly signature: Hex };

/** The time of a ballot, as the contract reads it. */
export const ballotParams = (until: number): Hex =>
  encodeAbiParameters([{ type: 'uint256' }], [BigInt(until)]);

/** The typed data that a seat's wallet shows and signs. */
export function ballotData({ chainId, governor }: BallotPlace, wish: BallotWish) {
  const { proposalId, ballot, voter, nonce, until } = wish;
  const params = ballotParams(until);
  return {
    domain: { name: 'Holdfast Governor', version: '1', chainId, verifyingContract: governor },
    types: ballotTypes,
    primaryType: 'ExtendedBallot',
    message: { proposalId, support: ballots[ballot], voter, nonce, reason: '', params },
  } as const;
}

export async function signBallot(
  signer: Signer,
  place: BallotPlace,
  wish: BallotWish,
): Promise<SignedBallot> {
  if (signer.address.toLowerCase() !== wish.voter.toLowerCase()) {
    throw new EnvironmentError('KeyWrong', `${signer.address} signs no ballot of ${wish.voter}`);
  }
  const signature = await signer.signTypedData(ballotData(place, wish));
  return { ...place, ...wish, signature };
}

/** Arguments of `castVoteWithReasonAndParamsBySig`. */
export const ballotArguments = (one: SignedBallot): unknown[] => {
  const { proposalId, ballot, voter, until, signature } = one;
  return [proposalId, ballots[ballot], voter, '', ballotParams(until), signature];
};

/** A ballot as text for a file. */
export const writeBallot = (one: SignedBallot): string => `${stringifyPlain(one, 2)}\n`;

const isWhole = (value: unknown): value is string =>
  typeof value === 'string' && /^(0|[1-9]\d{0,77})$/.test(value);
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;

/** Reads what `writeBallot` wrote. */
export function readBallot(text: string): SignedBallot | Rejection {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return reject('BallotMalformed', 'it is no JSON');
  }
  const { chainId, governor, proposalId, ballot, voter, nonce, until, signature } = raw ?? {};
  const isSound =
    isCount(chainId) &&
    isAddress(String(governor)) &&
    isWhole(proposalId) &&
    typeof ballot === 'string' &&
    Object.hasOwn(ballots, ballot) &&
    isAddress(String(voter)) &&
    isWhole(nonce) &&
    isCount(until) &&
    isHex(signature) &&
    signature.length <= 8_194;
  if (!isSound) return reject('BallotMalformed', 'a field is missing or of another kind');
  return {
    chainId,
    governor: governor as Address,
    proposalId: BigInt(proposalId),
    ballot: ballot as Ballot,
    voter: voter as Address,
    nonce: BigInt(nonce),
    until,
    signature,
  };
}
