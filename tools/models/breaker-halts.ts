/** What the breaker promises of a quorum, of the way back from a halt, and of silence. */
import { type BreakerState, fixed, graceEnd, levelIn } from './breaker.ts';
import { type Property, wait } from './model.ts';

const grid = 300;

const isGuardian = (by: string): boolean => by.startsWith('guardian');

const untilsOf = (s: BreakerState): number[] => s.scopes.flatMap(({ untils }) => untils);

const levels = (s: BreakerState): number[] => s.scopes.map((_, scope) => levelIn(s, scope));

/** After a hold, so many times as long without. */
export function rests(times: number) {
  return (before: BreakerState, _action: unknown, after: BreakerState): string | undefined => {
    if (before.heldSince !== 0 || after.heldSince === 0) return undefined;
    const [since, until] = after.heldBefore;
    const end = until + times * (until - since);
    return after.now < end ? 'held again before its rest' : undefined;
  };
}

/** Held on end for no longer than a limit of the terms. */
export function within(limit: 'holdSecondsMax' | 'haltSecondsMax') {
  return ({ heldSince, now, terms }: BreakerState): string | undefined =>
    heldSince !== 0 && now - heldSince >= terms[limit]
      ? `held for ${now - heldSince} s`
      : undefined;
}

export const ranking: Property<BreakerState>[] = [
  {
    name: 'tightening never loosens',
    says: 'No step of a guardian lowers a level or brings an expiry nearer.',
    mutant: 'one expiry',
    breaks: 'a scope has one expiry for all its levels',
    kind: 'step',
    check: (before, { by }, after) => {
      if (!isGuardian(by)) return undefined;
      const sooner = untilsOf(before).some((until, i) => untilsOf(after)[i]! < until);
      if (sooner) return 'an expiry came nearer';
      const now = levels(after);
      return levels(before).some((level, i) => now[i]! < level) ? 'a level fell' : undefined;
    },
  },
  {
    name: 'nothing is set below what is in force',
    says: 'A guardian sets no level below the one in force.',
    mutant: 'lower allowed',
    breaks: 'a level below the one in force may be set',
    kind: 'step',
    check: (before, { by, args }, after) => {
      if (!isGuardian(by) || before.scopes === after.scopes) return undefined;
      const [scope, level] = args as [number, number];
      return level < levelIn(before, scope) ? 'set below the level in force' : undefined;
    },
  },
];

export const halting: Property<BreakerState>[] = [
  {
    name: 'a halt takes a quorum within the window',
    says: 'A venue is halted only by votes of two guardians that are less than ten minutes apart.',
    mutant: 'votes never expire',
    breaks: 'a vote counts for ever',
    kind: 'step',
    check: (before, { by, name, args }, after) => {
      if (name !== 'tighten' || before.scopes === after.scopes) return undefined;
      const times = before.votes[args.join()] ?? [];
      const fresh = times.some(
        (time, i) => by !== `guardian${i}` && time !== 0 && before.now < time + fixed.voteSeconds,
      );
      return fresh ? undefined : 'halted by one';
    },
  },
  {
    name: 'a quorum halts no longer than its limit',
    says: 'No halt of a captured quorum lasts longer than the limit on end.',
    mutant: 'episode unchecked',
    breaks: 'each entry has the limit for itself',
    kind: 'state',
    check: (s) => {
      const { since, until } = s.actors[s.guardians.length]!;
      return until - since > s.terms.haltSecondsMax ? 'held for too long' : undefined;
    },
  },
  {
    name: 'a quorum rests twice',
    says: 'After its hold a quorum sets nothing for twice as long.',
    mutant: 'a quorum rests once',
    breaks: 'it rests like a guardian',
    kind: 'step',
    check: (before, _action, after) => {
      const at = before.guardians.length;
      const [old, held] = [before.actors[at]!, after.actors[at]!];
      if (old.until === 0 || held.since === old.since) return undefined;
      return held.since < 3 * old.until - 2 * old.since ? 'held again before its rest' : undefined;
    },
  },
  {
    name: 'a grace before any liquidation',
    says:
      'After a halt, expired or cleared, nobody is liquidated for as long as nobody was, at most ' +
      'half an hour.',
    mutant: 'no grace',
    breaks: 'a halt ends at once',
    ...grace(),
  },
  {
    name: 'a clearing leaves the grace',
    says: 'No clearing by the governor shortens what follows a halt.',
    mutant: 'a clearing skips the grace',
    breaks: 'a clearing forgets the halt',
    ...grace(),
  },
  {
    name: 'a short halt leaves the grace of a long one',
    says: 'A halt on top of a grace does not make it shorter.',
    mutant: 'short halt, short grace',
    breaks: 'each halt has a grace of its own length',
    ...grace(),
  },
  {
    name: 'a halted venue comes back by itself',
    says: 'Without another step of anybody every level is 0 within limit, grace and a quarter.',
    mutant: 'a way back never ends',
    breaks: 'its last step stays',
    kind: 'response',
    next: (s, mutant) => (levelIn(s, 0, mutant) > 0 ? wait(grid) : undefined),
    stepsMax: 16,
    secondsMax: 16 * grid,
  },
];

/** Nobody is liquidated before the end of the grace, whatever ended the halt. */
function grace() {
  return {
    kind: 'state' as const,
    check: (s: BreakerState, mutant: string): string | undefined => {
      if (levelIn(s, 0, mutant) >= 2) return undefined;
      return s.now < graceEnd(s) ? 'liquidated in the grace' : undefined;
    },
  };
}

export const silence: Property<BreakerState>[] = [
  {
    name: 'silence tightens only while it lasts',
    says: 'Anyone tightens the venue only when no guardian has beaten for the silence.',
    mutant: 'a deaf dead man',
    breaks: 'the beat is not asked for',
    kind: 'step',
    check: (before, { name }) =>
      name === 'deadMan' && before.now < before.beatTime + before.terms.silenceSeconds
        ? 'tightened while a guardian beats'
        : undefined,
  },
  {
    name: 'silence rests as long as it held',
    says: 'Guardians that keep silent on purpose hold the venue for at most half of the time.',
    mutant: 'silence never rests',
    breaks: 'silence may start again at once',
    kind: 'step',
    check: rests(1),
  },
  {
    name: 'silence holds no longer than the limit',
    says: 'The silence of all keeps the venue above level 0 on end for at most the limit.',
    mutant: 'episode unchecked',
    breaks: 'each entry has the limit for itself',
    kind: 'state',
    check: within('haltSecondsMax'),
  },
  {
    name: 'silence only stops growth',
    says: 'The silence of all brings no market above level 1.',
    mutant: 'the dead man halts',
    breaks: 'it sets level 3',
    kind: 'state',
    check: (s) => (levels(s).some((level) => level > 1) ? 'above level 1' : undefined),
  },
];
