/** Processes of the oracle: `relay`, or `reporter --index N`. */
import { parseArgs } from 'node:util';
import {
  chainAccess,
  createChainReader,
  createClock,
  type Logger,
  loadKey,
  loadVenue,
  runProcess,
  type Venue,
  venuePaths,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
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

await runProcess({ name }, async ({ logger, lifecycle, ready }) => {
  const venue = loadVenue(args.venue);
  if (role === 'relay') {
    const server = await serveRelay({
      venue,
      logger,
      reader: createChainReader(chainAccess(venue)),
    });
    lifecycle.onShutdown('relay', () => server.close());
    ready({ port: server.port });
    return;
  }
  const account = await loadKey(venuePaths(args.venue).keys, args.key);
  const source = await openSource(venue, logger);
  lifecycle.onShutdown('source', () => source.close());
  const clock = createClock(venue.clock);
  ready({ address: account.address, source: source.name });
  await runReporter({ venue, clock, account, source, logger, signal: lifecycle.signal });
});
