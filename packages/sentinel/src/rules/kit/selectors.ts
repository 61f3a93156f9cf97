/** Selectors of the venue's contracts, by their interfaces. */
import {
  backstopAbi,
  breakerAbi,
  clearingHouseAbi,
  committeesAbi,
  forcedQueueAbi,
  oracleAbi,
  parametersAbi,
  vaultAbi,
} from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { type Abi, toFunctionSelector } from 'viem';

const abis: readonly Abi[] = [
  clearingHouseAbi as Abi,
  vaultAbi as Abi,
  breakerAbi as Abi,
  parametersAbi as Abi,
  oracleAbi as Abi,
  forcedQueueAbi as Abi,
  backstopAbi as Abi,
  committeesAbi as Abi,
];

/** Name of each function that some contract of the venue has, by selector. */
export const functionNames: ReadonlyMap<Hex, string> = new Map(
  abis.flatMap((abi) =>
    abi.flatMap((item) =>
      item.type === 'function' ? [[toFunctionSelector(item), item.name] as const] : [],
    ),
  ),
);

const byName = new Map([...functionNames].map(([selector, name]) => [name, selector]));

/** Selector of a function by name; of names with several the last. */
export const selectorOf = (name: string): Hex => byName.get(name) ?? '0x00000000';
