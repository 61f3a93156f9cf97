/** Which fills may go next, under which report. */
import type { CoreReport, State, UnconfirmedFill } from '@holdfast/core';
import type { Clock } from '@holdfast/host';
import { readReport } from '@holdfast/oracle';
import { fromHex, type Hex, isRejection } from '@holdfast/units';
import type { Ledger, Version } from './books.ts';
import { createCrowd } from './crowd.ts';
import type { FillTerms } from './fills.ts';
import { chainRow } from './mirror.ts';
import {
  type BatchContext,
  type BatchLimits,
  firstFills,
  type GasModel,
  gasOf,
  ordersOf,
  takeFills,
} from './planner.ts';
import type { Block } from './rpc.ts';
import { transactionGasMax } from './submitter.ts';

/** A report as bytes and as values. */
export type Report = { readonly raw: Hex; readonly report: CoreReport };
/** One way to make the next batch. */
export type Candidate = {
  readonly fills: readonly FillTerms[];
  readonly report: Report | undefined;
};

/** What choosing looks at. */
export type Chooser = {
  readonly ledger: Ledger;
  readonly state: () => State;
  readonly receipts: () => Hex;
  readonly report: (round: number) => Hex | undefined;
  readonly clock: Clock;
  readonly blockMs: number;
  readonly gasSharePpm: number;
  /** Reports up to this round were signed by a key that is no longer in force. */
  readonly unsigned: { round: number };
};

/** What choosing has learnt. */
export type Sizes = { readonly fillsMax: number; readonly model: GasModel };

/** Part of the gas limit from which a batch counts as full. */
const fullShare = 0.8;

/** Still to be settled: not on the branch that we follow, and held by the core. */
export function isOpen(c: Chooser, fill: FillTerms): boolean {
  if (c.ledger.onChain.has(fill.id)) return false;
  return c.state().unconfirmed.has(fill.id) || c.ledger.ghosts.has(fill.id);
}

/** Fills in no batch yet, ascending. */
export function pendingFills(c: Chooser, batches: readonly Version[]): UnconfirmedFill[] {
  const taken = new Set(batches.flatMap((version) => version.fills.map((fill) => fill.id)));
  const fills: UnconfirmedFill[] = [];
  for (const fill of c.state().unconfirmed.values()) {
    if (!taken.has(fill.id) && !c.ledger.onChain.has(fill.id)) fills.push(fill);
  }
  return fills;
}

/**
 * The report of a round, if it is at hand, signed by the key in force, and newer than the chain's
 * and than round `after`.
 */
export function reportOf(c: Chooser, wanted: number, after = 0): Report | undefined {
  const passed = Math.max(chainRow(c.ledger.mirror).round, c.unsigned.round, after);
  if (wanted <= passed) return undefined;
  const raw = c.report(wanted);
  if (raw === undefined || raw === '0x') return undefined;
  const report = readReport(fromHex(raw));
  return isRejection(report) ? undefined : { raw, report };
}

/** Refusals that say that a report's key is out of force, for good. */
const keyGone = new Set(['ReportUnsigned', 'KeyRevoked', 'CommitteeMissing']);

/**
 * Learns from a refusal: when the committee's key has changed, the reports before are worth
 * nothing any more, and what waits is settled under a later one.
 */
export function noteRefusal(c: Chooser, report: Report | undefined, code: string): void {
  if (report === undefined || !keyGone.has(code)) return;
  c.unsigned.round = Math.max(c.unsigned.round, report.report.round);
}

/** Expected time of the block that the batch lands in. */
export function blockTime(c: Chooser, head: Block): number {
  const interval = Math.ceil((c.blockMs * c.clock.settings.speed) / 1000);
  return Math.max(head.time + 1, c.clock.now() + interval);
}

function limits(c: Chooser, sizes: Sizes, head: Block): BatchLimits {
  const share = Math.floor((head.gasLimit * c.gasSharePpm) / 1_000_000);
  return { fillsMax: sizes.fillsMax, gasMax: Math.min(share, transactionGasMax) };
}

/**
 * Fills of one round settle best under the report of that round, at whose price they were
 * matched. When several rounds wait, larger runs are tried first, so that the queue shrinks.
 */
export function candidates(
  c: Chooser,
  sizes: Sizes,
  fills: readonly UnconfirmedFill[],
  head: Block,
): Candidate[] {
  const rounds = [...new Set(fills.map((fill) => fill.round as number))].sort((a, b) => a - b);
  const bounds = limits(c, sizes, head);
  const list: Candidate[] = [];
  const add = (last: number, report: Report | undefined): void => {
    const crowd = createCrowd(c.ledger.mirror);
    const taken = takeFills(fills, bounds, sizes.model, report !== undefined, last, crowd);
    if (taken.length > 0) list.push({ fills: taken, report });
  };
  for (let i = rounds.length - 1; i >= 0; i = i === 0 ? -1 : i >> 1) {
    add(rounds[i] as number, reportOf(c, rounds[i] as number));
  }
  const first = rounds[0] as number;
  add(first, reportOf(c, c.state().round));
  add(first, undefined);
  return list;
}

/**
 * A batch of fills of one price that leaves no room for another fill or little gas for it; nothing
 * if there are not enough fills.
 *
 * @param ahead batches before this one that are on their way to the chain
 */
export function fullCandidate(
  c: Chooser,
  sizes: Sizes,
  fills: readonly UnconfirmedFill[],
  head: Block,
  ahead: readonly Version[],
): Candidate | undefined {
  const [first] = fills;
  if (first === undefined) return undefined;
  const bounds = limits(c, sizes, head);
  // The newest round that they bring to the chain.
  const after = Math.max(0, ...ahead.map(({ round }) => round ?? 0));
  const report = reportOf(c, first.round, after);
  const before = ahead.flatMap((version) => version.fills);
  const crowd = createCrowd(c.ledger.mirror, before);
  const taken = takeFills(fills, bounds, sizes.model, report !== undefined, first.round, crowd);
  const gas = gasOf(sizes.model, ordersOf(taken).length, taken.length, report !== undefined);
  const next = fills[taken.length];
  const isCut = next?.round === first.round && !crowd.fits([next]);
  const isFull = isCut || taken.length >= bounds.fillsMax || gas >= bounds.gasMax * fullShare;
  return isFull ? { fills: taken, report } : undefined;
}

/** Ways to make a batch again that the chain lost or refused. */
export function remakes(c: Chooser, sizes: Sizes, version: Version): Candidate[] {
  const open = version.fills.filter((fill) => isOpen(c, fill));
  const fills = firstFills(open, sizes.fillsMax, createCrowd(c.ledger.mirror));
  const own = version.round === null ? undefined : reportOf(c, version.round);
  const reports = [own, reportOf(c, c.state().round), undefined];
  return reports.map((report) => ({ fills, report }));
}

/** The place in the chain of batches that a candidate takes: behind `last`, if it is given. */
export function contextOf(c: Chooser, candidate: Candidate, last?: Version): BatchContext {
  const { batchNumber, batchHead } = chainRow(c.ledger.mirror);
  return {
    number: (last?.number ?? batchNumber) + 1,
    previous: last?.head ?? (batchHead as Hex),
    receipts: c.receipts(),
    report: candidate.report?.raw ?? '0x',
    round: candidate.report?.report.round ?? null,
  };
}
