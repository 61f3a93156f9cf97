/** What rules would have said and done over blocks that are past. */
import { readJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { createLedger, observeBlock } from '../findings/ledger.ts';
import type { FindingRecord } from '../findings/record.ts';
import type { BlockView, Tier } from '../rule.ts';
import type { RuleModule } from '../rules/kit/define.ts';
import { createRunner, type RunRule } from '../rules/run.ts';

/** Blocks in which a rule was right to speak. */
export interface Incident {
  readonly fromBlock: number;
  readonly toBlock: number;
  /** One rule; all unless told. */
  readonly rule?: string | undefined;
}

const incidentsSchema = z.array(
  z
    .strictObject({
      fromBlock: z.int().min(0),
      toBlock: z.int().min(0),
      rule: z.string().optional(),
      /** For people. */
      what: z.string().optional(),
    })
    .refine(({ fromBlock, toBlock }) => fromBlock <= toBlock, 'fromBlock is after toBlock'),
);

/** Reads incidents. @throws EnvironmentError IncidentsMalformed */
export function readIncidents(path: string): readonly Incident[] {
  const parsed = incidentsSchema.safeParse(readJson(path, 'incidents'));
  if (parsed.success) return parsed.data;
  throw new EnvironmentError('IncidentsMalformed', `${path}: ${z.prettifyError(parsed.error)}`);
}

/** One rule over the range. */
export interface RuleResult {
  readonly rule: string;
  readonly tier: Tier;
  /** Conditions that began: what stands over many blocks is one. */
  readonly findings: number;
  /** Blocks in which it spoke. */
  readonly blocks: number;
  /** Findings outside every incident. */
  readonly falseFindings: number;
  /** Those, in 30 days. */
  readonly falsePerMonth: number;
  /** Its budget of them, if it has one. */
  readonly budget: number | undefined;
  /** Tightenings that it would have asked for: one per finding, scope and level. */
  readonly actions: readonly { scope: number; level: number; holdSeconds: number; block: number }[];
  /** Milliseconds that it took in all. */
  readonly ms: number;
}

export interface BacktestResult {
  readonly fromBlock: number;
  readonly toBlock: number;
  readonly blocks: number;
  readonly seconds: number;
  readonly rules: readonly RuleResult[];
  /** Every finding, oldest first. */
  readonly findings: readonly FindingRecord[];
  /** Incidents in which no rule spoke. */
  readonly missed: readonly Incident[];
}

const monthSeconds = 30 * 86_400;

const meets = (record: FindingRecord, { fromBlock, toBlock, rule }: Incident): boolean =>
  record.firstBlock <= toBlock &&
  record.lastBlock >= fromBlock &&
  (rule === undefined || rule === record.rule);

const budgetOf = ({ module, settings }: RunRule): number | undefined => {
  const { threshold } = module;
  if (threshold.kind !== 'budget') return undefined;
  return Number(settings?.falsePerMonth ?? threshold.falsePerMonth);
};

/** What one rule has done so far. */
interface Count {
  blocks: number;
  ms: number;
}

/** A rule with a clock around it; the clock is for the reader and decides nothing. */
function timed(entry: RunRule, counts: Map<string, Count>): RunRule {
  const { module } = entry;
  const { rule } = module;
  const count: Count = { blocks: 0, ms: 0 };
  counts.set(rule.id, count);
  const judge: RuleModule['rule']['judge'] = (view, memory) => {
    const began = performance.now();
    try {
      return rule.judge(view, memory);
    } finally {
      count.ms += performance.now() - began;
    }
  };
  return { ...entry, module: { ...module, rule: { ...rule, judge } } };
}

function resultOf(
  entry: RunRule,
  count: Count,
  records: readonly FindingRecord[],
  incidents: readonly Incident[],
  seconds: number,
): RuleResult {
  const { rule } = entry.module;
  const own = records.filter((record) => record.rule === rule.id);
  const wrong = own.filter((record) => !incidents.some((incident) => meets(record, incident)));
  const acted = own.flatMap(({ action, firstBlock }) =>
    action === undefined
      ? []
      : [
          {
            scope: action.scope,
            level: action.level,
            holdSeconds: action.holdSeconds,
            block: firstBlock,
          },
        ],
  );
  return {
    rule: rule.id,
    tier: rule.tier,
    findings: own.length,
    blocks: count.blocks,
    falseFindings: wrong.length,
    falsePerMonth: (wrong.length * monthSeconds) / Math.max(1, seconds),
    budget: budgetOf(entry),
    actions: acted,
    ms: Math.round(count.ms),
  };
}

/**
 * Runs rules over blocks. Those before `countsFrom` only teach.
 *
 * @param incidents when somebody was right to speak; without any, every finding is a false one
 */
export async function backtest(
  views: AsyncIterable<BlockView> | Iterable<BlockView>,
  rules: readonly RunRule[],
  options: { readonly countsFrom?: number; readonly incidents?: readonly Incident[] } = {},
): Promise<BacktestResult> {
  const { countsFrom = 0, incidents = [] } = options;
  const counts = new Map<string, Count>();
  const runner = createRunner(rules.map((entry) => timed(entry, counts)));
  let memories = runner.begin();
  const ledger = createLedger();
  const records = new Map<string, FindingRecord>();
  let [blocks, first, last] = [0, { number: 0, time: 0 }, { number: 0, time: 0 }];
  for await (const view of views) {
    const { memories: next, judged } = runner.judge(view, memories);
    memories = next;
    if (view.number < countsFrom) continue;
    const place = { number: view.number, time: view.timestamp };
    if (blocks === 0) first = place;
    last = place;
    blocks += 1;
    for (const id of new Set(judged.map(({ finding }) => finding.rule))) {
      const count = counts.get(id);
      if (count !== undefined) count.blocks += 1;
    }
    const at = {
      block: view.number,
      time: view.timestamp,
      pending: false,
      nowMs: view.timestamp * 1000,
    };
    for (const { record } of observeBlock(ledger, judged, at)) records.set(record.id, record);
  }
  const found = [...records.values()].sort((a, b) => a.firstBlock - b.firstBlock);
  const seconds = last.time - first.time;
  return {
    fromBlock: first.number,
    toBlock: last.number,
    blocks,
    seconds,
    rules: rules.map((entry) =>
      resultOf(entry, counts.get(entry.module.rule.id) as Count, found, incidents, seconds),
    ),
    findings: found,
    missed: incidents.filter((incident) => !found.some((record) => meets(record, incident))),
  };
}
