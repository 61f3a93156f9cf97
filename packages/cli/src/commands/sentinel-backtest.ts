/** sentinel backtest: what rules would have said and done over blocks that are past. */
import { join } from 'node:path';
import { loadVenue } from '@holdfast/host';
import type { BacktestReport, RuleResult } from '@holdfast/sentinel';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseWhole } from '../parse.ts';
import { findVenueDir, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

type Options = {
  readonly from?: string;
  readonly to?: string;
  readonly rpc?: string;
  readonly rules?: string;
  readonly only?: string;
  readonly choices?: string;
  readonly incidents?: string;
  readonly warmup: string;
  readonly calibrate?: boolean;
  readonly trials?: boolean;
};

const whole = (text: string | undefined, what: string): number | undefined =>
  text === undefined ? undefined : parseWhole(text, what);

const list = (text: string | undefined): readonly string[] =>
  (text ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));

const perMonth = (value: number): string => (value === 0 ? '0' : value.toFixed(value < 10 ? 1 : 0));

function rowOf(result: RuleResult): string[] {
  const { rule, tier, findings, falseFindings, falsePerMonth, budget, actions, ms } = result;
  const over = budget !== undefined && falsePerMonth > budget ? ' over' : '';
  return [
    rule,
    tier,
    `${findings}`,
    `${falseFindings}`,
    perMonth(falsePerMonth),
    budget === undefined ? '-' : `${budget}${over}`,
    `${actions.length}`,
    `${ms}`,
  ];
}

function textOf(report: BacktestReport): string {
  const { fromBlock, toBlock, blocks, seconds, rules, missed, trials, findings } = report;
  const days = seconds / 86_400;
  const head = ['rule', 'tier', 'findings', 'false', 'in 30 days', 'budget', 'would act', 'ms'];
  const failing = Object.entries(trials).filter(([, problems]) => problems.length > 0);
  const lines = [
    pairs([
      ['blocks', `${blocks} (${fromBlock} to ${toBlock}), ${days.toFixed(days < 1 ? 3 : 1)} days`],
      ['findings', `${findings.length}`],
      ['missed', `${missed.length} incidents`],
    ]),
    table([head, ...rules.map(rowOf)], 2),
  ];
  for (const { rule, tier, title, firstBlock, lastBlock, action, shadow } of findings.slice(
    0,
    40,
  )) {
    const does = action === undefined ? 'tells' : `tighten ${action.scope} to ${action.level}`;
    const how = shadow ? `shadow: ${does}` : does;
    lines.push(`${firstBlock}-${lastBlock} ${rule} (${tier}, ${how}): ${title}`);
  }
  if (findings.length > 40) lines.push(`and ${findings.length - 40} more; --json tells all`);
  for (const [rule, problems] of failing) lines.push(`trial of ${rule}: ${problems.join('; ')}`);
  return lines.join('\n\n').replace(/\n\n(?=\d+-\d+ )/g, '\n');
}

async function run(s: Session, options: Options): Promise<Result> {
  const dir = findVenueDir(s.globals, s.io.cwd);
  if (dir === undefined) {
    throw new EnvironmentError('VenueUnknown', 'no venue.json here; give --venue DIR');
  }
  const venue = loadVenue(dir);
  const rpcUrls = list(options.rpc ?? s.globals.rpc);
  for (const url of rpcUrls) {
    if (!URL.canParse(url)) throw new UsageError('--rpc takes addresses, comma separated');
  }
  // What only a sentinel needs is not loaded for other commands.
  const sentinel = await import('@holdfast/sentinel');
  const report = await sentinel.runBacktest({
    venue,
    rpcUrls: rpcUrls.length > 0 ? rpcUrls : [venue.rpcUrl],
    from: whole(options.from, '--from'),
    to: whole(options.to, '--to'),
    warmup: parseWhole(options.warmup, '--warmup'),
    rulesDir: options.rules,
    only: list(options.only),
    choices: sentinel.readChoices(options.choices ?? join(dir, 'rules.json')),
    incidents: options.incidents === undefined ? [] : sentinel.readIncidents(options.incidents),
    calibrate: options.calibrate === true,
    skipTrials: options.trials === false,
    progress: (line) => s.io.err(`${line}\n`),
    signal: s.io.signal,
  });
  const failing = Object.values(report.trials).filter((problems) => problems.length > 0);
  if (failing.length > 0) s.io.err('a rule of the folder does not pass its trial\n');
  return { data: report, text: textOf(report) };
}

/** `sentinel backtest`. */
export function backtestCommand(perform: Perform): Command {
  const command = new Command('backtest')
    .description('Run rules over past blocks: findings, what would be done, false positives')
    .option('--from <block>', 'first block (default: the first of the venue)')
    .option('--to <block>', 'last block (default: the head)')
    .option('--warmup <blocks>', 'blocks before the first that only teach', '1000')
    .option('--rules <dir>', 'folder of your own rules, besides those that are there')
    .option('--only <ids>', 'only these rules, comma separated')
    .option('--choices <file>', 'settings of rules (default: rules.json of the venue)')
    .option('--incidents <file>', 'blocks in which a rule was right to speak')
    .option('--calibrate', 'first measure your own rules with a budget on these blocks')
    .option('--no-trials', 'do not prove your own rules by their trials first');
  return finish(command, [
    'holdfast sentinel backtest --from 1 --to 5000',
    'holdfast sentinel backtest --rules ./rules --only my-rule --rpc http://127.0.0.1:8545 --json',
  ]).action((options: Options) => perform(options, (s) => run(s, options)));
}
