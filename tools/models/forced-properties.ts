/** What the way out promises. */
import {
  type ForcedState,
  forcedModel,
  mayFreeze,
  forcedTerms as terms,
  waiting,
} from './forced.ts';
import { act, type Model, type Property, wait } from './model.ts';

type F = Property<ForcedState>;

const hour = 3_600;

const queue: F[] = [
  {
    name: 'a deadline never lengthens',
    says: 'No step of anybody changes the deadline of a request that waits.',
    mutant: 'new ones push back',
    breaks: 'a new request moves the deadlines of those before it',
    kind: 'step',
    check: (before, _action, after) =>
      before.requests.some(({ deadline }, i) => after.requests[i]?.deadline !== deadline)
        ? 'a deadline moved'
        : undefined,
  },
  {
    name: 'nothing clears the queue',
    says: 'A request leaves only by execution: no guardian, governor or operator takes it out.',
    mutant: 'anyone clears',
    breaks: 'the queue does not ask who takes',
    kind: 'step',
    check: (before, { name }, after) =>
      before.done !== after.done && name !== 'execute' ? `taken by ${name}` : undefined,
  },
  {
    name: 'first in, first out',
    says: 'Each execution takes the next request and no other.',
    mutant: 'any turn',
    breaks: 'a request may be executed before those ahead of it',
    kind: 'step',
    check: (before, _action, after) =>
      after.done > before.done + 1 ? 'one was passed over' : undefined,
  },
  {
    name: 'the operator has its time',
    says: 'Before the deadline only the sequencer of the moment executes.',
    mutant: 'anyone at once',
    breaks: 'anyone executes at any time',
    kind: 'step',
    check: (before, { by }, after) =>
      before.done !== after.done &&
      before.now <= waiting(before)!.deadline &&
      !(by === 'operator' && before.hasSequencer)
        ? 'executed by another'
        : undefined,
  },
  {
    name: 'executed or frozen by deadline and grace',
    says: 'Whenever the next request is overdue beyond the grace, anyone can freeze the venue.',
    mutant: 'silence alone freezes',
    breaks: 'an overdue request does not freeze',
    kind: 'state',
    check: (s, mutant) => {
      const head = waiting(s);
      const isOver = head && head.deadline + terms.graceSeconds < s.now && s.frozenTime === 0;
      return isOver && !mayFreeze(s, mutant) ? 'cannot be frozen' : undefined;
    },
  },
  {
    name: 'no freeze without cause',
    says: 'The venue freezes only when a request is overdue beyond the grace or reports ended.',
    mutant: 'no grace',
    breaks: 'a request that is only just overdue freezes',
    kind: 'step',
    check: (before, { name }) =>
      name === 'freeze' && !mayFreeze(before) ? 'frozen too early' : undefined,
  },
];

const money: F[] = [
  {
    name: 'no withdrawal is paid twice',
    says: 'A nonce pays once, by the fast path or by the forced one.',
    mutant: 'two nullifiers',
    breaks: 'forced requests have nonces of their own',
    kind: 'state',
    check: (s) => (s.paidByNonce > 1 ? `nonce 1 paid ${s.paidByNonce} times` : undefined),
  },
  {
    name: 'nobody gets more than it has',
    says: 'What was paid and what is left are what was put in, for each owner, by every path.',
    mutant: 'exit keeps the account',
    breaks: 'an exit does not empty the account',
    kind: 'state',
    check: (s) =>
      s.cash.some((cash, who) => cash + s.paid[who]! !== terms.deposits[who])
        ? 'paid more than was put in'
        : undefined,
  },
];

const silence: F[] = [
  {
    name: 'frozen for ever',
    says: 'Nothing thaws a frozen venue or lets it trade, report or pay by the fast path.',
    mutant: 'a report thaws',
    breaks: 'an accepted report ends the freeze',
    kind: 'step',
    check: (before, { name }, after) => {
      if (before.frozenTime === 0) return undefined;
      if (after.frozenTime !== before.frozenTime) return 'thawed';
      return ['execute', 'relay', 'report', 'request'].includes(name) ? `${name} works` : undefined;
    },
  },
  {
    name: 'a minority of reporters says nothing',
    says: 'One captured reporter neither moves a price nor keeps a silent venue from its freeze.',
    mutant: 'one reporter is enough',
    breaks: 'a report needs no quorum',
    kind: 'step',
    check: (before, { by }, after) =>
      by === 'minority' && after.reportTime !== before.reportTime ? 'accepted' : undefined,
  },
  {
    name: 'what can be served is not set aside',
    says: 'Nobody makes a request step out of the line that no missing price stops.',
    mutant: 'anything steps aside',
    breaks: 'nobody asks why a request waits before it is set aside',
    kind: 'step',
    check: (before, { name }, after) =>
      name === 'setAside' && after.done !== before.done ? 'set aside' : undefined,
  },
  {
    name: 'silence opens the exit',
    says: 'Once reports have been away for longer than seven days anyone can freeze the venue.',
    mutant: 'overdue alone freezes',
    breaks: 'silence does not freeze',
    kind: 'state',
    check: (s, mutant) => {
      const isSilent = s.reportTime > 0 && s.reportTime + terms.silenceSeconds < s.now;
      return isSilent && s.frozenTime === 0 && !mayFreeze(s, mutant) ? 'cannot be' : undefined;
    },
  },
];

/** Who may be captured; none of them delays the owner by anything it does. */
const others = [
  'operator',
  'governor',
  'guardian',
  'neighbour',
  'relayer',
  'stranger',
  'reporters',
  'minority',
];

const leave = (s: ForcedState) =>
  s.isReckoned ? act('owner', 'exit', 0) : act('owner', 'reckon', 1_000);

const responses: F[] = [
  {
    name: 'out by the queue',
    says: 'The owner alone has all its money within two deadlines, whatever others do.',
    mutant: 'breaker stops it',
    breaks: 'forced requests rest while a guardian holds the venue',
    kind: 'response',
    next: (s) => {
      if (s.cash[0] === 0) return undefined;
      if (s.frozenTime !== 0) return leave(s);
      const rest = s.requests.slice(s.done);
      if (!rest.some(({ amount, nonce }) => amount === 0 && nonce !== 0)) {
        return act('owner', 'request', 0, 0, 2);
      }
      return s.now > rest[0]!.deadline ? act('owner', 'execute', s.done + 1) : wait(6 * hour);
    },
    stepsMax: 8,
    secondsMax: 2 * terms.deadlineSeconds,
    unmovedBy: others,
  },
  {
    name: 'after the deadline anyone serves',
    says: 'Whatever waits is executed by the owner itself once its deadline is over.',
    mutant: 'operator alone',
    breaks: 'only the sequencer ever executes',
    kind: 'response',
    next: (s) => {
      const head = waiting(s);
      if (s.frozenTime !== 0 || head === undefined) return undefined;
      return s.now > head.deadline ? act('owner', 'execute', s.done + 1) : wait(6 * hour);
    },
    stepsMax: 6,
    secondsMax: 2 * terms.deadlineSeconds,
    unmovedBy: ['operator', 'governor', 'guardian', 'relayer', 'stranger', 'reporters'],
  },
  {
    name: 'out by the freeze',
    says: 'If nothing is executed the owner alone freezes and leaves after deadline and grace.',
    mutant: 'breaker stops the exit',
    breaks: 'exits rest while a guardian holds the venue',
    kind: 'response',
    next: (s) => {
      if (s.cash[0] === 0) return undefined;
      if (s.frozenTime !== 0) return leave(s);
      if (waiting(s) === undefined) return act('owner', 'request', 0, 0, 2);
      return mayFreeze(s) ? act('owner', 'freeze') : wait(6 * hour);
    },
    stepsMax: 7,
    secondsMax: terms.deadlineSeconds + terms.graceSeconds + 6 * hour,
  },
];

export const forcedModels: readonly Model<ForcedState>[] = [
  forcedModel(
    {
      name: 'forced queue',
      bounds: '3 requests of 2 owners without positions, no reports',
      requestsMax: 3,
      reportsMax: 0,
      waits: [6 * hour],
    },
    [...queue, ...money, ...responses],
  ),
  forcedModel(
    {
      name: 'silence and freeze',
      bounds: '1 request of 2 owners without positions, 2 reports',
      requestsMax: 1,
      reportsMax: 2,
      waits: [6 * hour, terms.silenceSeconds],
    },
    silence,
  ),
];
