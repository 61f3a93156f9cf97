/** Runs rules over a block: their memory goes in and comes back, a rule that fails is told of. */
import { errorMessage } from '@holdfast/host';
import type { Action, BlockView, Finding, Rule, RuleSettings } from '../rule.ts';

/** A rule as a venue runs it. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly settings: RuleSettings;
  /** Told, never acted on. */
  readonly shadow: boolean;
}

/** A finding, and what it asks for. */
export interface Judged {
  readonly finding: Finding;
  readonly shadow: boolean;
  readonly action?: Action;
}

/** What every rule remembers at the beginning. */
export const beginAll = (rules: readonly ActiveRule[]): Map<string, unknown> =>
  new Map(rules.map(({ rule, settings }) => [rule.id, rule.begin(settings)]));

/** What may be done about a finding: its tier decides, whatever the rule says. */
export function permitted({ rule, shadow }: ActiveRule, finding: Finding): Action | undefined {
  if (shadow || finding.tier === 'statistical' || rule.tier === 'statistical') return undefined;
  if (finding.tier === 'flow' && finding.damage !== true) return undefined;
  return rule.action?.(finding);
}

function failed(rule: Rule, error: unknown): Finding {
  return {
    rule: 'rule-failed',
    tier: 'statistical',
    severity: 'medium',
    scope: 0,
    key: rule.id,
    title: `Rule ${rule.id} failed`,
    evidence: { problem: errorMessage(error) },
  };
}

/** Judges a block by every rule; `memories` is not changed. */
export function runRules(
  rules: readonly ActiveRule[],
  view: BlockView,
  memories: ReadonlyMap<string, unknown>,
): { readonly memories: Map<string, unknown>; readonly judged: readonly Judged[] } {
  const next = new Map(memories);
  const judged: Judged[] = [];
  for (const active of rules) {
    const { rule, settings, shadow } = active;
    try {
      const memory = memories.get(rule.id) ?? rule.begin(settings);
      const result = rule.judge(view, memory);
      next.set(rule.id, result.memory);
      for (const finding of result.findings) {
        const action = permitted(active, finding);
        judged.push({ finding, shadow, ...(action === undefined ? {} : { action }) });
      }
    } catch (error) {
      judged.push({ finding: failed(rule, error), shadow });
    }
  }
  return { memories: next, judged };
}
