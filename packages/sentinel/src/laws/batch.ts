/** The batch inside the calldata of `settle`: what its orders allowed and its fills did. */
import { clearingHouseAbi } from '@holdfast/abi';
import { packedFillBytes, packedOrderBytes, unpackFill, unpackOrder } from '@holdfast/order';
import { fromHex, type Hex, isRejection } from '@holdfast/units';
import { type Abi, decodeFunctionData } from 'viem';

export interface BatchOrder {
  readonly account: number;
  readonly lane: number;
  readonly seq: number;
  readonly market: number;
  readonly isBuy: boolean;
  readonly reduceOnly: boolean;
  readonly size: number;
  /** Limit, ticks. */
  readonly price: number;
}

export interface BatchFill {
  readonly maker: BatchOrder;
  readonly taker: BatchOrder;
  readonly lots: number;
  readonly price: number;
}

export interface OpenBatch {
  readonly number: bigint;
  readonly previous: Hex;
  readonly orders: readonly BatchOrder[];
  readonly fills: readonly BatchFill[];
}

/** Undefined when the calldata is no call of `settle`. */
export function openBatch(input: Hex): OpenBatch | undefined {
  try {
    const call = decodeFunctionData({ abi: clearingHouseAbi as Abi, data: input });
    if (call.functionName !== 'settle') return undefined;
    const batch = (call.args as readonly unknown[])[0] as Record<string, unknown>;
    const orders = openRows(batch.orders as Hex, packedOrderBytes, unpackOrder);
    const fills = openRows(batch.fills as Hex, packedFillBytes, unpackFill).map((fill) => ({
      maker: orders[fill.maker] as BatchOrder,
      taker: orders[fill.taker] as BatchOrder,
      lots: fill.lots,
      price: fill.price,
    }));
    if (fills.some(({ maker, taker }) => maker === undefined || taker === undefined)) {
      return undefined;
    }
    return { number: batch.number as bigint, previous: batch.previous as Hex, orders, fills };
  } catch {
    return undefined;
  }
}

function openRows<T extends object>(
  packed: Hex,
  width: number,
  open: (data: Uint8Array, at: number) => T,
): Exclude<T, { code: string }>[] {
  const data = fromHex(packed);
  const rows: Exclude<T, { code: string }>[] = [];
  for (let at = 0; at < data.length; at += width) {
    const row = open(data, at);
    if (isRejection(row)) throw new Error(row.message);
    rows.push(row as Exclude<T, { code: string }>);
  }
  return rows;
}
