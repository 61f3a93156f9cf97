/** Breaker, parameters and their delays, forced queue. */
import { mutant, type Property } from '../property.ts';

const lawLib = 'contracts/src/generated/LawLib.sol';
const resume = 'contracts/src/libraries/Resume.sol';
const queue = 'contracts/src/ForcedQueue.sol';
const bounds = 'contracts/src/libraries/Bounds.sol';
const delayed = 'contracts/src/libraries/Delayed.sol';

const breakerTie = 'contracts/test/ties/TieBreaker.t.sol#BreakerTie';

const pure = { engine: 'bmc', method: 'all inputs', plain: ['wide'] } as const;
const step = { engine: 'bmc', method: 'one step', plain: ['wide'] } as const;

const breakerProperties: readonly Property[] = [
  {
    id: 'breaker.tightens',
    laws: ['L16'],
    title: 'What guardians do lowers no level, ends none sooner and lasts at most a day',
    harness: 'Breakers.sol',
    contract: 'BreakerTightens',
    subject: 'Breaker, LawLib',
    ...step,
    model: 'BreakerTightens',
    ties: [breakerTie],
    mutants: [
      mutant(
        'a level below the one in force may be set',
        lawLib,
        '                && levelBefore <= levelAfter\n',
        '',
      ),
      mutant(
        'an entry may last for ever',
        lawLib,
        '                && untilAfter <= nowTime + secondsMax',
        '                && untilAfter >= 0',
      ),
    ],
  },
  {
    id: 'breaker.loosens',
    laws: ['L16'],
    title: 'Nothing loosens a scope but a clearing that waited out its delay, by any calls',
    harness: 'Breakers.sol',
    contract: 'BreakerClears',
    subject: 'Breaker, Delayed',
    ...step,
    method: 'all executions',
    model: 'BreakerClears',
    ties: [breakerTie],
    mutants: [
      mutant(
        'a clearing needs no delay',
        delayed,
        'if (block.timestamp < readyAt) revert',
        'if (readyAt == 1) revert',
      ),
      mutant(
        'a cancelling clears',
        'contracts/proofs/Breakers.sol',
        '        readyAt = 0;\n',
        '        (readyAt, until) = (0, 0);\n',
      ),
    ],
  },
  {
    id: 'breaker.expires',
    laws: ['L16'],
    title: 'Every level expires by itself, each at its own second',
    harness: 'Expiry.sol',
    contract: 'BreakerExpires',
    subject: 'Resume',
    ...pure,
    mutants: [
      mutant(
        'a level stays while another is set',
        resume,
        'if (time < until2) inForce = 2;',
        'if (until2 != 0) inForce = 2;',
      ),
    ],
  },
  {
    id: 'resume.loosens',
    laws: ['L16'],
    title: 'The way back only loosens, in order, and liquidation waits for the end of the grace',
    harness: 'Expiry.sol',
    contract: 'ResumeLoosens',
    subject: 'Resume',
    ...pure,
    mutants: [
      mutant(
        'liquidation comes before the end of the grace',
        resume,
        'if (time >= start + grace) return 1;',
        'if (time >= start + step(grace)) return 1;',
      ),
      mutant(
        'reduce-only comes before cancel-only',
        resume,
        'return time < start + step(grace) ? 3 : 2;',
        'return time < start + step(grace) ? 2 : 3;',
      ),
    ],
  },
  {
    id: 'resume.bounded',
    laws: ['L16'],
    title: 'A grace is at most half an hour, what it follows, and what was open since the last',
    harness: 'Expiry.sol',
    contract: 'ResumeBounded',
    subject: 'Resume',
    ...pure,
    mutants: [
      mutant(
        'outages follow each other for ever',
        resume,
        'return open < grace ? open : grace;',
        'return open < grace ? grace : grace;',
      ),
      mutant(
        'a grace as long as any halt',
        resume,
        'return held < GRACE_SECONDS_MAX ? held : GRACE_SECONDS_MAX;',
        'return held;',
      ),
    ],
  },
  {
    id: 'breaker.law',
    laws: ['L16'],
    title: 'The law that the breaker asks lets a level only rise, for a bounded time',
    harness: 'Breakers.sol',
    contract: 'BreakerLaw',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'an entry may end sooner',
        lawLib,
        '                && untilBefore < untilAfter;',
        '                && untilAfter >= 0;',
      ),
    ],
  },
];

const limitProperties: readonly Property[] = [
  {
    id: 'limits.hard',
    laws: ['L17'],
    title: 'No tuple outside the hard bounds passes the law',
    harness: 'Limits.sol',
    contract: 'LimitsHard',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'funding may be charged at any rate',
        lawLib,
        '                && limits.fundingRatePpmMax <= 300_000\n',
        '',
      ),
    ],
  },
  {
    id: 'limits.tighter',
    slow: true,
    laws: ['L18'],
    title: 'What a governor changes at once is looser in no field of a market',
    harness: 'Limits.sol',
    contract: 'LimitsTighter',
    subject: 'Bounds, LawLib',
    ...pure,
    mutants: [
      mutant(
        'the mark clamp may widen at once',
        lawLib,
        '                        && next.markClampPpm <= current.markClampPpm\n',
        '',
      ),
      mutant(
        'maintenance may rise at once',
        bounds,
        'return next.maintenancePpm == current.maintenancePpm && lawful(current, next, 0, 0);',
        'return next.maintenancePpm >= current.maintenancePpm;',
      ),
    ],
  },
  {
    id: 'limits.venue',
    laws: ['L18'],
    title: 'What a governor changes at once is looser in no field of the venue',
    harness: 'Limits.sol',
    contract: 'LimitsVenue',
    subject: 'Bounds',
    ...pure,
    mutants: [
      mutant(
        'the haircut may fall at once',
        bounds,
        '&& next.profitHaircutPpm >= current.profitHaircutPpm;',
        '&& next.profitHaircutPpm >= 0;',
      ),
    ],
  },
  {
    id: 'limits.wait',
    slow: true,
    laws: ['L18'],
    title: 'What loosens a market applies only inside its window after the delay',
    harness: 'Limits.sol',
    contract: 'LimitsWait',
    subject: 'Bounds, LawLib',
    ...pure,
    mutants: [
      mutant(
        'the delay is not waited for',
        lawLib,
        '                        && proposedTime + delaySeconds <= nowTime\n',
        '',
      ),
    ],
  },
  {
    id: 'limits.delay',
    slow: true,
    laws: ['L18'],
    title: 'A proposal is ready after its delay of a day to 30 days and dead a week later',
    harness: 'Limits.sol',
    contract: 'LimitsDelay',
    subject: 'Delayed',
    ...pure,
    mutants: [
      mutant(
        'a proposal never dies',
        delayed,
        'if (block.timestamp > timeMax) revert',
        'if (timeMax == 0) revert',
      ),
      mutant(
        'no delay is too short',
        delayed,
        'DELAY_SECONDS_MIN = 1 days;',
        'DELAY_SECONDS_MIN = 1 hours;',
      ),
    ],
  },
];

const forcedProperties: readonly Property[] = [
  {
    id: 'forced.step',
    laws: ['L22'],
    title:
      'Requests are taken in turn or from aside; no call moves a deadline, and cuts only shrink',
    harness: 'Forced.sol',
    contract: 'ForcedStep',
    subject: 'ForcedQueue',
    ...step,
    mutants: [
      mutant(
        'a request may be taken out of turn',
        queue,
        'if (number != next) revert ForcedOutOfTurn(number, next);',
        '',
      ),
      mutant(
        'one set aside is given more time',
        queue,
        '        _ring[number].before = last;',
        '        _ring[number].before = last;\n' +
          '        _requests[number].deadline += deadlineSeconds;',
      ),
      mutant(
        'one that is taken from aside counts as the last of the line',
        queue,
        '            _unlink(number);\n        } else {',
        '            _unlink(number);\n            _done = number;\n        } else {',
      ),
      mutant(
        'a cut may leave as much',
        queue,
        'if (left == 0 || left >= before) revert CutWrong(left, before);',
        'if (left == 0) revert CutWrong(left, before);',
      ),
      mutant(
        'a cut starts the deadline anew',
        queue,
        '        _requests[number].amount = left;',
        '        _requests[number].amount = left;\n' +
          '        _requests[number].deadline += deadlineSeconds;',
      ),
    ],
  },
  {
    id: 'forced.inTime',
    laws: ['L22', 'L23'],
    title: 'After its deadline anyone executes what waits, after its term anyone freezes',
    harness: 'Forced.sol',
    contract: 'ForcedInTime',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'the sequencer alone executes',
        lawLib,
        '(bySequencer || deadline < nowTime)',
        'bySequencer',
      ),
      mutant(
        'the venue is frozen before the grace is over',
        lawLib,
        '(waiting && deadline + graceSeconds < nowTime)',
        '(waiting && deadline < nowTime)',
      ),
      mutant(
        'what is aside freezes as soon as what waits in line',
        lawLib,
        '(aside && asideDeadline + graceSeconds + asideSeconds < nowTime)',
        '(aside && asideDeadline + graceSeconds < nowTime)',
      ),
      mutant(
        'what is aside has to wait for a turn',
        lawLib,
        '(aside && number <= done)',
        '(aside && number < done)',
      ),
    ],
  },
];

export const controlProperties = [...breakerProperties, ...limitProperties, ...forcedProperties];
