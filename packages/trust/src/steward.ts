/** What the chain says of a steward: who moves parameters, how far and how fast. */
import { parametersAbi, stewardAbi } from '@holdfast/abi';
import { type Address, zeroAddress } from 'viem';
import { type Ask, refused } from './ask.ts';

/** Terms of a steward by name, as its contract has them: parts per million, or seconds. */
export type Terms = Readonly<Record<(typeof termNames)[number], number>>;

export type StewardFacts = {
  readonly address: Address;
  /** Whose key moves it; undefined when the contract is no steward of ours. */
  readonly operator?: Address | undefined;
  readonly terms?: Terms | undefined;
};

export const termNames = [
  'initialMaxPpm',
  'maintenanceMaxPpm',
  'concentrationMaxPpm',
  'capMinPpm',
  'tightenPpm',
  'loosenPpm',
  'decayPpm',
  'moveSeconds',
  'holdSeconds',
  'noticeSeconds',
  'inputAgeSeconds',
] as const;

/** The steward in office, if any, and the one that waits. */
export async function stewardOf(ask: Ask, parameters: Address) {
  const [address, [next, readyAt]] = await Promise.all([
    ask<Address>(parameters, parametersAbi, 'steward'),
    ask<readonly [Address, number]>(parameters, parametersAbi, 'pendingSteward'),
  ]);
  const pendingSteward = { address: next, readyAt: Number(readyAt) };
  if (address === zeroAddress) return { steward: undefined, pendingSteward };
  const [operator, terms] = await Promise.all([
    ask<Address>(address, stewardAbi, 'operator').catch(refused),
    ask<Terms>(address, stewardAbi, 'terms').catch(refused),
  ]);
  const steward: StewardFacts = { address, operator, terms };
  return { steward, pendingSteward };
}

/** The largest maintenance margin that a steward can reach in a market, ppm; its own when none. */
export async function tightestMaintenance(
  ask: Ask,
  { address, terms }: StewardFacts,
  market: number,
): Promise<bigint | undefined> {
  if (terms === undefined) return undefined;
  type Params = { readonly maintenancePpm: number };
  const [, tightest] = await ask<readonly [Params, Params]>(address, stewardAbi, 'band', market);
  return BigInt(tightest.maintenancePpm);
}
