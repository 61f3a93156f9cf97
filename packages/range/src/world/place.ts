/** Contracts that a scenario adds to the venue, known to ablations like the venue's own. */
import type { Hex } from '@holdfast/units';
import { invariant } from '@holdfast/units';
import { type Abi, encodeDeployData, encodeFunctionData } from 'viem';
import type { Ground } from './ground.ts';
import type { Outcome } from './send.ts';
import type { Placed } from './stack.ts';

/** What a build of the contracts says of one of them. */
export interface Build {
  readonly abi: unknown;
  readonly bytecode: Hex;
}

/** Creates a contract of the venue's sources. @returns its address */
export async function place(
  world: Ground,
  by: string,
  name: string,
  { abi, bytecode }: Build,
  args: readonly unknown[],
): Promise<Hex> {
  const data = encodeDeployData({ abi: abi as Abi, bytecode, args });
  const { created, error } = await world.send(by, `creates ${name}`, { data });
  invariant(created !== undefined && error === '', `${name} could not be created: ${error}`);
  const placed = world.stack.placed as Map<string, Placed>;
  placed.set(name, { address: created, args: data.slice(bytecode.length) });
  return created;
}

/** Calls a function of a contract that the venue's own names do not know. */
export async function callAt(
  world: Ground,
  by: string,
  to: Hex,
  { abi }: Build,
  [functionName, args, what]: readonly [string, readonly unknown[], string],
): Promise<Outcome> {
  const data = encodeFunctionData({ abi: abi as Abi, functionName, args });
  return world.send(by, what, { to, data });
}
