/**
 * Proves a rule: its attack is caught, its mutants are not as good, and on benign days it neither
 * acts nor speaks. What stands in the registry, and what a venue team adds, passes the same.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage } from '@holdfast/host';
import type { BlockView } from '../rule.ts';
import type { RuleModule } from './kit/define.ts';
import { type Attack, type BenignName, benignNames, type Mutant } from './kit/trial.ts';
import { benignTapes } from './tape/benign.ts';
import { createTape } from './tape/venue.ts';

/** What a rule did on one tape. */
export interface Heard {
  readonly findings: number;
  readonly actions: number;
  /** The worst severity that it spoke at; undefined: silent. */
  readonly loudest: string | undefined;
  /** Largest measure. */
  readonly peak: number;
  /** Blocks from the first finding's to the first block of the tape; undefined: none. */
  readonly first: number | undefined;
}

const severities = ['info', 'low', 'medium', 'high', 'critical'];

/** Runs one rule over blocks. */
export function hear(module: RuleModule, views: Iterable<BlockView>): Heard {
  const { rule, trial } = module;
  let memory = rule.begin(trial.settings ?? {});
  let [findings, actions, peak, worst, block] = [0, 0, 0, -1, 0];
  let first: number | undefined;
  for (const view of views) {
    block += 1;
    const { scores } = module.measure(view, memory);
    for (const { value } of scores) peak = Math.max(peak, value);
    const judged = rule.judge(view, memory);
    memory = judged.memory;
    for (const finding of judged.findings) {
      first ??= block;
      findings += 1;
      worst = Math.max(worst, severities.indexOf(finding.severity));
      if (rule.action?.(finding) !== undefined) actions += 1;
    }
  }
  return { findings, actions, loudest: severities[worst], peak, first };
}

const benignViews = new Map<BenignName, readonly BlockView[]>();

/** The blocks of a benign day, made once. */
export function benignDay(name: BenignName): readonly BlockView[] {
  const made = benignViews.get(name);
  if (made !== undefined) return made;
  const tape = benignTapes.find((each) => each.name === name);
  if (tape === undefined) throw new Error(`no benign tape ${name}`);
  const views = [...tape.play(createTape({ ...tape.venue, seed: name }))];
  benignViews.set(name, views);
  return views;
}

/** Lets go of the blocks of benign days, some two hundred megabytes. */
export function forgetBenignDays(): void {
  benignViews.clear();
}

/** What the rule does on a tape of its own: its attack unless told. */
export function onAttack(
  module: RuleModule,
  { venue, play }: Pick<Attack, 'venue' | 'play'> = module.trial.attack,
): Heard {
  return hear(module, play(createTape({ ...venue, seed: module.rule.id })));
}

/** What is wrong with what it did in its attacks, and on the calm tapes of its own. */
export function attackProblems(module: RuleModule): string[] {
  const { attack, further = [], calm = [] } = module.trial;
  const missed = [attack, ...further].flatMap((each) => {
    const { findings, actions, peak } = onAttack(module, each);
    if (findings === 0) return [`misses: ${each.what} (measured ${peak} at most)`];
    if (each.acts && actions === 0) return [`does nothing about: ${each.what}`];
    return !each.acts && actions > 0 ? [`acts on what it only tells: ${each.what}`] : [];
  });
  const loud = calm.flatMap((each) => {
    const { findings, peak } = onAttack(module, each);
    return findings > 0 ? [`speaks on: ${each.what} (measured ${peak})`] : [];
  });
  return [...missed, ...loud];
}

/** What is wrong with what it did on a benign day. */
export function benignProblems(module: RuleModule, name: BenignName, heard: Heard): string[] {
  if (heard.actions > 0) return [`acts on the benign tape "${name}"`];
  if (heard.findings === 0) return [];
  const mayBe = module.rule.tier === 'statistical' ? 'high' : 'low';
  const isQuiet = severities.indexOf(heard.loudest as string) <= severities.indexOf(mayBe);
  if (module.trial.speaks?.[name] !== undefined && isQuiet) return [];
  return [`speaks on the benign tape "${name}" (${heard.loudest}, measured ${heard.peak})`];
}

/** What a trial lacks. */
export function trialProblems({ rule, trial, threshold, damage }: RuleModule): string[] {
  const problems: string[] = [];
  if (typeof trial?.attack?.play !== 'function') problems.push('has no attack');
  if (!Array.isArray(trial?.mutants) || trial.mutants.length === 0) problems.push('has no mutant');
  const silent = trial?.silent ?? [];
  const speaks = trial?.speaks ?? {};
  const missing = benignNames.filter((name) => !silent.includes(name) && !speaks[name]);
  if (missing.length > 0) problems.push(`has no benign tape: ${missing.join(', ')}`);
  const both = benignNames.filter((name) => silent.includes(name) && speaks[name]);
  if (both.length > 0) problems.push(`both speaks and is silent on: ${both.join(', ')}`);
  if (rule.tier === 'statistical' && threshold.kind !== 'budget') {
    problems.push('is statistical and has no false-positive budget');
  }
  if (trial?.attack?.acts && rule.tier === 'flow' && damage === undefined) {
    problems.push('acts and does not say what the damage is');
  }
  return problems;
}

/** Everything but mutants. */
export function examine(module: RuleModule): string[] {
  const lacking = trialProblems(module);
  if (lacking.length > 0) return lacking;
  return [
    ...attackProblems(module),
    ...benignNames.flatMap((name) => benignProblems(module, name, hear(module, benignDay(name)))),
  ];
}

/** Where a trial begins in the text of a rule file. */
const trialAt = (source: string): number => source.search(/\n\s*trial\s*:\s*\{/);

/** The text of a mutant. @throws Error when its text does not occur once before the trial */
export function mutate(source: string, { from, to }: Mutant): string {
  const end = trialAt(source);
  const [code, rest] = [source.slice(0, end), source.slice(end)];
  const count = code.split(from).length - 1;
  if (end < 0 || count !== 1) throw new Error(`"${from}" occurs ${count} times before the trial`);
  return code.replace(from, () => to) + rest;
}

/** Imports that work from another folder. */
function rooted(source: string, path: string): string {
  const require = createRequire(pathToFileURL(path));
  return source.replace(/\bfrom\s+(['"])([^'"]+)\1/g, (all, _quote, name: string) => {
    if (name.startsWith('node:')) return all;
    return `from '${pathToFileURL(require.resolve(name)).href}'`;
  });
}

/** How a file becomes a rule; what a venue team's own file needs besides. */
export type Load = (url: string) => Promise<RuleModule>;

const loadDefault: Load = async (url) => {
  const loaded = (await import(url)) as { default: RuleModule };
  return loaded.default;
};

/** Whether a mutant is found out. */
function isCaught(mutant: RuleModule): boolean {
  if (attackProblems(mutant).length > 0) return true;
  return benignNames.some(
    (name) => benignProblems(mutant, name, hear(mutant, benignDay(name))).length > 0,
  );
}

/** Mutants of a rule that pass for it. @param path of the rule's file */
export async function survivors(
  module: RuleModule,
  path: string,
  load: Load = loadDefault,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-rule-'));
  const source = readFileSync(path, 'utf8');
  const problems: string[] = [];
  try {
    for (const [at, mutant] of module.trial.mutants.entries()) {
      const file = join(folder, `mutant-${at}${path.endsWith('.ts') ? '.mts' : '.mjs'}`);
      try {
        writeFileSync(file, rooted(mutate(source, mutant), path));
        const mutated = await load(pathToFileURL(file).href);
        if (!isCaught(mutated)) problems.push(`mutant lives: ${mutant.what}`);
      } catch (error) {
        problems.push(`mutant "${mutant.what}" does not run: ${errorMessage(error)}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return problems;
}
