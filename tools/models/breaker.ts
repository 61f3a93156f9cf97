/**
 * The breaker: guardians tighten, one of them captured; a captured governor clears and appoints.
 * Beside the contract's state there are ghosts, which rules do not read and properties do.
 */
import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';

const hour = 3_600;
const day = 24 * hour;

/** Constants of the contract as deployed for the replay; times of the grid are multiples of 6 h. */
export const breakerTerms = {
  holdSecondsMax: 12 * hour,
  clearDelaySeconds: 6 * hour,
  guardianDelaySeconds: day,
  expirySeconds: 7 * day,
  windowSeconds: day,
  tighteningsMax: 8,
  levelMax: 3,
} as const;
const terms = breakerTerms;

type Clear = { readonly untils: readonly number[]; readonly readyAt: number };
type Guardian = {
  readonly isGuardian: boolean;
  readonly readyAt: number;
  readonly since: number;
  readonly until: number;
  /** Times of its last tightenings, newest last; more than the contract keeps. */
  readonly times: readonly number[];
  /** Ghost: when it was proposed last, and when it was removed last. */
  readonly proposedAt: number;
};

export type BreakerState = Timed & {
  /** Of the venue, then of market 0: until when each level is in force. */
  readonly scopes: readonly (readonly number[])[];
  readonly clears: readonly (Clear | undefined)[];
  readonly guardians: readonly Guardian[];
  /** Ghost: since when market 0 has been above level 0 without a gap; 0 when it is not. */
  readonly heldSince: number;
  /** Ghost: the hold before this one. */
  readonly heldBefore: readonly [since: number, until: number];
  /** Ghost: when each scope was tightened last, and when its pending clear was proposed. */
  readonly tightenedAt: readonly number[];
  readonly clearProposedAt: readonly number[];
};

export type BreakerBounds = {
  readonly name: string;
  readonly scopes: number;
  readonly levels: readonly number[];
  readonly holds: readonly number[];
  readonly guardians: number;
  /** Whether a governor clears, and whether it appoints. */
  readonly clears: boolean;
  readonly appoints: boolean;
  readonly waits: readonly number[];
};

const levelOf = (untils: readonly number[], now: number, mutant = ''): number => {
  for (let level = terms.levelMax; level > 0; level -= 1) {
    const until = untils[level - 1]!;
    if (mutant === 'never expires' ? until !== 0 : now < until) return level;
  }
  return 0;
};

/** Level in force: the higher of its own and the venue's. */
export const levelIn = (s: BreakerState, scope: number, mutant = ''): number =>
  Math.max(levelOf(s.scopes[0]!, s.now, mutant), levelOf(s.scopes[scope]!, s.now, mutant));

const replace = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((each, i) => (i === at ? value : each));

const top = (s: BreakerState): number => levelIn(s, s.scopes.length - 1);

/** Ghosts after a change or the passing of time. */
function watch(before: BreakerState, after: BreakerState): BreakerState {
  if (before.heldSince === 0 || top(before) === 0) {
    if (top(after) === 0) return after.heldSince === 0 ? after : { ...after, heldSince: 0 };
    return { ...after, heldSince: after.now };
  }
  if (top(after) > 0) return after;
  const end = Math.min(after.now, Math.max(...before.scopes.flat()));
  return { ...after, heldSince: 0, heldBefore: [before.heldSince, end] };
}

function tighten(
  s: BreakerState,
  who: number,
  [scope, level, seconds]: readonly number[],
  mutant: string,
): Result<BreakerState> {
  const guardian = s.guardians[who]!;
  if (!guardian.isGuardian && mutant !== 'anyone tightens') return 'NotGuardian';
  if (seconds! > terms.holdSecondsMax && mutant !== 'hold unbounded') return 'HoldTooLong';
  const until = s.now + seconds!;
  if (level! <= levelIn(s, scope!) && mutant !== 'lower allowed') return 'LevelNotHigher';
  const recent = guardian.times.filter((time) => s.now < time + terms.windowSeconds);
  const most = mutant === 'one tightening more' ? terms.tighteningsMax + 1 : terms.tighteningsMax;
  if (recent.length >= most) return 'TighteningsExceeded';
  let hold = { since: guardian.since, until: guardian.until };
  if (s.now < hold.until) {
    const tooLong = until > hold.since + terms.holdSecondsMax;
    if (tooLong && mutant !== 'episode unchecked' && mutant !== 'hold unbounded') {
      return 'HoldTooLong';
    }
    if (until > hold.until) hold = { ...hold, until };
  } else {
    const rest = mutant === 'no rest' ? 0 : hold.until - hold.since;
    if (s.now < hold.until + rest) return 'GuardianResting';
    hold = { since: s.now, until };
  }
  const untils = replace(s.scopes[scope!]!, level! - 1, until);
  // A mutant that stores one expiry for all levels, as a breaker with one entry would.
  const stored = mutant === 'one expiry' ? untils.map((each) => each && until) : untils;
  return {
    ...s,
    scopes: replace(s.scopes, scope!, stored),
    guardians: replace(s.guardians, who, { ...guardian, ...hold, times: [...recent, s.now] }),
    tightenedAt: replace(s.tightenedAt, scope!, s.now),
  };
}

/** @returns the error of a proposal that may not be applied now */
export function notReady(readyAt: number, now: number, mutant: string): string | undefined {
  if (readyAt === 0) return 'ProposalMissing';
  if (now < readyAt && mutant !== 'applied early') return 'ProposalEarly';
  const timeMax = mutant === 'dead on arrival' ? readyAt - 1 : readyAt + terms.expirySeconds;
  return now > timeMax && mutant !== 'old proposals live' ? 'ProposalExpired' : undefined;
}

function applyClear(s: BreakerState, scope: number, mutant: string): Result<BreakerState> {
  const pending = s.clears[scope];
  const refused = notReady(pending?.readyAt ?? 0, s.now, mutant);
  if (refused) return refused;
  const same = pending!.untils.every((until, i) => until === s.scopes[scope]![i]);
  if (!same && mutant !== 'clears what changed') return 'EntryChanged';
  return {
    ...s,
    scopes: replace(s.scopes, scope, [0, 0, 0]),
    clears: replace(s.clears, scope, undefined),
  };
}

function govern(s: BreakerState, { name, args }: Action, mutant: string): Result<BreakerState> {
  const at = args[0]!;
  const clear = s.clears[at];
  const guardian = s.guardians[at];
  if (name === 'proposeClear') {
    const readyAt = s.now + terms.clearDelaySeconds;
    return {
      ...s,
      clears: replace(s.clears, at, { untils: s.scopes[at]!, readyAt }),
      clearProposedAt: replace(s.clearProposedAt, at, s.now),
    };
  }
  if (name === 'cancelClear') {
    return clear ? { ...s, clears: replace(s.clears, at, undefined) } : 'ProposalMissing';
  }
  const set = (change: Partial<Guardian>): BreakerState => ({
    ...s,
    guardians: replace(s.guardians, at, { ...guardian!, ...change }),
  });
  if (name === 'proposeGuardian') {
    if (guardian!.isGuardian) return 'GuardianInvalid';
    return set({ readyAt: s.now + terms.guardianDelaySeconds, proposedAt: s.now });
  }
  // removeGuardian: of one that is, or of a proposal.
  if (guardian!.isGuardian) return set({ isGuardian: mutant === 'removal waits' });
  return guardian!.readyAt === 0 ? 'ProposalMissing' : set({ readyAt: 0 });
}

function change(s: BreakerState, action: Action, mutant: string): Result<BreakerState> {
  const { by, name, args } = action;
  if (name === 'wait') return { ...s, now: s.now + args[0]! };
  if (name === 'tighten') return tighten(s, Number(by.at(-1)), args, mutant);
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

function apply(s: BreakerState, action: Action, mutant: string): Result<BreakerState> {
  const after = change(s, action, mutant);
  return typeof after === 'string' ? after : watch(s, after);
}

/** Moments that are past and have no effect any more are equal. */
function key(s: BreakerState): string {
  const left = (time: number): number => Math.max(0, time - s.now);
  const ready = (time: number): string => {
    if (time === 0) return '-';
    return s.now > time + terms.expirySeconds ? 'x' : String(time - s.now);
  };
  const clear = (pending: Clear | undefined, at: number): string => {
    if (!pending) return '-';
    const same = pending.untils.every((until, i) => until === s.scopes[at]![i]);
    return `${ready(pending.readyAt)}${same ? '=' : '!'}`;
  };
  const guardian = (g: Guardian): string => {
    const rests = s.now < 2 * g.until - g.since;
    const hold = rests ? `${s.now - g.since}/${g.until - s.now}` : '';
    const times = g.times.filter((time) => s.now < time + terms.windowSeconds);
    return `${g.isGuardian}${ready(g.readyAt)};${hold};${times.map((time) => s.now - time)}`;
  };
  const { heldSince, heldBefore } = s;
  const held = heldSince === 0 ? '' : String(s.now - heldSince);
  const rested = Math.min(s.now - heldBefore[1], heldBefore[1] - heldBefore[0]);
  return [
    s.scopes.map((untils) => untils.map(left)).join('|'),
    s.clears.map(clear).join(),
    s.guardians.map(guardian).join('|'),
    `${held},${rested},${heldBefore[1] - heldBefore[0]}`,
  ].join(' ');
}

function actionsOf(bounds: BreakerBounds): readonly Action[] {
  const list: Action[] = bounds.waits.map(wait);
  const scopes = Array.from({ length: bounds.scopes }, (_, i) => i);
  const guardians = Array.from({ length: bounds.guardians }, (_, i) => i);
  for (const who of guardians) {
    for (const scope of scopes) {
      for (const level of bounds.levels) {
        for (const hold of bounds.holds) {
          list.push(act(`guardian${who}`, 'tighten', scope, level, hold));
        }
      }
    }
  }
  for (const scope of bounds.clears ? scopes : []) {
    list.push(act('governor', 'proposeClear', scope), act('governor', 'cancelClear', scope));
    list.push(act('anyone', 'applyClear', scope), act('guardian0', 'proposeClear', scope));
  }
  for (const who of bounds.appoints ? guardians : []) {
    list.push(act('governor', 'proposeGuardian', who), act('governor', 'removeGuardian', who));
    list.push(act('anyone', 'applyGuardian', who), act('guardian0', 'removeGuardian', who));
  }
  return list;
}

/** Just before, at and after each moment at which something changes. */
function moments(s: BreakerState): number[] {
  const times = [
    ...s.scopes.flat(),
    ...s.clears.flatMap((clear) => (clear ? [clear.readyAt, clear.readyAt + 7 * day] : [])),
    ...s.guardians.flatMap((g) => [g.until, 2 * g.until - g.since, g.readyAt, g.times[0] ?? 0]),
    ...s.guardians.flatMap((g) => g.times.map((time) => time + day)),
  ];
  return times.flatMap((time) => [-1, 0, 1].map((by) => time - s.now + by)).filter((dt) => dt > 0);
}

const start = 1_900_800_000;

export function breakerModel(
  bounds: BreakerBounds,
  properties: Model<BreakerState>['properties'],
): Model<BreakerState> {
  const actions = actionsOf(bounds);
  const none = Array.from({ length: bounds.scopes }, () => 0);
  const guardian = (at: number): Guardian => ({
    isGuardian: at === 0,
    readyAt: 0,
    since: 0,
    until: 0,
    times: [],
    proposedAt: 0,
  });
  return {
    name: bounds.name,
    contracts: ['Breaker.sol', 'libraries/Delayed.sol'],
    bounds: `${bounds.scopes} scopes, levels ${bounds.levels}, ${bounds.guardians} guardians`,
    initial: {
      now: start,
      scopes: none.map(() => [0, 0, 0]),
      clears: none.map(() => undefined),
      guardians: Array.from({ length: bounds.guardians }, (_, at) => guardian(at)),
      heldSince: 0,
      heldBefore: [0, 0],
      tightenedAt: none,
      clearProposedAt: none,
    },
    actions: () => actions,
    moments,
    apply,
    key,
    properties,
  };
}
