/**
 * A steward beside governance. The operator is captured from the start; strangers try what only it
 * may, anyone lets what has expired decay, and the governor may dismiss it. The rules of moves are
 * those of `packages/risk`, which the replay holds to the contract; the properties know none of
 * them.
 */
import {
  composed,
  decayed,
  type RiskTuple,
  refuseMove,
  refuseNotice,
  type SteeredParams,
  type StewardCourse,
  type StewardTerms,
  type StewardView,
  stepRange,
  stepSeconds,
  tupleOf,
} from '@holdfast/risk';
import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';
import { marketTuple } from './parameters.ts';
import { marketOf } from './parameters-binding.ts';

const hour = 3_600;
const day = 24 * hour;

/** A band of one step: few values, and its end is met. Steps are proved, not explored. */
export const stewardTerms: StewardTerms = {
  initialMaxPpm: 1_050_000,
  maintenanceMaxPpm: 1_200_000,
  concentrationMaxPpm: 1_000_000,
  capMinPpm: 950_000,
  tightenPpm: 250_000,
  loosenPpm: 50_000,
  decayPpm: 50_000,
  moveSeconds: hour,
  holdSeconds: 2 * hour,
  noticeSeconds: day,
  inputAgeSeconds: 300,
};

export const stewardAnchor = marketOf(marketTuple([2, 2, 1, 1])) as SteeredParams;

export type StewardModelState = Timed & {
  readonly tuple: RiskTuple;
  readonly course: StewardCourse;
  readonly inOffice: boolean;
};

/** What a captured operator asks for, by number. */
export const moves = ['renew', 'tighten', 'loosen', 'over', 'below', 'old', 'again', 'raise'];
/** Maintenance margins that are announced: one within a step, one beyond the band. */
export const notices = [33_000, 36_001] as const;

const viewOf = ({ tuple, course, now }: StewardModelState): StewardView => ({
  anchor: stewardAnchor,
  current: tuple,
  terms: stewardTerms,
  course,
  now,
});

/** The tuple and input time of a move. */
export function askedOf(s: StewardModelState, kind: string): readonly [RiskTuple, number] {
  const { tuple: t, course, now } = s;
  const seconds = stepSeconds(course, now);
  const [low, high] = stepRange('initialPpm', stewardAnchor, t, stewardTerms, seconds);
  const [least, most] = stepRange('openInterestMax', stewardAnchor, t, stewardTerms, seconds);
  switch (kind) {
    case 'tighten':
      return [{ ...t, initialPpm: high, openInterestMax: least }, now];
    case 'loosen':
      return [{ ...t, initialPpm: low, openInterestMax: most }, now];
    case 'over':
      return [{ ...t, initialPpm: high + 1 }, now];
    case 'below':
      return [{ ...t, initialPpm: stewardAnchor.initialPpm - 1 }, now];
    case 'old':
      return [t, now - stewardTerms.inputAgeSeconds - 1];
    case 'again':
      return [t, course.inputTime];
    case 'raise':
      return [{ ...t, initialPpm: high, maintenancePpm: notices[0] }, now];
    default:
      return [t, now];
  }
}

/** Mutants that pass what the rules refuse. */
const passes: Readonly<Record<string, readonly string[]>> = {
  'no debounce': ['MoveEarly'],
  'no step': ['StepUnlawful'],
  'no anchor': ['StepUnlawful'],
  'no notice': ['NoticeMissing', 'NoticeNotReady'],
  'old inputs': ['InputTimeInvalid', 'InputReplayed'],
};

function move(s: StewardModelState, kind: string, mutant: string): Result<StewardModelState> {
  const [next, time] = askedOf(s, kind);
  const refused = refuseMove(viewOf(s), next, time);
  const isPassed = refused !== undefined && (passes[mutant]?.includes(refused) ?? false);
  if (refused !== undefined && !isPassed) return refused;
  if (!s.inOffice && mutant !== 'dismissed moves') return 'NotSteward';
  const isRaised = next.maintenancePpm > s.tuple.maintenancePpm;
  const course = {
    ...s.course,
    movedAt: s.now,
    inputTime: time,
    expiresAt: s.now + stewardTerms.holdSeconds,
    ...(isRaised ? { noticePpm: 0, noticeReadyAt: 0 } : {}),
  };
  return { ...s, tuple: next, course };
}

function announce(s: StewardModelState, maintenancePpm: number): Result<StewardModelState> {
  const refused = refuseNotice(viewOf(s), maintenancePpm);
  if (refused !== undefined) return refused;
  const noticeReadyAt = s.now + stewardTerms.noticeSeconds;
  return { ...s, course: { ...s.course, noticePpm: maintenancePpm, noticeReadyAt } };
}

function decay(s: StewardModelState, mutant: string): Result<StewardModelState> {
  const next = decayed(viewOf(s));
  if (mutant === 'no decay') return 'DecayEarly';
  if (typeof next === 'string') return next;
  if (!s.inOffice) return 'NotSteward';
  return { ...s, tuple: next, course: { ...s.course, decayedAt: s.now } };
}

function apply(
  s: StewardModelState,
  { by, name, args }: Action,
  mutant: string,
): Result<StewardModelState> {
  if (name === 'wait') return { ...s, now: s.now + args[0]! };
  const isOperator = by === 'operator' || mutant === 'anyone moves';
  if (name === 'decay') return decay(s, mutant);
  if (name === 'dismissSteward') {
    return by === 'governor' ? { ...s, inOffice: false } : 'NotGovernor';
  }
  if (name === 'restoreMarket') {
    return s.inOffice ? 'StewardPresent' : { ...s, tuple: tupleOf(stewardAnchor) };
  }
  if (!isOperator) return 'NotOperator';
  if (name === 'announce') return announce(s, notices[args[0]!]!);
  return move(s, moves[args[0]!]!, mutant);
}

const past = (time: number, now: number, most: number): number => Math.min(now - time, most);

function key({ tuple, course, inOffice, now }: StewardModelState): string {
  const since = Math.max(course.expiresAt, course.decayedAt);
  const isLive = course.noticePpm !== 0 && now <= course.noticeReadyAt + day;
  return [
    tuple.initialPpm,
    tuple.openInterestMax,
    tuple.maintenancePpm,
    past(course.movedAt, now, hour),
    past(since, now, 4 * hour),
    course.inputTime === 0 ? 0 : past(course.inputTime, now, 301),
    isLive ? `in ${course.noticeReadyAt - now}` : course.noticePpm,
    inOffice,
  ].join(' ');
}

export type StewardBounds = {
  readonly name: string;
  readonly bounds: string;
  readonly moves: readonly string[];
  readonly isNotified: boolean;
  readonly waits: readonly number[];
};

function actionsOf({ moves: kinds, isNotified, waits }: StewardBounds): readonly Action[] {
  const list = waits.map(wait);
  for (const kind of kinds) list.push(act('operator', 'move', moves.indexOf(kind)));
  list.push(act('stranger', 'move', 0));
  if (isNotified) {
    list.push(act('operator', 'announce', 0), act('operator', 'announce', 1));
    list.push(act('stranger', 'announce', 0));
  }
  list.push(act('stranger', 'decay'), act('stranger', 'restoreMarket'));
  list.push(act('governor', 'dismissSteward'), act('stranger', 'dismissSteward'));
  return list;
}

export function stewardModel(
  bounds: StewardBounds,
  properties: Model<StewardModelState>['properties'],
): Model<StewardModelState> {
  const actions = actionsOf(bounds);
  return {
    name: bounds.name,
    contracts: ['Steward.sol', 'Parameters.sol', 'libraries/Steering.sol'],
    bounds: bounds.bounds,
    initial: {
      now: 1_900_800_000,
      tuple: tupleOf(stewardAnchor),
      course: {
        movedAt: 0,
        inputTime: 0,
        expiresAt: 0,
        decayedAt: 0,
        noticePpm: 0,
        noticeReadyAt: 0,
      },
      inOffice: true,
    },
    actions: () => actions,
    moments: ({ course, now }) =>
      [course.movedAt + hour, course.expiresAt + hour, course.noticeReadyAt]
        .flatMap((time) => [-1, 0, 1].map((by) => time - now + by))
        .filter((seconds) => seconds > 0),
    apply,
    key,
    properties,
  };
}

/** Parameters in force, as the contract has them. */
export const inForce = ({ tuple }: StewardModelState): SteeredParams =>
  composed(stewardAnchor, tuple);
