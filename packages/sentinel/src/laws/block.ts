/** One block through the tables: events one by one, and the laws that each must have held. */
import type { LawName } from '@holdfast/laws';
import type { Pace } from '@holdfast/risk';
import type { Hex } from '@holdfast/units';
import type { RawLog } from '../chain/wire.ts';
import type { VenueEvent } from '../rule.ts';
import { applyEvent } from '../state/apply.ts';
import { decodeLog, type Sources } from '../state/decode.ts';
import {
  type Tables,
  before as tablesBefore,
  takeBack,
  type Undo,
  venueRow,
  zeroAddress,
} from '../state/tables.ts';
import type { Budgets } from '../state/windows.ts';
import {
  growthQuestions,
  healthQuestion,
  judgedAccounts,
  liquidationQuestions,
  resolvedQuestion,
} from './accounts.ts';
import { type OpenBatch, openBatch } from './batch.ts';
import * as control from './control.ts';
import { freshQuestions, refreshedQuestions } from './prices.ts';
import { ask, num, type Question, type Step, type Terms } from './questions.ts';
import * as steward from './steward.ts';
import { interestQuestions, settledQuestions } from './trades.ts';

/** A block or a pending transaction, as far as the venue is concerned. */
export interface Material {
  readonly time: number;
  readonly logs: readonly RawLog[];
  /** Calldata by transaction, of those to the clearing house. */
  readonly inputs: ReadonlyMap<Hex, Hex>;
}

export interface Passed {
  readonly events: readonly VenueEvent[];
  readonly questions: readonly Question[];
  readonly undo: Undo;
}

/** What questions and tables need of a venue. */
export interface Venue {
  readonly sources: Sources;
  readonly terms: Terms;
  readonly budgets: Budgets;
}

/** Law L03 of a whole transaction: cash moves with what the vault owes, and with nothing else. */
function conservedQuestion(tables: Tables, undo: Undo, step: Step): Question | undefined {
  const start = tablesBefore(tables, undo);
  const row = tables.venue.get(0);
  if (row === undefined || row.frozenTime !== 0) return undefined;
  const touched = new Set(undo.filter(({ table }) => table === 'accounts').map(({ key }) => key));
  let cashDeltaQ32 = 0n;
  for (const key of touched) {
    cashDeltaQ32 += tables.accounts.get(key as number)?.cashQ32 ?? 0n;
    cashDeltaQ32 -= start.accounts.get(key as number)?.cashQ32 ?? 0n;
  }
  const liabilitiesDelta = row.liabilities - (start.venue.get(0)?.liabilities ?? 0n);
  if (cashDeltaQ32 === 0n && liabilitiesDelta === 0n) return undefined;
  return ask(step, 'conserved', { cashDeltaQ32, liabilitiesDelta }, 0, 'transaction');
}

type Asker = (step: Step, budgets: Budgets) => Question[];

const defined = (list: readonly (Question | undefined)[]): Question[] =>
  list.filter((each) => each !== undefined);

const touchedMarkets = (step: Step): Set<number> =>
  new Set((step.event.accounts ?? []).flatMap(({ sizes }) => sizes.map(([market]) => market)));

function accountQuestions(step: Step): Question[] {
  const ids = judgedAccounts(step);
  return [
    ...defined(ids.map((id) => healthQuestion(step, id))),
    ...ids.flatMap((id) => growthQuestions(step, id)),
  ];
}

/** A withdrawal: the account is judged at prices that are fresh wherever it holds something. */
function withdrawnQuestions(step: Step): Question[] {
  const id = num(step.event.args.account);
  const held = step.after.accounts.get(id)?.positions.keys() ?? [];
  return [...freshQuestions(step, held), ...defined([healthQuestion(step, id)])];
}

const askers: Readonly<Record<string, Asker>> = {
  'clearingHouse.Refreshed': refreshedQuestions,
  'clearingHouse.Settled': (step) => [
    ...settledQuestions(step),
    ...freshQuestions(step, touchedMarkets(step)),
    ...interestQuestions(step),
    ...accountQuestions(step),
  ],
  'clearingHouse.Touched': (step) => [
    ...interestQuestions(step),
    ...accountQuestions(step),
    ...(num(step.event.args.cause) === 1 ? liquidationQuestions(step) : []),
  ],
  'clearingHouse.Resolved': (step) => [resolvedQuestion(step)],
  'clearingHouse.Withdrawn': withdrawnQuestions,
  'clearingHouse.LeverageSet': (step) =>
    defined([healthQuestion(step, num(step.event.args.account))]),
  'clearingHouse.VenueFrozen': (step) => [control.frozenQuestion(step)],
  'clearingHouse.Exited': (step) => [control.exitQuestion(step)],
  'vault.Paid': (step, budgets) => [control.outflowQuestion(step, budgets)],
  'vault.Released': (step, budgets) => [control.outflowQuestion(step, budgets)],
  'breaker.Tightened': (step) => [control.tightenedQuestion(step)],
  'parameters.AnchorChanged': steward.anchorQuestions,
  'parameters.MarketChanged': steward.marketQuestions,
  'steward.Moved': steward.movedQuestions,
  'steward.Decayed': steward.decayedQuestions,
  'steward.Announced': steward.announcedQuestions,
  'forcedQueue.ForcedTaken': (step) => [control.forcedQuestion(step)],
  'forcedQueue.ForcedSetAside': (step) => [control.forcedQuestion(step)],
};

/** Events of one transaction, in order. */
function grouped(events: readonly VenueEvent[]): VenueEvent[][] {
  const groups: VenueEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last?.[0]?.txHash === event.txHash) last.push(event);
    else groups.push([event]);
  }
  return groups;
}

function passTransaction(
  venue: Venue,
  tables: Tables,
  events: readonly VenueEvent[],
  material: Material,
  everything: Undo,
  paces: Map<number, Pace>,
): Question[] {
  const { time } = material;
  const place = { time, scale: venue.terms.scale };
  const all: Undo = [];
  const questions: Question[] = [];
  const input = material.inputs.get(events[0]?.txHash as Hex);
  const settles = events.filter(({ name }) => name === 'Settled').length;
  const batch: OpenBatch | undefined = input && settles === 1 ? openBatch(input) : undefined;
  // A successor that accepts is told by the same event, but there was a governor before.
  const founding =
    venueRow(tables).governor === zeroAddress &&
    events.some(({ name }) => name === 'GovernorChanged');
  let last: Step | undefined;
  for (const [i, event] of events.entries()) {
    const undo: Undo = [];
    try {
      applyEvent({ tables, undo }, event, place);
    } finally {
      all.push(...undo);
      everything.push(...undo);
    }
    const earlier = events.slice(0, i);
    const shared = { event, time, terms: venue.terms, earlier, batch, founding, paces };
    const [before, start] = [tablesBefore(tables, undo), tablesBefore(tables, all)];
    last = { ...shared, before, after: tables, start };
    const asker = askers[`${event.source}.${event.name}`];
    if (asker !== undefined) questions.push(...asker(last, venue.budgets));
  }
  const conserved = last && conservedQuestion(tables, all, last);
  if (conserved !== undefined) questions.push(conserved);
  return questions;
}

/**
 * Takes a block's logs into the tables.
 *
 * @throws AssertionError when a log cannot follow those before it; EnvironmentError LogMalformed
 */
export function passBlock(venue: Venue, tables: Tables, material: Material): Passed {
  const events = material.logs
    .map((log) => decodeLog(venue.sources, log))
    .filter((event) => event !== undefined);
  const undo: Undo = [];
  const questions: Question[] = [];
  const paces = new Map<number, Pace>();
  try {
    for (const group of grouped(events)) {
      questions.push(...passTransaction(venue, tables, group, material, undo, paces));
    }
  } catch (error) {
    takeBack(tables, undo);
    throw error;
  }
  return { events, questions, undo };
}

/** The laws on the whole state; L02 needs the vault's tokens, which no log tells. */
export function stateQuestions(tables: Tables, balance: bigint | undefined): Question[] {
  const row = tables.venue.get(0);
  if (row === undefined) return [];
  const rows = [...tables.accounts.values()];
  const positions = rows.flatMap(({ positions: held }) =>
    [...held].map(([market, size]) => ({ market, size })),
  );
  const markets = [...tables.markets.values()].map(({ market, openInterest }) => {
    return { market, openInterest };
  });
  const { liabilities, queued, frozenTime } = row;
  const state = (law: LawName, input: object): Question =>
    ({ law, input, scope: 0, about: 'venue' }) as unknown as Question;
  const asked = [
    state('netPositionZero', { positions, markets }),
    state('openInterestIsLongs', { positions, markets }),
  ];
  // A frozen venue pays claims out of what is left: cash and liabilities part.
  if (frozenTime === 0) {
    const accounts = rows.map(({ cashQ32 }) => ({ cashQ32 }));
    asked.push(state('collateralConserved', { accounts, liabilities }));
  }
  if (balance !== undefined) asked.push(state('vaultCovers', { balance, liabilities, queued }));
  return asked;
}
