/** Reading views of contracts, all at one block. */
import type { ChainReader } from '@holdfast/host';
import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
} from 'viem';

export type Ask = <T>(
  address: Address,
  abi: unknown,
  functionName: string,
  ...args: unknown[]
) => Promise<T>;

/** Reads views at one block, so that all facts belong together. */
export function asker(reader: ChainReader, blockNumber: bigint): Ask {
  return async <T>(address: Address, abi: unknown, functionName: string, ...args: unknown[]) => {
    const call = { address, abi: abi as Abi, functionName, args, blockNumber };
    return (await reader.readContract(call as never)) as T;
  };
}

/** Answers whether a contract refused or does not know a call; a chain that fails is an error. */
export function refused(error: unknown): undefined {
  const isRefusal = (each: unknown): boolean =>
    each instanceof ContractFunctionRevertedError || each instanceof ContractFunctionZeroDataError;
  if (error instanceof BaseError && error.walk(isRefusal) !== null) return undefined;
  throw error;
}
