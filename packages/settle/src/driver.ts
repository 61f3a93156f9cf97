/**
 * Gets pending fills onto the chain: foretells, cuts out what would be refused, seals, sends, and
 * looks after what was sent. At most one batch is in flight.
 */
import type { Logger } from '@holdfast/host';
import { type Hex, round } from '@holdfast/units';
import { bisect, type Refusal, type Verdict } from './bisect.ts';
import type { Version } from './books.ts';
import {
  blockTime,
  type Candidate,
  type Chooser,
  candidates,
  contextOf,
  isOpen,
  pendingFills,
  remakes,
  type Sizes,
} from './choose.ts';
import type { Draft } from './effects.ts';
import type { FillTerms } from './fills.ts';
import { type ForcedDesk, serveForced } from './forced.ts';
import { refuse } from './ledger.ts';
import { chainRow } from './mirror.ts';
import type { Hold, SettlerDeps, SettlerOptions } from './options.ts';
import { encodeBatch, firstGasModel, gasOf, learnGas, ordersOf } from './planner.ts';
import { predict } from './predictor.ts';
import { dueReport, encodePush } from './refresh.ts';
import { type Block, type Chain, isRevert } from './rpc.ts';
import type { StoreRecord } from './store.ts';
import type { Inflight, Sendable, Submitter } from './submitter.ts';
import { verdictOf } from './verdicts.ts';

export type DriverDeps = Chooser & {
  readonly chain: Chain;
  readonly submitter: Submitter;
  readonly forced: ForcedDesk;
  readonly logger: Logger;
  readonly options: SettlerOptions;
  readonly commit: (record: StoreRecord, drafts: readonly Draft[]) => Promise<void>;
  readonly onUnwound: NonNullable<SettlerDeps['onUnwound']>;
  readonly count: (name: string, by?: number) => void;
};

export type Driver = DriverDeps & {
  /** Batches to be sent again, before anything new. */
  queue: Version[];
  inflight: Inflight | undefined;
  /** A report on its way without a batch. */
  pushing: Inflight<Sendable> | undefined;
  hold: Hold | undefined;
  sizes: Sizes;
  /** Wall ms when the oldest pending fill was seen. */
  firstSeen: number | undefined;
};

/** Tries per poll: each gives up fills or sends, so that they end. */
const triesMax = 16;

export function createDriver(deps: DriverDeps): Driver {
  const sizes = { fillsMax: deps.options.fillsMax, model: firstGasModel };
  const nothing = { inflight: undefined, pushing: undefined, hold: undefined };
  const idle = { ...nothing, queue: [], firstSeen: undefined };
  return { ...deps, ...idle, sizes };
}

/** Batches that hold fills but are not on the chain. */
function carried(d: Driver): Version[] {
  return d.inflight === undefined ? d.queue : [...d.queue, d.inflight.version];
}

/** Fills in no batch yet. */
export function waiting(d: Driver) {
  return pendingFills(d, carried(d));
}

/** Whether nothing is left to settle. */
export function isIdle(d: Driver): boolean {
  return d.inflight === undefined && d.queue.length === 0 && waiting(d).length === 0;
}

/** Puts batches that vanished in front of everything else. */
export function requeue(d: Driver, versions: readonly Version[]): void {
  const list = [...versions];
  if (d.inflight !== undefined) list.push(d.inflight.version);
  d.inflight = undefined;
  const heads = new Set(list.map((version) => version.head));
  d.queue = [...list, ...d.queue.filter((queued) => !heads.has(queued.head))];
}

function foretell(d: Driver, candidate: Candidate, now: number): Verdict {
  return predict(d.ledger.mirror, candidate.fills, { report: candidate.report?.report, now });
}

/** The contracts' own answer for a set of fills. */
async function askChain(d: Driver, candidate: Candidate, now: number): Promise<Verdict> {
  const { calldata } = encodeBatch(candidate.fills, contextOf(d, candidate));
  const answer = await d.chain.callAt(d.submitter.request(calldata), now);
  return isRevert(answer) ? verdictOf(answer) : { kind: 'ok' };
}

function holdOn(d: Driver, { code, message }: Hold): void {
  if (d.hold?.code !== code) d.logger.warn({ code, message }, 'settlement waits');
  d.hold = { code, message };
}

/** Gives up fills, in the store and in the core. */
async function giveUp(
  d: Driver,
  refusals: readonly Refusal<FillTerms>[],
  head: Block,
): Promise<void> {
  for (const code of new Set(refusals.map((refusal) => refusal.code))) {
    const group = refusals.filter((refusal) => refusal.code === code);
    const fillIds = group.map(({ fill }) => fill.id);
    const message = group[0]?.message ?? '';
    d.logger.warn({ fillIds, code, message }, 'the chain refuses fills; they are unwound');
    const drafts = refuse(d.ledger, d.state(), fillIds, code, head.number);
    await d.commit({ kind: 'refused', fillIds, drafts }, drafts);
    d.count('settle_fills_refused', fillIds.length);
    d.onUnwound(fillIds, code, message);
  }
}

/**
 * Cuts out what the chain refuses: by the forecast if that explains the refusal, else by asking.
 *
 * @returns whether anything was given up
 */
async function cut(d: Driver, candidate: Candidate, now: number, head: Block): Promise<boolean> {
  const { report } = candidate;
  const foreseen = await bisect(candidate.fills, (fills) => foretell(d, { fills, report }, now));
  const explained = foreseen.hold === undefined && foreseen.refused.length > 0;
  const rest = { fills: foreseen.kept, report };
  const agreed = explained && (rest.fills.length === 0 || (await isFine(d, rest, now)));
  const found = agreed
    ? foreseen
    : await bisect(candidate.fills, (fills) => askChain(d, { fills, report }, now));
  if (found.hold !== undefined) {
    holdOn(d, found.hold);
    return false;
  }
  await giveUp(d, found.refused, head);
  return found.refused.length > 0;
}

async function isFine(d: Driver, candidate: Candidate, now: number): Promise<boolean> {
  return (await askChain(d, candidate, now)).kind === 'ok';
}

/** Gas limit for an estimate: state may change before the batch lands. */
function roomFor(estimate: number): number {
  return Math.ceil(estimate * 1.25) + 50_000;
}

async function send(d: Driver, version: Version, gas: number, head: Block): Promise<void> {
  d.queue = d.queue.filter((queued) => queued.head !== version.head);
  try {
    d.inflight = await d.submitter.submit(version, gas, head);
  } catch (error) {
    // It may have reached the chain all the same: it stays first, as it is.
    d.queue = [version, ...d.queue];
    throw error;
  }
  d.hold = undefined;
  d.firstSeen = undefined;
  d.count('settle_batches_sent');
  const transaction = d.inflight.hashes.at(-1);
  const fills = version.fills.length;
  d.logger.info({ batch: version.number, fills, transaction }, 'batch sent');
}

/** Remembers a new batch on disk and in the core's journal before anybody can see it. */
async function seal(d: Driver, version: Version): Promise<void> {
  const { unconfirmed } = d.state();
  const fillIds = version.fills.map((fill) => fill.id).filter((id) => unconfirmed.has(id));
  const reportRound = version.round === null ? null : round(version.round);
  const draft: Draft = { type: 'batch', number: version.number, fillIds, reportRound };
  d.ledger.versions.set(version.head, version);
  await d.commit({ kind: 'version', version }, fillIds.length > 0 ? [draft] : []);
}

/** A refusal without a name: most often too much for one transaction. Half of it is tried. */
function shrink(d: Driver, count: number): void {
  d.sizes = { ...d.sizes, fillsMax: Math.max(1, count >> 1) };
}

async function attempt(
  d: Driver,
  candidate: Candidate,
  head: Block,
  now: number,
): Promise<boolean> {
  const version = encodeBatch(candidate.fills, contextOf(d, candidate));
  const estimate = await d.chain.estimateGas(d.submitter.request(version.calldata));
  if (!isRevert(estimate)) {
    await seal(d, version);
    await send(d, version, roomFor(estimate), head);
    return true;
  }
  const verdict = verdictOf(estimate);
  if (verdict.kind === 'hold') {
    holdOn(d, verdict);
    return false;
  }
  if (estimate.code === 'Reverted' && candidate.fills.length > 1) {
    shrink(d, candidate.fills.length);
    holdOn(d, { code: estimate.code, message: estimate.message });
    return false;
  }
  return cut(d, candidate, now, head);
}

/** @returns whether it is worth trying again at once */
async function propose(d: Driver, list: readonly Candidate[], head: Block): Promise<boolean> {
  const now = blockTime(d, head);
  let refused: Candidate | undefined;
  let held: Hold | undefined;
  for (const candidate of list) {
    const verdict = foretell(d, candidate, now);
    if (verdict.kind === 'ok') return attempt(d, candidate, head, now);
    if (verdict.kind === 'hold') held = verdict;
    else if (refused === undefined || candidate.fills.length < refused.fills.length) {
      refused = candidate;
    }
  }
  if (refused === undefined) {
    if (held !== undefined) holdOn(d, held);
    return false;
  }
  // The chain decides, not the forecast: a twin that errs must not cost anybody a fill.
  if (!(await isFine(d, refused, now))) return cut(d, refused, now, head);
  d.count('settle_forecast_strict');
  return attempt(d, refused, head, now);
}

async function sendQueued(d: Driver, version: Version, head: Block): Promise<boolean> {
  const open = version.fills.filter((fill) => isOpen(d, fill));
  if (open.length === 0) {
    d.queue = d.queue.filter((queued) => queued !== version);
    return true;
  }
  const { batchNumber, batchHead } = chainRow(d.ledger.mirror);
  const fits = version.number === batchNumber + 1 && version.previous === batchHead;
  if (fits && open.length === version.fills.length) {
    const estimate = await d.chain.estimateGas(d.submitter.request(version.calldata));
    if (!isRevert(estimate)) {
      await send(d, version, roomFor(estimate), head);
      return true;
    }
    const { message: why } = estimate;
    d.logger.info({ batch: version.number, why }, 'a batch must be made again');
  }
  return propose(d, remakes(d, d.sizes, version), head);
}

async function sendNew(d: Driver, head: Block, draining: boolean): Promise<boolean> {
  const fills = waiting(d);
  if (fills.length === 0) {
    d.hold = undefined;
    return false;
  }
  const wall = d.clock.nowMs() / d.clock.settings.speed;
  d.firstSeen ??= wall;
  const full = fills.length >= d.sizes.fillsMax;
  const due = draining || full || wall - d.firstSeen >= d.options.sealMs;
  return due ? propose(d, candidates(d, d.sizes, fills, head), head) : false;
}

/** The custom error behind a refusal on chain, by a call on the state before its block. */
async function explain(d: Driver, version: Version, block: number): Promise<string> {
  const answer = await d.chain.call(d.submitter.request(version.calldata), block - 1);
  return isRevert(answer) ? answer.message : 'it does not repeat on the state before its block';
}

async function watch(d: Driver, head: Block): Promise<void> {
  if (d.inflight === undefined) return;
  const { version, gas } = d.inflight;
  const outcome = await d.submitter.watch(d.inflight, head);
  if (d.ledger.landed.get(version.number)?.head === version.head) {
    if (outcome.kind === 'mined') learn(d, version, outcome.receipt.gasUsed);
    d.inflight = undefined;
    return;
  }
  if (outcome.kind === 'waiting') return;
  if (outcome.kind === 'mined') {
    const { success, block, gasUsed } = outcome.receipt;
    // The follower has not come to its block yet.
    if (success) return;
    const why = await explain(d, version, block);
    if (gasUsed >= gas) shrink(d, version.fills.length);
    d.logger.warn({ batch: version.number, block, gasUsed, gas, why }, 'a batch was refused');
    d.count('settle_batches_reverted');
  }
  d.queue = [version, ...d.queue];
  d.inflight = undefined;
}

function learn(d: Driver, version: Version, used: number): void {
  const { model, fillsMax } = d.sizes;
  const orders = ordersOf(version.fills).length;
  const expected = gasOf(model, orders, version.fills.length, version.round !== null);
  const grown = fillsMax + Math.max(1, fillsMax >> 2);
  d.sizes = {
    model: learnGas(model, expected, used),
    fillsMax: Math.min(d.options.fillsMax, grown),
  };
  d.count('settle_gas', used);
}

/** Leads the chain's prices up to the core's. @returns whether a report is on its way */
async function refreshPrice(d: Driver, head: Block): Promise<boolean> {
  if (d.pushing !== undefined) {
    const outcome = await d.submitter.watch(d.pushing, head);
    if (outcome.kind === 'waiting') return true;
    d.pushing = undefined;
  }
  const idle = d.queue.length === 0 && waiting(d).length === 0;
  const due = dueReport(d, head, idle);
  if (due === undefined) return false;
  const calldata = encodePush(due.raw);
  const estimate = await d.chain.estimateGas(d.submitter.request(calldata));
  if (isRevert(estimate)) {
    d.logger.debug({ round: due.report.round, why: estimate.message }, 'report not pushed');
    return false;
  }
  d.pushing = await d.submitter.submit({ calldata }, roomFor(estimate), head);
  d.count('settle_reports_pushed');
  return true;
}

/** Looks after what is in flight, then sends what can be sent. Call once per poll. */
export async function drive(d: Driver, head: Block, draining = false): Promise<void> {
  await watch(d, head);
  if (d.inflight === undefined && (await refreshPrice(d, head))) return;
  if (d.inflight === undefined && (await serveForced(d.forced, head))) return;
  for (let i = 0; d.inflight === undefined && i < triesMax; i++) {
    const next = d.queue[0];
    const again =
      next === undefined ? await sendNew(d, head, draining) : await sendQueued(d, next, head);
    if (!again) return;
  }
}

/** Transactions of the batch in flight. */
export function transactionsOf(d: Driver): readonly Hex[] {
  return d.inflight?.hashes ?? [];
}
