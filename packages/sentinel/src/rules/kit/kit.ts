/** What a venue team's own rule file is handed, so that it needs no import but types. */

import { announcedRotation, announcedUpgrade } from '../tape/benign.ts';
import * as crowd from '../tape/crowd.ts';
import { addressOf, demoParams, places } from '../tape/venue.ts';
import type { Curve } from './budget.ts';
import * as builtin from './builtin.ts';
import { define, type RuleFile, type RuleModule, type Setting } from './define.ts';
import { benignNames } from './trial.ts';

type MakeRule = <M, S extends Readonly<Record<string, Setting>>>(
  file: RuleFile<M, S>,
) => RuleModule;

export type Kit = Omit<typeof builtin, 'rule'> &
  typeof crowd & {
    readonly rule: MakeRule;
    readonly places: typeof places;
    readonly addressOf: typeof addressOf;
    readonly demoParams: typeof demoParams;
    readonly announcedUpgrade: string;
    readonly announcedRotation: string;
  };

/** @param curves calibration of the folder's own rules, by id */
export function createKit(curves: Readonly<Record<string, Curve>>): Kit {
  return {
    ...builtin,
    ...crowd,
    allTapes: benignNames,
    rule: (file) => define(file, curves),
    places,
    addressOf,
    demoParams,
    announcedUpgrade,
    announcedRotation,
  };
}
