/** What the breaker promises, and its bounded models. */
import {
  type BreakerBounds,
  type BreakerState,
  breakerTerms,
  fixed,
  levelIn,
  quorumOf,
} from './breaker.ts';
import { halting, ranking, rests, silence, within } from './breaker-halts.ts';
import { breakerModel } from './breaker-states.ts';
import { act, type Model, type Property, wait } from './model.ts';

const hour = 3_600;
const week = 7 * 24 * hour;
const grid = 300;

const scopesOf = (s: BreakerState): number[] => s.scopes.map((_, scope) => scope);

const untilsOf = (s: BreakerState): number[] => s.scopes.flatMap(({ untils }) => untils);

/** The level of each scope as the other rules of the venue see it. */
const levels = (s: BreakerState): number[] => scopesOf(s).map((scope) => levelIn(s, scope));

const holding: Property<BreakerState>[] = [
  {
    name: 'every entry expires',
    says: 'No entry of one guardian lasts longer than the limit from now.',
    mutant: 'hold unbounded',
    breaks: 'an entry may last longer than the limit',
    kind: 'state',
    check: (s) =>
      untilsOf(s).some((until) => until > s.now + s.terms.holdSecondsMax)
        ? 'an entry lasts too long'
        : undefined,
  },
  {
    name: 'one guardian holds no longer than the limit',
    says: 'One guardian keeps a market above level 0 on end for at most the limit, by any scopes.',
    mutant: 'episode unchecked',
    breaks: 'each entry has the limit for itself',
    kind: 'state',
    check: within('holdSecondsMax'),
  },
  {
    name: 'one guardian rests as long as it held',
    says: 'After a hold one guardian leaves the market open for as long as it held it.',
    mutant: 'no rest',
    breaks: 'a guardian may start again at once',
    kind: 'step',
    check: rests(1),
  },
  {
    name: 'everything ends by itself',
    says: 'Without another step of a guardian every level is 0 within the limit.',
    mutant: 'never expires',
    breaks: 'an entry is in force whatever its expiry',
    kind: 'response',
    next: (s, mutant) =>
      scopesOf(s).some((scope) => levelIn(s, scope, mutant) > 0) ? wait(6 * hour) : undefined,
    stepsMax: 2,
    secondsMax: breakerTerms.holdSecondsMax,
  },
];

const counting: Property<BreakerState>[] = [
  {
    name: 'eight tightenings a day',
    says: 'One guardian tightens at most eight times in any 24 hours.',
    mutant: 'one tightening more',
    breaks: 'a ninth is let through',
    kind: 'state',
    check: (s) => {
      const count = s.actors[0]!.times.filter((time) => time + fixed.windowSeconds > s.now);
      return count.length > fixed.tighteningsMax ? `${count.length} in 24 hours` : undefined;
    },
  },
];

const alone: Property<BreakerState>[] = [
  {
    name: 'one guardian only stops growth',
    says: 'One guardian brings no market above level 1.',
    mutant: 'one is a quorum',
    breaks: 'one vote is enough',
    kind: 'state',
    check: (s) => (levels(s).some((level) => level > 1) ? 'above level 1' : undefined),
  },
];

const clearing: Property<BreakerState>[] = [
  {
    name: 'clearing waits',
    says: 'An entry is cleared only after the delay since the governor proposed it.',
    mutant: 'applied early',
    breaks: 'a proposal is applied before its time',
    kind: 'step',
    check: (before, { name, args }, after) =>
      name === 'applyClear' &&
      after.now < before.clearProposedAt[args[0]!]! + after.terms.clearDelaySeconds
        ? 'cleared before the delay'
        : undefined,
  },
  {
    name: 'clearing is of what was seen',
    says: 'A scope that was tightened after the proposal is not cleared by it.',
    mutant: 'clears what changed',
    breaks: 'the entry is not compared',
    kind: 'step',
    check: (before, { name, args }) =>
      name === 'applyClear' && before.tightenedAt[args[0]!]! > before.clearProposedAt[args[0]!]!
        ? 'cleared what was tightened since'
        : undefined,
  },
  {
    name: 'an old clearing is dead',
    says: 'A clearing is not applied later than seven days after it was ready.',
    mutant: 'old proposals live',
    breaks: 'proposals do not expire',
    kind: 'step',
    check: (before, { name, args }, after) =>
      name === 'applyClear' &&
      after.now >
        before.clearProposedAt[args[0]!]! + after.terms.clearDelaySeconds + fixed.expirySeconds
        ? 'an old proposal was applied'
        : undefined,
  },
  {
    name: 'only time and clearings lower a level',
    says: 'Nobody but the governor proposes a clearing, and no other step lowers a level.',
    mutant: 'anyone governs',
    breaks: 'anyone proposes',
    kind: 'step',
    check: (before, { by, name }, after) => {
      if (name === 'proposeClear' && by !== 'governor') return 'proposed by another';
      if (name === 'wait' || name === 'applyClear') return undefined;
      const now = levels(after);
      return levels(before).some((level, i) => now[i]! < level) ? 'a level fell' : undefined;
    },
  },
];

const appointing: Property<BreakerState>[] = [
  {
    name: 'a new guardian waits',
    says: 'A guardian is added only between the delay and seven days after it.',
    mutant: 'applied early',
    breaks: 'a proposal is applied before its time',
    kind: 'step',
    check: (before, _action, after) => {
      const at = after.guardians.findIndex(
        (guardian, i) => guardian.isGuardian && !before.guardians[i]!.isGuardian,
      );
      if (at < 0) return undefined;
      const age = after.now - before.guardians[at]!.proposedAt;
      if (age < after.terms.guardianDelaySeconds) return 'added before the delay';
      const ageMax = after.terms.guardianDelaySeconds + fixed.expirySeconds;
      return age > ageMax ? 'an old proposal was applied' : undefined;
    },
  },
  {
    name: 'a captured guardian is out at once',
    says: 'The governor alone removes every guardian in one step each, at any time.',
    mutant: 'removal waits',
    breaks: 'a removed guardian still tightens',
    kind: 'response',
    next: (s) => {
      const at = s.guardians.findIndex(({ isGuardian: is }) => is);
      return at < 0 ? undefined : act('governor', 'removeGuardian', at);
    },
    stepsMax: 2,
    secondsMax: 0,
  },
  {
    name: 'only guardians tighten',
    says: 'What one that is not a guardian tries changes nothing, nor does a removed one.',
    mutant: 'anyone tightens',
    breaks: 'the caller is not asked for',
    kind: 'step',
    check: (before, { by, name }) =>
      name === 'tighten' && !before.guardians[Number(by.at(-1))]!.isGuardian
        ? 'tightened by another'
        : undefined,
  },
  {
    name: 'only guardians of the moment are a quorum',
    says: 'A halt has the votes of as many guardians of its moment as are a quorum.',
    mutant: 'votes of the removed count',
    breaks: 'a vote outlives its guardian',
    kind: 'step',
    check: (before, { by, name, args }, after) => {
      if (name !== 'tighten' || args[1] !== 3 || before.scopes === after.scopes) return undefined;
      const voted = before.votes[args.join()] ?? [];
      const count = before.guardians.filter(
        ({ isGuardian: is }, i) => is && ((voted[i] ?? 0) !== 0 || by === `guardian${i}`),
      ).length;
      return count < quorumOf(before) ? `halted by ${count}` : undefined;
    },
  },
];

const below: Property<BreakerState>[] = [
  {
    name: 'guardians below a quorum gain nothing by turns',
    says: 'Captured guardians that are no quorum keep a market above level 0 no longer than one.',
    mutant: 'each holds for itself',
    breaks: 'every guardian has a hold and a rest of its own',
    kind: 'state',
    check: within('holdSecondsMax'),
  },
  {
    name: 'guardians below a quorum rest as long as they held',
    says: 'After a hold guardians that are no quorum leave the market open for as long.',
    mutant: 'no rest',
    breaks: 'whoever is next may start at once',
    kind: 'step',
    check: rests(1),
  },
];

const wish = [0, 1, 6 * hour] as const;
const used: Property<BreakerState>[] = [
  {
    name: 'a quorum tightens while those alone rest',
    says: 'Whatever one captured guardian used up, two others stop growth in the same block.',
    mutant: 'who rests is not heard',
    breaks: 'a guardian that may not tighten alone casts no vote either',
    kind: 'response',
    next: (s, mutant) => {
      if (levelIn(s, 0, mutant) > 0) return undefined;
      const isVoted = s.votes[wish.join()]?.[1] === s.now;
      return act(isVoted ? 'guardian2' : 'guardian1', 'tighten', ...wish);
    },
    stepsMax: 3,
    secondsMax: 0,
  },
];

/** Two scopes: what one captured guardian can do, and what its votes alone do not. */
const holds: BreakerBounds = {
  name: 'breaker: holding',
  terms: breakerTerms,
  scopes: 2,
  levels: [1],
  holds: [6 * hour, 12 * hour, 18 * hour],
  guardians: 1,
  captured: 1,
  clears: false,
  appoints: false,
  beats: false,
  waits: [6 * hour],
};
const counts = { ...holds, name: 'breaker: counting', holds: [1, 2, 3, 4, 5], waits: [12 * hour] };
const turns = {
  ...holds,
  name: 'breaker: by turns',
  terms: { ...breakerTerms, quorumMin: 3 },
  scopes: 1,
  holds: [6 * hour, 12 * hour],
  guardians: 2,
  captured: 2,
};
const burnt = {
  ...holds,
  name: 'breaker: used up',
  scopes: 1,
  holds: [6 * hour, 12 * hour],
  guardians: 3,
  captured: 3,
  acting: 1,
};
const alones = {
  ...holds,
  name: 'breaker: alone',
  scopes: 1,
  levels: [1, 2, 3],
  holds: [6 * hour],
};
const clears = {
  ...holds,
  name: 'breaker: clearing',
  levels: [1],
  holds: [12 * hour],
  clears: true,
  waits: [6 * hour, week],
};
const appoints = {
  ...holds,
  name: 'breaker: appointing',
  scopes: 1,
  levels: [1, 3],
  holds: [12 * hour],
  guardians: 2,
  appoints: true,
  waits: [12 * hour, week],
};
/** A captured quorum, and a governor that clears what it may. */
const halts = {
  ...holds,
  name: 'breaker: halting',
  terms: { ...breakerTerms, holdSecondsMax: 1_200, haltSecondsMax: 1_800, clearDelaySeconds: 900 },
  scopes: 1,
  levels: [3],
  holds: [2 * grid, 4 * grid],
  guardians: 2,
  captured: 2,
  clears: true,
  waits: [grid],
  setsMax: 2,
};
const ranks = {
  ...halts,
  name: 'breaker: ranking',
  levels: [2, 3],
  clears: false,
  waits: [2 * grid],
};
const silences = {
  ...holds,
  name: 'breaker: silence',
  terms: { ...breakerTerms, haltSecondsMax: 12 * hour, silenceSeconds: 6 * hour },
  scopes: 1,
  levels: [3],
  holds: [6 * hour],
  beats: true,
  waits: [3 * hour],
};

export const breakerModels: readonly Model<BreakerState>[] = [
  breakerModel(holds, holding),
  breakerModel(counts, counting),
  breakerModel(turns, below),
  breakerModel(burnt, used),
  breakerModel(alones, alone),
  breakerModel(clears, clearing),
  breakerModel(appoints, appointing),
  breakerModel(halts, halting),
  breakerModel(ranks, ranking),
  breakerModel(silences, silence),
];
