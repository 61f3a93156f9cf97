/**
 * Processes of the oracle: `relay`, or `reporter --key NAME`. With `--party DIR` the reporter is a
 * party of the venue's committee; where there is no venue yet, both make that committee first.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  chainAccess,
  createChainReader,
  createClock,
  followReporters,
  type Logger,
  loadKey,
  loadVenue,
  type ProcessContext,
  runProcess,
  sleep,
  type Venue,
  venuePaths,
} from '@holdfast/host';
import { serveRelay as serveParties } from '@holdfast/party';
import { EnvironmentError } from '@holdfast/units';
import { followKeys, type Keys } from './committee/keys.ts';
import { startMember } from './committee/member.ts';
import { serveRelay } from './relay.ts';
import { runReporter } from './reporter.ts';
import { readBars } from './sources/bars.ts';
import { defaultExchanges, liveSource, loadExchanges } from './sources/live.ts';
import { firstOf, recordedSource } from './sources/recorded.ts';
import { simulatedSource } from './sources/simulated.ts';
import type { PriceSource } from './sources/source.ts';

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    venue: { type: 'string', default: '.holdfast' },
    key: { type: 'string', default: 'reporter-1' },
    source: { type: 'string', default: 'simulated' },
    replay: { type: 'string' },
    perps: { type: 'string' },
    seed: { type: 'string', default: 'holdfast' },
    exchanges: { type: 'string', default: defaultExchanges.join(',') },
    party: { type: 'string' },
    'parties-port': { type: 'string' },
    'parties-relay': { type: 'string' },
  },
});

async function openSource(venue: Venue, logger: Logger): Promise<PriceSource> {
  const simulated = simulatedSource(args.seed, venue.markets);
  if (args.source === 'simulated') return simulated;
  if (args.source === 'recorded' && args.replay !== undefined) {
    const symbols = venue.markets.map((market) => market.symbol);
    const perps = args.perps === undefined ? undefined : readBars(args.perps, symbols);
    return firstOf([recordedSource(readBars(args.replay, symbols), perps), simulated]);
  }
  if (args.source === 'live') {
    const exchanges = await loadExchanges(args.exchanges.split(','));
    return liveSource({ markets: venue.markets, exchanges, logger });
  }
  const message = `source "${args.source}" is not simulated, live, or recorded with --replay PATH`;
  throw new EnvironmentError('ArgumentWrong', message, { retry: false });
}

const role = positionals[0] ?? 'reporter';
const name = role === 'relay' ? 'relay' : args.key;
const venueEveryMs = 200;

/** The venue; where the committee is only being founded, it is there when its contracts are. */
async function awaitVenue(signal: AbortSignal): Promise<Venue | undefined> {
  const { file } = venuePaths(args.venue);
  while (!existsSync(file) && !signal.aborted) await sleep(venueEveryMs, signal);
  return signal.aborted ? undefined : loadVenue(args.venue);
}

/** Passes messages between the parties at once, and reports as soon as there is a venue. */
async function runRelay({ logger, lifecycle, ready }: ProcessContext): Promise<void> {
  const port = args['parties-port'];
  if (port !== undefined) {
    const parties = await serveParties({ host: '127.0.0.1', port: Number(port), logger });
    lifecycle.onShutdown('relay of the parties', () => parties.close());
    if (!existsSync(venuePaths(args.venue).file)) ready({ parties: parties.port });
  }
  const venue = await awaitVenue(lifecycle.signal);
  if (venue === undefined) return;
  const reader = createChainReader(chainAccess(venue));
  void followReporters(args.venue, venue, { logger, signal: lifecycle.signal });
  const server = await serveRelay({ venue, logger, reader });
  lifecycle.onShutdown('relay', () => server.close());
  ready({ port: server.port });
}

function relayOf(venue: Venue | undefined): string | undefined {
  const known = venue?.committee?.relay;
  return known === undefined ? args['parties-relay'] : `ws://${known.host}:${known.port}`;
}

/** Our part of the committee; of a new one, with the first key and the first party's proof. */
async function joinCommittee(
  dir: string,
  venue: Venue | undefined,
  { logger, lifecycle, ready, progress }: ProcessContext,
): Promise<Keys> {
  let rpcUrl = venue?.rpcUrl;
  const { file } = venuePaths(args.venue);
  const options = {
    dir,
    logger,
    relay: relayOf(venue),
    rpcUrl: () => {
      if (rpcUrl === undefined && existsSync(file)) rpcUrl = loadVenue(args.venue).rpcUrl;
      return rpcUrl;
    },
  };
  const member = await startMember({ ...options, founding: !venue });
  const keys = followKeys(member, options);
  lifecycle.onShutdown('party', () => keys.close());
  if (venue === undefined) ready(await member.found(progress));
  return keys;
}

async function runOne(context: ProcessContext): Promise<void> {
  const { logger, lifecycle, ready } = context;
  const account = await loadKey(venuePaths(args.venue).keys, args.key);
  const isThere = existsSync(venuePaths(args.venue).file);
  const before = isThere ? loadVenue(args.venue) : undefined;
  const keys = args.party ? await joinCommittee(args.party, before, context) : undefined;
  const venue = before ?? (await awaitVenue(lifecycle.signal));
  if (venue === undefined) return;
  if (venue.committee !== undefined && !keys) {
    const message = 'this venue has a committee: a reporter needs --party DIR, its folder';
    throw new EnvironmentError('ArgumentWrong', message, { retry: false });
  }
  const source = await openSource(venue, logger);
  lifecycle.onShutdown('source', () => source.close());
  const clock = createClock(venue.clock);
  if (isThere) ready({ address: account.address, source: source.name });
  const { signal } = lifecycle;
  void followReporters(args.venue, venue, { logger, signal });
  const party = venue.committee && keys ? { keys } : {};
  await runReporter({ venue, clock, account, source, logger, signal, ...party });
}

await runProcess({ name }, (context) => (role === 'relay' ? runRelay(context) : runOne(context)));
