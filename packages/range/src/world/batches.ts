/** Batches that no honest encoder makes: calldata of `settle`, with another batch inside. */
import { clearingHouseAbi } from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { encodeFunctionData } from 'viem';
import { batchInside } from './orders.ts';

/** A packed fill: indexes of its orders, lots, ticks. */
export interface PackedFill {
  readonly maker: number;
  readonly taker: number;
  readonly lots: number;
  readonly price: number;
}

const field = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0');

/** 13 bytes a fill: maker u16, taker u16, lots u40, price u32. */
export const packFills = (fills: readonly PackedFill[]): Hex =>
  `0x${fills
    .map(({ maker, taker, lots, price }) =>
      [field(maker, 2), field(taker, 2), field(lots, 5), field(price, 4)].join(''),
    )
    .join('')}`;

/** The packed orders of a batch, 90 bytes each, without 0x. */
export function ordersInside(calldata: Hex): string[] {
  const text = String(batchInside(calldata).orders).slice(2);
  return text.match(/.{180}/g) ?? [];
}

/** The same calldata with some fields of the batch changed. */
export function tampered(calldata: Hex, change: Readonly<Record<string, unknown>>): Hex {
  const batch = { ...batchInside(calldata), ...change };
  return encodeFunctionData({
    abi: clearingHouseAbi,
    functionName: 'settle',
    args: [batch as never],
  });
}
