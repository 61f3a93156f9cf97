/**
 * A member's check of how it was closed: by the chain and its own record of orders, was it below
 * maintenance at the block that the operator names, and was the order what a closing may be?
 */
import type { ChainReader } from '@holdfast/host';
import { type Rejection, reject } from '@holdfast/units';
import type { ToldClosing } from './client.ts';
import { closingFault } from './closing.ts';
import type { PoolInfo } from './contract.ts';
import { createFollower, type Followed } from './follow.ts';
import { memberHealth } from './margin.ts';
import type { MemberRecord } from './record.ts';

/** The record with the lanes of closings, without which the own leaf cannot be made. */
export function withClosings(record: MemberRecord, closings: readonly ToldClosing[]): MemberRecord {
  const known = new Set(record.orders.map(({ lane, seq }) => `${lane}:${seq}`));
  const more = closings
    .flatMap(({ places }) => places)
    .filter(({ lane, seq }) => !known.has(`${lane}:${seq}`))
    .map(({ lane, seq }) => ({ nonce: 0, lane, seq }));
  return more.length === 0 ? record : { ...record, orders: [...record.orders, ...more] };
}

/**
 * Why a closing was none, by a member's own book as it stood after the closing's block. Undefined:
 * it was one.
 */
export function claimFault(
  { book, shared }: Pick<Followed, 'book' | 'shared'>,
  number: number,
  closing: ToldClosing,
): Rejection | undefined {
  const { market, isBuy, lots, price, block } = closing;
  const fault = closingFault(book, number, { market, isBuy, lots, price }, []);
  const { equity, maintenance } = memberHealth(book, number);
  const isTold = equity === closing.equity && maintenance === closing.maintenance;
  if (fault === undefined && isTold) return undefined;
  const text = fault?.message ?? `the record has ${equity} of ${maintenance}, another standing`;
  const blocks = shared.filter((each) => each <= block);
  if (blocks.length === 0) return reject('ClosingWrong', text);
  const why = `blocks ${blocks.join(', ')} had what members share by what all hold`;
  return reject('ClosingUnclear', `${text}; but ${why}`);
}

/** Judges closings in the order of their blocks. */
export async function judgeClosings(
  reader: ChainReader,
  info: PoolInfo,
  number: number,
  record: MemberRecord,
  closings: readonly ToldClosing[],
): Promise<readonly { readonly closing: ToldClosing; readonly fault: Rejection | undefined }[]> {
  const own = new Set(record.orders.map(({ lane, seq }) => `${lane}:${seq}`));
  const ownerOf = (lane: number, seq: number) => (own.has(`${lane}:${seq}`) ? number : undefined);
  const follower = createFollower(reader, info, ownerOf);
  const judged = [];
  for (const closing of [...closings].sort((a, b) => a.block - b.block)) {
    const state = await follower.advance(false, closing.block);
    judged.push({ closing, fault: claimFault(state, number, closing) });
  }
  return judged;
}
