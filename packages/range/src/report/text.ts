/** The report for a terminal. */
import { formatDecimal, quoteDecimals } from '@holdfast/units';
import type { Scenario, ScenarioReport } from '../types.ts';

/** Rows as columns, the first row being the header. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** An amount in its unit: quote as whole tokens with two decimals, rounded down. */
export function amount(value: bigint, unit: string): string {
  if (unit !== 'quote') return `${value} ${unit}`;
  const cents = (value < 0n ? -value : value) / 10n ** BigInt(quoteDecimals - 2);
  const sign = value < 0n && cents > 0n ? '-' : '';
  const [whole = '0', part = ''] = formatDecimal(cents, 2).split('.');
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${part.padEnd(2, '0')}`;
}

/** The smallest gain of an ablation: what the attack would have brought without its control. */
function ablated(report: ScenarioReport): string {
  const { ablations, unit } = report;
  if (ablations.length === 0) return '-';
  const gains = ablations.map(({ attackerNet, loss }) => (unit === 'quote' ? attackerNet : loss));
  const [least = 0n] = gains.sort((a, b) => Number(a - b));
  return amount(least, unit);
}

const milliseconds = (report: ScenarioReport): number =>
  report.runs.reduce((sum, { ms }) => sum + ms, 0);

function rowOf(report: ScenarioReport): string[] {
  const { scenario, loss, bound, attackerNet, unit, verdict } = report;
  const { name, kind, control } = scenario;
  if (kind === 'open' && report.runs.length === 0) {
    return [name, '-', '-', '-', '-', '-', 'open', control];
  }
  const seconds = (milliseconds(report) / 1000).toFixed(1);
  if (kind === 'tape') return [name, '-', '-', '-', '-', seconds, verdict, 'nothing may happen'];
  const sums = [amount(loss, unit), amount(bound, unit), amount(attackerNet, 'quote')];
  return [name, ...sums, ablated(report), seconds, verdict, control];
}

/** Table of all scenarios, and what is wrong with those that failed. */
export function reportText(reports: readonly ScenarioReport[]): string {
  const head = ['scenario', 'lost', 'bound', 'gained', 'without', 's', 'verdict', 'control'];
  const lines = [columns([head, ...reports.map(rowOf)])];
  for (const { scenario, problems, seed, verdict } of reports) {
    if (verdict !== 'failed') continue;
    lines.push(`\n${scenario.name} failed; npx holdfast range ${scenario.name} --seed ${seed}`);
    for (const problem of problems) lines.push(`  ${problem}`);
  }
  const count = (verdict: ScenarioReport['verdict']): number =>
    reports.filter((each) => each.verdict === verdict).length;
  for (const { scenario, problems, verdict } of reports) {
    if (verdict === 'skipped') lines.push(`\n${scenario.name} ${problems.join('; ')}`);
  }
  const kinds = (['held', 'failed', 'open', 'skipped'] as const).map(
    (verdict) => `${count(verdict)} ${verdict}`,
  );
  lines.push(`\n${kinds.join(', ')}`);
  return lines.join('\n');
}

/** Table of what there is. */
export function listText(scenarios: readonly Scenario[]): string {
  const rows = scenarios.map((each) => {
    const { name, kind, title } = each;
    if (kind === 'tape') return [name, kind, '-', title];
    return [name, kind, each.invariants.join(' '), title];
  });
  return columns([['scenario', 'kind', 'holds', 'title'], ...rows]);
}
