/** What the treasury promises, and its two bounded models. */
import { type Action, act, type Model, type Property } from './model.ts';
import {
  inDay,
  levels,
  noting,
  type TreasuryState,
  treasuryTerms as terms,
  treasuryModel,
  type Waiting,
} from './treasury.ts';

type P = Property<TreasuryState>;
/** What an action carries out, undefined when it does not. */
const executed = (s: TreasuryState, { name, args }: Action): Waiting | undefined =>
  name === 'execute' || name === 'executeOther' ? s.waiting[args[0]!] : undefined;

type Check = (before: TreasuryState, action: Action) => string | undefined;

/** Holds for each instruction that is carried out. */
const ofExecution =
  (wrong: (entry: Waiting, before: TreasuryState) => string | undefined): Check =>
  (before, action) => {
    const entry = executed(before, action);
    return entry && wrong(entry, before);
  };

const keys: P[] = [
  {
    name: 'nothing leaves unsigned',
    says: 'What is carried out was signed by the key in force, then and when it was scheduled.',
    mutant: 'any key signs',
    breaks: 'the signature of the key before counts',
    kind: 'step',
    check: ofExecution(({ signer }, { generation }) =>
      signer === generation ? undefined : 'another key signed',
    ),
  },
  {
    name: 'nothing leaves but by an instruction',
    says: 'Tokens leave, and calls are made, only when an instruction is carried out, as it says.',
    mutant: 'calls are not compared',
    breaks: 'other calls are made than were signed',
    kind: 'step',
    check: (before, action, after) => {
      if (action.name === 'executeOther') return 'other calls';
      const entry = executed(before, action);
      const [paid, noted] = [after.sent - before.sent, after.noted - before.noted];
      const isCall = entry?.amount === noting;
      const due = entry && !isCall ? entry.amount : 0;
      return paid === due && noted === Number(isCall) ? undefined : 'not what it says';
    },
  },
  {
    name: 'a key change ends what waits',
    says: 'What an earlier key signed is never carried out.',
    mutant: 'old keys pay',
    breaks: 'the generation is not compared',
    kind: 'step',
    check: ofExecution((entry, { generation }) =>
      entry.generation === generation ? undefined : 'of an earlier key',
    ),
  },
  {
    name: 'a revoked key moves nothing',
    says: 'After a revocation nothing is scheduled or carried out before the next key.',
    mutant: 'revoked keys pay',
    breaks: 'the revocation is not asked for',
    kind: 'step',
    check: (before, { name }) =>
      before.isRevoked && /^(?:schedule|execute)/.test(name) ? 'a revoked key acted' : undefined,
  },
  {
    name: 'a number counts once',
    says: 'A signed instruction is scheduled once.',
    mutant: 'signatures live on',
    breaks: 'the number is not compared',
    kind: 'step',
    check: (_before, { name }) => (name === 'scheduleSpent' ? 'scheduled again' : undefined),
  },
  {
    name: 'a late signature is none',
    says: 'An instruction is not scheduled after the time that its signers set.',
    mutant: 'instructions never expire',
    breaks: 'the time is not compared',
    kind: 'step',
    check: (_before, { name }) => (name === 'scheduleLate' ? 'scheduled late' : undefined),
  },
  {
    name: 'what is done or dropped is gone',
    says: 'An instruction that was carried out or vetoed is never carried out.',
    mutant: 'executed stays',
    breaks: 'it is not deleted',
    kind: 'step',
    check: (_before, { name }) => (name === 'executeGone' ? 'once more' : undefined),
  },
];

const delays: P[] = [
  {
    name: 'all waits',
    says: 'Nothing is carried out before the short delay, nothing large before the long one.',
    mutant: 'applied early',
    breaks: 'the delay is not asked for',
    kind: 'step',
    check: ofExecution(({ scheduledAt, isShort }, { now }) => {
      const delay = isShort ? terms.smallDelaySeconds : terms.largeDelaySeconds;
      return now - scheduledAt < delay ? 'before its delay' : undefined;
    }),
  },
  {
    name: 'a large payment in parts is large',
    says: 'What takes the short delay within 24 hours is in all no more than the small budget.',
    mutant: 'the small budget is not used up',
    breaks: 'each part is measured by itself',
    kind: 'step',
    check: (_before, { name }, { shortAt, now, level }) =>
      name === 'schedule' && inDay(shortAt, now) > (levels[level]?.small ?? 0)
        ? 'more than the budget'
        : undefined,
  },
  {
    name: 'size decides the delay',
    says: 'What is above the small budget takes the long delay.',
    mutant: 'all is small',
    breaks: 'every payment takes the short delay',
    kind: 'step',
    check: ofExecution(({ amount, scheduledAt }, { now }) =>
      amount > levels[1]!.small && now - scheduledAt < terms.largeDelaySeconds
        ? 'a large one was quick'
        : undefined,
    ),
  },
  {
    name: 'a day holds in every window',
    says: 'In no 24 hours more leaves than the limit.',
    mutant: 'payments do not count',
    breaks: 'what was paid is forgotten',
    kind: 'state',
    check: ({ paidAt, now }) => (inDay(paidAt, now) > levels[1]!.day ? 'too much' : undefined),
  },
  {
    name: 'an old instruction is dead',
    says: 'Nothing is carried out later than seven days after it was ready.',
    mutant: 'old proposals live',
    breaks: 'instructions do not die',
    kind: 'step',
    check: ofExecution(({ readyAt }, { now }) =>
      now > readyAt + terms.expirySeconds ? 'an old one' : undefined,
    ),
  },
];

const stopping: P[] = [
  {
    name: 'vetoed is gone',
    says: 'What governor or guardian vetoed is never carried out.',
    mutant: 'veto keeps',
    breaks: 'a veto only says so',
    kind: 'step',
    check: ofExecution(({ isDropped }) => (isDropped ? 'it was vetoed' : undefined)),
  },
  {
    name: 'one guardian stops all',
    says: 'A guardian alone drops everything that waits, at once.',
    mutant: 'the guardian is not known',
    breaks: 'the guardian is refused',
    kind: 'response',
    next: ({ waiting }) => (waiting.length > 0 ? act('guardian', 'veto', 0) : undefined),
    stepsMax: 2,
    secondsMax: 0,
  },
  {
    name: 'nobody else stops',
    says: 'A stranger vetoes nothing.',
    mutant: 'anyone vetoes',
    breaks: 'the caller is not asked for',
    kind: 'step',
    check: (_before, { by, name }) =>
      name === 'veto' && by === 'anyone' ? 'vetoed by a stranger' : undefined,
  },
];

const rules: P[] = [
  {
    name: 'a limit loosens late',
    says: 'A limit grows only after the long delay.',
    mutant: 'loosened at once',
    breaks: 'a larger limit holds at once',
    kind: 'step',
    check: (before, { name }, after) => {
      if (after.level <= before.level) return undefined;
      const waited = name === 'applyLimit' ? before.now - before.pending!.proposedAt : 0;
      return waited < terms.largeDelaySeconds ? 'it did not wait' : undefined;
    },
  },
  {
    name: 'a limit tightens at once',
    says: 'The governor alone brings the smallest limit into force in one step.',
    mutant: 'tightening waits',
    breaks: 'a smaller limit waits too',
    kind: 'response',
    next: ({ level }) => (level > 0 ? act('governor', 'proposeLimit', 0) : undefined),
    stepsMax: 1,
    secondsMax: 0,
  },
  {
    name: 'a tightening drops what waits',
    says: 'After a tightening no larger limit waits.',
    mutant: 'what waits outlives a tightening',
    breaks: 'the pending limit stays',
    kind: 'step',
    check: (before, { name, args }, after) =>
      name === 'proposeLimit' && args[0]! <= before.level && after.pending ? 'it waits' : undefined,
  },
  {
    name: 'the limit of the moment judges',
    says: 'What is carried out fits the limit then in force, not that of its scheduling.',
    mutant: 'limits never fall',
    breaks: 'an older limit is asked for',
    kind: 'step',
    check: ofExecution(({ amount }, { level }) =>
      amount > (levels[level]?.day ?? 0) ? 'above the limit in force' : undefined,
    ),
  },
  {
    name: 'a removed call is not made',
    says: 'A call that was removed while it waited is not made.',
    mutant: 'calls are judged once',
    breaks: 'a call is judged at its scheduling alone',
    kind: 'step',
    check: ofExecution(({ amount }, { isAllowed }) =>
      amount === noting && !isAllowed ? 'it was made' : undefined,
    ),
  },
  {
    name: 'a call is allowed late',
    says: 'A call is allowed only by a proposal that was ready.',
    mutant: 'calls are allowed at once',
    breaks: 'proposing is allowing',
    kind: 'step',
    check: (before, { name }, after) =>
      after.isAllowed && !before.isAllowed && name !== 'applyCall' ? 'at once' : undefined,
  },
  {
    name: 'only the governor rules',
    says: 'Nobody else changes a limit or a call.',
    mutant: 'anyone governs',
    breaks: 'the caller is not asked for',
    kind: 'step',
    check: (_before, { by, name }) =>
      by === 'anyone' && /^(?:propose|cancel|remove)/.test(name) ? 'by a stranger' : undefined,
  },
];

export const treasuryModels: readonly Model<TreasuryState>[] = [
  treasuryModel('instructions', [...keys, ...delays, ...stopping]),
  treasuryModel('rules', rules),
];
