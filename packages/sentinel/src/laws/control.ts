/** Laws on outflow, breaker, forced queue and exit: L14, L16, L22 to L24. */
import { oldestAside, venueRow } from '../state/tables.ts';
import { type Budgets, windowsAt } from '../state/windows.ts';
import { ask, big, levelAt, num, type Question, type Step } from './questions.ts';

/** Silence of reports after which anyone may freeze: `ExitModule.SILENCE_SECONDS`. */
const silenceSeconds = 7 * 86_400;

/** Law L14 of a payment. */
export function outflowQuestion(step: Step, budgets: Budgets): Question {
  const windows = windowsAt(step.before, budgets, step.time);
  const { hourUsed, hourMax, dayUsed, dayMax } = windows;
  const amount = big(step.event.args.amount) / step.terms.scale;
  const input = { amount, hourUsed, hourMax, dayUsed, dayMax };
  return ask(step, 'outflowWithin', input, 0, 'vault');
}

/** Law L16. */
export function tightenedQuestion(step: Step): Question {
  const { event, before, time, terms } = step;
  const scope = num(event.args.scope);
  const level = num(event.args.level);
  const untilBefore = before.breaker.get(scope)?.[level - 1] ?? 0;
  const input = {
    levelBefore: levelAt(before, scope, time),
    levelAfter: level,
    untilBefore,
    untilAfter: num(event.args.until),
    nowTime: time,
    secondsMax: terms.holdSecondsMax,
  };
  return ask(step, 'breakerTightens', input, scope, `scope ${scope}`);
}

/** Law L22 of a `ForcedTaken`, or of a `ForcedSetAside`, which is anybody's. */
export function forcedQuestion(step: Step): Question {
  const { event, before, time } = step;
  const row = venueRow(before);
  const number = big(event.args.number);
  const input = {
    number,
    done: row.forcedDone,
    count: row.forcedCount,
    deadline: before.forced.get(number)?.deadline ?? 0,
    nowTime: time,
    bySequencer: String(event.args.executor) === row.sequencer,
    aside: number <= row.forcedDone && before.forced.has(number),
  };
  return ask(step, 'forcedInTurn', input, 0, `forced request ${number}`);
}

/** Law L23. */
export function frozenQuestion(step: Step): Question {
  const { before, time, terms } = step;
  const { forcedDone, forcedCount, reportTime } = venueRow(before);
  const next = before.forced.get(forcedDone + 1n);
  const oldest = oldestAside(before);
  const input = {
    waiting: forcedDone < forcedCount,
    deadline: next?.deadline ?? 0,
    aside: oldest !== undefined,
    asideDeadline: oldest?.deadline ?? 0,
    graceSeconds: terms.forcedGraceSeconds,
    asideSeconds: terms.forcedAsideSeconds,
    reportTime,
    silenceSeconds,
    nowTime: time,
  };
  return ask(step, 'freezeLawful', input, 0, 'venue');
}

/** Law L24. */
export function exitQuestion(step: Step): Question {
  const { event, before } = step;
  const { claimsQ32, pool } = venueRow(before);
  const input = {
    paid: big(event.args.quote),
    claim: big(event.args.equityQ32),
    claims: claimsQ32,
    pool,
  };
  return ask(step, 'exitShared', input, 0, `account ${num(event.args.account)}`);
}
