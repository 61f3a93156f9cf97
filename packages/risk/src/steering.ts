/**
 * The rules of `Steward.sol` and `libraries/Steering.sol`: which tuple may follow which, and the
 * lawful one that is closest to what is wanted.
 */
import { parameterChangeLawful, parametersBounded, stewardStep } from '@holdfast/laws';

/** What a steward moves of a market, in the units of `MarketParams`. */
export interface RiskTuple {
  readonly initialPpm: number;
  readonly maintenancePpm: number;
  readonly concentrationPpm: number;
  readonly fundingRatePpmMax: number;
  readonly openInterestMax: number;
  readonly backstopLotsMax: number;
}

/** All parameters of a market, as law L17 takes them. */
export type SteeredParams = Parameters<typeof parametersBounded>[0]['limits'];

/** What a steward may do; fixed when its contract is deployed. */
export interface StewardTerms {
  readonly initialMaxPpm: number;
  readonly maintenanceMaxPpm: number;
  readonly concentrationMaxPpm: number;
  readonly capMinPpm: number;
  readonly tightenPpm: number;
  readonly loosenPpm: number;
  readonly decayPpm: number;
  readonly moveSeconds: number;
  readonly holdSeconds: number;
  readonly noticeSeconds: number;
  readonly inputAgeSeconds: number;
}

/** Where a market stands; zeros before the first move. Times in seconds. */
export interface StewardCourse {
  readonly movedAt: number;
  readonly inputTime: number;
  readonly expiresAt: number;
  readonly decayedAt: number;
  readonly noticePpm: number;
  readonly noticeReadyAt: number;
}

type Field = keyof RiskTuple;
type BandTerm = 'initialMaxPpm' | 'maintenanceMaxPpm' | 'concentrationMaxPpm' | 'capMinPpm';

/** Whether tighter is higher, and which term ends the band; in the order of the contract. */
const fields: Readonly<Record<Field, { rises: boolean; band: BandTerm }>> = {
  initialPpm: { rises: true, band: 'initialMaxPpm' },
  concentrationPpm: { rises: true, band: 'concentrationMaxPpm' },
  fundingRatePpmMax: { rises: false, band: 'capMinPpm' },
  openInterestMax: { rises: false, band: 'capMinPpm' },
  backstopLotsMax: { rises: false, band: 'capMinPpm' },
  maintenancePpm: { rises: true, band: 'maintenanceMaxPpm' },
};

/** The fields of a tuple, in the order in which the contract judges them. */
export const tupleFields = Object.keys(fields) as readonly Field[];

const stepSecondsMax = 3_600;
const noticeWindowSeconds = 86_400;
const hourPpm = 3_600n * 1_000_000n;
const million = 1_000_000n;

const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** Time that counts for a step, seconds: an hour at most. */
export const stepSeconds = (course: StewardCourse, now: number): number =>
  Math.min(now - course.movedAt, stepSecondsMax);

const eachField = (value: (field: Field) => number): RiskTuple =>
  Object.fromEntries(tupleFields.map((field) => [field, value(field)])) as unknown as RiskTuple;

/** The part of parameters that a steward moves. */
export const tupleOf = (params: RiskTuple): RiskTuple => eachField((field) => params[field]);

/** Whether two tuples are the same. */
export const sameTuple = (a: RiskTuple, b: RiskTuple): boolean =>
  tupleFields.every((field) => a[field] === b[field]);

/** The anchor with the fields of a tuple; the mark clamp narrows where law L17 asks for it. */
export function composed<P extends SteeredParams>(anchor: P, tuple: RiskTuple): P {
  const room = Math.max(0, tuple.initialPpm - tuple.maintenancePpm);
  return { ...anchor, ...tuple, markClampPpm: Math.min(anchor.markClampPpm, room) };
}

/** Whether `Parameters` puts the tuple in force: inside the bounds, no looser than the anchor. */
export function held(anchor: SteeredParams, tuple: RiskTuple): boolean {
  const next = composed(anchor, tuple);
  if (!parametersBounded({ limits: next })) return false;
  if (tuple.maintenancePpm < anchor.maintenancePpm) return false;
  const rest = composed(anchor, { ...tuple, maintenancePpm: anchor.maintenancePpm });
  const times = { proposedTime: 0, delaySeconds: 0, windowSeconds: 0, nowTime: 0 };
  return parameterChangeLawful({ current: anchor, next: rest, ...times });
}

const stepOf = (value: number, ratePpm: number, seconds: number): number =>
  Number(ceilDiv(BigInt(value) * BigInt(ratePpm) * BigInt(seconds), hourPpm));

/** The least and the most that law L25 lets a field become. */
export function stepRange(
  field: Field,
  anchor: RiskTuple,
  current: RiskTuple,
  terms: StewardTerms,
  seconds: number,
): readonly [low: number, high: number] {
  const { rises, band } = fields[field];
  const [from, value] = [anchor[field], current[field]];
  const tight = stepOf(value, terms.tightenPpm, seconds);
  const loose = stepOf(value, terms.loosenPpm, seconds);
  const scaled = BigInt(from) * BigInt(terms[band]);
  if (rises) {
    const edge = Number(scaled / million);
    return [Math.max(from, value - loose), Math.max(value, Math.min(edge, value + tight))];
  }
  const edge = Number(ceilDiv(scaled, million));
  return [Math.min(value, Math.max(edge, value - tight)), Math.min(from, value + loose)];
}

/** The far end of the band in every field, or the hard bounds where they are nearer. */
export function tightest(anchor: RiskTuple, terms: StewardTerms): RiskTuple {
  const edge = (field: Field): number => {
    const scaled = BigInt(anchor[field]) * BigInt(terms[fields[field].band]);
    return Number(fields[field].rises ? scaled / million : ceilDiv(scaled, million));
  };
  const initialPpm = Math.min(edge('initialPpm'), 1_000_000);
  const share = Math.floor((initialPpm * 4) / 5);
  return {
    ...eachField(edge),
    initialPpm,
    maintenancePpm: Math.min(edge('maintenancePpm'), share),
    concentrationPpm: Math.min(edge('concentrationPpm'), 1_000_000),
  };
}

/**
 * The lawful tuple that is closest to what is wanted, if it were moved now. Maintenance margin is
 * raised only to what was announced and is ready.
 */
export function towards(
  wanted: RiskTuple,
  anchor: RiskTuple,
  current: RiskTuple,
  terms: StewardTerms,
  course: StewardCourse,
  now: number,
): RiskTuple {
  const seconds = stepSeconds(course, now);
  const edge = tightest(anchor, terms);
  const next = eachField((field) => {
    const [low, high] = stepRange(field, anchor, current, terms, seconds);
    const hard = fields[field].rises ? Math.max(current[field], edge[field]) : high;
    return Math.min(high, hard, Math.max(low, wanted[field]));
  });
  const isReady = noticeIsReady(course, now) && wanted.maintenancePpm >= course.noticePpm;
  const low = Math.min(next.maintenancePpm, current.maintenancePpm);
  const maintenancePpm = isReady ? course.noticePpm : low;
  // Law L17 holds between the two margins: a raise that would break it waits for the other.
  const fits = maintenancePpm * 10 <= next.initialPpm * 8;
  return { ...next, maintenancePpm: fits ? maintenancePpm : low };
}

const noticeIsReady = (course: StewardCourse, now: number): boolean =>
  now >= course.noticeReadyAt && now <= course.noticeReadyAt + noticeWindowSeconds;

function refuseStep(
  field: Field,
  anchor: RiskTuple,
  current: RiskTuple,
  next: RiskTuple,
  terms: StewardTerms,
  elapsedSeconds: number,
): string | undefined {
  const { rises, band } = fields[field];
  const isLawful = stewardStep({
    anchor: anchor[field],
    current: current[field],
    next: next[field],
    rises,
    bandPpm: terms[band],
    tightenPpm: terms.tightenPpm,
    loosenPpm: terms.loosenPpm,
    elapsedSeconds,
  });
  return isLawful ? undefined : 'StepUnlawful';
}

/** What a market's steward stands on. */
export interface StewardView {
  readonly anchor: SteeredParams;
  readonly current: RiskTuple;
  readonly terms: StewardTerms;
  readonly course: StewardCourse;
  /** Chain time, seconds. */
  readonly now: number;
}

/**
 * Why the contracts would refuse a move of the operator.
 *
 * @param inputTime second of the newest input
 * @returns the name of the contract's error; undefined if it would be in force
 */
export function refuseMove(
  view: StewardView,
  next: RiskTuple,
  inputTime: number,
): string | undefined {
  const { anchor, current, terms, course, now } = view;
  if (now < course.movedAt + terms.moveSeconds) return 'MoveEarly';
  if (inputTime < now - terms.inputAgeSeconds || inputTime > now) return 'InputTimeInvalid';
  if (inputTime <= course.inputTime) return 'InputReplayed';
  let seconds = stepSeconds(course, now);
  for (const field of tupleFields) {
    if (field === 'maintenancePpm' && next.maintenancePpm > current.maintenancePpm) {
      if (next.maintenancePpm !== course.noticePpm) return 'NoticeMissing';
      if (!noticeIsReady(course, now)) return 'NoticeNotReady';
      seconds = stepSecondsMax;
    }
    const refused = refuseStep(field, anchor, current, next, terms, seconds);
    if (refused !== undefined) return refused;
  }
  // Steps leave no field looser than the anchor: the parameters refuse nothing further.
  const isBounded = parametersBounded({ limits: composed(anchor, next) });
  return isBounded ? undefined : 'ParameterOutOfBounds';
}

/** Why the contract would refuse to announce a maintenance margin; undefined if it would not. */
export function refuseNotice(view: StewardView, maintenancePpm: number): string | undefined {
  const { anchor, current, terms } = view;
  if (maintenancePpm <= current.maintenancePpm) return 'NoticeNeedless';
  const next = { ...current, maintenancePpm };
  return refuseStep('maintenancePpm', anchor, current, next, terms, stepSecondsMax);
}

/**
 * The tuple after a decay of now.
 *
 * @returns the name of the contract's error when nothing decays
 */
export function decayed(view: StewardView): RiskTuple | string {
  const { anchor, current, terms, course, now } = view;
  const since = Math.max(course.decayedAt, course.expiresAt);
  if (now < since + terms.moveSeconds) return 'DecayEarly';
  if (sameTuple(anchor, current)) return 'AnchorInForce';
  return eachField((field) => {
    const step = stepOf(current[field], terms.decayPpm, now - since);
    if (fields[field].rises) return Math.max(anchor[field], current[field] - step);
    return Math.min(anchor[field], current[field] + step);
  });
}
