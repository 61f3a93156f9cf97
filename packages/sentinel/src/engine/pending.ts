/** What a pending transaction would break: its logs through the same tables and the same laws. */
import type { Hex } from '@holdfast/units';
import type { Endpoint } from '../chain/endpoint.ts';
import type { Reads } from '../chain/reads.ts';
import type { RawPending } from '../chain/wire.ts';
import { passBlock, stateQuestions } from '../laws/block.ts';
import { holds } from '../laws/judge.ts';
import type { Question } from '../laws/questions.ts';
import { type Tables, takeBack } from '../state/tables.ts';
import type { Taken } from './history.ts';
import { type Ground, pendingOf, type Simulated, simulate, tipOf } from './pool.ts';
import { type ActiveRule, type Judged, runRules } from './rules.ts';
import type { OpenVenue } from './venue.ts';
import { txsOf, viewOf } from './view.ts';

/** A pending transaction that would break something. */
export interface Threat {
  readonly tx: RawPending;
  /** Block in which it could be. */
  readonly block: number;
  readonly broken: readonly Question[];
  /** Findings of rules that ask for an action. */
  readonly judged: readonly Judged[];
  /** What it pays beyond the base fee: more has to be paid to be before it, wei per gas. */
  readonly above: bigint;
}

export interface PendingDesk {
  readonly venue: OpenVenue;
  readonly reads: Reads;
  readonly rules: readonly ActiveRule[];
  readonly blockMs: number;
  readonly tables: Tables;
  readonly tip: () => Taken | undefined;
}

/**
 * Runs a pending transaction on top of the newest block. What it would break counts when as many
 * endpoints as a block needs run it to that end; one that lies makes nobody act.
 *
 * @param by who told of it
 * @param own address whose transactions are not judged
 */
export async function judgePending(
  desk: PendingDesk,
  hash: Hex,
  by: Endpoint,
  own: string | undefined,
): Promise<Threat | undefined> {
  const { reads, venue } = desk;
  const tx = await pendingOf(hash, by);
  if (tx === undefined || tx.from === own) return undefined;
  const { token, vault } = venue.places;
  const step = Math.max(1, Math.round(desk.blockMs / 1000));
  let confirmed = 0;
  for (const endpoint of [by, ...reads.trusted().filter((each) => each !== by)]) {
    const tip = desk.tip();
    if (tip === undefined) return undefined;
    const ground: Ground = { block: tip.number, time: tip.time + step, token, vault };
    const run = await simulate([tx], ground, endpoint).catch(() => undefined);
    // Another block came meanwhile: the transaction is in it, or the next endpoint runs it on top.
    if (run === undefined || desk.tip() !== tip) continue;
    if (!run.success) return undefined;
    const would = wouldBreak(desk, run, ground, tip);
    if (would.broken.length === 0 && would.judged.length === 0) return undefined;
    confirmed += 1;
    if (confirmed < reads.quorum) continue;
    return { tx, block: tip.number + 1, ...would, above: tipOf(tx, tip.baseFee) };
  }
  return undefined;
}

/** Takes the logs of a run into the tables, asks, and puts the tables back: all in one turn. */
function wouldBreak(
  { venue, rules, tables }: PendingDesk,
  { tx, logs, balance }: Simulated,
  ground: Ground,
  tip: Taken,
): Pick<Threat, 'broken' | 'judged'> {
  const isOurs = tx.to === venue.places.clearingHouse;
  const inputs = new Map<Hex, Hex>(isOurs ? [[tx.hash, tx.input]] : []);
  const own = logs.filter(({ address }) => venue.sources.has(address));
  const passed = passBlock(venue, tables, { time: ground.time, logs: own, inputs });
  try {
    const quote = balance === undefined ? undefined : balance / venue.terms.scale;
    const state = stateQuestions(tables, quote).filter(({ law }) => !tip.broken.has(law));
    const broken = [...passed.questions, ...state].filter((question) => !holds(question));
    const { baseFee } = tip;
    const { undo } = passed;
    const next = { number: tip.number + 1, hash: tx.hash, time: ground.time, baseFee, undo };
    const status = 'pending' as const;
    const txs = txsOf([tx], passed).map((each) => ({ ...each, status }));
    const more = { parentHash: tip.hash, pending: true, txs };
    const view = viewOf(tables, venue.budgets, passed, next, tip, more);
    const { judged } = runRules(rules, view, tip.memories);
    return { broken, judged: judged.filter(({ action }) => action !== undefined) };
  } finally {
    takeBack(tables, passed.undo);
  }
}
