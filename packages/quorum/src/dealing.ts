/**
 * How key shares come to be: dealt by all without a dealer (Pedersen's DKG with proofs of
 * knowledge, from @noble/curves), or dealt anew from a quorum's old shares. Both look alike to a
 * ceremony: packages in the open, one share for each holder, a sum.
 */

import { fromHex, type Hex, invariant, toHex } from '@holdfast/units';
import type { DKG_Round1, DKG_Secret } from '@noble/curves/abstract/frost.js';
import {
  frost,
  identifierOf,
  isPoint,
  isShareOn,
  isShareWhole,
  type KeyShare,
  type PublicKeys,
  type Random,
  shareOf,
  sumCommitments,
  sumShares,
  weighPublic,
  weighShare,
} from './suite.ts';

/** What a dealer says in the open. */
export type DealtPackage = { readonly commitments: readonly Hex[]; readonly proof?: Hex };

export type Dealing = {
  /** Our own package, when we deal. */
  readonly own: DealtPackage | undefined;
  /**
   * Judges the packages of all dealers, ours included.
   * @returns why a dealer's package does not hold, by number of the dealer; empty when all do
   */
  judge(packages: ReadonlyMap<number, DealtPackage>): Map<number, string>;
  /** Our share for a holder; after {@link judge} found no fault. 32 bytes, secret. */
  shareFor(holder: number): Uint8Array;
  /** Our key share, from the shares that every dealer dealt us, our own included. */
  sum(packages: ReadonlyMap<number, DealtPackage>, shares: readonly Uint8Array[]): KeyShare;
  /** What everybody knows of the result. */
  publicKeys(packages: ReadonlyMap<number, DealtPackage>): PublicKeys;
  /** Forgets our polynomial. */
  forget(): void;
};

export type DealingOptions = {
  readonly threshold: number;
  /** Numbers in the new roster. */
  readonly holders: readonly number[];
  /** Our number among the holders; undefined when we only deal. */
  readonly index: number | undefined;
  readonly random: Random;
};

const rngOf =
  (random: Random) =>
  (length = 32): Uint8Array =>
    random(length);

function sumOf(
  index: number | undefined,
  shares: readonly Uint8Array[],
  keys: PublicKeys,
): KeyShare {
  invariant(index !== undefined, 'only a holder sums shares');
  const key = { index, share: toHex(sumShares(shares)), keys };
  invariant(isShareWhole(key), 'the sum of valid shares is off the sum of their polynomials');
  return key;
}

const commitmentsOf = (packages: ReadonlyMap<number, DealtPackage>) =>
  [...packages.values()].map((each) => each.commitments);

function round1Of(dealer: number, dealt: DealtPackage): DKG_Round1 {
  return {
    identifier: identifierOf(dealer),
    commitment: dealt.commitments.map(fromHex),
    proofOfKnowledge: fromHex(dealt.proof ?? '0x'),
  } as DKG_Round1;
}

/** Whether the library takes this one package; it does not say whose was wrong among many. */
function faultOfFresh(options: DealingOptions, dealer: number, dealt: DealtPackage) {
  const min = options.threshold;
  const judge: DKG_Secret = {
    identifier: BigInt(options.holders.find((holder) => holder !== dealer) ?? dealer + 1),
    coefficients: [1n],
    commitment: [],
    signers: { min: 2, max: 2 },
    step: 1,
  };
  try {
    frost.DKG.round2(judge, [
      round1Of(dealer, { ...dealt, commitments: dealt.commitments.slice(0, 2) }),
    ]);
  } catch (error) {
    return (error as Error).message;
  }
  if (dealt.commitments.length !== min)
    return `${dealt.commitments.length} commitments, not ${min}`;
  return dealt.commitments.every(isPoint) ? undefined : 'a commitment is no point of the curve';
}

/** A new key: holders are the dealers. */
export function dealFresh(options: DealingOptions): Dealing {
  const { threshold: min, holders, index, random } = options;
  invariant(index !== undefined, 'every dealer of a new key holds a share of it');
  const signers = { min, max: holders.length };
  const made = frost.DKG.round1(identifierOf(index), signers, undefined, rngOf(random));
  const secret = made.secret;
  const coefficients = [...(secret.coefficients ?? [])];
  const own = {
    commitments: made.public.commitment.map((point) => toHex(point)),
    proof: toHex(made.public.proofOfKnowledge),
  };
  return {
    own,
    judge(packages) {
      const others = [...packages].filter(([dealer]) => dealer !== index);
      const faults = new Map<number, string>();
      try {
        frost.DKG.round2(
          secret,
          others.map(([dealer, dealt]) => round1Of(dealer, dealt)),
        );
        return faults;
      } catch (error) {
        for (const [dealer, dealt] of others) {
          const fault = faultOfFresh(options, dealer, dealt);
          if (fault !== undefined) faults.set(dealer, fault);
        }
        if (faults.size === 0) throw error;
        return faults;
      }
    },
    shareFor: (holder) => shareOf(coefficients, holder),
    sum: (packages, shares) =>
      sumOf(index, shares, sumCommitments(commitmentsOf(packages), holders)),
    publicKeys: (packages) => sumCommitments(commitmentsOf(packages), holders),
    forget() {
      frost.DKG.clean(secret);
      coefficients.fill(0n);
    },
  };
}

export type ResharingOptions = DealingOptions & {
  /** Numbers of the dealers in the old roster: as many as its threshold. */
  readonly dealers: readonly number[];
  readonly old: PublicKeys;
  /** Our old share, when we deal. */
  readonly oldShare: KeyShare | undefined;
};

/** The same key for other holders: each dealer deals out its weighted old share. */
export function dealAgain(options: ResharingOptions): Dealing {
  const { threshold: min, holders, index, random, dealers, old, oldShare } = options;
  const signers = { min, max: Math.max(min, holders.length) };
  const made =
    oldShare &&
    frost.utils.generateSecretPolynomial(
      signers,
      weighShare(dealers, oldShare),
      undefined,
      rngOf(random),
    );
  const coefficients = [...(made?.coefficients ?? [])];
  const faultOf = (dealer: number, { commitments, proof }: DealtPackage): string | undefined => {
    if (proof !== undefined) return 'a resharing needs no proof of knowledge';
    if (commitments.length !== min) return `${commitments.length} commitments, not ${min}`;
    if (!commitments.every(isPoint)) return 'a commitment is no point of the curve';
    const share = old.holders[dealer];
    if (share !== undefined && commitments[0] === weighPublic(dealers, dealer, share)) {
      return undefined;
    }
    return 'the first commitment is not the weighted public share of the dealer';
  };
  return {
    own: made && { commitments: made.commitment.map((point) => toHex(point)) },
    judge(packages) {
      const faults = new Map<number, string>();
      for (const [dealer, dealt] of packages) {
        const fault = faultOf(dealer, dealt);
        if (fault !== undefined) faults.set(dealer, fault);
      }
      return faults;
    },
    shareFor: (holder) => shareOf(coefficients, holder),
    sum: (packages, shares) =>
      sumOf(index, shares, sumCommitments(commitmentsOf(packages), holders)),
    publicKeys(packages) {
      const keys = sumCommitments(commitmentsOf(packages), holders);
      invariant(keys.commitments[0] === old.commitments[0], 'a resharing changed the group key');
      return keys;
    },
    forget: () => void coefficients.fill(0n),
  };
}

/** Whether a dealt share lies on its dealer's polynomial. */
export const isDealt = (dealt: DealtPackage, holder: number, share: Hex): boolean =>
  isShareOn(dealt.commitments, holder, fromHex(share));
