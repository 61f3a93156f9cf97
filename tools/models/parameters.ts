/**
 * Delayed changes: what tightens is in force at once, what loosens waits and dies unless applied
 * in its week. The governor is captured from the start; others try what only it may.
 */

import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';
import { notReady } from './ready.ts';

const day = 24 * 3_600;

export const parameterTerms = { delaySeconds: day, expirySeconds: 7 * day } as const;

/** Small numbers for the fields of a market that differ; the binding has the contract's. */
export type MarketTuple = {
  /** Cap on open interest; less is tighter. */
  readonly cap: number;
  /** Fee of the taker; less is tighter, 3 is above the hard bound. */
  readonly fee: number;
  /** Maintenance margin; either way waits. */
  readonly maintenance: number;
  /** Value of a tick; fixed once listed. */
  readonly tick: number;
};

export type VenueTuple = {
  /** 0 for none. */
  readonly sequencer: number;
  /** Seconds of quiet before others push; less is tighter. */
  readonly quiet: number;
};

/** `isOld`: ghost, something was tightened since it was proposed. */
type Pending<T> = { readonly value: T; readonly readyAt: number; readonly isOld: boolean };
type Slot<T> = Pending<T> | undefined;

export type ParametersState = Timed & {
  readonly markets: readonly (MarketTuple | undefined)[];
  readonly pendingMarkets: readonly Slot<MarketTuple>[];
  readonly venue: VenueTuple;
  readonly pendingVenue: Slot<VenueTuple>;
  readonly governor: number;
  readonly pendingGovernor: Slot<number>;
};

export const marketTuple = ([cap, fee, maintenance, tick]: readonly number[]): MarketTuple => ({
  cap: cap!,
  fee: fee!,
  maintenance: maintenance!,
  tick: tick!,
});

export const isTighterMarket = (from: MarketTuple, to: MarketTuple): boolean =>
  to.cap <= from.cap &&
  to.fee <= from.fee &&
  to.maintenance === from.maintenance &&
  to.tick === from.tick;

export const isTighterVenue = (from: VenueTuple, to: VenueTuple): boolean =>
  (to.sequencer === from.sequencer || to.sequencer === 0) && to.quiet <= from.quiet;

const replace = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((each, i) => (i === at ? value : each));

const pend = <T>(s: ParametersState, value: T, mutant: string): Pending<T> => ({
  value,
  readyAt: s.now + (mutant === 'no delay' ? 0 : parameterTerms.delaySeconds),
  isOld: false,
});

function refuseMarket(s: ParametersState, id: number, next: MarketTuple, mutant: string) {
  const count = s.markets.filter(Boolean).length;
  if (id > count) return 'MarketIdInvalid';
  if (next.fee > 2 && mutant !== 'no bounds') return 'ParameterOutOfBounds';
  const current = s.markets[id];
  if (current && current.tick !== next.tick && mutant !== 'tick may change') {
    return 'TickValueFixed';
  }
  return undefined;
}

function proposeMarket(
  s: ParametersState,
  [id, ...fields]: readonly number[],
  mutant: string,
): Result<ParametersState> {
  const next = marketTuple(fields);
  const refused = refuseMarket(s, id!, next, mutant);
  if (refused) return refused;
  const current = s.markets[id!];
  const isOneTighter = current && (next.cap <= current.cap || next.fee <= current.fee);
  const isTighter =
    mutant === 'one field decides'
      ? isOneTighter && current.maintenance === next.maintenance
      : mutant === 'maintenance at once'
        ? current && isTighterMarket({ ...current, maintenance: next.maintenance }, next)
        : current && isTighterMarket(current, next);
  if (isTighter && mutant !== 'tightening waits') {
    const before = s.pendingMarkets[id!];
    const kept = mutant === 'pending survives' && before ? { ...before, isOld: true } : undefined;
    return {
      ...s,
      markets: replace(s.markets, id!, next),
      pendingMarkets: replace(s.pendingMarkets, id!, kept),
    };
  }
  return { ...s, pendingMarkets: replace(s.pendingMarkets, id!, pend(s, next, mutant)) };
}

function applyMarket(s: ParametersState, id: number, mutant: string): Result<ParametersState> {
  const pending = s.pendingMarkets[id];
  const refused =
    notReady(pending?.readyAt ?? 0, s.now, mutant) ?? refuseMarket(s, id, pending!.value, mutant);
  if (refused) return refused;
  return {
    ...s,
    markets: replace(s.markets, id, pending!.value),
    pendingMarkets: replace(s.pendingMarkets, id, undefined),
  };
}

function proposeVenue(
  s: ParametersState,
  [sequencer, quiet]: readonly number[],
  mutant: string,
): Result<ParametersState> {
  const next = { sequencer: sequencer!, quiet: quiet! };
  const isTighter =
    isTighterVenue(s.venue, next) || (mutant === 'any sequencer' && next.quiet <= s.venue.quiet);
  const waits = mutant === 'no sequencer waits' && next.sequencer !== s.venue.sequencer;
  if (isTighter && !waits) return { ...s, venue: next, pendingVenue: undefined };
  return { ...s, pendingVenue: pend(s, next, mutant) };
}

/** What only the governor may. */
function govern(
  s: ParametersState,
  { name, args }: Action,
  mutant: string,
): Result<ParametersState> {
  const keeps = mutant === 'cancel keeps';
  switch (name) {
    case 'proposeMarket':
      return proposeMarket(s, args, mutant);
    case 'proposeVenue':
      return proposeVenue(s, args, mutant);
    case 'proposeGovernor':
      return args[0] === 0 ? 'GovernorZero' : { ...s, pendingGovernor: pend(s, args[0]!, mutant) };
    case 'cancelMarket': {
      const pending = s.pendingMarkets[args[0]!];
      if (!pending) return 'ProposalMissing';
      const kept = keeps ? { ...pending, isOld: true } : undefined;
      return { ...s, pendingMarkets: replace(s.pendingMarkets, args[0]!, kept) };
    }
    case 'cancelVenue':
      return s.pendingVenue ? { ...s, pendingVenue: undefined } : 'ProposalMissing';
    default:
      return s.pendingGovernor ? { ...s, pendingGovernor: undefined } : 'ProposalMissing';
  }
}

/** Parties are numbers in the names of actions: `party1` governs at first. */
export const numberOf = (by: string): number => Number(by.at(-1));

function apply(s: ParametersState, action: Action, mutant: string): Result<ParametersState> {
  const { by, name, args } = action;
  if (name === 'wait') return { ...s, now: s.now + args[0]! };
  if (name === 'applyMarket') return applyMarket(s, args[0]!, mutant);
  if (name === 'applyVenue') {
    const refused = notReady(s.pendingVenue?.readyAt ?? 0, s.now, mutant);
    return refused ?? { ...s, venue: s.pendingVenue!.value, pendingVenue: undefined };
  }
  if (name === 'acceptGovernor') {
    const refused = notReady(s.pendingGovernor?.readyAt ?? 0, s.now, mutant);
    if (refused) return refused;
    const next = s.pendingGovernor!.value;
    if (numberOf(by) !== next && mutant !== 'anyone accepts') return 'NotGovernor';
    return { ...s, governor: next, pendingGovernor: undefined };
  }
  if (numberOf(by) !== s.governor && mutant !== 'anyone governs') return 'NotGovernor';
  return govern(s, action, mutant);
}

function key(s: ParametersState): string {
  const slot = <T>(pending: Slot<T>, shown: (value: T) => string): string => {
    if (!pending) return '-';
    const dead = s.now > pending.readyAt + parameterTerms.expirySeconds;
    return `${shown(pending.value)}@${dead ? 'x' : pending.readyAt - s.now}${pending.isOld}`;
  };
  const market = (m: MarketTuple | undefined): string =>
    m ? `${m.cap}${m.fee}${m.maintenance}${m.tick}` : '-';
  const venue = (v: VenueTuple): string => `${v.sequencer}${v.quiet}`;
  return [
    s.markets.map(market).join(),
    s.pendingMarkets.map((pending) => slot(pending, market)).join(),
    venue(s.venue),
    slot(s.pendingVenue, venue),
    s.governor,
    slot(s.pendingGovernor, String),
  ].join(' ');
}

const pendings = (s: ParametersState) =>
  [...s.pendingMarkets, s.pendingVenue, s.pendingGovernor].flatMap((slot) => slot ?? []);

const moments = (s: ParametersState): number[] =>
  pendings(s)
    .flatMap(({ readyAt }) => [readyAt, readyAt + parameterTerms.expirySeconds])
    .flatMap((time) => [-1, 0, 1].map((by) => time - s.now + by))
    .filter((dt) => dt > 0);

export type ParametersBounds = {
  readonly name: string;
  readonly bounds: string;
  /** Tuples that are proposed for market 0, and for market 1, which is not listed yet. */
  readonly tuples: readonly (readonly number[])[];
  readonly listings: readonly (readonly number[])[];
  readonly venues: readonly (readonly number[])[];
  readonly governors: readonly number[];
  /** Who tries everything that the governor may. */
  readonly parties: readonly number[];
};

function actionsOf(b: ParametersBounds): readonly Action[] {
  const list = [wait(day), wait(7 * day)];
  for (const who of b.parties) {
    const by = `party${who}`;
    for (const tuple of b.tuples) list.push(act(by, 'proposeMarket', 0, ...tuple));
    for (const tuple of b.listings) {
      list.push(act(by, 'proposeMarket', 1, ...tuple), act(by, 'proposeMarket', 2, ...tuple));
    }
    if (b.tuples.length > 0) list.push(act(by, 'cancelMarket', 0));
    if (b.listings.length > 0) list.push(act(by, 'cancelMarket', 1));
    for (const tuple of b.venues) list.push(act(by, 'proposeVenue', ...tuple));
    if (b.venues.length > 0) list.push(act(by, 'cancelVenue'));
    for (const next of b.governors) list.push(act(by, 'proposeGovernor', next));
    if (b.governors.length > 0) list.push(act(by, 'cancelGovernor'), act(by, 'acceptGovernor'));
  }
  if (b.tuples.length > 0) list.push(act('party9', 'applyMarket', 0));
  if (b.listings.length > 0) list.push(act('party9', 'applyMarket', 1));
  if (b.venues.length > 0) list.push(act('party9', 'applyVenue'));
  return list;
}

export function parametersModel(
  bounds: ParametersBounds,
  properties: Model<ParametersState>['properties'],
): Model<ParametersState> {
  const actions = actionsOf(bounds);
  return {
    name: bounds.name,
    contracts: ['Parameters.sol', 'libraries/Bounds.sol', 'libraries/Delayed.sol'],
    bounds: bounds.bounds,
    initial: {
      now: 1_900_800_000,
      markets: [marketTuple([2, 2, 1, 1]), undefined, undefined],
      pendingMarkets: [undefined, undefined, undefined],
      venue: { sequencer: 1, quiet: 2 },
      pendingVenue: undefined,
      governor: 1,
      pendingGovernor: undefined,
    },
    actions: () => actions,
    moments,
    apply,
    key,
    properties,
  };
}
