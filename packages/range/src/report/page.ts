/** The report as one HTML file that needs nothing else: no script, no picture, no other address. */
import { escaped } from '@holdfast/host';
import type { RunResult, ScenarioReport } from '../types.ts';
import { chart } from './chart.ts';
import { amount } from './text.ts';

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .9em }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid #ccc }
th { border-bottom: 2px solid #1a1a1a }
section { border-top: 3px solid #1a1a1a; margin-top: 3rem; padding-top: 1rem }
figure { margin: 1rem 0 } figcaption { font-size: .85em; color: #444 }
svg text { font: 11px system-ui, sans-serif }
.held { color: #0b6b2e; font-weight: bold } .failed { color: #a40000; font-weight: bold }
.open { color: #7a5a00; font-weight: bold } .refused { color: #0b6b2e } .ok { color: #a40000 }
.step .ok { color: inherit } .alarm td, .action td { background: #fff4d6 }
details { margin: .5rem 0 } code { font-size: .85em }
`;

const cells = (kind: 'th' | 'td', row: readonly string[]): string =>
  `<tr>${row.map((cell) => `<${kind}>${cell}</${kind}>`).join('')}</tr>`;

function summary(reports: readonly ScenarioReport[]): string {
  const head = ['Scenario', 'Others lost', 'Bound', 'Attacker gained', 'Verdict', 'Control'];
  const rows = reports.map(({ scenario, runs, loss, bound, attackerNet, unit, verdict }) => {
    const isMeasured = scenario.kind !== 'tape' && runs.length > 0;
    return [
      `<a href="#${scenario.name}">${escaped(scenario.title)}</a>`,
      isMeasured ? amount(loss, unit) : '-',
      isMeasured ? amount(bound, unit) : '-',
      isMeasured ? amount(attackerNet, 'quote') : '-',
      `<span class="${verdict}">${verdict}</span>`,
      escaped(scenario.control),
    ];
  });
  return `<table>${cells('th', head)}${rows.map((row) => cells('td', row)).join('')}</table>`;
}

function timeline(run: RunResult): string {
  const rows = run.timeline.map(({ kind, block, second, who, what, outcome }) => {
    const how = outcome === 'ok' ? 'ok' : 'refused';
    const row = [block < 0 ? '' : `${block}`, `${second} s`, escaped(who), escaped(what)];
    const last = `<td class="${how}">${escaped(outcome)}</td>`;
    const first = row.map((cell) => `<td>${cell}</td>`).join('');
    return `<tr class="${kind}">${first}${last}</tr>`;
  });
  const head = cells('th', ['Block', 'After', 'Who', 'What', 'Outcome']);
  return `<table>${head}${rows.join('')}</table>`;
}

const nameOf = (run: RunResult): string =>
  run.mode === 'ablation' ? `without: ${run.ablation}` : run.mode;

function runPart(run: RunResult, report: ScenarioReport): string {
  const facts = [
    `others ${amount(run.others, 'quote')}`,
    `attacker ${amount(run.attackers, 'quote')}`,
    `locked ${amount(run.locked, 'quote')}`,
    run.firstAlarm < 0 ? 'no alarm' : `first alarm at block ${run.firstAlarm}`,
    run.firstAction < 0 ? 'no tightening' : `first tightening at block ${run.firstAction}`,
    `${run.refused.length} honest requests refused`,
    `${run.wrongful.length} wrongful liquidations`,
    `${run.minutesWithoutExit} minutes without exit`,
    `${run.blocks} blocks, last <code>${run.finalHash.slice(0, 18)}</code>`,
  ];
  const control = report.runs[0];
  const drawn = control === undefined ? '' : chart(run, control, report);
  const open = run.mode === 'attack' ? ' open' : '';
  return `<details${open}><summary><b>${escaped(nameOf(run))}</b></summary>
<p>${facts.join(' · ')}</p>${drawn}${timeline(run)}</details>`;
}

function part(report: ScenarioReport): string {
  const { scenario, verdict, problems } = report;
  const incidents = scenario.incidents.map((each) => `<li>${escaped(each)}</li>`).join('');
  const wrong = problems.map((each) => `<li>${escaped(each)}</li>`).join('');
  return `<section id="${scenario.name}"><h2>${escaped(scenario.title)}
<span class="${verdict}">${verdict}</span></h2>
<p>${escaped(scenario.story)}</p>
${
  scenario.control === ''
    ? ''
    : `<p><b>Control:</b> ${escaped(scenario.control)}
(${scenario.invariants.join(', ')})</p>`
}
${incidents === '' ? '' : `<p>It happened:</p><ul>${incidents}</ul>`}
${wrong === '' ? '' : `<p>What is wrong:</p><ul class="failed">${wrong}</ul>`}
${report.runs.map((run) => runPart(run, report)).join('')}</section>`;
}

/** The whole page. */
export function reportPage(
  reports: readonly ScenarioReport[],
  { seed, commit }: { seed: string; commit: string },
): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Attack range</title>
<style>${style}</style><h1>Attack range</h1>
<p>Each attack runs against the real contracts three times from one snapshot: without the attacker
(control), with it, and with it while the named control is switched off. What others lost is their
value in the control run less that in the other, at the same prices.</p>
<p>Seed <code>${escaped(seed)}</code>, commit <code>${escaped(commit)}</code>.</p>
${summary(reports)}${reports.map(part).join('')}</html>
`;
}
