/**
 * What one rule file states, and the {@link Rule} that follows from it. A rule measures; whether a
 * measure is a finding is decided here, by a threshold that calibration has found on benign data.
 */
import { EnvironmentError } from '@holdfast/units';
import type { Action, BlockView, Finding, Rule, RuleSettings, Severity, Tier } from '../../rule.ts';
import { budgetThreshold, type Curve } from './budget.ts';
import type { Trial } from './trial.ts';

/** A number, text or switch that a venue team may set. */
export interface Setting {
  readonly value: number | string | boolean;
  readonly doc: string;
  /** Of a number; from 0 unless told. */
  readonly min?: number;
  readonly max?: number;
}

type Widened<T> = T extends number ? number : T extends string ? string : boolean;
/** Settings in force, by name. */
export type Values<S extends Readonly<Record<string, Setting>>> = {
  readonly [K in keyof S]: Widened<S[K]['value']>;
};

/** How unusual one thing is in one block. */
export interface Score {
  /** What it is about: scores of one key are one finding that goes on. */
  readonly key: string;
  /** Scope of the breaker: 0 the venue, 1 + market. */
  readonly scope: number;
  readonly value: number;
  readonly title: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  /** Deterministic damage was shown. */
  readonly damage?: boolean;
  /** Instead of the rule's. */
  readonly severity?: Severity;
}

/** A measure is a finding from this value on. */
export type Threshold =
  /** A law: any measure is one. */
  | { readonly kind: 'any' }
  /** At least a quarter above everything that benign tapes measure; setting `threshold`. */
  | { readonly kind: 'level'; readonly value: number; readonly unit: string }
  /** As many false findings in 30 days as are allowed; setting `falsePerMonth`. */
  | { readonly kind: 'budget'; readonly falsePerMonth: number; readonly unit: string };

/** What a rule has measured, with what it keeps for the next block. */
export interface Measured<M> {
  readonly memory: M;
  readonly scores: readonly Score[];
}

/** One rule file. */
export interface RuleFile<M, S extends Readonly<Record<string, Setting>>> {
  readonly id: string;
  readonly tier: Tier;
  readonly severity: Severity;
  readonly title: string;
  readonly reads: string;
  /** Why it is damage, of a flow rule. */
  readonly damage?: string;
  readonly threshold: Threshold;
  readonly settings: S;
  begin(values: Values<S>): M;
  /** Changes nothing that it is given. */
  measure(view: BlockView, memory: M, values: Values<S>): Measured<M>;
  /** Asked of a law's findings, and of a flow rule's with damage; never of a statistical rule's. */
  act?(finding: Finding): Action | undefined;
  readonly trial: Trial;
}

/** What a rule keeps: its own memory, and the settings under which it began. */
export interface Held<M> {
  readonly inner: M;
  readonly values: Readonly<Record<string, number | string | boolean>>;
  readonly threshold: number;
}

/** A rule with all that its file states. */
export interface RuleModule {
  readonly rule: Rule<Held<unknown>>;
  readonly threshold: Threshold;
  readonly damage: string | undefined;
  /** With those that follow from the threshold. */
  readonly settings: Readonly<Record<string, Setting>>;
  /** A memory under which nothing is a finding: for measuring alone. */
  blank(settings: RuleSettings): Held<unknown>;
  /** All measures of a block, findings or not. */
  measure(view: BlockView, memory: Held<unknown>): Measured<Held<unknown>>;
  readonly trial: Trial;
}

const settingsOf = (threshold: Threshold): Readonly<Record<string, Setting>> => {
  if (threshold.kind === 'level') {
    const doc = `from which it is a finding: ${threshold.unit}`;
    return { threshold: { value: threshold.value, doc } };
  }
  if (threshold.kind === 'any') return {};
  const doc = 'findings on benign data that are accepted in 30 days';
  return { falsePerMonth: { value: threshold.falsePerMonth, doc, min: 0.001 } };
};

function wrong(id: string, problem: string): EnvironmentError {
  return new EnvironmentError('RuleSettingsWrong', `rule ${id}: ${problem}`);
}

function settingOf(id: string, name: string, setting: Setting, given: unknown) {
  if (typeof given !== typeof setting.value) {
    const found = JSON.stringify(given);
    throw wrong(id, `setting ${name} is ${found}, a ${typeof setting.value} is wanted`);
  }
  if (typeof given === 'number') {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting;
    const fits = Number.isFinite(given) && given >= min && given <= max;
    if (!fits) throw wrong(id, `setting ${name} is ${given}, ${min} to ${max} are allowed`);
  }
  return given as number | string | boolean;
}

/** The settings of a rule. @throws EnvironmentError RuleSettingsWrong */
export function resolveSettings(
  id: string,
  settings: Readonly<Record<string, Setting>>,
  given: RuleSettings,
): Readonly<Record<string, number | string | boolean>> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(settings, name));
  if (unknown.length > 0) {
    const known = Object.keys(settings).join(', ') || 'none';
    throw wrong(id, `no setting ${unknown.join(', ')}; there are: ${known}`);
  }
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [
      name,
      settingOf(id, name, setting, given[name] ?? setting.value),
    ]),
  );
}

/**
 * Makes the rule of a file.
 *
 * @param curves what calibration has measured, by rule; for rules with a budget
 */
export function define<M, S extends Readonly<Record<string, Setting>>>(
  file: RuleFile<M, S>,
  curves: Readonly<Record<string, Curve>>,
): RuleModule {
  const { id, tier, severity, threshold } = file;
  const settings = { ...file.settings, ...settingsOf(threshold) };

  const blank = (given: RuleSettings): Held<unknown> => {
    const values = resolveSettings(id, settings, given);
    return { inner: file.begin(values as Values<S>), values, threshold: Number.POSITIVE_INFINITY };
  };
  const begin = (given: RuleSettings): Held<unknown> => {
    const held = blank(given);
    return { ...held, threshold: thresholdOf(id, threshold, held.values, curves[id]) };
  };
  const measure = (view: BlockView, held: Held<unknown>): Measured<Held<unknown>> => {
    const { memory, scores } = file.measure(view, held.inner as M, held.values as Values<S>);
    return { memory: memory === held.inner ? held : { ...held, inner: memory }, scores };
  };
  const rule: Rule<Held<unknown>> = {
    id,
    tier,
    severity,
    title: file.title,
    reads: file.reads,
    begin,
    judge: (view, held) => {
      const { memory, scores } = measure(view, held);
      const findings = scores
        .filter(({ value }) => value >= held.threshold)
        .map((score) => toFinding({ id, tier, severity }, score));
      return { memory, findings };
    },
    action: (finding) => {
      if (tier === 'statistical' || (tier === 'flow' && finding.damage !== true)) return undefined;
      return file.act?.(finding);
    },
  };
  const { damage, trial } = file;
  return { rule, threshold, damage, settings, blank, measure, trial };
}

/** The value from which a measure is a finding, under these settings. */
export function thresholdOf(
  id: string,
  threshold: Threshold,
  values: Readonly<Record<string, number | string | boolean>>,
  curve: Curve | undefined,
): number {
  if (threshold.kind === 'any') return Number.MIN_VALUE;
  if (threshold.kind === 'level') return values.threshold as number;
  return budgetThreshold(id, values.falsePerMonth as number, curve);
}

function toFinding(
  rule: { readonly id: string; readonly tier: Tier; readonly severity: Severity },
  { key, scope, value, title, evidence, damage, severity }: Score,
): Finding {
  return {
    rule: rule.id,
    tier: rule.tier,
    severity: severity ?? rule.severity,
    scope,
    key,
    title,
    evidence: { ...evidence, measure: Math.round(value * 1e6) / 1e6 },
    ...(damage === undefined ? {} : { damage }),
  };
}
