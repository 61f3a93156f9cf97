/** Selectors of the venue's contracts, by their interfaces. */
import * as interfaces from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { type Abi, toFunctionSelector } from 'viem';

/** All but what is only there for tests. The clearing house answers for its modules too. */
const abis = Object.entries(interfaces)
  .filter(([name, abi]) => Array.isArray(abi) && !/harness|testToken/i.test(name))
  .map(([, abi]) => abi as unknown as Abi);

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
