/** A chunk: the leaves of a fixed number of places as a dense tree, and paths in it. */
import { invariant } from '@holdfast/units';
import { hash2 } from './field.ts';
import { leafOf, type Member, memberFault, nobody } from './member.ts';

/** Where a leaf hangs: bit k of its place says whether it is right on level k. */
export type Branch = { readonly place: readonly bigint[]; readonly siblings: readonly bigint[] };

/** Members of chunk `index`, filled up with nobody. */
export function chunkMembers(members: readonly Member[], index: number, size: number): Member[] {
  return Array.from({ length: size }, (_, j) => members[index * size + j] ?? nobody);
}

/** Levels of the tree from the leaves to the root. Assumes: members are in range. */
export function chunkLevels(members: readonly Member[]): bigint[][] {
  const isPower = members.length > 1 && (members.length & (members.length - 1)) === 0;
  invariant(isPower, `a chunk of ${members.length} places is no tree`);
  for (const member of members) {
    const fault = memberFault(member);
    invariant(fault === undefined, fault?.message ?? '');
  }
  return treeOf(members.map(leafOf));
}

/** Levels of the tree over leaves, as they are on chain. Assumes: a power of two of them. */
export function treeOf(leaves: readonly bigint[]): bigint[][] {
  const levels = [[...leaves]];
  for (let top = levels[0]!; top.length > 1; ) {
    const next = Array.from({ length: top.length / 2 }, (_, i) =>
      hash2(top[2 * i]!, top[2 * i + 1]!),
    );
    levels.push(next);
    top = next;
  }
  return levels;
}

/** Root of a chunk's tree. */
export const chunkRoot = (members: readonly Member[]): bigint => chunkLevels(members).at(-1)![0]!;

/** The way from a place to the root. */
export function branchOf(levels: readonly (readonly bigint[])[], place: number): Branch {
  const below = levels.slice(0, -1);
  return {
    place: below.map((_, k) => BigInt((place >> k) & 1)),
    siblings: below.map((level, k) => level[(place >> k) ^ 1]!),
  };
}

/** Root that a leaf and its branch lead to. */
export const rootFrom = (leaf: bigint, { place, siblings }: Branch): bigint =>
  siblings.reduce(
    (node, sibling, k) => (place[k] === 1n ? hash2(sibling, node) : hash2(node, sibling)),
    leaf,
  );

/**
 * Whether a member is where its number says, holding what it believes. A member asks this of every
 * epoch: whoever is left out, or counted with other holdings, finds a root that is not the chain's.
 */
export function isIncluded(
  member: Member,
  number: number,
  siblings: readonly bigint[],
  root: bigint,
): boolean {
  if (memberFault(member) !== undefined) return false;
  const place = siblings.map((_, k) => BigInt((number >> k) & 1));
  return rootFrom(leafOf(member), { place, siblings }) === root;
}
