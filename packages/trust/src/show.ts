/** The report as text for a terminal. */
import { formatDecimal } from '@holdfast/units';
import type { Change } from './bounds.ts';
import type { PowerRow, TrustReport } from './report.ts';
import type { Smallest } from './sets.ts';

const units: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];

/** Seconds as a person says them; the largest unit that is whole. */
export function duration(seconds: number): string {
  for (const [length, name] of units) {
    if (seconds >= length && seconds % length === 0) return `${seconds / length} ${name}`;
  }
  return `${seconds} s`;
}

/** Quote units as money. */
export function money(quote: string, symbol: string): string {
  const whole = formatDecimal(BigInt(quote), 6).split('.')[0] ?? '0';
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')} ${symbol}`;
}

/** The worst loss of a power in one phrase. */
export function lossText(power: PowerRow, symbol: string): string {
  const out = power.lossDayQuote === '0' ? '' : `${money(power.lossDayQuote, symbol)} a day`;
  const inside =
    power.lossInsideQuote === '0' ? '' : `${money(power.lossInsideQuote, symbol)} inside`;
  return [out, inside].filter((each) => each !== '').join(', ') || 'none';
}

/** Who, when and for how long, of one way to a goal. */
export function setText({ parties, bodies, afterSeconds, lastsSeconds }: Smallest): string {
  const who = bodies.map(({ name, need, members }) => `${need} of ${members.length} ${name}`);
  const count = parties.length === 1 ? '1 party' : `${parties.length} parties`;
  const when = afterSeconds === 0 ? 'at once' : `after ${duration(afterSeconds)}`;
  const lasts = lastsSeconds === undefined ? '' : `, for ${duration(lastsSeconds)} at most`;
  return `${count} (${who.join(' and ')}), ${when}${lasts}`;
}

const wrap = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');

function powerLines(power: PowerRow, symbol: string): string[] {
  const { contract, signature, does, roles, holders, delaySeconds, expirySeconds, why } = power;
  const name = signature.slice(0, signature.indexOf('('));
  const times = [
    delaySeconds === 0 ? 'at once' : `after ${duration(delaySeconds)}`,
    ...(expirySeconds === 0 ? [] : [`ends after ${duration(expirySeconds)}`]),
  ];
  return [
    `${contract}.${name}  ${power.selector}  ${does}`,
    `    ${roles.join(', ')}: ${holders.join('; ') || 'nobody now'}`,
    `    ${times.join(', ')}; worst loss: ${lossText(power, symbol)} (${why})`,
  ];
}

/** What changed since an earlier report. */
export function changeText(changes: readonly Change[]): string {
  if (changes.length === 0) return 'nothing has changed';
  return changes
    .map(
      ({ way, name, before, after }) =>
        `${way.toUpperCase().padEnd(9)}${name}: ${before} -> ${after}`,
    )
    .join('\n');
}

const goals = { steal: 'To steal', halt: 'To halt', censor: 'To censor' } as const;

function setLines(sets: readonly Smallest[]): string[] {
  return (['steal', 'halt', 'censor'] as const).flatMap((goal) => {
    const own = sets.filter((each) => each.goal === goal);
    return [
      `${goals[goal]}: ${own.length === 0 ? 'nobody can' : setText(own[0] as Smallest)}`,
      ...own.flatMap((each) => [`  ${setText(each)}: ${each.does}`, `      until: ${each.until}`]),
    ];
  });
}

/**
 * The whole report as text.
 *
 * @param changes since an earlier report; undefined: there is none
 */
export function trustText(report: TrustReport, changes?: readonly Change[]): string {
  const { symbol, powers, contracts, problems, pending, notes } = report;
  const codes = contracts.map(
    ({ name, address, isBuilt }) =>
      `${name.padEnd(18)} ${address}  ${isBuilt ? 'this build' : 'OTHER CODE'}`,
  );
  return [
    `chain ${report.chainId}, block ${report.block}`,
    `the vault owes ${money(report.heldQuote, symbol)}`,
    ...(problems.length === 0 ? [] : ['', 'WRONG', wrap(problems)]),
    '',
    'The fewest parties',
    wrap(setLines(report.sets)),
    '',
    'Powers',
    wrap(powers.flatMap((power) => powerLines(power, symbol))),
    '',
    'Waiting',
    wrap(pending.length === 0 ? ['nothing'] : pending),
    '',
    'Good to know',
    wrap(notes),
    '',
    'Contracts',
    wrap(codes),
    ...(changes === undefined
      ? []
      : ['', 'Since last time', wrap(changeText(changes).split('\n'))]),
  ].join('\n');
}
