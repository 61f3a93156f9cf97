/**
 * Which findings stand: what rules say in each block becomes one record per condition, with a count
 * and its last block, which ends when nothing has said it for a while.
 */
import type { Judged } from '../rules/run.ts';
import { type FindingRecord, findingId, rankOf } from './record.ts';

/** What became of a record. */
export interface Change {
  readonly kind: 'opened' | 'seen' | 'raised' | 'ended';
  readonly record: FindingRecord;
}

/** The block that was judged. */
export interface Judgement {
  readonly block: number;
  /** Seconds. */
  readonly time: number;
  readonly pending: boolean;
  /** Wall time, Unix ms. */
  readonly nowMs: number;
}

export interface Ledger {
  /** Those that stand, by condition. */
  readonly open: Map<string, FindingRecord>;
  /** Seconds of blocks without a word after which a finding has ended. */
  readonly quietSeconds: number;
}

export const createLedger = (quietSeconds = 120): Ledger => ({ open: new Map(), quietSeconds });

const conditionOf = ({
  rule,
  scope,
  key,
  shadow,
}: Pick<FindingRecord, 'rule' | 'scope' | 'key' | 'shadow'>): string =>
  JSON.stringify([rule, scope, key, shadow]);

function opened({ finding, shadow, action }: Judged, at: Judgement): FindingRecord {
  const { rule, tier, severity, scope, key, title, evidence, damage = false } = finding;
  return {
    id: findingId(finding, at.block, shadow),
    rule,
    tier,
    severity,
    scope,
    key,
    title,
    evidence,
    damage,
    shadow,
    ...(action === undefined ? {} : { action }),
    pending: at.pending,
    count: 1,
    firstBlock: at.block,
    firstTime: at.time,
    lastBlock: at.block,
    lastTime: at.time,
    openedAtMs: at.nowMs,
  };
}

function again(record: FindingRecord, { finding, action }: Judged, at: Judgement): FindingRecord {
  const worse = rankOf(finding.severity) > rankOf(record.severity);
  return {
    ...record,
    severity: worse ? finding.severity : record.severity,
    title: finding.title,
    evidence: finding.evidence,
    damage: record.damage || finding.damage === true,
    ...(action === undefined ? {} : { action }),
    pending: record.pending && at.pending,
    count: record.lastBlock === at.block ? record.count : record.count + 1,
    lastBlock: Math.max(record.lastBlock, at.block),
    lastTime: Math.max(record.lastTime, at.time),
  };
}

/** Whether more is known than that it goes on. */
const isRaised = (before: FindingRecord, after: FindingRecord): boolean =>
  before.severity !== after.severity ||
  before.damage !== after.damage ||
  before.pending !== after.pending ||
  (before.action === undefined) !== (after.action === undefined);

/** Takes in what rules said of a block. */
export function observeBlock(
  ledger: Ledger,
  judged: readonly Judged[],
  at: Judgement,
): readonly Change[] {
  const changes: Change[] = [];
  for (const each of judged) {
    const name = conditionOf({ ...each.finding, shadow: each.shadow });
    const before = ledger.open.get(name);
    const record = before === undefined ? opened(each, at) : again(before, each, at);
    ledger.open.set(name, record);
    if (before === undefined) changes.push({ kind: 'opened', record });
    else changes.push({ kind: isRaised(before, record) ? 'raised' : 'seen', record });
  }
  for (const [name, record] of ledger.open) {
    if (at.time - record.lastTime <= ledger.quietSeconds) continue;
    ledger.open.delete(name);
    const ended = { ...record, endedTime: at.time, endedBy: 'quiet' as const };
    changes.push({ kind: 'ended', record: ended });
  }
  return changes;
}

/** Takes back what began in blocks from this one on: they are none of the chain's any more. */
export function retract(ledger: Ledger, fromBlock: number): readonly Change[] {
  const changes: Change[] = [];
  for (const [name, record] of ledger.open) {
    if (record.firstBlock < fromBlock) continue;
    ledger.open.delete(name);
    const ended = { ...record, endedTime: record.lastTime, endedBy: 'reorganised' as const };
    changes.push({ kind: 'ended', record: ended });
  }
  return changes;
}

/** Puts a record back that a file told of. */
export function restore(ledger: Ledger, record: FindingRecord): void {
  const name = conditionOf(record);
  if (record.endedTime === undefined) ledger.open.set(name, record);
  else if (ledger.open.get(name)?.id === record.id) ledger.open.delete(name);
}
