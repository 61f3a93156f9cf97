/** A finding as it is kept: one condition, from when it began until it ended. */
import { createHash } from 'node:crypto';
import type { Action, Finding, Severity, Tier } from '../rule.ts';

/** From the least. */
export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

export const rankOf = (severity: Severity): number => severities.indexOf(severity);

/** What an operator said about a finding. */
export interface Acknowledgement {
  readonly by: string;
  /** Wall time, Unix ms. */
  readonly atMs: number;
  readonly note: string;
  /** Whether there was something; undecided while nobody knows. */
  readonly verdict: 'true' | 'false' | 'undecided';
}

export interface FindingRecord {
  /** 16 hex digits of a hash over rule, scope, key and first block. */
  readonly id: string;
  readonly rule: string;
  readonly tier: Tier;
  /** The worst so far. */
  readonly severity: Severity;
  readonly scope: number;
  readonly key: string;
  readonly title: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  readonly damage: boolean;
  readonly shadow: boolean;
  /** What was asked for, or in shadow would have been. */
  readonly action?: Action;
  /** Seen only in a transaction that was still pending. */
  readonly pending: boolean;
  /** Blocks in which it was found. */
  readonly count: number;
  readonly firstBlock: number;
  /** Times of blocks, seconds. */
  readonly firstTime: number;
  readonly lastBlock: number;
  readonly lastTime: number;
  /** Wall time at which it was found first, Unix ms. */
  readonly openedAtMs: number;
  readonly endedTime?: number;
  /** `quiet`: not seen any more; `reorganised`: its first block is none of the chain's. */
  readonly endedBy?: 'quiet' | 'reorganised';
  readonly ack?: Acknowledgement;
}

/** Id of a finding: the same for every sentinel that saw it begin in this block. */
export function findingId(
  finding: Pick<Finding, 'rule' | 'scope' | 'key'>,
  firstBlock: number,
  shadow: boolean,
): string {
  const parts = [finding.rule, finding.scope, finding.key, firstBlock, shadow];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
