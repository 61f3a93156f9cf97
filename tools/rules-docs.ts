/**
 * Generator for `npm run docs`: the tables of docs/SENTINEL.md, from the registry of rules. Between
 * `<!-- NAME -->` and `<!-- end -->` stands what follows from the code; the rest is by hand.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../packages/sentinel/src/rule.ts';
import { calibration } from '../packages/sentinel/src/rules/generated/calibration.ts';
import type { RuleModule } from '../packages/sentinel/src/rules/kit/define.ts';
import { registry } from '../packages/sentinel/src/rules/registry.ts';
import { root } from './sources.mjs';

const page = 'docs/SENTINEL.md';

const cell = (text: string): string => text.replaceAll('|', '\\|');

const rowsOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |`)
    .join('\n');

/** From when it is a finding. */
function thresholdOf({ rule, threshold }: RuleModule): string {
  if (threshold.kind === 'any') return 'each';
  if (threshold.kind === 'level') return `${threshold.value} ${threshold.unit}`;
  const level = rule.begin({}).threshold;
  const rounded = Number(level.toPrecision(3));
  return `falsePerMonth ${threshold.falsePerMonth} (${rounded} ${threshold.unit})`;
}

/** What it asks for. */
function actionOf({ rule, damage }: RuleModule): string {
  const finding: Finding = {
    rule: rule.id,
    tier: rule.tier,
    severity: rule.severity,
    scope: 1,
    key: '',
    title: '',
    evidence: { law: 'L0' },
    damage: true,
  };
  const action = rule.action?.(finding);
  if (action === undefined) return 'tells';
  const where = action.scope === 0 ? 'venue' : 'market';
  const minutes = action.holdSeconds / 60;
  const when = damage === undefined ? '' : `, when ${damage}`;
  return `${where} to level ${action.level} for ${minutes} min${when}`;
}

const tables: Readonly<Record<string, () => string>> = {
  rules: () =>
    rowsOf(
      ['rule', 'tier', 'reads', 'a finding from', 'does', 'attack that it catches'],
      registry.map((module) => [
        `\`${module.rule.id}\``,
        module.rule.tier,
        module.rule.reads,
        thresholdOf(module),
        actionOf(module),
        [module.trial.attack, ...(module.trial.further ?? [])].map(({ what }) => what).join('; '),
      ]),
    ),
  calibration: () =>
    rowsOf(
      ['rule', 'months of 30 days', 'on'],
      Object.entries(calibration)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, { months, on }]) => [`\`${id}\``, `${months}`, on]),
    ),
  settings: () =>
    rowsOf(
      ['rule', 'setting', 'unless told', 'what'],
      registry.flatMap(({ rule, settings }) =>
        Object.entries(settings).map(([name, { value, doc }]) => [
          `\`${rule.id}\``,
          `\`${name}\``,
          value === '' ? 'nothing' : `${value}`,
          doc,
        ]),
      ),
    ),
};

/** The page with its tables as the code is now. */
export function generate(): Record<string, string> {
  const text = readFileSync(join(root, page), 'utf8');
  const pattern = /<!-- (\w+) -->\n[\s\S]*?<!-- end -->/g;
  const filled = text.replace(pattern, (all, name: string) => {
    const table = tables[name];
    return table === undefined ? all : `<!-- ${name} -->\n${table()}\n<!-- end -->`;
  });
  return { [page]: filled };
}
