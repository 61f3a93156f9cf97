import {
  type Clock,
  errorMessage,
  fetchJson,
  type Logger,
  sleep,
  type Venue,
} from '@holdfast/host';
import type { SignedObservation } from '@holdfast/oracle';
import { isRejection, type Ticks, tryTicks } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import type { Keys } from './committee/keys.ts';
import { createProposalJudge } from './committee/proposal.ts';
import { createTurns, type PlayRound } from './committee/turns.ts';
import {
  defaultRoundSeconds,
  observe,
  type Reference,
  readObservation,
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
  /** This reporter's parts of the committee's keys; needed where there is a committee. */
  keys?: Pick<Keys, 'inForce' | 'open'> | undefined;
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

/** Plays a round that is closed, beside the next ones. @returns what is wrong with the round */
function shareRound(reply: unknown, play: PlayRound): string {
  const { complete, observations = [] } = reply as { complete: boolean; observations?: unknown[] };
  if (!complete) return 'fewer reporters spoke than a report needs';
  const read: SignedObservation[] = [];
  for (const each of observations) {
    const observation = readObservation(each);
    if (isRejection(observation)) return 'the relay passes on what is no observation';
    read.push(observation);
  }
  void play(read);
  return '';
}

/**
 * Signs one observation per round and posts it to the relay until the signal aborts. Failures are
 * logged when they begin and when they end, and the next round is tried.
 */
export async function runReporter(options: ReporterOptions): Promise<void> {
  const { venue, clock, account, source, logger, signal, noisePpm = 60, keys } = options;
  const relay = `http://${venue.relay.host}:${venue.relay.port}`;
  const every = venue.roundSeconds ?? defaultRoundSeconds;
  const separator = reporterSeparator(venue);
  const sense = createSense();
  const proposals = keys && createProposalJudge(venue);
  if (keys !== undefined && proposals !== undefined) keys.open(proposals);
  const self = account.address;
  const play =
    keys && createTurns({ venue, inForce: () => keys.inForce(), self, logger, signal, relay });
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
    const signed = await signObservation(account, separator, observation);
    proposals?.observed(signed);
    const body = writeObservation(signed);
    const reply = await fetchJson(`${relay}/v1/observations`, { body, timeoutMs: 3000 });
    if (play !== undefined && reply.status === 200) return shareRound(reply.body, play);
    const late = isRejection(reply.body) && reply.body.code === 'RoundClosed';
    if (reply.status === 200 || late) return '';
    return isRejection(reply.body) ? reply.body.message : `the relay answered ${reply.status}`;
  }

  // What was said of a round before a restart is forgotten: a party begins with the next one.
  let last = keys === undefined ? 0 : roundAt(clock.now(), every);
  while (!signal.aborted) {
    const round = roundAt(clock.now(), every);
    if (round > last) {
      last = round;
      note(await speak(round).catch(errorMessage));
    }
    await sleep(Math.max(5, clock.wallMsUntil(last + every)), signal);
  }
}
