/** The guardians' side of breaker and vault: what is written into a transaction. Pure. */
import { vaultAbi } from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { encodeFunctionData, parseAbi, stringToHex } from 'viem';
import type { Action } from '../rule.ts';

/** Scope of withdrawals. */
export const withdrawalsScope = 257;

/** What shows on chain beside an entry: law, block and at most eight values. */
export interface Evidence {
  /** Such as `L01`; at most 31 characters. */
  readonly law: string;
  readonly block: number;
  readonly values: readonly bigint[];
}

/** One entry that is wanted. */
export interface Entry {
  readonly scope: number;
  readonly level: 1 | 2 | 3;
  readonly holdSeconds: number;
}

export const guardianAbi = parseAbi([
  'struct Evidence { bytes32 law; uint64 blockNumber; int256[] values; }',
  'struct Tightening { uint16 scope; uint8 level; uint32 holdSeconds; Evidence evidence; }',
  'function tightenMany(Tightening[] entries) returns (uint256 inForceBitmap)',
  'function beat()',
  'function silentAt() view returns (uint256)',
  'function quorum() view returns (uint256)',
  'function isGuardian(address guardian) view returns (bool)',
  'function holdSecondsMax() view returns (uint256)',
]);

export const entryKey = ({ scope, level }: Entry): string => `${scope}/${level}`;

const valuesMax = 8;

/**
 * Entries of an action, the strongest first: its level by the votes of a quorum, and at once what
 * one guardian may do alone. The venue's scope takes the withdrawals with it: an exploit that is
 * not stopped by reduce-only takes the money out.
 *
 * @param holdSecondsMax longest time that one guardian may hold
 */
export function entriesOf(action: Action, holdSecondsMax: number): Entry[] {
  const { scope, level, holdSeconds } = action;
  const alone = Math.min(holdSeconds, holdSecondsMax);
  const scopes = scope === 0 ? [0, withdrawalsScope] : [scope];
  const entries: Entry[] = [];
  if (level > 1) for (const each of scopes) entries.push({ scope: each, level, holdSeconds });
  for (const each of scopes) entries.push({ scope: each, level: 1, holdSeconds: alone });
  return entries;
}

/** Calldata of `tightenMany`. */
export function tightenData(entries: readonly Entry[], evidence: Evidence): Hex {
  const law = stringToHex(evidence.law.slice(0, 31), { size: 32 });
  const values = evidence.values.slice(0, valuesMax);
  const shown = { law, blockNumber: BigInt(evidence.block), values };
  const list = entries.map((entry) => ({ ...entry, evidence: shown }));
  return encodeFunctionData({ abi: guardianAbi, functionName: 'tightenMany', args: [list] });
}

/** Calldata of the vault's `vetoMany`. */
export const vetoData = (ids: readonly bigint[]): Hex =>
  encodeFunctionData({ abi: vaultAbi, functionName: 'vetoMany', args: [[...ids]] });

export const beatData = (): Hex => encodeFunctionData({ abi: guardianAbi, functionName: 'beat' });
