/** A contract that is paid and calls back, and what it is told to do. */
import type { Hex } from '@holdfast/units';
import { encodeFunctionData, parseAbi } from 'viem';
import type { Outcome } from './send.ts';
import type { World } from './world.ts';

const abi = parseAbi([
  'function plan(address[] targets, bytes[] calls)',
  'function act(address target, bytes data)',
  'function entered() view returns (uint256)',
  'function turn(uint256 mode)',
]);

/** One call from the hook: `[target, calldata]`. */
export type Errand = readonly [target: Hex, data: Hex];

export interface Payee {
  readonly address: Hex;
  plan(errands: readonly Errand[]): Promise<Outcome>;
  act(what: string, errand: Errand): Promise<Outcome>;
  /** Bit i: errand i went through while it was paid. */
  entered(): Promise<bigint>;
}

/** Makes the hostile collateral behave in another way: see HostileToken.sol. */
export const turnToken = (world: World, mode: bigint, what: string): Promise<Outcome> => {
  const data = encodeFunctionData({ abi, functionName: 'turn', args: [mode] });
  return world.send('mallory', what, { to: world.venue.contracts.token, data });
};

/** Deploys one that counts as an attacker's. */
export async function openPayee(world: World, by: string): Promise<Payee> {
  const address = await world.deploy(by, 'Payee.sol', 'Payee');
  world.hostile('payee', address);
  return payeeAt(world, by, address);
}

/** The one that is there already. */
export function payeeAt(world: World, by: string, address: Hex): Payee {
  return {
    address,
    plan(errands) {
      const args = [errands.map(([to]) => to), errands.map(([, data]) => data)] as const;
      const data = encodeFunctionData({ abi, functionName: 'plan', args });
      return world.send(by, `plans ${errands.length} calls`, { to: address, data });
    },
    act(what, errand) {
      const data = encodeFunctionData({ abi, functionName: 'act', args: errand });
      return world.send(by, what, { to: address, data });
    },
    async entered() {
      const data = encodeFunctionData({ abi, functionName: 'entered' });
      return BigInt((await world.rpc('eth_call', [{ to: address, data }, 'latest'])) as Hex);
    },
  };
}
