/**
 * Rules over blocks, one after the other. The memory of all rules is one value: who watches a
 * chain keeps it per block and goes back to it in a reorganisation; a backtest just goes on.
 */
import { errorMessage } from '@holdfast/host';
import type { Action, BlockView, Finding, RuleSettings } from '../rule.ts';
import type { RuleModule } from './kit/define.ts';

/** A rule as a venue team runs it. */
export interface RunRule {
  readonly module: RuleModule;
  readonly settings?: RuleSettings;
  /** Judged and told, marked as shadow; never acts. */
  readonly shadow?: boolean;
}

/** What rules keep, by id. */
export type Memories = ReadonlyMap<string, unknown>;

/** A finding, and what is to be done about it. */
export interface Judged {
  readonly finding: Finding;
  readonly shadow: boolean;
  /** Of a rule in shadow: what it would have done. */
  readonly action: Action | undefined;
}

export interface Runner {
  readonly rules: readonly RunRule[];
  /** @throws EnvironmentError RuleSettingsWrong, BudgetUnknown */
  begin(): Memories;
  judge(
    view: BlockView,
    memories: Memories,
  ): { readonly memories: Memories; readonly judged: readonly Judged[] };
}

/** A rule that throws is told of and left as it was; the others go on. */
function failed(rule: string, error: unknown): Judged {
  const finding: Finding = {
    rule,
    tier: 'statistical',
    severity: 'medium',
    scope: 0,
    key: 'failed',
    title: `rule ${rule} failed: ${errorMessage(error)}`,
    evidence: { problem: errorMessage(error) },
  };
  return { finding, shadow: false, action: undefined };
}

/** Makes a runner. @param rules each id once */
export function createRunner(rules: readonly RunRule[]): Runner {
  return {
    rules,
    begin: () =>
      new Map(
        rules.map(({ module, settings }) => [module.rule.id, module.rule.begin(settings ?? {})]),
      ),
    judge: (view, memories) => {
      const after = new Map(memories);
      const judged: Judged[] = [];
      for (const { module, shadow = false } of rules) {
        const { rule } = module;
        try {
          const { memory, findings } = rule.judge(view, memories.get(rule.id) as never);
          after.set(rule.id, memory);
          for (const finding of findings) {
            judged.push({ finding, shadow, action: rule.action?.(finding) });
          }
        } catch (error) {
          judged.push(failed(rule.id, error));
        }
      }
      return { memories: after, judged };
    },
  };
}
