/** Every protocol model with its contracts: the list that command, tests and documents read. */
import { breakerBinding } from './breaker-binding.ts';
import { breakerModels } from './breaker-properties.ts';
import {
  checkModel,
  type ModelResult,
  type Replay,
  type TimedSearch,
  timed,
  writePrograms,
} from './check.ts';
import { committeeBinding } from './committees-binding.ts';
import { committeeModels } from './committees-properties.ts';
import { type Exploration, explore, type Search } from './explore.ts';
import { forcedBinding } from './forced-binding.ts';
import { forcedModels } from './forced-properties.ts';
import type { Model, ModelFacts, Timed } from './model.ts';
import { parametersBinding } from './parameters-binding.ts';
import { parametersModels } from './parameters-properties.ts';
import type { Binding } from './program.ts';
import { stewardBinding } from './steward-binding.ts';
import { stewardModels } from './steward-properties.ts';
import { treasuryBinding } from './treasury-binding.ts';
import { treasuryModels } from './treasury-properties.ts';
import { vaultBinding } from './vault-binding.ts';
import { vaultModels } from './vault-properties.ts';

/** A model of any state, and what can be done with it. */
export type ModelEntry = {
  readonly model: ModelFacts;
  readonly check: () => ModelResult;
  readonly explore: (search?: Search) => Exploration<unknown>;
  /** Programs of at least so many steps. */
  readonly write: (steps: number, seed: number) => Replay;
};

const entries = <S extends Timed>(
  models: readonly Model<S>[],
  bind: (initial: S) => Binding<S>,
): ModelEntry[] =>
  models.map((model) => {
    // Both the check and the replay need all states, and a search takes seconds.
    let known: TimedSearch<S> | undefined;
    const search = (): TimedSearch<S> => {
      known ??= timed(model);
      return known;
    };
    return {
      model,
      check: () => checkModel(model, search()),
      explore: (options) => explore(model, options),
      write: (steps, seed) =>
        writePrograms(model, bind(model.initial), search().found, steps, seed),
    };
  });

/** There is no bridge yet, hence no model of one. */
export const modelTable: readonly ModelEntry[] = [
  ...entries(breakerModels, breakerBinding),
  ...entries(parametersModels, parametersBinding),
  ...entries(stewardModels, stewardBinding),
  ...entries(forcedModels, forcedBinding),
  ...entries(vaultModels, vaultBinding),
  ...entries(committeeModels, committeeBinding),
  ...entries(treasuryModels, treasuryBinding),
];

/** One line of the table as documents show it. */
export type PropertyRow = {
  readonly protocol: string;
  readonly contracts: readonly string[];
  readonly bounds: string;
  readonly property: string;
  readonly kind: 'state' | 'step' | 'response';
  readonly says: string;
  readonly mutant: string;
  readonly breaks: string;
};

/** All properties in order, without running anything. */
export const propertyRows = (): PropertyRow[] =>
  modelTable.flatMap(({ model: { name: protocol, contracts, bounds, properties } }) =>
    properties.map(({ name: property, kind, says, mutant, breaks }) => ({
      protocol,
      contracts,
      bounds,
      property,
      kind,
      says,
      mutant,
      breaks,
    })),
  );
