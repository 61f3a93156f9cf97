/** Selectors of the venue's contracts, by their interfaces. */
import * as interfaces from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { type Abi, type AbiFunction, decodeFunctionData, toFunctionSelector } from 'viem';

/** All but what is only there for tests. The clearing house answers for its modules too. */
const abis = Object.entries(interfaces)
  .filter(([name, abi]) => Array.isArray(abi) && !/harness|testToken/i.test(name))
  .map(([, abi]) => abi as unknown as Abi);

const functions: ReadonlyMap<Hex, AbiFunction> = new Map(
  abis.flatMap((abi) =>
    abi.flatMap((item) =>
      item.type === 'function' ? [[toFunctionSelector(item), item] as const] : [],
    ),
  ),
);

/** Name of each function that some contract of the venue has, by selector. */
export const functionNames: ReadonlyMap<Hex, string> = new Map(
  [...functions].map(([selector, { name }]) => [selector, name]),
);

const byName = new Map([...functionNames].map(([selector, name]) => [name, selector]));

/** Selector of a function by name; of names with several the last. */
export const selectorOf = (name: string): Hex => byName.get(name) ?? '0x00000000';

/** Calldata, opened. */
export interface OpenCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What calldata asks of some contract of the venue; undefined when none would understand it. */
export function openCall(data: unknown): OpenCall | undefined {
  const item = functions.get(String(data).slice(0, 10) as Hex);
  if (item === undefined) return undefined;
  try {
    const { args = [] } = decodeFunctionData({ abi: [item], data: data as Hex });
    return { name: item.name, args: args as readonly unknown[] };
  } catch {
    return undefined;
  }
}
