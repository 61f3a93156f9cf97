/** Contracts of contracts/src that a scenario adds to the venue's: votes, a treasury. */
import * as abis from '@holdfast/abi';
import { createChainWriter } from '@holdfast/host';
import { type Hex, invariant } from '@holdfast/units';
import { deployGovernance, type GovernanceTerms, readHead } from '@holdfast/venue';
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData } from 'viem';
import { chainId } from './chain.ts';
import { callRaw, type Outcome } from './send.ts';
import { findPlaced, miningReader } from './stack.ts';
import type { World } from './world.ts';

const built = abis as unknown as Record<string, Abi | Hex | undefined>;

function partOf(name: string, part: 'Abi' | 'Bytecode'): Abi | Hex {
  const found = built[`${name[0]?.toLowerCase()}${name.slice(1)}${part}`];
  invariant(found !== undefined, `there is no contract ${name}`);
  return found;
}

/** Where a contract is, by the name of its source. */
export function placeOf(world: World, name: string): Hex {
  const found = world.placed.get(name);
  invariant(found !== undefined, `the world has no ${name}`);
  return found.address;
}

/** Deploys a contract of contracts/src as it was built. @param as what it is called here */
export async function place(
  world: World,
  by: string,
  name: string,
  args: readonly unknown[],
  as = name,
): Promise<Hex> {
  const bytecode = partOf(name, 'Bytecode') as Hex;
  const data = encodeDeployData({ abi: partOf(name, 'Abi') as Abi, bytecode, args });
  const { created, error } = await world.send(by, `deploys ${name}`, { data });
  invariant(created !== undefined, `${name} could not be deployed: ${error}`);
  world.placed.set(as, { address: created, args: data.slice(bytecode.length) });
  return created;
}

/** Calldata of a function, by the name of the contract's source. */
export const dataFor = (name: string, functionName: string, args: readonly unknown[] = []): Hex =>
  encodeFunctionData({ abi: partOf(name, 'Abi') as Abi, functionName, args });

/** Parameters of a listed market as the contracts take them, with changes. */
export function paramsOf(world: World, symbol: string, changes: object = {}) {
  const { id: _, symbol: __, tickSize: ___, lotSize: ____, ...rest } = world.market(symbol);
  const wide = ['tickValue', 'openInterestMax', 'backstopLotsMax'] as const;
  const big = Object.fromEntries(wide.map((field) => [field, BigInt(rest[field])]));
  return { ...rest, ...big, ...changes };
}

/** Governance puts parameters of a market in force: at once when tighter, else after its delay. */
export async function setMarket(world: World, symbol: string, changes: object): Promise<void> {
  const { id } = world.market(symbol);
  const args = [id, paramsOf(world, symbol, changes)];
  const what = `proposes ${symbol} with ${Object.keys(changes).join(', ') || 'no change'}`;
  await world.call('governor', 'parameters', 'proposeMarket', args, { what });
  const [, readyAt] = (await world.read('parameters', 'pendingMarket', id)) as [object, number];
  if (readyAt === 0) return;
  world.later(readyAt - world.memory.time);
  await world.call('keeper', 'parameters', 'applyMarket', [id], { what: `applies ${symbol}` });
}

/** Calls a function of a contract that was placed. */
export function callAt(
  world: World,
  by: string,
  name: string,
  functionName: string,
  args: readonly unknown[] = [],
  what = functionName,
): Promise<Outcome> {
  const data = dataFor(name, functionName, args);
  return world.send(by, what, { to: placeOf(world, name), data });
}

/** Reads from it at the newest block. */
export async function readAt(
  world: World,
  name: string,
  functionName: string,
  ...args: unknown[]
): Promise<unknown> {
  const data = dataFor(name, functionName, args);
  const answer = await callRaw(world.rpc, placeOf(world, name), data);
  return decodeFunctionResult({ abi: partOf(name, 'Abi') as Abi, functionName, data: answer });
}

/** Puts the venue under votes: Council or token, VenueGovernor, VenueAccess; before the story. */
export async function putUnderVotes(world: World, terms: GovernanceTerms): Promise<void> {
  const chain = { rpc: world.rpc, rpcUrl: world.venue.rpcUrl };
  const from = (await world.block()) + 1;
  const writer = createChainWriter({ rpcUrl: chain.rpcUrl, chainId }, world.key('deployer'));
  const { access } = await deployGovernance(miningReader(chain), writer, world.venue, terms);
  for (const [name, placed] of await findPlaced(chain, from)) world.placed.set(name, placed);
  // It mined and sent by itself.
  world.memory.time = (await readHead(world.rpc)).timestamp;
  world.memory.nonces.delete('deployer');
  await world.call('governor', 'parameters', 'proposeGovernor', [access]);
  await world.wait(Number(await world.read('parameters', 'delaySeconds')));
  await callAt(world, 'deployer', 'VenueAccess', 'takeOver');
}
