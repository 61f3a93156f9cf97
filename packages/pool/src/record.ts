/**
 * A member's leaf without the operator: holdings from the chain and the member's own record of its
 * orders, the salt from what it shares with the operator, the neighbours from the leaves on chain.
 */
import type { ChainReader } from '@holdfast/host';
import { branchOf, leafOf, type Member, memberFault, treeOf } from '@holdfast/proof';
import { isRejection, type Rejection, reject } from '@holdfast/units';
import { z } from 'zod';
import type { PoolInfo } from './contract.ts';
import type { Opened } from './epoch.ts';
import { createFollower, type Epoch, type Followed, type Snapshot } from './follow.ts';
import { saltOf } from './secrets.ts';

const digits = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);

/** What a member keeps for itself: what its salts come from, and where its orders went. */
export const recordSchema = z.strictObject({
  shared: digits.optional(),
  orders: z.array(z.strictObject({ nonce: z.int(), lane: z.int().min(0), seq: z.int().min(0) })),
});
export type MemberRecord = z.infer<typeof recordSchema>;

export const emptyRecord: MemberRecord = { orders: [] };

/** The record with one order more; the same again changes nothing. */
export function withOrder(record: MemberRecord, order: MemberRecord['orders'][number]) {
  const isKnown = record.orders.some(({ lane, seq }) => lane === order.lane && seq === order.seq);
  return isKnown ? record : { ...record, orders: [...record.orders, order] };
}

/**
 * The member's opening in an epoch, from its own copy of the book. Undefined: it joined later.
 *
 * @param shared what member and operator share
 */
export function ownOpening(
  epoch: Epoch,
  number: number,
  shared: bigint,
  blocks: readonly number[],
): Opened | Rejection | undefined {
  const held = epoch.members[number];
  if (held === undefined) return undefined;
  const size = epoch.snapshot.chunkMembers;
  const [index, place] = [Math.floor(number / size), number % size];
  const chunk = epoch.chunks.get(index);
  if (chunk === undefined || chunk.leaves.length !== size) {
    return reject('ChunkMissing', `the chain has no leaves of chunk ${index} of that epoch`);
  }
  const { key, cash, sizes } = held;
  const salt = saltOf(shared, epoch.id);
  const own: Member = { key, cash, sizes, salt };
  if (memberFault(own) !== undefined || leafOf(own) !== chunk.leaves[place]) {
    const before = blocks.filter((block) => block <= Number(epoch.snapshot.blockNumber));
    const why =
      before.length > 0
        ? `blocks ${before.join(', ')} had a levy or a close that members share by what all hold`
        : 'an order is missing in the record, or the operator counts another holding or salt';
    return reject('LeafDiffers', `the record leads to another leaf than the chain has: ${why}`, {
      found: `${leafOf(own)}`,
      required: `${chunk.leaves[place]}`,
    });
  }
  const levels = treeOf(chunk.leaves);
  const { siblings, place: turns } = branchOf(levels, place);
  const root = levels.at(-1)?.[0] as bigint;
  return {
    epoch: epoch.id,
    number,
    chunk: index,
    salt,
    cash,
    sizes,
    siblings,
    place: turns,
    root,
  };
}

const newestProven = ({ epochs }: Followed): Epoch | undefined =>
  [...epochs.values()].filter(({ isProven }) => isProven).at(-1);

/** Follows the chain by the member's record, and opens its leaf of the newest proven epoch. */
export async function openFromChain(
  reader: ChainReader,
  info: PoolInfo,
  number: number,
  record: MemberRecord,
): Promise<{ readonly opening: Opened; readonly snapshot: Snapshot } | Rejection> {
  if (record.shared === undefined) {
    const text =
      'what the salts come from is not kept here: the operator gives it once, at joining';
    return reject('SharedMissing', text);
  }
  const own = new Set(record.orders.map(({ lane, seq }) => `${lane}:${seq}`));
  const ownerOf = (lane: number, seq: number) => (own.has(`${lane}:${seq}`) ? number : undefined);
  const state = await createFollower(reader, info, ownerOf).advance();
  const epoch = newestProven(state);
  if (epoch === undefined) return reject('EpochMissing', 'no epoch is proven yet');
  const opening = ownOpening(epoch, number, record.shared, state.shared);
  if (opening === undefined) return reject('EpochMissing', 'the newest proven epoch is older');
  return isRejection(opening) ? opening : { opening, snapshot: epoch.snapshot };
}
