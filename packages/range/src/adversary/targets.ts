/** Every entry point of every deployed contract, from the ABIs; one is left out by hand. */
import * as abis from '@holdfast/abi';
import type { Abi, AbiFunction } from 'viem';
import type { Stack } from '../world/stack.ts';

/** A function that changes state. */
export interface Target {
  /** By the name of its source, such as `Vault`; `Modules` are asked at their own address. */
  readonly contract: string;
  readonly fn: AbiFunction;
}

const all = abis as unknown as Record<string, Abi>;

/** Interface of a contract by the name of its source. */
export function abiOf(contract: string): Abi | undefined {
  return all[`${contract[0]?.toLowerCase()}${contract.slice(1)}Abi`];
}

/** The collateral is public and has a faucet: minting is no theft. */
const isFaucet = (contract: string, name: string): boolean =>
  contract === 'TestToken' && name === 'mint';

/** @param stack a deployed venue */
export function targetsOf(stack: Stack): Target[] {
  const names = [...new Set([...stack.placed.keys(), 'TestToken'])].sort();
  return names.flatMap((contract) => {
    const functions = (abiOf(contract) ?? []).filter(
      (entry): entry is AbiFunction =>
        entry.type === 'function' &&
        entry.stateMutability !== 'view' &&
        entry.stateMutability !== 'pure',
    );
    return functions
      .filter(({ name }) => !isFaucet(contract, name))
      .map((fn) => ({ contract, fn }));
  });
}
