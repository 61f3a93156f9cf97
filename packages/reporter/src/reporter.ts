import {
  type Clock,
  errorMessage,
  fetchJson,
  type Logger,
  sleep,
  type Venue,
} from '@holdfast/host';
import { isRejection, type Ticks, tryTicks } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import {
  defaultRoundSeconds,
  observe,
  type Reference,
  reporterSeparator,
  roundAt,
  signObservation,
  writeObservation,
} from './observe.ts';
import { createSense, fetchBooks } from './sense.ts';
import type { PriceSource } from './sources/source.ts';

export interface ReporterOptions {
  venue: Venue;
  clock: Clock;
  account: LocalAccount;
  source: PriceSource;
  logger: Logger;
  signal: AbortSignal;
  /** Standard spread of this reporter around its source. */
  noisePpm?: number | undefined;
}

async function readReference(relay: string): Promise<Reference> {
  const { status, body } = await fetchJson(`${relay}/v1/reference`, { timeoutMs: 3000 });
  const prices = new Map<number, Ticks>();
  if (status !== 200) throw new Error(`the relay answered ${status}`);
  for (const [market, price] of Object.entries((body as { prices: object }).prices)) {
    const ticks = tryTicks(price);
    if (ticks !== undefined) prices.set(Number(market), ticks);
  }
  return prices;
}

/**
 * Signs one observation per round and posts it to the relay until the signal aborts. Failures are
 * logged when they begin and when they end, and the next round is tried.
 */
export async function runReporter(options: ReporterOptions): Promise<void> {
  const { venue, clock, account, source, logger, signal, noisePpm = 60 } = options;
  const relay = `http://${venue.relay.host}:${venue.relay.port}`;
  const every = venue.roundSeconds ?? defaultRoundSeconds;
  const separator = reporterSeparator(venue);
  const sense = createSense();
  let trouble = '';
  let blind = false;

  function noteBooks(problem: string): void {
    if ((problem !== '') === blind) return;
    blind = problem !== '';
    if (blind) logger.warn({ problem }, 'a book cannot be seen: marks stand on the other legs');
    else logger.info('all books are seen again');
  }

  function note(problem: string): void {
    if (problem === trouble) return;
    if (problem === '') logger.info('reporting again');
    else logger.warn({ problem }, 'no observation this round');
    trouble = problem;
  }

  async function speak(round: number): Promise<string> {
    const [prices, reference, books] = await Promise.all([
      source.pricesAt(round),
      readReference(relay),
      fetchBooks(venue, noteBooks),
    ]);
    const noise = { signer: account.address, noisePpm };
    const observation = observe(venue, round, prices, reference, noise, sense, books);
    if (observation === undefined) return `${source.name} has no price for every market`;
    const body = writeObservation(await signObservation(account, separator, observation));
    const reply = await fetchJson(`${relay}/v1/observations`, { body, timeoutMs: 3000 });
    const late = isRejection(reply.body) && reply.body.code === 'RoundClosed';
    if (reply.status === 200 || late) return '';
    return isRejection(reply.body) ? reply.body.message : `the relay answered ${reply.status}`;
  }

  let last = 0;
  while (!signal.aborted) {
    const round = roundAt(clock.now(), every);
    if (round > last) {
      last = round;
      note(await speak(round).catch(errorMessage));
    }
    await sleep(Math.max(5, clock.wallMsUntil(last + every)), signal);
  }
}
