/** The report as one HTML file that needs nothing else: no script, no picture, no other address. */
import { escaped } from '@holdfast/host';
import type { Change } from './bounds.ts';
import type { PowerRow, TrustReport } from './report.ts';
import type { Goal, Smallest } from './sets.ts';
import { duration, lossText, money, setText } from './show.ts';

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid #ccc }
th { border-bottom: 2px solid #1a1a1a }
code { font-size: .85em; overflow-wrap: anywhere }
.wrong { border: 2px solid #a40000; padding: .5rem 1rem }
.wider { color: #a40000; font-weight: bold }
.small { color: #444; font-size: .85em }
`;

const cells = (kind: 'th' | 'td', row: readonly string[]): string =>
  `<tr>${row.map((cell) => `<${kind}>${cell}</${kind}>`).join('')}</tr>`;

/** A table of cells that are HTML already. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table>${cells('th', head)}${rows.map((row) => cells('td', row)).join('')}</table>`;

const list = (items: readonly string[]): string =>
  `<ul>${items.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>`;

const small = (text: string): string => `<div class="small">${escaped(text)}</div>`;

const questions: Readonly<Record<Goal, string>> = {
  steal: 'Who could steal?',
  halt: 'Who could stop trading?',
  censor: 'Who could leave somebody out?',
};

function goalPart(goal: Goal, sets: readonly Smallest[]): string {
  const own = sets.filter((each) => each.goal === goal);
  const rows = own.map((each) => [escaped(setText(each)), escaped(each.does), escaped(each.until)]);
  const head = ['At least', 'They would', 'What ends or limits it'];
  const body = rows.length === 0 ? '<p>Nobody.</p>' : table(head, rows);
  return `<h3>${questions[goal]}</h3>${body}`;
}

function powerRow(power: PowerRow, symbol: string): string[] {
  const { contract, signature, selector, does, roles, holders } = power;
  const name = signature.slice(0, signature.indexOf('('));
  const when = power.delaySeconds === 0 ? 'at once' : `after ${duration(power.delaySeconds)}`;
  const ends =
    power.expirySeconds === 0 ? '' : small(`ends after ${duration(power.expirySeconds)}`);
  const who = holders.length === 0 ? 'nobody now' : holders.join(', ');
  return [
    `${escaped(does)}<div class="small"><code>${contract}.${name} ${selector}</code></div>`,
    `${escaped(roles.join(', '))}<div class="small"><code>${escaped(who)}</code></div>`,
    `${when}${ends}`,
    `${escaped(lossText(power, symbol))}${small(power.why)}`,
  ];
}

function powersPart({ powers, symbol }: TrustReport): string {
  const rank = (power: PowerRow): bigint =>
    BigInt(power.lossDayQuote) + BigInt(power.lossInsideQuote);
  const sorted = [...powers].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) > rank(b) ? -1 : 1));
  const head = ['What', 'Who', 'When', 'Worst loss'];
  return table(
    head,
    sorted.map((power) => powerRow(power, symbol)),
  );
}

function changesPart(changes: readonly Change[] | undefined): string {
  if (changes === undefined) return '<p>There is no earlier report to compare with.</p>';
  if (changes.length === 0) return '<p>Nothing.</p>';
  const rows = changes.map(({ name, before, after, way }) => [
    `<span class="${way}">${way}</span>`,
    escaped(name),
    `<code>${escaped(before)}</code>`,
    `<code>${escaped(after)}</code>`,
  ]);
  return table(['', 'What', 'Before', 'Now'], rows);
}

/**
 * The report as a page.
 *
 * @param changes since an earlier report; undefined: there is none
 */
export function trustPage(report: TrustReport, changes?: readonly Change[]): string {
  const { problems, symbol, pending, notes, contracts } = report;
  const wrong =
    problems.length === 0
      ? '<p>Everything that was found on the chain is explained below.</p>'
      : `<div class="wrong"><h2>Wrong</h2>${list(problems)}</div>`;
  const codes = contracts.map(({ name, address, isBuilt }) => [
    name,
    `<code>${address}</code>`,
    isBuilt ? 'yes' : '<span class="wider">no</span>',
  ]);
  const at = new Date(report.time * 1000).toISOString().replace('.000Z', ' UTC').replace('T', ' ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Who can do what at this venue</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body><h1>Who can do what at this venue</h1>
<p>Read from chain ${report.chainId} at block ${report.block} (${at}). The vault owes
${escaped(money(report.heldQuote, symbol))} to all accounts together.</p>
${wrong}
<h2>The fewest parties</h2>
<p>A party is one key, or one of those who share a key. Fewer than these cannot do it.</p>
${(['steal', 'halt', 'censor'] as const).map((goal) => goalPart(goal, report.sets)).join('\n')}
<h2>Good to know</h2>${list(notes)}
<h2>What waits for its delay</h2>${pending.length === 0 ? '<p>Nothing.</p>' : list(pending)}
<h2>What changed since last time</h2>${changesPart(changes)}
<h2>Every power</h2>
<p>“A day” is what can leave the venue within 24 hours of taking effect, by the vault’s windows.
“Inside” is what can move between accounts of the venue. Whatever is not listed anybody may do, for
what is their own.</p>
${powersPart(report)}
<h2>Contracts</h2>${table(['Name', 'Address', 'Made by this build'], codes)}
</body></html>
`;
}
