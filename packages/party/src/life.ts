/** What a new committee signs so that the registry on chain takes its key. */
import { expandSignature } from '@holdfast/oracle';
import { type Generation, type Roster, rosterHash } from '@holdfast/quorum';
import { fromHex, type Hex, invariant, isRejection, toHex } from '@holdfast/units';
import { hashTypedData } from 'viem';

/** Numbers of the committees in the registry. */
export const committeeIds = { treasury: 1, oracle: 2 } as const;

/** A key that waits for its committee, as the registry takes it. */
export interface Candidate {
  x: bigint;
  isOdd: boolean;
  threshold: number;
  size: number;
  roster: Hex;
}

/** A group signature as contracts take it. */
export interface GroupSignature {
  rx: bigint;
  ry: bigint;
  z: bigint;
}

const types = {
  ProofOfLife: [
    { name: 'committee', type: 'uint8' },
    { name: 'generation', type: 'uint32' },
    { name: 'x', type: 'uint256' },
    { name: 'isOdd', type: 'bool' },
    { name: 'threshold', type: 'uint8' },
    { name: 'size', type: 'uint8' },
    { name: 'roster', type: 'bytes32' },
  ],
} as const;

/** The candidate that a ceremony made. */
export function candidateOf(groupKey: Hex, roster: Roster): Candidate {
  return {
    x: BigInt(`0x${groupKey.slice(4)}`),
    isOdd: groupKey.startsWith('0x03'),
    threshold: roster.threshold,
    size: roster.parties.length,
    roster: rosterHash(roster),
  };
}

/**
 * Digest of the proof of life for the first key of a committee. Every signer makes it from its own
 * records: roster, registry and chain are those that it agreed to.
 */
export function lifeDigest({ certificate, roster }: Generation, committee: number): Uint8Array {
  const { chainId, contract: verifyingContract } = roster;
  const candidate = candidateOf(certificate.groupKey, roster);
  const hash = hashTypedData({
    domain: { name: 'Holdfast Committees', version: '1', chainId, verifyingContract },
    types,
    primaryType: 'ProofOfLife',
    message: { committee, generation: 1, ...candidate },
  });
  return fromHex(hash);
}

/** Coordinates of a signature of 65 bytes. Assumes that it was verified. */
export function groupSignature(signature: Hex): GroupSignature {
  const whole = expandSignature(fromHex(signature));
  invariant(!isRejection(whole), 'a verified signature has a point');
  const word = (at: number): bigint => BigInt(toHex(whole.subarray(32 * at, 32 * at + 32)));
  return { rx: word(0), ry: word(1), z: word(2) };
}
