/**
 * Findings to another machine: signed, tried again, and never waited for. What the queue cannot
 * hold is dropped, the least severe first, and counted.
 */
import { errorMessage, type Logger, sleep, toJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import type { Change } from '../findings/ledger.ts';
import { rankOf } from '../findings/record.ts';
import type { Severity } from '../rule.ts';
import { headerNames, signBody } from './signature.ts';

export interface WebhookOptions {
  /** https, or http to this machine. */
  readonly url: string;
  readonly key: Uint8Array;
  readonly logger: Logger;
  /** Least severity that is sent; `medium` unless told. */
  readonly severity?: Severity;
  /** Most deliveries that wait; 256 unless told. */
  readonly queueMax?: number;
  /** Attempts of one delivery; 8 unless told. */
  readonly attemptsMax?: number;
  /** First pause between attempts, ms; doubles up to a minute. 1000 unless told. */
  readonly pauseMs?: number;
  /** Longest wait for an answer, ms; 5000 unless told. */
  readonly timeoutMs?: number;
  /** Unix ms; tests pass their own. */
  readonly nowMs?: () => number;
}

export interface WebhookCounts {
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly waiting: number;
}

export interface Webhook {
  /** Queues what is new; returns at once. */
  tell(changes: readonly Change[]): void;
  counts(): WebhookCounts;
  /** Sends what waits for at most so long, then gives up. */
  close(graceMs?: number): Promise<void>;
}

interface Delivery {
  readonly id: string;
  readonly rank: number;
  readonly body: string;
}

/** Where it goes without what may be secret in it. */
const placeOf = (url: string): string => new URL(url).origin;

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(parsed?.hostname ?? '');
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isHere)) return;
  const message = 'the webhook wants an https address, or http to this machine';
  throw new EnvironmentError('WebhookUrlWrong', message);
}

/** Whether the same request may do better later. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

function deliveryOf({ kind, record }: Change): Delivery {
  const { id, count } = record;
  const body = toJson({ version: 1, event: kind, finding: record }, 0);
  return { id: `${id}-${kind}-${count}`, rank: rankOf(record.severity), body };
}

/** One attempt. @returns undefined when it arrived, else why not and whether to try again */
async function attempt(
  options: WebhookOptions,
  { id, body }: Delivery,
  signal: AbortSignal,
): Promise<{ problem: string; again: boolean } | undefined> {
  const timestamp = Math.floor((options.nowMs ?? Date.now)() / 1000);
  try {
    const response = await fetch(options.url, {
      method: 'POST',
      // A redirect would carry the finding somewhere that nobody has named.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs ?? 5000)]),
      headers: {
        'content-type': 'application/json',
        [headerNames.id]: id,
        [headerNames.timestamp]: String(timestamp),
        [headerNames.signature]: signBody(options.key, timestamp, body),
      },
      body,
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    return { problem: `status ${response.status}`, again: isPassing(response.status) };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { problem: errorMessage(cause), again: true };
  }
}

interface Post {
  readonly queue: Delivery[];
  readonly stop: AbortController;
  running: Promise<void> | undefined;
  sent: number;
  failed: number;
  dropped: number;
}

async function deliver(post: Post, options: WebhookOptions, delivery: Delivery): Promise<void> {
  const { attemptsMax = 8, pauseMs = 1000, logger } = options;
  for (let tried = 1; !post.stop.signal.aborted; tried += 1) {
    const failure = await attempt(options, delivery, post.stop.signal);
    if (failure === undefined) {
      post.sent += 1;
      return;
    }
    if (!failure.again || tried >= attemptsMax) {
      post.failed += 1;
      const line = { to: placeOf(options.url), id: delivery.id, tried, problem: failure.problem };
      logger.error(line, 'the webhook did not take a finding');
      return;
    }
    await sleep(Math.min(60_000, pauseMs * 2 ** (tried - 1)), post.stop.signal);
  }
}

async function work(post: Post, options: WebhookOptions): Promise<void> {
  while (!post.stop.signal.aborted) {
    const next = post.queue.shift();
    if (next === undefined) return;
    await deliver(post, options, next);
  }
}

/** Makes room by the least severe that waits, the oldest of equals; it may be the new one. */
function enqueue(post: Post, delivery: Delivery, queueMax: number): void {
  post.queue.push(delivery);
  if (post.queue.length <= queueMax) return;
  const least = Math.min(...post.queue.map(({ rank }) => rank));
  post.queue.splice(
    post.queue.findIndex(({ rank }) => rank === least),
    1,
  );
  post.dropped += 1;
}

/** Makes a webhook. @throws EnvironmentError WebhookUrlWrong */
export function createWebhook(options: WebhookOptions): Webhook {
  checkUrl(options.url);
  const post: Post = {
    queue: [],
    stop: new AbortController(),
    running: undefined,
    sent: 0,
    failed: 0,
    dropped: 0,
  };
  const least = rankOf(options.severity ?? 'medium');
  const start = (): void => {
    if (post.running !== undefined || post.queue.length === 0) return;
    post.running = work(post, options).finally(() => {
      post.running = undefined;
      if (!post.stop.signal.aborted) start();
    });
  };
  return {
    tell: (changes) => {
      for (const change of changes) {
        if (change.kind === 'seen' || rankOf(change.record.severity) < least) continue;
        if (post.stop.signal.aborted) continue;
        enqueue(post, deliveryOf(change), options.queueMax ?? 256);
      }
      start();
    },
    counts: () => {
      const { sent, failed, dropped, queue } = post;
      return { sent, failed, dropped, waiting: queue.length };
    },
    close: async (graceMs = 5000) => {
      const end = Date.now() + graceMs;
      while (post.running !== undefined && Date.now() < end) {
        await Promise.race([post.running, sleep(Math.max(1, end - Date.now()))]);
      }
      post.stop.abort();
      await post.running;
    },
  };
}
