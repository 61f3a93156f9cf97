/** All that a party knows of its committee. Only the functions of this package touch it. */
import type { Hex } from '@holdfast/units';
import type { Attempt, Event, Pending, Timing } from './attempt.ts';
import type { Blame } from './blame.ts';
import type { Coordinator, SignTiming } from './coordinator.ts';
import type { Incoming, Outgoing, Verify } from './envelope.ts';
import type { Certificate } from './messages.ts';
import type { PartyKey, Roster } from './roster.ts';
import type { Digest, Judge, Signer } from './signer.ts';
import type { KeyShare, PublicKeys, Random } from './suite.ts';

/** A generation that has shown its life. */
export type Generation = {
  readonly roster: Roster;
  readonly certificate: Certificate;
  readonly keys: PublicKeys;
  /** Ours, if we hold one. */
  readonly key?: KeyShare;
};

/** What must outlive the process. Holds secrets. */
export type Records = {
  /** Roster of a committee that has no key yet, once its parties have agreed on it. */
  readonly roster?: Roster;
  readonly active?: Generation;
  /** Shares of generations that have not shown their life. */
  readonly pending: readonly Pending[];
  /** Last attempt that we joined. */
  readonly mark: { readonly gen: number; readonly attempt: number };
  /** Hashes of rosters to which the operator agreed. */
  readonly approved: readonly Hex[];
};

export const noRecords: Records = { pending: [], mark: { gen: 0, attempt: 0 }, approved: [] };

export type CommitteeTiming = Timing &
  SignTiming & {
    /** A ceremony that failed is begun anew after this long. */
    readonly retryMs: number;
    /** How long parties wait for each other, in turn, before they lead. */
    readonly leadMs: number;
    /** A party that is behind asks this often. */
    readonly statusMs: number;
  };

export const defaultTiming: CommitteeTiming = {
  phaseMs: 10_000,
  resendMs: 1_000,
  lingerMs: 15_000,
  answerMs: 2_000,
  requestMs: 30_000,
  retryMs: 500,
  leadMs: 3_000,
  statusMs: 5_000,
};

export type CommitteeOptions = {
  readonly self: PartyKey;
  readonly records: Records;
  readonly random: Random;
  readonly verify: Verify;
  readonly judge: Judge;
  /** The message itself unless told. */
  readonly digest?: Digest | undefined;
  readonly timing: CommitteeTiming;
  /** Fewest holders of a first key; the threshold unless told. */
  readonly holdersMin?: number | undefined;
};

/** What is to be done next. */
export type Goal = {
  readonly kind: 'generate' | 'reshare';
  readonly roster: Roster;
  /** A generation with fewer holders is not made. */
  readonly holdersMin: number;
};

export type Committee = CommitteeOptions & {
  records: Records;
  /** What the caller was last told to keep. */
  kept: Records;
  goal: Goal | undefined;
  attempt: Attempt | undefined;
  /** Finished attempts that still answer, with the time at which they stop. */
  lingering: { readonly attempt: Attempt; readonly until: number }[];
  strays: Incoming[];
  /** Attempts that are over. */
  over: Hex[];
  scores: Map<PartyKey, number>;
  /** How many attempts a party has declined. */
  declines: Map<PartyKey, number>;
  /** Our own declines by attempt: said again, word for word, when the attempt is proposed again. */
  refused: Map<Hex, Outgoing>;
  /** Who will not sit with a party. */
  shunned: Map<PartyKey, Set<PartyKey>>;
  /** Who has asked us to take back a party that we left out. */
  pleas: Set<PartyKey>;
  proven: Map<PartyKey, Blame>;
  failures: number;
  /** Failed attempts by their leader, and when the last one ended. */
  failedLeads: Map<PartyKey, { readonly count: number; readonly at: number }>;
  nextLeadAt: number;
  nextStatusAt: number;
  seenAttempt: number;
  /** When we may next come nearer to a number that is far ahead. */
  nextLeapAt: number;
  witnesses: Map<Hex, Set<PartyKey>>;
  signer: Signer | undefined;
  coordinator: Coordinator | undefined;
};

/** What a step asks of the process, in this order: keep (durably), send, tell. */
export type Step = {
  readonly records?: Records;
  readonly send: readonly Outgoing[];
  readonly events: readonly Event[];
};
