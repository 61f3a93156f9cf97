/** Rules: those of this package, those of a venue team, and how they are run and proved. */
export { attackProblems, examine, hear, onAttack, survivors, trialProblems } from './examine.ts';
export { budgetThreshold, type Curve } from './kit/budget.ts';
export type {
  Held,
  Measured,
  RuleFile,
  RuleModule,
  Score,
  Setting,
  Threshold,
} from './kit/define.ts';
export type { Kit } from './kit/kit.ts';
export { type BenignName, benignNames, type Trial } from './kit/trial.ts';
export {
  chooseRules,
  type LoadedRule,
  loadRule,
  loadRules,
  proveRule,
  type RuleChoices,
  readChoices,
} from './load.ts';
export { registry } from './registry.ts';
export { createRunner, type Judged, type Memories, type Runner, type RunRule } from './run.ts';
