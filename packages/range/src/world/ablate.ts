/** Switches a control of the contracts off: other code at the same address, storage untouched. */
import { EnvironmentError, type Hex, invariant } from '@holdfast/units';
import type { Rpc } from '@holdfast/venue';
import type { Compiler } from '../solidity/compiler.ts';
import { homeOf } from '../solidity/home.ts';
import { type Edit, edited } from '../solidity/sources.ts';
import type { Placed } from './stack.ts';

/** Creation code of contracts compiled with edits, by name. */
export async function compileAblated(
  compiler: Compiler,
  contracts: readonly string[],
  edits: readonly Edit[],
): Promise<ReadonlyMap<string, Hex>> {
  const sources = edited(edits);
  const made = contracts.map(async (name) => {
    const code = await compiler.compile({ file: homeOf(name), name, sources, light: true });
    return [name, code] as const;
  });
  return new Map(await Promise.all(made));
}

/**
 * Puts the code in place. The constructor is run at the contract's own address, by a call, so that
 * the immutables of the new code are those of the old.
 */
export async function install(
  rpc: Rpc,
  placed: ReadonlyMap<string, Placed>,
  codes: ReadonlyMap<string, Hex>,
): Promise<void> {
  for (const [name, code] of codes) {
    const found = placed.get(name);
    invariant(found !== undefined, `the venue has no ${name}`);
    const { address, args } = found;
    const call = { to: address, gas: '0x5f5e100' };
    // As on the day of its creation: with no storage of its own yet.
    const override = { [address]: { code: `${code}${args}`, state: {} } };
    const runtime = (await rpc('eth_call', [call, 'latest', override])) as Hex;
    if (runtime.length < 100) {
      throw new EnvironmentError('AblationBroken', `${name} has no code with these edits`);
    }
    await rpc('anvil_setCode', [address, runtime]);
  }
}
