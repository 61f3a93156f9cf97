/** What the chain says of a conditional order. */
import { clearingHouseAbi } from '@holdfast/abi';
import type { Conditional } from '@holdfast/order';
import { EnvironmentError, type Hex } from '@holdfast/units';
import type { PublicClient } from 'viem';

export type ConditionalChain = {
  /**
   * Whether the one-time number of an order is used.
   *
   * @param settled as of a block that no reorganisation is expected to reach
   * @throws EnvironmentError ChainFailed
   */
  used(order: Conditional, settled: boolean): Promise<boolean>;
};

/** Blocks after which a use counts as final: a reorganisation must not lose a trader's stop. */
const settledBlocks = 12n;

export function createConditionalChain(client: PublicClient, address: Hex): ConditionalChain {
  return {
    async used(order, settled) {
      try {
        const head = settled ? await client.getBlockNumber() : undefined;
        if (head !== undefined && head <= settledBlocks) return false;
        const [, , used] = await client.readContract({
          address,
          abi: clearingHouseAbi,
          functionName: 'conditional',
          args: [{ ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) }],
          ...(head === undefined ? {} : { blockNumber: head - settledBlocks }),
        });
        return used;
      } catch (cause) {
        const message = 'the chain does not say whether the number is used; send again in a moment';
        throw new EnvironmentError('ChainFailed', message, { retry: true, cause });
      }
    },
  };
}
