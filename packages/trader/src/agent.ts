import { type Clock, errorMessage, type Logger, sleep } from '@holdfast/host';
import type { Client } from '@holdfast/sdk';
import { isRejection } from '@holdfast/units';
import type { Bucket } from './bucket.ts';
import type { Feed } from './feed.ts';
import type { Random } from './random.ts';
import type { Part } from './roster.ts';
import type { AccountState } from './strategy.ts';

/** Counts of what the traders of a process did. */
export interface Tally {
  sent: number;
  accepted: number;
  /** Refusals by code. */
  refused: Map<string, number>;
}

export interface AgentOptions {
  client: Client;
  account: number;
  part: Part;
  feed: Feed;
  bucket: Bucket;
  random: Random;
  clock: Clock;
  logger: Logger;
  tally: Tally;
  signal: AbortSignal;
  /** Puts tokens into the account again after it lost them. */
  refill(account: number, tokens: number): Promise<void>;
}

/** Wall ms between looks at an account; fills come in between, and a strategy can be late. */
const accountEveryMs = 4000;
const refillEveryMs = 60_000;
/** Wall seconds that an order may live; a maker replaces it long before. */
const lifeWallSeconds = 180;

/** One simulated trader: looks, decides, sends, waits. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { client, account, part, feed, bucket, random, clock, logger, tally, signal } = options;
  const lifeSeconds = Math.max(60, Math.ceil(lifeWallSeconds * clock.settings.speed));
  let state: AccountState | undefined;
  let lookedMs = 0;
  let refilledMs = 0;

  async function look(): Promise<void> {
    if (Date.now() - lookedMs < accountEveryMs) return;
    lookedMs = Date.now();
    const view = await client.account(account);
    if (isRejection(view)) return;
    const positions = new Map(view.positions.map(({ market, size }) => [market, size]));
    state = { equity: Number(view.equity), positions };
    const poor = state.equity < part.tokens * 1e6 * 0.2 && positions.size === 0;
    if (poor && Date.now() - refilledMs > refillEveryMs) {
      refilledMs = Date.now();
      logger.info({ account, role: part.role, equity: state.equity }, 'refilling');
      await options.refill(account, part.tokens);
    }
  }

  async function turn(): Promise<void> {
    await look();
    if (state === undefined || !feed.isFresh()) return;
    const orders = part.strategy(feed.markets(), state, random, lifeSeconds);
    if (orders.length === 0) return;
    if (!(await bucket.take(orders.length, signal))) return;
    tally.sent += orders.length;
    for (const answer of await client.placeMany(orders)) {
      const taken = 'status' in answer && answer.status === 'accepted';
      if (taken) tally.accepted += 1;
      else {
        const code = answer.code ?? 'unknown';
        tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1);
        if (code === 'MarginShort') lookedMs = 0;
      }
    }
    // What an immediate order did is worth knowing before the next one.
    if (part.role !== 'maker') lookedMs = Math.min(lookedMs, Date.now() - accountEveryMs / 2);
  }

  let trouble = '';
  await sleep(random.between(0, part.everyMs), signal);
  while (!signal.aborted) {
    try {
      await turn();
      trouble = '';
    } catch (error) {
      const problem = errorMessage(error);
      if (problem !== trouble && !signal.aborted) {
        logger.warn({ account, problem }, 'a turn failed');
      }
      trouble = problem;
      await sleep(1000, signal);
    }
    await sleep(part.everyMs * random.between(0.5, 1.5), signal);
  }
}
