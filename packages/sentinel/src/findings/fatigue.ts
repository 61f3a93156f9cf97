/** Whether people can still read what they are told. */
import type { Tier } from '../rule.ts';
import type { FindingRecord } from './record.ts';

export interface TierFatigue {
  readonly tier: Tier;
  readonly findings: number;
  readonly perDay: number;
  /** Of those that ended or are older than an hour: how many somebody has acknowledged, 0..1. */
  readonly acknowledgedShare: number;
  /** Middle time from finding to acknowledgement, seconds; undefined: none was. */
  readonly acknowledgedAfterSeconds: number | undefined;
  /** Acknowledged as false, of those with a verdict, 0..1; undefined: no verdict. */
  readonly falseShare: number | undefined;
}

/** A rule that told more in 30 days than its budget of false findings; real ones do not count. */
export interface Overrun {
  readonly rule: string;
  readonly findings: number;
  readonly budget: number;
}

export interface Fatigue {
  readonly days: number;
  readonly tiers: readonly TierFatigue[];
  readonly overruns: readonly Overrun[];
}

const dayMs = 86_400_000;
const tiers: readonly Tier[] = ['law', 'flow', 'statistical'];

function middle(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function fatigueOf(tier: Tier, all: readonly FindingRecord[], days: number, nowMs: number) {
  const own = all.filter((record) => record.tier === tier);
  const due = own.filter((record) => nowMs - record.openedAtMs > 3_600_000 || record.ack);
  const acked = own.flatMap(({ ack, openedAtMs }) => (ack ? [ack.atMs - openedAtMs] : []));
  const verdicts = own.flatMap(({ ack }) =>
    ack && ack.verdict !== 'undecided' ? [ack.verdict] : [],
  );
  const after = middle(acked);
  return {
    tier,
    findings: own.length,
    perDay: own.length / days,
    acknowledgedShare: due.length === 0 ? 1 : acked.length / due.length,
    acknowledgedAfterSeconds: after === undefined ? undefined : after / 1000,
    falseShare:
      verdicts.length === 0
        ? undefined
        : verdicts.filter((each) => each === 'false').length / verdicts.length,
  };
}

/**
 * Measures what was told lately; shadow findings and what a reorganisation took back do not count.
 *
 * @param budgets false findings in 30 days that are accepted, by rule
 */
export function fatigue(
  records: readonly FindingRecord[],
  budgets: Readonly<Record<string, number>>,
  nowMs: number,
  days = 7,
): Fatigue {
  const told = records.filter(({ shadow, endedBy }) => !shadow && endedBy !== 'reorganised');
  const since = (span: number) =>
    told.filter(({ openedAtMs }) => openedAtMs > nowMs - span * dayMs);
  const lately = since(days);
  const month = since(30);
  const overruns = Object.entries(budgets).flatMap(([rule, budget]) => {
    const findings = month.filter(
      (each) => each.rule === rule && each.ack?.verdict !== 'true',
    ).length;
    return findings > budget ? [{ rule, findings, budget }] : [];
  });
  return { days, tiers: tiers.map((tier) => fatigueOf(tier, lately, days, nowMs)), overruns };
}
