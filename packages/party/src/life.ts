/** A committee's key and signatures as the registry on chain takes them. */
import { expandSignature } from '@holdfast/oracle';
import { type Roster, rosterHash } from '@holdfast/quorum';
import { fromHex, type Hex, invariant, isRejection, toHex } from '@holdfast/units';

/** Numbers of the committees in the registry. */
export const committeeIds = { treasury: 1, oracle: 2, bridge: 3 } as const;
export type CommitteeName = keyof typeof committeeIds;

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

/** Coordinates of a signature of 65 bytes. Assumes that it was verified. */
export function groupSignature(signature: Hex): GroupSignature {
  const whole = expandSignature(fromHex(signature));
  invariant(!isRejection(whole), 'a verified signature has a point');
  const word = (at: number): bigint => BigInt(toHex(whole.subarray(32 * at, 32 * at + 32)));
  return { rx: word(0), ry: word(1), z: word(2) };
}
