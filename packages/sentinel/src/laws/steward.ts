/**
 * Laws on parameters, which governance anchors and a steward moves: L17, L18, L25. What is in force
 * is stated by who moved it (`AnchorChanged`, `Moved`, `Decayed`) right before it changes.
 */
import type { LawInput } from '@holdfast/laws';
import { type RiskTuple, tupleFields } from '@holdfast/risk';
import type { MarketParameters, VenueEvent } from '../rule.ts';
import { parametersOf } from '../state/apply.ts';
import { emptyCourse, venueRow, zeroAddress } from '../state/tables.ts';
import { ask, num, type Question, type Step, type StewardRules, scopeOf } from './questions.ts';

/** How long a proposal may be applied once it is ready, seconds: `Delayed.EXPIRY_SECONDS`. */
const expirySeconds = 7 * 86_400;
/** Most time that counts for a step: `Steward.STEP_SECONDS_MAX`. */
const stepSecondsMax = 3_600;
/** How long an announcement may be carried out: `Steward.NOTICE_WINDOW_SECONDS`. */
const noticeWindowSeconds = 86_400;

const unlisted = (like: MarketParameters): MarketParameters =>
  Object.fromEntries(Object.keys(like).map((name) => [name, 0])) as unknown as MarketParameters;

const equal = (a: MarketParameters, b: MarketParameters): boolean =>
  Object.entries(a).every(([name, value]) => b[name as keyof MarketParameters] === value);

const about = (market: number): string => `market ${market}`;

/** Laws L17 and L18 of an `AnchorChanged`; a founding venue has nobody to wait for. */
export function anchorQuestions(step: Step): Question[] {
  const { event, before, time, terms, founding } = step;
  const market = num(event.args.market);
  const next = parametersOf(event.args.params);
  const scope = scopeOf(market);
  const bounded = ask(step, 'parametersBounded', { limits: next }, scope, about(market));
  if (founding) return [bounded];
  const pending = before.proposals.get(market);
  const wasProposed = pending !== undefined && equal(pending.params, next);
  const input = {
    current: before.markets.get(market)?.anchor ?? unlisted(next),
    next,
    proposedTime: wasProposed ? pending.readyAt - terms.parameterDelaySeconds : 0,
    delaySeconds: terms.parameterDelaySeconds,
    windowSeconds: expirySeconds,
    nowTime: time,
  };
  return [bounded, ask(step, 'parameterChangeLawful', input, scope, about(market))];
}

/** Law L18 on the way from the anchor: only a higher maintenance margin is not its to judge. */
function heldQuestion(step: Step, market: number, next: MarketParameters): Question {
  const anchor = step.before.markets.get(market)?.anchor ?? unlisted(next);
  const maintenancePpm = Math.min(next.maintenancePpm, anchor.maintenancePpm);
  const input = {
    current: anchor,
    next: { ...next, maintenancePpm },
    proposedTime: 0,
    delaySeconds: step.terms.parameterDelaySeconds,
    windowSeconds: expirySeconds,
    nowTime: step.time,
  };
  return ask(step, 'parameterChangeLawful', input, scopeOf(market), about(market));
}

type Rates = Pick<LawInput<'stewardStep'>, 'tightenPpm' | 'loosenPpm' | 'elapsedSeconds'>;

/** Nothing may move. */
const still: Rates = { tightenPpm: 0, loosenPpm: 0, elapsedSeconds: 0 };

/** Law L25 of some fields; `rates` of one field may be others. */
function steps(
  step: Step,
  market: number,
  [from, to]: readonly [RiskTuple, RiskTuple],
  rates: (field: keyof RiskTuple) => Rates,
  asked: readonly (keyof RiskTuple)[] = tupleFields,
): Question[] {
  const anchor = step.before.markets.get(market)?.anchor;
  const rules = step.terms.steward;
  if (anchor === undefined || rules === undefined) return [];
  return asked.map((field) => {
    const input = {
      anchor: anchor[field],
      current: num(from[field]),
      next: num(to[field]),
      ...bandOf(rules, field),
      ...rates(field),
    };
    return ask(step, 'stewardStep', input, scopeOf(market), `${field} of ${about(market)}`);
  });
}

/** Whether tighter is higher, and the end of the band. */
function bandOf(rules: StewardRules, field: keyof RiskTuple) {
  const rising: Partial<Record<keyof RiskTuple, number>> = {
    initialPpm: rules.initialMaxPpm,
    maintenancePpm: rules.maintenanceMaxPpm,
    concentrationPpm: rules.concentrationMaxPpm,
  };
  const bandPpm = rising[field] ?? rules.capMinPpm;
  return { rises: rising[field] !== undefined, bandPpm };
}

/** Laws L17 of a `MarketChanged`, L18 against the anchor, and L25: it is what was stated. */
export function marketQuestions(step: Step): Question[] {
  const { event, earlier, before, terms, founding } = step;
  const market = num(event.args.market);
  const next = parametersOf(event.args.params);
  const bounded = ask(step, 'parametersBounded', { limits: next }, scopeOf(market), about(market));
  if (founding) return [bounded];
  const held = heldQuestion(step, market, next);
  const { steward } = venueRow(before);
  const stated = statedBy(earlier.at(-1), market);
  // What a steward tightened stays tight under another anchor; one that is not followed says
  // nothing that is heard here.
  const row = before.markets.get(market);
  const isFollowed = steward === zeroAddress || steward === terms.steward?.address;
  if (stated === 'anchor' || row === undefined || !isFollowed) return [bounded, held];
  const only = stated ?? (steward === zeroAddress ? row.anchor : row.params);
  return [bounded, held, ...steps(step, market, [only, next], () => still)];
}

/** What an event says comes into force with the next. */
function statedBy(event: VenueEvent | undefined, market: number): RiskTuple | 'anchor' | undefined {
  if (event === undefined || num(event.args.market ?? -1) !== market) return undefined;
  if (event.source === 'parameters' && event.name === 'AnchorChanged') return 'anchor';
  if (event.source !== 'steward') return undefined;
  return event.name === 'Moved' || event.name === 'Decayed'
    ? (event.args.tuple as RiskTuple)
    : undefined;
}

/** Market of an event, what is in force, where the steward is with it. */
function standing({ event, before }: Step) {
  const market = num(event.args.market);
  const course = before.courses.get(market) ?? emptyCourse;
  return { market, course, current: before.markets.get(market)?.params };
}

/** Law L25 of a `Moved`: a raise of the maintenance margin counts an hour if it was announced. */
export function movedQuestions(step: Step): Question[] {
  const { market, course, current } = standing(step);
  const rules = step.terms.steward;
  const next = step.event.args.tuple as RiskTuple;
  if (current === undefined || rules === undefined) return [];
  const { noticePpm, noticeReadyAt, movedAt } = course;
  const isRaised = next.maintenancePpm > current.maintenancePpm;
  const since = step.time - noticeReadyAt;
  const isDue = next.maintenancePpm === noticePpm && since >= 0 && since <= noticeWindowSeconds;
  const { tightenPpm, loosenPpm } = rules;
  const elapsedSeconds = Math.min(step.time - movedAt, stepSecondsMax);
  return steps(step, market, [current, next], (field) => {
    if (field !== 'maintenancePpm' || !isRaised) return { tightenPpm, loosenPpm, elapsedSeconds };
    return { tightenPpm, loosenPpm, elapsedSeconds: isDue ? stepSecondsMax : 0 };
  });
}

/** Law L25 of a `Decayed`: only looser, by the rate of decay since the tuple expired. */
export function decayedQuestions(step: Step): Question[] {
  const { market, course, current } = standing(step);
  const rules = step.terms.steward;
  if (current === undefined || rules === undefined) return [];
  const since = Math.max(course.expiresAt, course.decayedAt);
  const elapsedSeconds = Math.max(0, step.time - since);
  const rates = { tightenPpm: 0, loosenPpm: rules.decayPpm, elapsedSeconds };
  return steps(step, market, [current, step.event.args.tuple as RiskTuple], () => rates);
}

/** Law L25 of an `Announced`. */
export function announcedQuestions(step: Step): Question[] {
  const { market, current } = standing(step);
  const rules = step.terms.steward;
  if (current === undefined || rules === undefined) return [];
  const next = { ...current, maintenancePpm: num(step.event.args.maintenancePpm) };
  const { tightenPpm, loosenPpm } = rules;
  const rates = { tightenPpm, loosenPpm, elapsedSeconds: stepSecondsMax };
  return steps(step, market, [current, next], () => rates, ['maintenancePpm']);
}
