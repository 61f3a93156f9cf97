/**
 * Gets pending fills onto the chain: foretells, cuts out what would be refused, seals and sends.
 * What was sent is looked after in flight.ts; forced requests and prices go between two flights.
 */
import { bisect, type Refusal, type Verdict } from './bisect.ts';
import type { Version } from './books.ts';
import {
  blockTime,
  type Candidate,
  candidates,
  contextOf,
  isOpen,
  noteRefusal,
  remakes,
} from './choose.ts';
import { type Driver, roomFor, seal, send, shrink, waiting } from './driver.ts';
import type { FillTerms } from './fills.ts';
import { board, watchFlight } from './flight.ts';
import { serveForced } from './forced.ts';
import { refuse } from './ledger.ts';
import { chainRow } from './mirror.ts';
import type { Hold } from './options.ts';
import { encodeBatch } from './planner.ts';
import { predict } from './predictor.ts';
import { dueReport, encodePush } from './refresh.ts';
import { type Block, isRevert } from './rpc.ts';
import { verdictOf } from './verdicts.ts';

/** Tries per poll: each gives up fills or sends, so that they end. */
const triesMax = 16;

function foretell(d: Driver, candidate: Candidate, now: number): Verdict {
  return predict(d.ledger.mirror, candidate.fills, { report: candidate.report?.report, now });
}

/** The contracts' own answer for a set of fills. */
async function askChain(d: Driver, candidate: Candidate, now: number): Promise<Verdict> {
  const { calldata } = encodeBatch(candidate.fills, contextOf(d, candidate));
  const answer = await d.chain.callAt(d.submitter.request(calldata), now);
  if (!isRevert(answer)) return { kind: 'ok' };
  noteRefusal(d, candidate.report, answer.code);
  return verdictOf(answer);
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
 * @returns whether anything was given up or sent
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
  if (found.refused.length > 0) {
    await giveUp(d, found.refused, head);
    return true;
  }
  // Only too much at once: the part that fits goes alone, and the rest after it.
  const isPart = found.kept.length > 0 && found.kept.length < candidate.fills.length;
  return isPart ? attempt(d, { fills: found.kept, report }, head, now) : false;
}

async function isFine(d: Driver, candidate: Candidate, now: number): Promise<boolean> {
  return (await askChain(d, candidate, now)).kind === 'ok';
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
  noteRefusal(d, candidate.report, estimate.code);
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
    noteRefusal(d, due, estimate.code);
    d.logger.debug({ round: due.report.round, why: estimate.message }, 'report not pushed');
    return false;
  }
  d.pushing = await d.submitter.submit({ calldata }, roomFor(estimate), head);
  d.count('settle_reports_pushed');
  return true;
}

/** The queue first, then new fills. */
async function sendFirst(d: Driver, head: Block, draining: boolean): Promise<void> {
  for (let i = 0; d.flight.length === 0 && i < triesMax; i++) {
    const next = d.queue[0];
    const again =
      next === undefined ? await sendNew(d, head, draining) : await sendQueued(d, next, head);
    if (!again) return;
  }
}

/** Looks after what is in flight, then sends what can be sent. Call once per poll. */
export async function drive(d: Driver, head: Block, draining = false): Promise<void> {
  await watchFlight(d, head);
  if (d.flight.length === 0 && (await refreshPrice(d, head))) return;
  if (d.flight.length === 0 && (await serveForced(d.forced, head))) return;
  await sendFirst(d, head, draining);
  while (await board(d, head));
}
