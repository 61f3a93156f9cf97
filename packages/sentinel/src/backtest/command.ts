/** A backtest as a whole: rules chosen, proved, run over a range, and perhaps calibrated. */
import { join } from 'node:path';
import { type Logger, silentLogger, type Venue, writeJsonAtomic } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import type { RuleModule } from '../rules/kit/define.ts';
import {
  chooseRules,
  type LoadedRule,
  loadRules,
  proveRule,
  type RuleChoices,
} from '../rules/load.ts';
import { type BacktestResult, backtest, type Incident } from './backtest.ts';
import { openRange } from './blocks.ts';
import { curvesFrom } from './calibrate.ts';

export interface BacktestCommand {
  readonly venue: Venue;
  readonly rpcUrls: readonly string[];
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly warmup: number;
  /** Folder of a venue team's own rules. */
  readonly rulesDir?: string | undefined;
  /** Only these rules. */
  readonly only?: readonly string[] | undefined;
  readonly choices: RuleChoices;
  readonly incidents: readonly Incident[];
  /** Own rules are not proved by their trials first. */
  readonly skipTrials?: boolean | undefined;
  /** Measures own rules with a budget and writes calibration.json into their folder first. */
  readonly calibrate?: boolean | undefined;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger | undefined;
}

/** What is wrong with each own rule; empty: it passed its trial. */
export type Trials = Readonly<Record<string, readonly string[]>>;

export interface BacktestReport extends BacktestResult {
  readonly trials: Trials;
}

/** Those that were asked for. @throws EnvironmentError RuleUnknown */
function wanted(
  only: readonly string[] | undefined,
  own: readonly RuleModule[],
  choices: RuleChoices,
): ReturnType<typeof chooseRules> {
  const all = chooseRules(own, choices);
  if (only === undefined || only.length === 0) return all;
  const unknown = only.filter((id) => !all.some(({ module }) => module.rule.id === id));
  if (unknown.length === 0) return all.filter(({ module }) => only.includes(module.rule.id));
  const known = all.map(({ module }) => module.rule.id).join(', ');
  throw new EnvironmentError('RuleUnknown', `no rule ${unknown.join(', ')}; there are ${known}`);
}

async function prove(own: readonly LoadedRule[], command: BacktestCommand): Promise<Trials> {
  const trials: Record<string, readonly string[]> = {};
  if (command.skipTrials === true || command.rulesDir === undefined) return trials;
  for (const rule of own) {
    command.progress(`trial of ${rule.module.rule.id}`);
    trials[rule.module.rule.id] = await proveRule(rule, command.rulesDir);
  }
  return trials;
}

/**
 * Runs it.
 *
 * @throws EnvironmentError RuleMalformed, RuleUnknown, RangeWrong, NoQuorum, BudgetUnknown, …
 */
export async function runBacktest(command: BacktestCommand): Promise<BacktestReport> {
  const { rulesDir, progress, incidents, logger = silentLogger() } = command;
  const open = () => openRange({ ...command, logger });
  let own = rulesDir === undefined ? [] : await loadRules(rulesDir);
  if (command.calibrate === true) {
    if (rulesDir === undefined) {
      throw new EnvironmentError(
        'RulesMissing',
        'only rules of a folder of your own are calibrated',
      );
    }
    const range = await open();
    const modules = own.map(({ module }) => module);
    const curves = await curvesFrom(range.blocks(), modules);
    await writeJsonAtomic(join(rulesDir, 'calibration.json'), curves, 0o644);
    progress(`calibrated ${Object.keys(curves).join(', ') || 'nothing'}`);
    own = await loadRules(rulesDir);
  }
  const modules = own.map(({ module }) => module);
  const rules = wanted(command.only, modules, command.choices);
  const trials = await prove(own, command);
  const range = await open();
  progress(`blocks ${range.from} to ${range.to}, learning from ${range.learnsFrom}`);
  const result = await backtest(range.blocks(), rules, { countsFrom: range.from, incidents });
  return { ...result, trials };
}
