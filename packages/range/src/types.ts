/** What a scenario is, and what comes out of running one. Money is in quote units (10^-6). */
import type { Hex } from '@holdfast/units';
import type { DeployOptions } from '@holdfast/venue';
import type { Edit } from './solidity/sources.ts';
import type { World } from './world/world.ts';

export type { Edit } from './solidity/sources.ts';

/** Invariants of docs/RANGE.md. */
export type Invariant =
  `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18}`;

/** Where a venue of the range differs from the demonstration. */
export type VenueTerms = Partial<
  Pick<
    DeployOptions,
    | 'breaker'
    | 'coolDownSeconds'
    | 'delaySeconds'
    | 'forced'
    | 'markets'
    | 'profitHaircutPpm'
    | 'quietSeconds'
    | 'reportSkewSecondsMax'
    | 'rules'
    | 'steward'
    | 'windows'
  >
> & {
  /** Collateral: a contract of the range's own Solidity instead of the test token. */
  readonly collateral?: { readonly file: string; readonly name: string };
  readonly decimals?: number;
};

/** How a control is switched off. */
export type Ablation = { readonly name: string } & (
  | {
      /** Contracts of the venue whose code is replaced, compiled with these edits. */
      readonly kind: 'source';
      readonly contracts: readonly string[];
      readonly edits: readonly Edit[];
    }
  | {
      /** A part off the chain that asks `world.isOff(off)`. */
      readonly kind: 'switch';
      readonly off: string;
    }
  | {
      /** A venue that is deployed with other terms. */
      readonly kind: 'venue';
      readonly terms: VenueTerms;
    }
);

/** A loss that is no money, such as seconds or requests. */
export interface Harm {
  readonly unit: string;
  measure(world: World): Promise<bigint>;
}

interface Common {
  /** Kebab case; the name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Two or three sentences for somebody who did not build this. */
  readonly story: string;
  readonly terms?: VenueTerms;
  /** Same in every run, before the snapshot: a refusal here is a fault of the scenario. */
  before?(world: World): Promise<void>;
  /** What honest people do, with the attacker's doings inside `world.attack`. */
  run(world: World): Promise<void>;
  /** Honest accounts that a fall of price may lawfully liquidate. */
  readonly exposed?: readonly string[];
}

export interface Attack extends Common {
  readonly kind: 'attack';
  /** Where it happened: name, date, loss. */
  readonly incidents: readonly string[];
  /** The control that stops it, and the invariants or laws that it holds. */
  readonly control: string;
  readonly invariants: readonly Invariant[];
  /** Each must make the attack succeed. */
  readonly ablations: readonly Ablation[];
  /** Most that non-attackers may lose, quote units; or of `harm`, in its unit. */
  readonly bound: bigint | ((world: World) => bigint | Promise<bigint>);
  /** Least that the attacker must gain, or the harm, when the control is off; default 1. */
  readonly profitMin?: bigint;
  readonly harm?: Harm;
  /** The premise is code that breaks laws: that some law does not hold is no failure. */
  readonly isBreach?: boolean;
}

export interface Tape extends Common {
  readonly kind: 'tape';
  /** What this machine lacks for it; it is then skipped, and said so. */
  missing?(): string | undefined;
}

/** A scenario whose control belongs to a part that is not there yet: never green. What is lost
 * without it can be measured all the same. */
export interface Open {
  readonly kind: 'open';
  readonly name: string;
  readonly title: string;
  readonly incidents: readonly string[];
  readonly control: string;
  readonly invariants: readonly Invariant[];
  /** The part that is missing. */
  readonly needs: string;
  /** What the attack takes today, against a bound that holds without the part. */
  readonly measured?: Pick<
    Attack,
    'story' | 'terms' | 'before' | 'run' | 'bound' | 'harm' | 'exposed'
  >;
}

export type Scenario = Attack | Tape | Open;
export type Mode = 'control' | 'attack' | 'ablation';

/** One thing that happened in a run. */
export interface Entry {
  readonly kind: 'step' | 'attack' | 'price' | 'alarm' | 'action';
  readonly block: number;
  /** Seconds since the snapshot. */
  readonly second: number;
  readonly who: string;
  readonly what: string;
  /** `ok`, or the error with which the chain refused it. */
  readonly outcome: string;
}

/** What everybody has at a block, quote units at the prices of the moment. */
export interface Sample {
  readonly block: number;
  readonly second: number;
  readonly others: bigint;
  readonly attackers: bigint;
  /** Index price of each market, ticks. */
  readonly prices: Readonly<Record<string, number>>;
}

/** What one run came to. */
export interface RunResult {
  readonly mode: Mode;
  /** Name of the ablation, if this was one. */
  readonly ablation: string | undefined;
  /** At the frozen reference prices. */
  readonly others: bigint;
  readonly attackers: bigint;
  /** Of others, waiting in the vault's queue. */
  readonly locked: bigint;
  readonly harm: bigint;
  /** Block of the first alarm and the first tightening, counted from the snapshot; -1: none. */
  readonly firstAlarm: number;
  readonly firstAction: number;
  /** Honest requests that the chain refused. */
  readonly refused: readonly string[];
  /** Honest accounts that were liquidated and were not exposed. */
  readonly wrongful: readonly string[];
  /** Minutes during which withdrawals were tightened. */
  readonly minutesWithoutExit: number;
  /** Laws that did not hold at any block. */
  readonly lawsBroken: readonly string[];
  readonly timeline: readonly Entry[];
  readonly samples: readonly Sample[];
  readonly blocks: number;
  readonly finalHash: Hex;
  readonly stateRoot: Hex;
  readonly ms: number;
  /** What stopped the run, when it did not come to its end. */
  readonly failure?: string;
}

/** What all runs of a scenario came to. */
export interface ScenarioReport {
  readonly scenario: Pick<Attack, 'name' | 'title' | 'story' | 'incidents' | 'control'> & {
    readonly kind: Scenario['kind'];
    readonly invariants: readonly Invariant[];
  };
  readonly seed: string;
  /** Unit of loss and bound: `quote`, or that of the harm. */
  readonly unit: string;
  readonly loss: bigint;
  readonly bound: bigint;
  readonly attackerNet: bigint;
  readonly runs: readonly RunResult[];
  readonly ablations: readonly {
    readonly name: string;
    readonly attackerNet: bigint;
    readonly loss: bigint;
    readonly succeeded: boolean;
  }[];
  readonly verdict: 'held' | 'failed' | 'open' | 'skipped';
  readonly problems: readonly string[];
}
