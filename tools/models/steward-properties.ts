/** What a steward can never do, and their two bounded models. */
import { act, type Model, type Property, wait } from './model.ts';
import {
  stewardAnchor as anchor,
  type StewardModelState,
  stewardModel,
  stewardTerms as terms,
} from './steward.ts';

type P = Property<StewardModelState>;
const million = 1_000_000;

const limits: P[] = [
  {
    name: 'never looser than the anchor',
    says: 'No state has a margin below or a cap above what governance set.',
    mutant: 'no anchor',
    breaks: 'a tuple is not judged',
    kind: 'state',
    check: ({ tuple }) =>
      tuple.initialPpm < anchor.initialPpm ||
      tuple.maintenancePpm < anchor.maintenancePpm ||
      tuple.openInterestMax > anchor.openInterestMax
        ? 'looser than the anchor'
        : undefined,
  },
  {
    name: 'never out of the band',
    says: 'No state has a margin or a cap past the end of its band.',
    mutant: 'no step',
    breaks: 'steps are not judged',
    kind: 'state',
    check: ({ tuple }) =>
      tuple.initialPpm * million > anchor.initialPpm * terms.initialMaxPpm ||
      tuple.openInterestMax * million < anchor.openInterestMax * terms.capMinPpm
        ? 'out of the band'
        : undefined,
  },
  {
    name: 'moves are apart',
    says: 'Between two moves passes the least time.',
    mutant: 'no debounce',
    breaks: 'a move may follow at once',
    kind: 'step',
    check: (before, { name }) =>
      name === 'move' &&
      before.course.movedAt !== 0 &&
      before.now < before.course.movedAt + terms.moveSeconds
        ? 'moved too early'
        : undefined,
  },
  {
    name: 'inputs are new',
    says: 'No move stands on an input that is old, or that a move stood on before.',
    mutant: 'old inputs',
    breaks: 'the time of an input is not judged',
    kind: 'step',
    check: (before, { name }, after) =>
      name === 'move' &&
      (after.course.inputTime <= before.course.inputTime ||
        after.course.inputTime < before.now - terms.inputAgeSeconds)
        ? 'moved on an old input'
        : undefined,
  },
  {
    name: 'only the operator moves',
    says: 'Nothing but the operator’s moves, decay and restoring changes a tuple.',
    mutant: 'anyone moves',
    breaks: 'anyone is the operator',
    kind: 'step',
    check: (_before, { by, name }) =>
      name === 'move' && by !== 'operator' ? 'moved by a stranger' : undefined,
  },
  {
    name: 'dismissed is dismissed',
    says: 'After its dismissal a steward moves nothing.',
    mutant: 'dismissed moves',
    breaks: 'the parameters do not ask who is in office',
    kind: 'step',
    check: (before, { name }) =>
      name === 'move' && !before.inOffice ? 'moved after the dismissal' : undefined,
  },
  {
    name: 'what is not renewed ends',
    says: 'Whatever the operator did, anyone brings back the anchor within hours of its expiry.',
    mutant: 'no decay',
    breaks: 'nothing decays',
    kind: 'response',
    next: ({ tuple, course, inOffice, now }) => {
      const { initialPpm, openInterestMax } = tuple;
      const isBack = openInterestMax === anchor.openInterestMax;
      if (isBack && initialPpm === anchor.initialPpm) return undefined;
      if (!inOffice) return act('stranger', 'restoreMarket');
      const due = Math.max(course.expiresAt, course.decayedAt) + terms.moveSeconds;
      return now < due ? wait(due - now) : act('stranger', 'decay');
    },
    stepsMax: 10,
    secondsMax: terms.holdSeconds + 6 * 3_600,
  },
];

const notices: P[] = [
  {
    name: 'maintenance margin rises with notice',
    says: 'Maintenance margin rises only to what was announced a notice before.',
    mutant: 'no notice',
    breaks: 'the announcement is not asked for',
    kind: 'step',
    check: (before, _action, after) => {
      const { noticePpm, noticeReadyAt } = before.course;
      if (after.tuple.maintenancePpm <= before.tuple.maintenancePpm) return undefined;
      if (after.tuple.maintenancePpm !== noticePpm) return 'raised to what was not announced';
      return after.now < noticeReadyAt ? 'raised before its time' : undefined;
    },
  },
];

export const stewardModels: readonly Model<StewardModelState>[] = [
  stewardModel(
    {
      name: 'steward: steps',
      bounds: '1 market, 7 moves of a captured operator, 3 callers',
      moves: ['renew', 'tighten', 'loosen', 'over', 'below', 'old', 'again'],
      isNotified: false,
      waits: [1_800, 3_600, 10_800],
    },
    limits,
  ),
  stewardModel(
    {
      name: 'steward: notice',
      bounds: '1 market, 2 announcements, 3 callers',
      moves: ['renew', 'raise'],
      isNotified: true,
      waits: [43_200, 86_400],
    },
    notices,
  ),
];
