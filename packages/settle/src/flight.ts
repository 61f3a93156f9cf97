/**
 * Batches on their way. A flight is sent one batch on top of the other with consecutive nonces, as
 * far as the node's pending state has the one before; nothing else of ours is sent until it has
 * landed or failed, so that batches, prices and forced requests keep their order and their turns.
 */
import { EnvironmentError } from '@holdfast/units';
import type { Version } from './books.ts';
import { contextOf, fullCandidate } from './choose.ts';
import { type Driver, learn, roomFor, seal, send, shrink, waiting } from './driver.ts';
import { encodeBatch } from './planner.ts';
import { type Block, isRevert, type Revert } from './rpc.ts';
import type { Inflight, Outcome } from './submitter.ts';

/** Puts a batch that did not land back into its place among those to be sent again. */
function putBack(d: Driver, version: Version): void {
  d.queue = [...d.queue, version].sort((a, b) => a.number - b.number);
}

/** The custom error behind a refusal on chain, by a call on the state before its block. */
async function explain(d: Driver, version: Version, block: number): Promise<string> {
  const answer = await d.chain.call(d.submitter.request(version.calldata), block - 1);
  return isRevert(answer) ? answer.message : 'it does not repeat on the state before its block';
}

type Mined = Extract<Outcome, { kind: 'mined' }>;

async function onRefused(d: Driver, { version, gas }: Inflight, { receipt }: Mined): Promise<void> {
  const { block, gasUsed } = receipt;
  const why = await explain(d, version, block);
  if (gasUsed >= gas) shrink(d, version.fills.length);
  d.logger.warn({ batch: version.number, block, gasUsed, gas, why }, 'a batch was refused');
  d.count('settle_batches_reverted');
}

/** Looks after the flight, oldest first, until one still waits. Call once per poll. */
export async function watchFlight(d: Driver, head: Block): Promise<void> {
  for (let first = d.flight[0]; first !== undefined; first = d.flight[0]) {
    const { version } = first;
    const outcome = await d.submitter.watch(first, head);
    const isLanded = d.ledger.landed.get(version.number)?.head === version.head;
    if (!isLanded) {
      if (outcome.kind === 'waiting') return;
      // The follower has not come to its block yet.
      if (outcome.kind === 'mined' && outcome.receipt.success) return;
      // Those behind it stand on it: they fail in their turn, and are made again in order.
      if (outcome.kind === 'mined') await onRefused(d, first, outcome);
      putBack(d, version);
    } else if (outcome.kind === 'mined') learn(d, version, outcome.receipt.gasUsed);
    d.isBoarding = false;
    d.flight = d.flight.slice(1);
  }
}

/** Gas of a batch on top of what is pending; nothing where the node does not know that state. */
async function estimatePending(d: Driver, version: Version): Promise<number | Revert | undefined> {
  try {
    return await d.chain.estimateGas(d.submitter.request(version.calldata), 'pending');
  } catch (error) {
    if (error instanceof EnvironmentError && error.code === 'RpcRefused') return undefined;
    throw error;
  }
}

/**
 * Sends a full batch on top of the flight, if there are fills for one: what is not full waits for
 * company, as it costs more. No fill is given up here; what the pending state refuses is looked at
 * when the flight has landed.
 *
 * @returns whether one was sent
 */
export async function board(d: Driver, head: Block): Promise<boolean> {
  const last = d.flight.at(-1)?.version;
  if (last === undefined || !d.isBoarding || d.queue.length > 0) return false;
  if (d.flight.length >= d.options.flightMax) return false;
  const ahead = d.flight.map(({ version }) => version);
  const candidate = fullCandidate(d, d.sizes, waiting(d), head, ahead);
  if (candidate === undefined) return false;
  const version = encodeBatch(candidate.fills, contextOf(d, candidate, last));
  const estimate = await estimatePending(d, version);
  if (estimate === undefined || isRevert(estimate)) {
    d.isBoarding = false;
    return false;
  }
  await seal(d, version);
  await send(d, version, roomFor(estimate), head);
  return true;
}
