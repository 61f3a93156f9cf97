/** The state space of the breaker's models: what is tried, what is alike, where things change. */
import {
  apply,
  type BreakerBounds,
  type BreakerState,
  fixed,
  graceEnd,
  graceOf,
  isHalted,
  levelIn,
  sameUntils,
} from './breaker.ts';
import { type Action, act, type Model, wait } from './model.ts';

const start = 1_900_800_000;

/** Moments that are past and have no effect any more are equal. */
function key(s: BreakerState, isShort: boolean): string {
  const left = (time: number): number => Math.max(0, time - s.now);
  const ready = (time: number): string => {
    if (time === 0) return '-';
    if (isShort && s.now >= time) return 'r';
    return s.now > time + fixed.expirySeconds ? 'x' : String(time - s.now);
  };
  const scope = (each: BreakerState['scopes'][number]): string => {
    const grace = graceOf(each);
    const isOver = s.now >= each.untils[2]! + grace + Math.ceil(grace / 4);
    const halt = isOver ? '' : `${each.untils[2]! - s.now}/${each.since3 - s.now}`;
    return `${left(each.untils[0]!)},${left(each.untils[1]!)},${halt}`;
  };
  const clear = (pending: BreakerState['clears'][number], at: number): string => {
    if (!pending) return '-';
    const isSame = sameUntils(pending.untils, s.scopes[at]!.untils);
    return `${ready(pending.readyAt)}${isSame ? '=' : '!'}`;
  };
  const actor = ({ since, until, times }: BreakerState['actors'][number], at: number): string => {
    const rest = (until - since) * (at === s.guardians.length ? 2 : 1);
    const hold = s.now < until + rest ? `${s.now - since}/${until - s.now}` : '';
    // Silence tightens as often as it lasts.
    const counted = isShort || at > s.guardians.length ? [] : times;
    const recent = counted.filter((time) => s.now < time + fixed.windowSeconds);
    return `${hold};${recent.map((time) => s.now - time)}`;
  };
  const votes = Object.keys(s.votes)
    .sort()
    .map((wish) => {
      const old = isShort ? 'x' : '-';
      const fresh = s.votes[wish]!.map((time) => {
        if (s.now < time + fixed.voteSeconds) return s.now - time;
        return time === 0 ? '-' : old;
      });
      return fresh.every((age) => age === '-') ? '' : `${wish}:${fresh}`;
    });
  const { heldSince, heldBefore, terms } = s;
  const held = heldSince === 0 ? '' : String(s.now - heldSince);
  const rested = Math.min(s.now - heldBefore[1], heldBefore[1] - heldBefore[0]);
  const isOff = levelIn(s, 0) >= 2;
  // A halt that goes on has no end yet, and one before liquidation was last off has no grace.
  const isEnded = !isHalted(s.scopes[0]!, s.now) && s.haltEnd >= s.offSince;
  const ended = isEnded ? s.now - s.haltEnd : '';
  const silentFor = terms.silenceSeconds && Math.min(s.now - s.beatTime, terms.silenceSeconds);
  return [
    s.scopes.map(scope).join('|'),
    s.clears.map(clear).join(),
    s.guardians.map(({ isGuardian, readyAt }) => `${isGuardian}${ready(readyAt)}`).join('|'),
    s.actors.map(actor).join('|'),
    votes.join(''),
    silentFor,
    isShort ? s.sets : '',
    `${held},${rested},${heldBefore[1] - heldBefore[0]}`,
    isOff ? `${s.now - s.offSince},${ended}` : String(s.now < graceEnd(s)),
  ].join(' ');
}

function actionsOf(bounds: BreakerBounds): readonly Action[] {
  const list: Action[] = bounds.waits.map(wait);
  const scopes = Array.from({ length: bounds.scopes }, (_, i) => i);
  const guardians = Array.from({ length: bounds.guardians }, (_, i) => i);
  for (const who of guardians.slice(0, bounds.acting)) {
    for (const scope of scopes) {
      for (const level of bounds.levels) {
        for (const hold of bounds.holds) {
          list.push(act(`guardian${who}`, 'tighten', scope, level, hold));
        }
      }
    }
    if (bounds.beats) list.push(act(`guardian${who}`, 'beat'));
  }
  if (bounds.beats) list.push(act('anyone', 'deadMan'));
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
  const ways = s.scopes.flatMap((scope) => {
    const [end, grace] = [scope.untils[2]!, graceOf(scope)];
    const step = Math.ceil(grace / 4);
    return [end + step, end + grace, end + grace + step];
  });
  const times = [
    ...s.scopes.flatMap(({ untils }) => untils),
    ...ways,
    ...s.clears.flatMap((clear) =>
      clear ? [clear.readyAt, clear.readyAt + fixed.expirySeconds] : [],
    ),
    ...s.guardians.map(({ readyAt }) => readyAt),
    ...s.actors.flatMap(({ since, until }) => [until, 2 * until - since, 3 * until - 2 * since]),
    ...s.actors.flatMap((a) => a.times.map((time) => time + fixed.windowSeconds)),
    ...Object.values(s.votes).flatMap((list) => list.map((time) => time + fixed.voteSeconds)),
    s.beatTime + s.terms.silenceSeconds,
  ];
  return times.flatMap((time) => [-1, 0, 1].map((by) => time - s.now + by)).filter((dt) => dt > 0);
}

export function breakerModel(
  bounds: BreakerBounds,
  properties: Model<BreakerState>['properties'],
): Model<BreakerState> {
  const actions = actionsOf(bounds);
  const quiet = actions.filter(({ name }) => name !== 'tighten');
  const { setsMax = Number.MAX_SAFE_INTEGER } = bounds;
  const none = Array.from({ length: bounds.scopes }, () => 0);
  const guardians = Array.from({ length: bounds.guardians }, (_, at) => at);
  return {
    name: bounds.name,
    contracts: ['Breaker.sol', 'Guardians.sol', 'libraries/Delayed.sol', 'libraries/Resume.sol'],
    bounds: `${bounds.scopes} scopes, levels ${bounds.levels}, ${bounds.guardians} guardians`,
    initial: {
      now: start,
      terms: bounds.terms,
      scopes: none.map(() => ({ untils: [0, 0, 0], since3: 0 })),
      clears: none.map(() => undefined),
      guardians: guardians.map((at) => ({
        isGuardian: at < bounds.captured,
        readyAt: 0,
        proposedAt: 0,
      })),
      actors: [...guardians, -1, -2, -3].map(() => ({ since: 0, until: 0, times: [] })),
      votes: {},
      beatTime: start,
      heldSince: 0,
      heldBefore: [0, 0],
      tightenedAt: none,
      clearProposedAt: none,
      offSince: 0,
      haltEnd: 0,
      sets: 0,
    },
    actions: (s) => (s.sets < setsMax ? actions : quiet),
    moments,
    apply,
    key: (s) => key(s, bounds.setsMax !== undefined),
    properties,
  };
}
