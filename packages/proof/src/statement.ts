/** The two statements as public vectors, and the words that bind them to a place and a time. */
import { markets } from './context.ts';
import { hash3, keccakField } from './field.ts';
import { cashOffset, sizeOffset } from './member.ts';

/** Binds a statement to a chain, a pool and a circuit. */
export const domainOf = (chainId: bigint, pool: bigint, circuitId: bigint): bigint =>
  keccakField([chainId, pool, circuitId]);

/** Cash and lots of the omnibus account at the block of an epoch. */
export type Totals = { readonly cash: bigint; readonly sizes: readonly bigint[] };

/** What everyone knows of a chunk. */
export type SolvencyStatement = {
  readonly domain: bigint;
  readonly epoch: bigint;
  readonly chunkIndex: number;
  readonly memberCount: number;
  readonly sumsBefore: bigint;
  readonly sumsAfter: bigint;
  readonly chunkRoot: bigint;
  /** Keys of the chunk's places, 0 beyond the last member. */
  readonly keys: readonly bigint[];
  /** Context words. */
  readonly context: readonly bigint[];
  /** Given exactly for the last chunk. */
  readonly totals: Totals | undefined;
};

/** How many chunks of a size an epoch has: one at least. */
export const chunkCount = (memberCount: number, size: number): number =>
  Math.max(1, Math.ceil(memberCount / size));

/** The vector of a chunk. */
export function solvencyVector(of: SolvencyStatement): bigint[] {
  const { totals } = of;
  const closed = Array.from({ length: markets }, () => 0n);
  return [
    of.domain,
    of.epoch,
    BigInt(of.chunkIndex),
    BigInt(of.memberCount),
    totals === undefined ? 0n : 1n,
    of.sumsBefore,
    of.sumsAfter,
    of.chunkRoot,
    ...of.keys,
    ...of.context,
    totals === undefined ? 0n : totals.cash + cashOffset,
    ...(totals === undefined ? closed : totals.sizes.map((size) => size + sizeOffset)),
  ];
}

/** What a margin statement says: which requirement is covered, or that a threshold is. */
export const marginKinds = ['maintenance', 'initial', 'threshold'] as const;
export type MarginKind = (typeof marginKinds)[number];

/** Who asks whom, once. */
export type MarginRequest = {
  readonly chainId: bigint;
  readonly verifier: bigint;
  readonly requester: bigint;
  readonly nonce: bigint;
  /** Chain seconds after which the statement is worth nothing. */
  readonly expiry: bigint;
};

/** Names a request: another chain, verifier, requester, nonce or expiry is another challenge. */
export const challengeOf = (of: MarginRequest): bigint =>
  keccakField([of.chainId, of.verifier, of.requester, of.nonce, of.expiry]);

/** The mark that a member leaves for a challenge: the same one whenever it answers it again. */
export const nullifierOf = (secret: bigint, challenge: bigint, root: bigint): bigint =>
  hash3(secret, challenge, root);

/** What the verifier of a margin statement knows. */
export type MarginStatement = {
  readonly domain: bigint;
  readonly verifier: bigint;
  readonly requester: bigint;
  readonly challenge: bigint;
  readonly expiry: bigint;
  readonly epoch: bigint;
  readonly chunkIndex: number;
  readonly chunkRoot: bigint;
  readonly kind: MarginKind;
  /** Whole quote units; 0 unless the kind is `threshold`. */
  readonly threshold: bigint;
  readonly nullifier: bigint;
  /** Context words. */
  readonly context: readonly bigint[];
};

/** The vector of a margin statement. */
export const marginVector = (of: MarginStatement): bigint[] => [
  of.domain,
  of.verifier,
  of.requester,
  of.challenge,
  of.expiry,
  of.epoch,
  BigInt(of.chunkIndex),
  of.chunkRoot,
  BigInt(marginKinds.indexOf(of.kind)),
  of.threshold,
  of.nullifier,
  ...of.context,
];
