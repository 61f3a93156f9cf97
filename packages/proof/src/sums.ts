/** Running sums over the members of an epoch, and the commitment that hides them. */
import { markets } from './context.ts';
import { hash4, hash16 } from './field.ts';
import type { Holding } from './member.ts';

/** Cash, lots of every slot, and how many members there are in them. */
export type Sums = Holding & { readonly count: number };

const sumCashOffset = 1n << 159n;
const sumSizeOffset = 1n << 79n;

/** The sums before the first member. */
export const noSums: Sums = {
  cash: 0n,
  sizes: Array.from({ length: markets }, () => 0n),
  count: 0,
};

/** The sums after more members. */
export const addMembers = (sums: Sums, members: readonly Holding[]): Sums =>
  members.reduce<Sums>(
    ({ cash, sizes, count }, member) => ({
      cash: cash + member.cash,
      sizes: sizes.map((size, i) => size + member.sizes[i]!),
      count: count + 1,
    }),
    sums,
  );

/** Commitment to sums; `blind` is random, and never used for other sums. */
export const commitSums = ({ cash, sizes, count }: Sums, blind: bigint): bigint =>
  hash4(
    hash16(sizes.map((size) => size + sumSizeOffset)),
    cash + sumCashOffset,
    BigInt(count),
    blind,
  );
