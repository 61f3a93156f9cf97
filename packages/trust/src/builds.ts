/** The contracts of a venue as this checkout builds them. */
import {
  backstopAbi,
  backstopBytecode,
  breakerAbi,
  breakerBytecode,
  clearingHouseAbi,
  clearingHouseBytecode,
  committeesAbi,
  committeesBytecode,
  committeeVerifierAbi,
  committeeVerifierBytecode,
  councilAbi,
  councilBytecode,
  custodyModuleAbi,
  custodyModuleBytecode,
  exitModuleAbi,
  exitModuleBytecode,
  forcedModuleAbi,
  forcedModuleBytecode,
  forcedQueueAbi,
  forcedQueueBytecode,
  liquidationModuleAbi,
  liquidationModuleBytecode,
  oracleAbi,
  oracleBytecode,
  parametersAbi,
  parametersBytecode,
  quorumVerifierAbi,
  quorumVerifierBytecode,
  rosterModuleAbi,
  rosterModuleBytecode,
  stewardAbi,
  stewardBytecode,
  treasuryAbi,
  treasuryBytecode,
  triggerModuleAbi,
  triggerModuleBytecode,
  vaultAbi,
  vaultBytecode,
  venueAccessAbi,
  venueAccessBytecode,
  venueGovernorAbi,
  venueGovernorBytecode,
  waterfallModuleAbi,
  waterfallModuleBytecode,
} from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import type { Abi, AbiFunction } from 'viem';
import { toFunctionSelector, toFunctionSignature } from 'viem/utils';

export type Build = { readonly abi: Abi; readonly bytecode: Hex };

const build = (abi: unknown, bytecode: Hex): Build => ({ abi: abi as Abi, bytecode });

/**
 * Every contract that answers at an address of its own and that a venue may have. A new one comes
 * here, into `powers.ts` and into `places` of `facts.ts`; a test fails until it has.
 */
export const builds = {
  Backstop: build(backstopAbi, backstopBytecode),
  Breaker: build(breakerAbi, breakerBytecode),
  ClearingHouse: build(clearingHouseAbi, clearingHouseBytecode),
  CommitteeVerifier: build(committeeVerifierAbi, committeeVerifierBytecode),
  Committees: build(committeesAbi, committeesBytecode),
  Council: build(councilAbi, councilBytecode),
  ForcedQueue: build(forcedQueueAbi, forcedQueueBytecode),
  Oracle: build(oracleAbi, oracleBytecode),
  Parameters: build(parametersAbi, parametersBytecode),
  QuorumVerifier: build(quorumVerifierAbi, quorumVerifierBytecode),
  Steward: build(stewardAbi, stewardBytecode),
  Treasury: build(treasuryAbi, treasuryBytecode),
  Vault: build(vaultAbi, vaultBytecode),
  VenueAccess: build(venueAccessAbi, venueAccessBytecode),
  VenueGovernor: build(venueGovernorAbi, venueGovernorBytecode),
} as const satisfies Readonly<Record<string, Build>>;
export type ContractName = keyof typeof builds;

/** Code that runs in the clearing house's storage; called by itself it has nothing to act on. */
export const moduleBuilds = {
  CustodyModule: build(custodyModuleAbi, custodyModuleBytecode),
  ExitModule: build(exitModuleAbi, exitModuleBytecode),
  ForcedModule: build(forcedModuleAbi, forcedModuleBytecode),
  LiquidationModule: build(liquidationModuleAbi, liquidationModuleBytecode),
  RosterModule: build(rosterModuleAbi, rosterModuleBytecode),
  TriggerModule: build(triggerModuleAbi, triggerModuleBytecode),
  WaterfallModule: build(waterfallModuleAbi, waterfallModuleBytecode),
} as const satisfies Readonly<Record<string, Build>>;

/** A function that a contract answers to. */
export type Entry = {
  /** Name and types, such as `tighten(uint16,uint8,uint256)`. */
  readonly signature: string;
  readonly selector: Hex;
  readonly item: AbiFunction;
  /** Whether it may change state. */
  readonly isActive: boolean;
};

/** The functions of an ABI, sorted by signature. */
export function entriesOf(abi: Abi): Entry[] {
  const functions = abi.filter((item): item is AbiFunction => item.type === 'function');
  return functions
    .map((item) => ({
      signature: toFunctionSignature(item),
      selector: toFunctionSelector(item),
      item,
      isActive: item.stateMutability !== 'view' && item.stateMutability !== 'pure',
    }))
    .sort((a, b) => (a.signature < b.signature ? -1 : 1));
}
