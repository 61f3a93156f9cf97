/** An epoch's snapshot as the prover's file has it, and the id that the chain knows it by. */
import { keccakField, markets, type PoolContext, slotOf } from '@holdfast/proof';
import { z } from 'zod';

const whole = z
  .union([z.int(), z.string().regex(/^(?:-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/, 'a whole number')])
  .transform(BigInt);
const word = (bits: bigint) =>
  whole.refine((value) => value >= 0n && value < 1n << bits, `a number of ${bits} bits`);
const signed = (bits: bigint) =>
  whole.refine(
    (value) => value >= -(1n << (bits - 1n)) && value < 1n << (bits - 1n),
    `a signed number of ${bits} bits`,
  );
const slots = <S extends z.ZodType>(each: S) => z.array(each).length(markets);

/** Bits of a context word. */
const contextBits = 241n;

/** `Snapshot` of the contracts. */
export const snapshotFile = z.object({
  number: word(32n),
  blockNumber: word(64n),
  blockHash: word(256n),
  time: word(40n),
  round: word(32n),
  account: word(32n),
  memberCount: word(32n),
  chunkMembers: word(16n),
  flow: word(48n),
  netQuote: signed(256n),
  context: slots(word(contextBits)),
  totalCash: signed(256n),
  totalSizes: slots(signed(256n)),
});
export type SnapshotFile = z.infer<typeof snapshotFile>;

/** Id of an epoch, as the registry makes it: a hash of every word of its snapshot. */
export function snapshotId(of: SnapshotFile): bigint {
  const { number, blockNumber, blockHash, time, round, account, memberCount, chunkMembers } = of;
  const head = [number, blockNumber, blockHash, time, round, account, memberCount, chunkMembers];
  const rest = [of.flow, of.netQuote, ...of.context, of.totalCash, ...of.totalSizes];
  return keccakField([...head, ...rest].map((value) => BigInt.asUintN(256, value)));
}

/** Prices and rates of a snapshot. */
export const snapshotContext = (of: SnapshotFile): PoolContext => of.context.map(slotOf);
