/**
 * The treasury: instructions of one group key that wait by size, and the rules that judge them.
 * Two keys follow each other in force and sign at any time; the registry changes and revokes them;
 * governor, guardian and strangers try what only others may.
 */

import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';
import { notReady } from './ready.ts';

const day = 24 * 3_600;

/** Constants of the contract as deployed for the replay. */
export const treasuryTerms = {
  smallDelaySeconds: day,
  largeDelaySeconds: 2 * day,
  expirySeconds: 7 * day,
  /** Hours, the current one and those before it, of which payments count. */
  hours: 25,
} as const;
const terms = treasuryTerms;

/** What may leave in a day at all, and after the short delay, by level. */
export const levels: readonly { readonly small: number; readonly day: number }[] = [
  { small: 0, day: 1 },
  { small: 1, day: 2 },
  { small: 2, day: 3 },
];

const unlisted = -1;

/** Instead of an amount: the one call that the governor allowed. */
export const noting = 0;

/** Ghosts: when it was scheduled, by which key, whether the short way, and whether dropped. */
export type Waiting = {
  readonly nonce: number;
  /** What is paid, or `noting`. */
  readonly amount: number;
  readonly readyAt: number;
  readonly generation: number;
  readonly scheduledAt: number;
  readonly signer: number;
  readonly isShort: boolean;
  readonly isDropped: boolean;
};

type Sum = { readonly hour: number; readonly amount: number };
export type Paid = { readonly time: number; readonly amount: number };

export type TreasuryState = Timed & {
  readonly generation: number;
  readonly isRevoked: boolean;
  readonly nextNonce: number;
  /** What waits, dead or not; at most two. */
  readonly waiting: readonly Waiting[];
  /** Number of an instruction that waited and does not any more. */
  readonly gone: number | undefined;
  readonly paid: readonly Sum[];
  readonly small: readonly Sum[];
  readonly sent: number;
  readonly noted: number;
  /** Limit in force; `unlisted` before the first. */
  readonly level: number;
  readonly pending:
    | { readonly level: number; readonly readyAt: number; readonly proposedAt: number }
    | undefined;
  readonly isAllowed: boolean;
  /** When the call may be allowed, zero when it is not proposed. */
  readonly callReadyAt: number;
  /** Ghosts of the last two days: what was paid, and what was scheduled the short way. */
  readonly paidAt: readonly Paid[];
  readonly shortAt: readonly Paid[];
};
type S = TreasuryState;

const hourOf = (time: number): number => Math.floor(time / 3_600);

/** The sum over the ring, `now` included. */
export const sumOf = (list: readonly Sum[], now: number): number =>
  list.reduce(
    (sum, { hour, amount }) => (hour + terms.hours > hourOf(now) ? sum + amount : sum),
    0,
  );

const added = (list: readonly Sum[], amount: number, now: number): readonly Sum[] => [
  ...list.filter(({ hour }) => hour + terms.hours > hourOf(now)),
  { hour: hourOf(now), amount },
];
const later = (list: readonly Paid[], amount: number, now: number): readonly Paid[] => [
  ...list.filter(({ time }) => time > now - 2 * day),
  { time: now, amount },
];

/** What was added within the last 24 hours. */
export const inDay = (list: readonly Paid[], now: number): number =>
  list.reduce((sum, { time, amount }) => (time > now - day ? sum + amount : sum), 0);

/** Why a call is not the treasury's to make. */
const forbidden = (s: S, amount: number): string | undefined =>
  (amount === noting ? !s.isAllowed : s.level === unlisted) ? 'CallForbidden' : undefined;

/** By the key in force (`age` 0) or the one before (1). */
function schedule(s: S, { name, args }: Action, mutant: string): Result<S> {
  const [amount = 0, age = 0] = args;
  if (name === 'scheduleSpent' && mutant !== 'signatures live on') return 'NonceWrong';
  if (name === 'scheduleLate' && mutant !== 'instructions never expire')
    return 'InstructionExpired';
  if (s.isRevoked && mutant !== 'revoked keys pay') return 'KeyRevoked';
  if (age > 0 && mutant !== 'any key signs') return 'InstructionUnsigned';
  const refused = forbidden(s, amount);
  if (refused) return refused;
  const budget = levels[s.level]?.small ?? 0;
  const fits = sumOf(s.small, s.now) + amount <= budget || mutant === 'all is small';
  const isShort = amount !== noting && fits;
  const counts = isShort && mutant !== 'the small budget is not used up';
  const entry: Waiting = {
    nonce: s.nextNonce,
    amount,
    readyAt: s.now + (isShort ? terms.smallDelaySeconds : terms.largeDelaySeconds),
    generation: s.generation,
    scheduledAt: s.now,
    signer: s.generation - age,
    isShort,
    isDropped: false,
  };
  return {
    ...s,
    nextNonce: s.nextNonce + 1,
    waiting: [...s.waiting, entry],
    small: counts ? added(s.small, amount, s.now) : s.small,
    shortAt: isShort ? later(s.shortAt, amount, s.now) : s.shortAt,
  };
}

const without = (s: S, entry: Waiting): S => ({
  ...s,
  waiting: s.waiting.filter((each) => each !== entry),
  gone: entry.nonce,
});

function execute(s: S, { name, args }: Action, mutant: string): Result<S> {
  if (name === 'executeGone') return mutant === 'executed stays' ? s : 'ProposalMissing';
  const entry = s.waiting[args[0]!];
  const refused = notReady(entry?.readyAt ?? 0, s.now, mutant);
  if (refused || entry === undefined) return refused ?? 'ProposalMissing';
  if (name === 'executeOther' && mutant !== 'calls are not compared') return 'CallsWrong';
  if (s.isRevoked && mutant !== 'revoked keys pay') return 'KeyRevoked';
  if (entry.generation !== s.generation && mutant !== 'old keys pay') return 'GenerationOver';
  const banned = mutant === 'calls are judged once' ? undefined : forbidden(s, entry.amount);
  if (banned) return banned;
  const rest = without(s, entry);
  if (entry.amount === noting) return { ...rest, noted: s.noted + 1 };
  const max = levels[mutant === 'limits never fall' ? 1 : s.level]!.day;
  if (entry.amount > max - sumOf(s.paid, s.now)) return 'DayExceeded';
  return {
    ...rest,
    paid: mutant === 'payments do not count' ? s.paid : added(s.paid, entry.amount, s.now),
    sent: s.sent + entry.amount,
    paidAt: later(s.paidAt, entry.amount, s.now),
  };
}

function veto(s: S, { by, args }: Action, mutant: string): Result<S> {
  const isGuardian = by === 'guardian' && mutant !== 'the guardian is not known';
  const may = by === 'governor' || isGuardian || mutant === 'anyone vetoes';
  if (!may) return 'NotGuardian';
  const entry = s.waiting[args[0]!];
  if (entry === undefined) return 'ProposalMissing';
  if (mutant !== 'veto keeps') return without(s, entry);
  const kept = { ...entry, isDropped: true };
  return { ...s, waiting: s.waiting.map((each) => (each === entry ? kept : each)) };
}

function govern(s: S, { name, args }: Action, mutant: string): Result<S> {
  if (name === 'cancelLimit') return s.pending ? { ...s, pending: undefined } : 'ProposalMissing';
  if (name === 'removeCall') {
    const isThere = s.isAllowed || s.callReadyAt > 0;
    return isThere ? { ...s, isAllowed: false, callReadyAt: 0 } : 'ProposalMissing';
  }
  if (name === 'proposeCall') {
    const isAllowed = s.isAllowed || mutant === 'calls are allowed at once';
    return { ...s, isAllowed, callReadyAt: s.now + terms.largeDelaySeconds };
  }
  const level = args[0]!;
  const isTighter = level <= s.level && mutant !== 'tightening waits';
  if (isTighter || mutant === 'loosened at once') {
    return {
      ...s,
      level,
      pending: mutant === 'what waits outlives a tightening' ? s.pending : undefined,
    };
  }
  const readyAt = s.now + terms.largeDelaySeconds;
  return { ...s, pending: { level, readyAt, proposedAt: s.now } };
}

function apply(s: S, action: Action, mutant: string): Result<S> {
  const { by, name, args } = action;
  if (name === 'wait') return { ...s, now: s.now + args[0]! };
  if (name === 'rotate') return { ...s, generation: s.generation + 1, isRevoked: false };
  if (name === 'revoke') return { ...s, isRevoked: true };
  if (name.startsWith('schedule')) return schedule(s, action, mutant);
  if (name.startsWith('execute')) return execute(s, action, mutant);
  if (name === 'veto') return veto(s, action, mutant);
  if (name === 'applyLimit') {
    const refused = notReady(s.pending?.readyAt ?? 0, s.now, mutant);
    return refused ?? { ...s, level: s.pending!.level, pending: undefined };
  }
  if (name === 'applyCall') {
    return notReady(s.callReadyAt, s.now, mutant) ?? { ...s, isAllowed: true, callReadyAt: 0 };
  }
  if (by !== 'governor' && mutant !== 'anyone governs') return 'NotGovernor';
  return govern(s, action, mutant);
}

function key(s: S): string {
  const time = (readyAt: number): string =>
    s.now > readyAt + terms.expirySeconds ? 'x' : `${readyAt - s.now}`;
  const entry = (each: Waiting): string => {
    const { amount, readyAt, generation, signer, isShort, isDropped } = each;
    const isOver = s.now > readyAt + terms.expirySeconds || generation !== s.generation;
    const keys = `${Math.min(s.generation - generation, 1)}${generation - signer}`;
    return `${amount}@${isOver ? 'x' : time(readyAt)}${keys}${isShort}${isDropped}`;
  };
  const ring = (list: readonly Sum[]): string =>
    list
      .filter(({ hour }) => hour + terms.hours > hourOf(s.now))
      .map(({ hour, amount }) => `${hourOf(s.now) - hour}:${amount}`)
      .join();
  const pending = s.pending ? `${s.pending.level}@${time(s.pending.readyAt)}` : '-';
  const call = s.callReadyAt > 0 ? time(s.callReadyAt) : '-';
  const flags = `${call}${s.isRevoked}${s.isAllowed}${s.generation > 1}${s.nextNonce > 0}`;
  const gone = s.gone !== undefined;
  const waits = s.waiting.map(entry).join(' ');
  const sums = `${inDay(s.paidAt, s.now)},${inDay(s.shortAt, s.now)}`;
  return `${flags}${gone} ${waits} ${ring(s.paid)} ${ring(s.small)} ${sums} ${s.level} ${pending}`;
}

const moments = (s: S): number[] =>
  [...s.waiting.map(({ readyAt }) => readyAt), s.pending?.readyAt ?? 0, s.callReadyAt]
    .flatMap((readyAt) => [readyAt, readyAt + terms.expirySeconds])
    .flatMap((time) => [-1, 0, 1].map((by) => time - s.now + by))
    .filter((dt) => dt > 0);

/** What can be tried with what waits; somebody new only when there is room. */
function instructions(s: S, amounts: readonly number[], most: number): Action[] {
  const places = s.waiting.map((_, place) => place);
  const isRoom = s.waiting.length < most;
  return [
    wait(7 * day),
    ...(isRoom ? amounts.map((amount) => act('anyone', 'schedule', amount, 0)) : []),
    ...places.map((place) => act('anyone', 'execute', place)),
    ...places.map((place) => act('guardian', 'veto', place)),
    act('anyone', 'applyLimit'),
  ];
}

function signing(s: S): Action[] {
  const places = s.waiting.map((_, place) => place);
  const isRoom = s.waiting.length < 2;
  return [
    wait(day),
    ...instructions(s, [1, 2], 2),
    ...(isRoom && s.generation > 1 ? [act('anyone', 'schedule', 1, 1)] : []),
    ...(isRoom && s.nextNonce > 0 ? [act('anyone', 'scheduleSpent', 1)] : []),
    ...(isRoom ? [act('anyone', 'scheduleLate', 1)] : []),
    ...places.map((place) => act('anyone', 'executeOther', place)),
    ...(s.gone === undefined ? [] : [act('anyone', 'executeGone', s.gone)]),
    ...places.flatMap((place) => ['governor', 'anyone'].map((by) => act(by, 'veto', place))),
    act('governor', 'proposeLimit', 1),
    act('registry', 'rotate'),
    act('registry', 'revoke'),
  ];
}

const ruling = (s: S): Action[] => [
  wait(2 * day),
  ...instructions(s, [noting, 2], 1),
  act('anyone', 'applyCall'),
  ...['governor', 'anyone'].flatMap((by) => [
    ...levels.map((_, level) => act(by, 'proposeLimit', level)),
    act(by, 'cancelLimit'),
    act(by, 'removeCall'),
    act(by, 'proposeCall'),
  ]),
];

export function treasuryModel(
  part: 'instructions' | 'rules',
  properties: Model<TreasuryState>['properties'],
): Model<TreasuryState> {
  const bounds = {
    instructions:
      'two instructions at once, of 1 or 2 units, a day of 2 and a small budget of 1; steps of one',
    rules: 'one instruction at once, three limits of one token, one call; steps of two',
  }[part];
  const now = 1_900_800_000;
  const readyAt = now + terms.largeDelaySeconds;
  return {
    name: `treasury: ${part}`,
    contracts: ['Treasury.sol', 'TreasuryRules.sol', 'libraries/DayRing.sol'],
    bounds: `${bounds} and seven days, delays of one and two`,
    initial: {
      now,
      generation: 1,
      isRevoked: false,
      nextNonce: 0,
      waiting: [],
      gone: undefined,
      paid: [],
      small: [],
      sent: 0,
      noted: 0,
      level: unlisted,
      pending: { level: 1, readyAt, proposedAt: now },
      isAllowed: false,
      callReadyAt: part === 'rules' ? readyAt : 0,
      paidAt: [],
      shortAt: [],
    },
    actions: part === 'instructions' ? signing : ruling,
    moments,
    apply,
    key,
    properties,
  };
}
