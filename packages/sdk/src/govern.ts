/**
 * What the governor and the guardians do, and what anyone may finish for them. Everything that
 * loosens waits on chain; these calls only start it, drop it or apply what has matured.
 */
import { breakerAbi, parametersAbi } from '@holdfast/abi';
import type { Venue } from '@holdfast/host';
import type { Hex, Rejection } from '@holdfast/units';
import type { Abi } from 'viem';
import type { ChainActions, Done } from './chain.ts';

/** The parameters of a market that can be proposed, in the units of the contracts. */
export const marketFields = [
  'tickValue',
  'initialPpm',
  'maintenancePpm',
  'takerFeePpm',
  'makerFeePpm',
  'priceAgeSecondsMax',
  'bandPpm',
  'fillBandPpm',
  'fundingRatePpmMax',
  'openInterestMax',
  'openInterestLowPpm',
  'openInterestHighPpm',
  'concentrationPpm',
  'concentrationCapPpm',
  'isolated',
  'markClampPpm',
  'fundingGapSecondsMax',
  'liquidationPartPpm',
  'coverSharePpm',
  'backstopLotsMax',
] as const;
export type MarketField = (typeof marketFields)[number];
/** A market's whole tuple; they change only together. */
export type MarketTuple = Readonly<Record<MarketField, bigint>>;

/** A tuple that waits for its delay. */
export type Pending = { readonly params: MarketTuple; readonly readyAt: number };

type Raw = Readonly<Record<MarketField, number | bigint>>;

const tupleOf = (raw: Raw): MarketTuple =>
  Object.fromEntries(marketFields.map((name) => [name, BigInt(raw[name])])) as MarketTuple;

export type Governance = ReturnType<typeof createGovernance>;

/** @param chain actions with the key of the role that calls */
export function createGovernance(venue: Pick<Venue, 'contracts'>, chain: ChainActions) {
  const { breaker, parameters } = venue.contracts;
  const onBreaker = (functionName: string, ...args: unknown[]) =>
    ({ address: breaker, abi: breakerAbi as Abi, functionName, args }) as const;
  const onParameters = (functionName: string, ...args: unknown[]) =>
    ({ address: parameters, abi: parametersAbi as Abi, functionName, args }) as const;
  const act = (call: ReturnType<typeof onBreaker>): Promise<Done | Rejection> => chain.call(call);

  return {
    /** Governor: starts the clearing of a scope's entry as it stands. */
    proposeClear: (scope: number) => act(onBreaker('proposeClear', scope)),
    applyClear: (scope: number) => act(onBreaker('applyClear', scope)),
    cancelClear: (scope: number) => act(onBreaker('cancelClear', scope)),
    proposeGuardian: (guardian: Hex) => act(onBreaker('proposeGuardian', guardian)),
    applyGuardian: (guardian: Hex) => act(onBreaker('applyGuardian', guardian)),
    /** Governor: at once. */
    removeGuardian: (guardian: Hex) => act(onBreaker('removeGuardian', guardian)),
    /** Governor: a tuple that only tightens applies at once, any other waits. */
    proposeMarket: (id: number, tuple: MarketTuple) =>
      act(onParameters('proposeMarket', id, tuple)),
    applyMarket: (id: number) => act(onParameters('applyMarket', id)),
    cancelMarket: (id: number) => act(onParameters('cancelMarket', id)),
    /** Parameters in force. */
    market: async (id: number): Promise<MarketTuple> =>
      tupleOf((await chain.ask(onParameters('market', id))) as Raw),
    /** Parameters as governance set them; what is in force may be tighter. */
    anchor: async (id: number): Promise<MarketTuple> =>
      tupleOf((await chain.ask(onParameters('anchor', id))) as Raw),
    /** Who moves parameters beside governance; the zero address for nobody. */
    steward: async (): Promise<Hex> => (await chain.ask(onParameters('steward'))) as Hex,
    /** Governor: at once. */
    dismissSteward: () => act(onParameters('dismissSteward')),
    /** Governor: another steward, after the delay. */
    proposeSteward: (steward: Hex) => act(onParameters('proposeSteward', steward)),
    /** Anyone, once the delay is over. */
    appointSteward: () => act(onParameters('appointSteward')),
    /** Governor: drops the steward that waits. */
    cancelSteward: () => act(onParameters('cancelSteward')),
    /** Anyone, while there is no steward: the anchor in force again. */
    restoreMarket: (id: number) => act(onParameters('restoreMarket', id)),
    /** The pending change of a market, or undefined. */
    async pendingMarket(id: number): Promise<Pending | undefined> {
      const answer = (await chain.ask(onParameters('pendingMarket', id))) as [Raw, number];
      const readyAt = Number(answer[1]);
      return readyAt === 0 ? undefined : { params: tupleOf(answer[0]), readyAt };
    },
    /** Level of a scope in force now. */
    level: async (scope: number): Promise<number> =>
      Number(await chain.ask(onBreaker('level', scope))),
    /** When a pending clearing of a scope may be applied; 0: there is none. */
    clearReadyAt: async (scope: number): Promise<number> =>
      Number(await chain.ask(onBreaker('clearReadyAt', scope))),
    governor: async (): Promise<Hex> => (await chain.ask(onParameters('governor'))) as Hex,
    isGuardian: async (address: Hex): Promise<boolean> =>
      (await chain.ask(onBreaker('isGuardian', address))) as boolean,
  };
}
