/** How a rule is proved: an attack that it catches, mutants that break it, tapes of silence. */
import type { BlockView, RuleSettings } from '../../rule.ts';
import type { Tape, TapeOptions } from '../tape/venue.ts';

/** The benign days on which nothing may be done, and nothing said unless a rule has its reason. */
export const benignNames = [
  'bank run of honest users',
  '20 % gap',
  'listing day',
  'market rotation',
  'planned upgrade',
  'key rotation',
  'market-maker outage',
  'funding spike',
  'mass cancel',
  'oracle source replacement',
] as const;
export type BenignName = (typeof benignNames)[number];

/** Writes blocks on a tape. */
export type Play = (tape: Tape) => Iterable<BlockView>;

/** What somebody does to the venue. */
export interface Attack {
  readonly what: string;
  /** Other than usual of the venue on which it happens. */
  readonly venue?: TapeOptions;
  readonly play: Play;
  /** Whether the rule's action must follow. */
  readonly acts: boolean;
}

/** A fault in the rule's file: a text that occurs once in it before its trial, and another. */
export interface Mutant {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** Why a rule may say something on a benign tape, at `info` or `low`; it never acts there. */
export type Speaks = Readonly<Partial<Record<BenignName, string>>>;

export interface Trial {
  readonly attack: Attack;
  /** Others that it catches as well. */
  readonly further?: readonly Attack[];
  /** Tapes of its own on which it must be silent, besides the benign days. */
  readonly calm?: readonly Pick<Attack, 'what' | 'venue' | 'play'>[];
  /** At least one; each must make the rule miss its attack, or speak on a benign tape. */
  readonly mutants: readonly Mutant[];
  /** The tapes on which it must be silent, all ten unless it has a reason to speak. */
  readonly silent: readonly BenignName[];
  readonly speaks?: Speaks;
  /** Settings for all of this, such as what was announced before the benign days. */
  readonly settings?: RuleSettings;
}
