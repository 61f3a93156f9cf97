/** Epochs: from the book at a snapshot to what is proven, and each member's opening of its leaf. */
import {
  type Branch,
  branchOf,
  type ChunkPlan,
  type Circuit,
  chunkCount,
  chunkLevels,
  chunkMembers,
  type EpochFacts,
  type Member,
  type PoolContext,
  planEpoch,
  slotOf,
} from '@holdfast/proof';
import type { Hex, Rejection } from '@holdfast/units';
import { reject } from '@holdfast/units';
import type { Epoch } from './follow.ts';
import { blindOf, saltOf, sharedOf } from './secrets.ts';
import { addressWord } from './terms.ts';

export type EpochPlace = { readonly chainId: number; readonly pool: Hex };

/** The slots of a snapshot. */
export const contextOf = (words: readonly bigint[]): PoolContext => words.map(slotOf);

/** The leaves of an epoch as they were proven, or will be. */
export const leavesOf = (seed: Uint8Array, epoch: Epoch): Member[] =>
  epoch.members.map(({ address, key, cash, sizes }) => ({
    key,
    cash,
    sizes,
    salt: saltOf(sharedOf(seed, address), epoch.id),
  }));

/** What anyone knows of an epoch. */
export const factsOf = (place: EpochPlace, epoch: Epoch): EpochFacts => ({
  chainId: BigInt(place.chainId),
  pool: addressWord(place.pool),
  epoch: epoch.id,
  context: contextOf(epoch.snapshot.context),
  totals: { cash: epoch.snapshot.totalCash, sizes: epoch.snapshot.totalSizes },
  keys: epoch.members.map(({ key }) => key),
});

/** What is to be proven, chunk by chunk; a rejection says why no proof can exist. */
export function planOf(
  circuit: Circuit,
  place: EpochPlace,
  seed: Uint8Array,
  epoch: Epoch,
): ChunkPlan[] | Rejection {
  if (circuit.size !== epoch.snapshot.chunkMembers) {
    const found = `the circuit proves chunks of ${circuit.size}`;
    return reject('KeyDiffers', `${found}, the pool has ${epoch.snapshot.chunkMembers}`);
  }
  const count = chunkCount(epoch.members.length, circuit.size);
  const blinds = Array.from({ length: count }, (_, i) => blindOf(seed, epoch.id, i));
  return planEpoch(circuit, factsOf(place, epoch), leavesOf(seed, epoch), blinds);
}

/** What a member needs to prove something of its leaf, or to leave with it. */
export type Opened = {
  readonly epoch: bigint;
  readonly number: number;
  readonly chunk: number;
  readonly salt: bigint;
  readonly cash: bigint;
  readonly sizes: readonly bigint[];
  readonly siblings: readonly bigint[];
  readonly place: readonly bigint[];
  readonly root: bigint;
};

/** A member's opening of its leaf in an epoch; undefined: it joined later. */
export function openingOf(seed: Uint8Array, epoch: Epoch, number: number): Opened | undefined {
  const leaves = leavesOf(seed, epoch);
  const leaf = leaves[number];
  if (leaf === undefined) return undefined;
  const size = epoch.snapshot.chunkMembers;
  const chunk = Math.floor(number / size);
  const levels = chunkLevels(chunkMembers(leaves, chunk, size));
  const { siblings, place }: Branch = branchOf(levels, number % size);
  const { salt, cash, sizes } = leaf;
  const root = levels.at(-1)?.[0] as bigint;
  return { epoch: epoch.id, number, chunk, salt, cash, sizes, siblings, place, root };
}
