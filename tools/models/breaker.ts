/**
 * The breaker: guardians tighten alone and vote, some of them captured; a captured governor clears
 * and appoints; all may be silent. Beside the contract's state there are ghosts, which rules do not
 * read and properties do.
 */
import type { Action, Result, Timed } from './model.ts';
import { notReady } from './ready.ts';

const hour = 3_600;
const day = 24 * hour;

/** Constants of a deployment, seconds but for the votes. */
export type BreakerTerms = {
  readonly holdSecondsMax: number;
  readonly clearDelaySeconds: number;
  readonly guardianDelaySeconds: number;
  readonly haltSecondsMax: number;
  readonly quorumMin: number;
  readonly silenceSeconds: number;
};

/** Those of the slow models; times of their grid are multiples of 6 h. */
export const breakerTerms: BreakerTerms = {
  holdSecondsMax: 12 * hour,
  clearDelaySeconds: 6 * hour,
  guardianDelaySeconds: day,
  haltSecondsMax: day,
  quorumMin: 2,
  silenceSeconds: 0,
};

/** Constants of the code. */
export const fixed = {
  expirySeconds: 7 * day,
  windowSeconds: day,
  tighteningsMax: 8,
  levelMax: 3,
  voteSeconds: 600,
  graceSecondsMax: 1_800,
} as const;

type Scope = { readonly untils: readonly number[]; readonly since3: number };
type Clear = { readonly untils: readonly number[]; readonly readyAt: number };
type Guardian = {
  readonly isGuardian: boolean;
  readonly readyAt: number;
  /** Ghost: when it was proposed last. */
  readonly proposedAt: number;
};
/**
 * A guardian alone, and after all of them the quorum, the silence of all, and all guardians alone,
 * who share one hold and have no times of their own.
 */
type Actor = {
  readonly since: number;
  readonly until: number;
  /** Times of its last tightenings, newest last; more than the contract keeps. */
  readonly times: readonly number[];
};

export type BreakerState = Timed & {
  readonly terms: BreakerTerms;
  /** Of the venue, then of market 0. */
  readonly scopes: readonly Scope[];
  readonly clears: readonly (Clear | undefined)[];
  readonly guardians: readonly Guardian[];
  readonly actors: readonly Actor[];
  /** When each guardian voted for scope, level and time; 0: it did not. */
  readonly votes: Readonly<Record<string, readonly number[]>>;
  readonly beatTime: number;
  /** Ghost: since when market 0 has been above level 0 without a gap; 0 when it is not. */
  readonly heldSince: number;
  /** Ghost: the hold before this one. */
  readonly heldBefore: readonly [since: number, until: number];
  /** Ghost: when each scope was tightened last, and when its pending clear was proposed. */
  readonly tightenedAt: readonly number[];
  readonly clearProposedAt: readonly number[];
  /** Ghost, of the venue: since when nobody is liquidated, and when its last halt ended. */
  readonly offSince: number;
  readonly haltEnd: number;
  /** Ghost: how often anything was set. */
  readonly sets: number;
};

export type BreakerBounds = {
  readonly name: string;
  readonly terms: BreakerTerms;
  readonly scopes: number;
  readonly levels: readonly number[];
  readonly holds: readonly number[];
  /** How many there may be, and how many there are at first. */
  readonly guardians: number;
  readonly captured: number;
  /** How many of them do anything on their own; all if not given. */
  readonly acting?: number;
  /** Whether a governor clears, whether it appoints, and whether guardians beat. */
  readonly clears: boolean;
  readonly appoints: boolean;
  readonly beats: boolean;
  readonly waits: readonly number[];
  /** Most settings of a run, which then lasts for hours: no count of days, no expiry of weeks. */
  readonly setsMax?: number;
};

/** Grace after the last halt of a scope, seconds. */
export const graceOf = ({ untils, since3 }: Scope): number =>
  Math.min(untils[2]! - since3, fixed.graceSecondsMax);

/** Level on the way back from the last halt of a scope. */
function resuming(scope: Scope, now: number, mutant: string): number {
  const grace = graceOf(scope);
  if (grace === 0 || mutant === 'no grace') return 0;
  const [end, step] = [scope.untils[2]!, Math.ceil(grace / 4)];
  if (now >= end + grace + step) return mutant === 'a way back never ends' ? 1 : 0;
  if (now >= end + grace) return 1;
  return now < end + step ? 3 : 2;
}

/** Until when nobody may be liquidated after the last halt of the venue; 0: there was none. */
export const graceEnd = ({ haltEnd, offSince }: BreakerState): number =>
  haltEnd && haltEnd + Math.min(haltEnd - offSince, fixed.graceSecondsMax);

export const isHalted = (scope: Scope, now: number): boolean => now < scope.untils[2]!;

function levelOf(scope: Scope, now: number, mutant: string): number {
  const forEver = mutant === 'never expires';
  const isOn = (until: number): boolean => (forEver ? until !== 0 : now < until);
  const set = scope.untils.findLastIndex(isOn) + 1;
  return isHalted(scope, now) ? set : Math.max(set, resuming(scope, now, mutant));
}

/** Level in force: the higher of its own and the venue's. */
export const levelIn = (s: BreakerState, scope: number, mutant = ''): number =>
  Math.max(levelOf(s.scopes[0]!, s.now, mutant), levelOf(s.scopes[scope]!, s.now, mutant));

export const quorumOf = (s: BreakerState): number => {
  const count = s.guardians.filter(({ isGuardian }) => isGuardian).length;
  return Math.max(s.terms.quorumMin, Math.floor(count / 2) + 1);
};

const replace = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((each, i) => (i === at ? value : each));

const top = (s: BreakerState): number => levelIn(s, s.scopes.length - 1);

/** Ghosts after a change or the passing of time. */
function watch(before: BreakerState, after: BreakerState, mutant: string): BreakerState {
  const venue = before.scopes[0]!;
  const isOff = levelIn(after, 0, mutant) >= 2;
  const wasOff = levelIn(before, 0, mutant) >= 2;
  const offSince = isOff && !wasOff ? after.now : before.offSince;
  const haltEnd = isHalted(venue, before.now)
    ? Math.min(after.now, venue.untils[2]!)
    : before.haltEnd;
  const seen = { ...after, offSince, haltEnd };
  if (before.heldSince === 0 || top(before) === 0) {
    return { ...seen, heldSince: top(after) === 0 ? 0 : after.now };
  }
  if (top(after) > 0) return seen;
  const untils = before.scopes.flatMap((scope) => scope.untils);
  const end = Math.min(after.now, Math.max(...untils));
  return { ...seen, heldSince: 0, heldBefore: [before.heldSince, end] };
}

/** Whose hold the tightening of an actor belongs to. */
function holderOf(s: BreakerState, at: number, mutant: string): number {
  const isAlone = at < s.guardians.length && mutant !== 'each holds for itself';
  return isAlone ? s.guardians.length + 2 : at;
}

/** Why an actor may not hold something until `until`. */
function refusesHold(s: BreakerState, at: number, until: number, max: number, mutant: string) {
  const [quorum, silence] = [s.guardians.length, s.guardians.length + 1];
  const actor = s.actors[holderOf(s, at, mutant)]!;
  const recent = s.actors[at]!.times.filter((time) => s.now < time + fixed.windowSeconds);
  const most = mutant === 'one tightening more' ? fixed.tighteningsMax + 1 : fixed.tighteningsMax;
  if (at !== silence && recent.length >= most) return 'TighteningsExceeded';
  if (s.now < actor.until) {
    const isLoose = mutant === 'episode unchecked' || mutant === 'hold unbounded';
    return until > actor.since + max && !isLoose ? 'HoldTooLong' : undefined;
  }
  const times = at === quorum && mutant !== 'a quorum rests once' ? 2 : 1;
  const isRestless = mutant === 'no rest' || (at === silence && mutant === 'silence never rests');
  const rest = isRestless ? 0 : times * (actor.until - actor.since);
  return s.now < actor.until + rest ? 'GuardianResting' : undefined;
}

function refuses(
  s: BreakerState,
  at: number,
  wish: readonly number[],
  max: number,
  mutant: string,
) {
  const [scope, level, seconds] = wish as [number, number, number];
  if (seconds > max && mutant !== 'hold unbounded') return 'HoldTooLong';
  const isLower = level < levelIn(s, scope, mutant) && mutant !== 'lower allowed';
  const before = s.scopes[scope]!.untils[level - 1]!;
  if (isLower || s.now + seconds <= before) return 'LevelNotHigher';
  return refusesHold(s, at, s.now + seconds, max, mutant);
}

/** Puts a lawful wish in force. */
function set(s: BreakerState, at: number, wish: readonly number[], mutant: string): BreakerState {
  const [at0, level, seconds] = wish as [number, number, number];
  const until = s.now + seconds;
  const scope = s.scopes[at0]!;
  const untils = replace(scope.untils, level - 1, until);
  const isNew = s.now >= scope.untils[2]! + graceOf(scope);
  const starts = level === 3 && (isNew || mutant === 'short halt, short grace');
  const recent = s.actors[at]!.times.filter((time) => s.now < time + fixed.windowSeconds);
  const counted = replace(s.actors, at, { ...s.actors[at]!, times: [...recent, s.now] });
  const holder = holderOf(s, at, mutant);
  const actor = counted[holder]!;
  const goesOn = s.now < actor.until;
  const held = {
    since: goesOn ? actor.since : s.now,
    until: goesOn ? Math.max(actor.until, until) : until,
    times: actor.times,
  };
  // A mutant that stores one expiry for all levels, as a breaker with one entry would.
  const stored = mutant === 'one expiry' ? untils.map((each) => each && until) : untils;
  return {
    ...s,
    scopes: replace(s.scopes, at0, { untils: stored, since3: starts ? s.now : scope.since3 }),
    actors: replace(counted, holder, held),
    tightenedAt: replace(s.tightenedAt, at0, s.now),
    sets: s.sets + 1,
  };
}

/** The caller's vote; the state with them spent when there are enough. */
function vote(s: BreakerState, who: number, wish: readonly number[], mutant: string) {
  const key = wish.join();
  const none = s.guardians.map(() => 0);
  const times = replace(s.votes[key] ?? none, who, s.now);
  const counts = times.filter((time, i) => {
    const isFresh = mutant === 'votes never expire' || s.now < time + fixed.voteSeconds;
    const isTheirs = s.guardians[i]!.isGuardian || mutant === 'votes of the removed count';
    return time !== 0 && isFresh && isTheirs;
  }).length;
  const needed = mutant === 'one is a quorum' ? 1 : quorumOf(s);
  const done = counts >= needed;
  return { done, after: { ...s, votes: { ...s.votes, [key]: done ? none : times } } };
}

function tighten(s: BreakerState, who: number, wish: readonly number[], mutant: string) {
  const [, level, seconds] = wish as [number, number, number];
  if (!s.guardians[who]!.isGuardian && mutant !== 'anyone tightens') return 'NotGuardian';
  const { holdSecondsMax, haltSecondsMax } = s.terms;
  const alone = level === 1 && (seconds <= holdSecondsMax || mutant === 'hold unbounded');
  const unable = alone ? refuses(s, who, wish, holdSecondsMax, mutant) : 'HoldTooLong';
  if (unable === undefined) return set(s, who, wish, mutant);
  if (alone && mutant === 'who rests is not heard') return unable;
  const quorum = s.guardians.length;
  const refused = refuses(s, quorum, wish, haltSecondsMax, mutant);
  if (refused !== undefined) return refused;
  const { done, after } = vote(s, who, wish, mutant);
  return done ? set(after, quorum, wish, mutant) : after;
}

function deadMan(s: BreakerState, mutant: string): Result<BreakerState> {
  const { silenceSeconds, haltSecondsMax } = s.terms;
  if (silenceSeconds === 0) return 'DeadManOff';
  const isHeard = s.now < s.beatTime + silenceSeconds;
  if (isHeard && mutant !== 'a deaf dead man') return 'NotSilent';
  const silence = s.guardians.length + 1;
  const wish = [0, mutant === 'the dead man halts' ? 3 : 1, silenceSeconds];
  return refuses(s, silence, wish, haltSecondsMax, mutant) ?? set(s, silence, wish, mutant);
}

export const sameUntils = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((until, i) => until === b[i]);

function applyClear(s: BreakerState, at: number, mutant: string): Result<BreakerState> {
  const pending = s.clears[at];
  const refused = notReady(pending?.readyAt ?? 0, s.now, mutant);
  if (refused) return refused;
  const { untils, since3 } = s.scopes[at]!;
  if (!sameUntils(pending!.untils, untils) && mutant !== 'clears what changed') {
    return 'EntryChanged';
  }
  const skips = mutant === 'a clearing skips the grace';
  const cleared = { untils: [0, 0, skips ? 0 : Math.min(untils[2]!, s.now)], since3 };
  return {
    ...s,
    scopes: replace(s.scopes, at, skips ? { ...cleared, since3: 0 } : cleared),
    clears: replace(s.clears, at, undefined),
  };
}

function govern(s: BreakerState, { name, args }: Action, mutant: string): Result<BreakerState> {
  const at = args[0]!;
  const clear = s.clears[at];
  const guardian = s.guardians[at];
  if (name === 'proposeClear') {
    const readyAt = s.now + s.terms.clearDelaySeconds;
    return {
      ...s,
      clears: replace(s.clears, at, { untils: s.scopes[at]!.untils, readyAt }),
      clearProposedAt: replace(s.clearProposedAt, at, s.now),
    };
  }
  if (name === 'cancelClear') {
    return clear ? { ...s, clears: replace(s.clears, at, undefined) } : 'ProposalMissing';
  }
  const put = (change: Partial<Guardian>): BreakerState => ({
    ...s,
    guardians: replace(s.guardians, at, { ...guardian!, ...change }),
  });
  if (name === 'proposeGuardian') {
    if (guardian!.isGuardian) return 'GuardianInvalid';
    return put({ readyAt: s.now + s.terms.guardianDelaySeconds, proposedAt: s.now });
  }
  // removeGuardian: of one that is, or of a proposal.
  if (guardian!.isGuardian) return put({ isGuardian: mutant === 'removal waits' });
  return guardian!.readyAt === 0 ? 'ProposalMissing' : put({ readyAt: 0 });
}

function change(s: BreakerState, action: Action, mutant: string): Result<BreakerState> {
  const { by, name, args } = action;
  if (name === 'wait') return { ...s, now: s.now + args[0]! };
  if (name === 'tighten') return tighten(s, Number(by.at(-1)), args, mutant);
  if (name === 'deadMan') return deadMan(s, mutant);
  if (name === 'beat') {
    const isGuardian = s.guardians[Number(by.at(-1))]?.isGuardian;
    return isGuardian ? { ...s, beatTime: s.now } : 'NotGuardian';
  }
  if (name === 'applyClear') return applyClear(s, args[0]!, mutant);
  if (name === 'applyGuardian') {
    const guardian = s.guardians[args[0]!]!;
    const refused = notReady(guardian.readyAt, s.now, mutant);
    if (refused) return refused;
    const added = { ...guardian, isGuardian: true, readyAt: 0 };
    return { ...s, guardians: replace(s.guardians, args[0]!, added) };
  }
  if (by !== 'governor' && mutant !== 'anyone governs') return 'NotGovernor';
  return govern(s, action, mutant);
}

export function apply(s: BreakerState, action: Action, mutant: string): Result<BreakerState> {
  const after = change(s, action, mutant);
  return typeof after === 'string' ? after : watch(s, after, mutant);
}
