/** Rules from a folder, and which rules run with which settings. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorMessage, readJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { examine, survivors, trialProblems } from './examine.ts';
import type { Curve } from './kit/budget.ts';
import type { RuleModule } from './kit/define.ts';
import { createKit, type Kit } from './kit/kit.ts';
import { registry } from './registry.ts';
import type { RunRule } from './run.ts';

/** A rule and the file that it comes from. */
export interface LoadedRule {
  readonly module: RuleModule;
  readonly path: string;
}

const curveSchema = z.strictObject({
  months: z.number().positive(),
  on: z.string(),
  levels: z.array(z.tuple([z.number(), z.number()])).min(1),
});
const curvesSchema = z.record(z.string(), curveSchema);

function malformed(path: string, problem: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError('RuleMalformed', `${path}: ${problem}`, { retry: false, cause });
}

function curvesOf(dir: string): Readonly<Record<string, Curve>> {
  const path = join(dir, 'calibration.json');
  if (!existsSync(path)) return {};
  const parsed = curvesSchema.safeParse(readJson(path, 'calibration'));
  if (!parsed.success) throw malformed(path, z.prettifyError(parsed.error));
  return parsed.data;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** What is wrong with what a file has given instead of a rule. */
function shapeProblems(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return ['has no rule as its default export'];
  const { rule, measure, trial, threshold } = value as Partial<RuleModule>;
  const isRule =
    isFunction(measure) && isFunction(rule?.judge) && isFunction(rule?.begin) && threshold;
  if (!isRule || typeof trial !== 'object') return ['its default export was not made by `rule`'];
  const problems: string[] = [];
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(rule?.id ?? '')) {
    problems.push(`its id "${rule?.id}" is not in kebab case`);
  }
  if (!['law', 'flow', 'statistical'].includes(rule?.tier ?? '')) {
    problems.push(`its tier "${rule?.tier}" is none of law, flow, statistical`);
  }
  if (!rule?.title || !rule.reads) problems.push('says neither what it is nor what it reads');
  return problems.length > 0 ? problems : trialProblems(value as RuleModule);
}

async function importFile(path: string): Promise<unknown> {
  const url = pathToFileURL(path).href;
  if (!path.endsWith('.ts') && !path.endsWith('.mts')) return import(url);
  const { tsImport } = await import('tsx/esm/api');
  return tsImport(url, import.meta.url);
}

/** The default export; of a file that was taken for CommonJS it is one level deeper. */
function defaultOf(loaded: unknown): unknown {
  const { default: given } = loaded as { default?: unknown };
  const isDeeper = typeof given === 'object' && given !== null && 'default' in given;
  return isDeeper ? given.default : given;
}

/**
 * One rule from a file: its default export is the rule, or a function that makes it of a kit.
 *
 * @throws EnvironmentError RuleMalformed, with everything that is wrong
 */
export async function loadRule(path: string, kit: Kit = createKit({})): Promise<RuleModule> {
  let value: unknown;
  try {
    const given = defaultOf(await importFile(path));
    value = typeof given === 'function' ? (given as (kit: Kit) => unknown)(kit) : given;
  } catch (error) {
    throw malformed(path, `cannot be loaded: ${errorMessage(error)}`, error);
  }
  const problems = shapeProblems(value);
  if (problems.length > 0) throw malformed(path, problems.join('; '));
  const module = value as RuleModule;
  const name = basename(path).replace(/\.(?:mts|ts|mjs|js)$/, '');
  if (name !== module.rule.id && !name.startsWith('mutant-')) {
    throw malformed(path, `its rule is called ${module.rule.id}; name the file so`);
  }
  return module;
}

/**
 * What is wrong with a rule from a folder, by its own trial: attack, benign days, mutants.
 *
 * @param dir its folder, whose calibration it stands on
 */
export async function proveRule({ module, path }: LoadedRule, dir: string): Promise<string[]> {
  const kit = createKit(curvesOf(dir));
  const found = examine(module);
  return [...found, ...(await survivors(module, path, (url) => loadRule(fileURLToPath(url), kit)))];
}

/** Files of a folder that hold rules: .mjs, .js, .mts and .ts, but for tests and `_` in front. */
function filesOf(dir: string): string[] {
  if (!existsSync(dir)) {
    throw new EnvironmentError('FileMissing', `there is no folder of rules ${dir}`);
  }
  return readdirSync(dir)
    .filter((name) => /\.(?:mjs|js|mts|ts)$/.test(name) && !/^_|\.(?:test|d)\.\w+$/.test(name))
    .sort()
    .map((name) => resolve(dir, name));
}

/**
 * The rules of a folder, by the names of their files.
 *
 * @throws EnvironmentError FileMissing, RuleMalformed
 */
export async function loadRules(dir: string): Promise<LoadedRule[]> {
  const kit = createKit(curvesOf(dir));
  const loaded: LoadedRule[] = [];
  for (const path of filesOf(dir)) {
    const module = await loadRule(path, kit);
    if (registry.some(({ rule }) => rule.id === module.rule.id)) {
      throw malformed(path, `there is a rule ${module.rule.id} already`);
    }
    loaded.push({ module, path });
  }
  return loaded;
}

const choiceSchema = z.record(
  z.string(),
  z.strictObject({
    /** Whether it is judged at all. */
    enabled: z.boolean().default(true),
    /** Told and never acted upon. */
    shadow: z.boolean().default(false),
    settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
  }),
);
/** What a venue team has decided about rules, by id. */
export type RuleChoices = z.input<typeof choiceSchema>;

/**
 * The rules that run. What nobody has decided about runs as it is; a rule from a folder runs in
 * shadow until somebody decides otherwise.
 *
 * @throws EnvironmentError RuleChoicesMalformed, RuleSettingsWrong, BudgetUnknown
 */
export function chooseRules(own: readonly RuleModule[], choices: RuleChoices = {}): RunRule[] {
  const parsed = choiceSchema.safeParse(choices);
  const wrong = (problem: string) =>
    new EnvironmentError('RuleChoicesMalformed', `choices of rules: ${problem}`);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  const all = [...registry, ...own];
  const unknown = Object.keys(parsed.data).filter((id) => !all.some(({ rule }) => rule.id === id));
  if (unknown.length > 0) {
    const known = all.map(({ rule }) => rule.id).join(', ');
    throw wrong(`no rule ${unknown.join(', ')}; there are ${known}`);
  }
  return all.flatMap((module) => {
    const choice = parsed.data[module.rule.id];
    if (choice?.enabled === false) return [];
    const settings = choice?.settings ?? {};
    // Wrong settings are found out now and not at the first block.
    module.rule.begin(settings);
    return [{ module, settings, shadow: choice?.shadow ?? own.includes(module) }];
  });
}

/** Choices from a file such as `rules.json` in a venue's folder; none when it is not there. */
export function readChoices(path: string): RuleChoices {
  return existsSync(path) ? (readJson(path, 'choices of rules') as RuleChoices) : {};
}
