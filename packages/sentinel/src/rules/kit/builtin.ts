/** What the rule files of this package stand on. */
import { calibration } from '../generated/calibration.ts';
import { define, type RuleFile, type RuleModule, type Setting } from './define.ts';
import { benignNames } from './trial.ts';

export * from './aged.ts';
export * from './clusters.ts';
export type { Score } from './define.ts';
export * from './events.ts';
export * from './loosening.ts';
export * from './selectors.ts';
export * from './value.ts';
export * from './window.ts';

/** All ten benign tapes. */
export const allTapes = benignNames;

/** Makes a rule of this package from its file. */
export const rule = <M, S extends Readonly<Record<string, Setting>>>(
  file: RuleFile<M, S>,
): RuleModule => define(file, calibration);
