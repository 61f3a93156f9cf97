/** The steward process. */
import { parseArgs } from 'node:util';
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  errorMessage,
  loadKey,
  loadVenue,
  runProcess,
  sleep,
  venuePaths,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { createHands, stewardOf } from './chain.ts';
import { createStewardEngine } from './create.ts';
import { createStewardMetrics, serveMetrics } from './metrics.ts';

const { values: args } = parseArgs({
  options: {
    venue: { type: 'string', default: '.holdfast' },
    key: { type: 'string', default: 'steward' },
    /** Length of a live bar, venue seconds. */
    'bar-seconds': { type: 'string', default: '60' },
    /** Fewest live bars without a history. */
    'bars-min': { type: 'string', default: '60' },
    /** Wall seconds between two looks. */
    every: { type: 'string', default: '60' },
    /** Folder of recorded hourly bars; live bars are then of an hour. */
    history: { type: 'string' },
    /** Announce higher maintenance margins too. */
    maintenance: { type: 'boolean', default: false },
    /** Port of /metrics and /health; 0 for any. */
    'metrics-port': { type: 'string', default: '0' },
  },
});

function whole(name: 'bar-seconds' | 'bars-min' | 'every' | 'metrics-port', low: number): number {
  const value = Number(args[name]);
  if (Number.isSafeInteger(value) && value >= low) return value;
  const message = `--${name} must be a whole number of at least ${low}, not ${args[name]}`;
  throw new EnvironmentError('ArgumentWrong', message, { retry: false });
}

await runProcess({ name: 'steward' }, async ({ logger, lifecycle, ready }) => {
  const venue = loadVenue(args.venue);
  const access = chainAccess(venue);
  const reader = createChainReader(access);
  const writer = createChainWriter(access, await loadKey(venuePaths(args.venue).keys, args.key));
  const engine = createStewardEngine({
    venue,
    reader,
    logger,
    hands: createHands(stewardOf(venue), reader, writer),
    announces: args.maintenance,
    barSeconds: whole('bar-seconds', 1),
    barsMin: whole('bars-min', 4),
    history: args.history,
  });
  const metrics = createStewardMetrics();
  const server = await serveMetrics(metrics, whole('metrics-port', 0));
  lifecycle.onShutdown('metrics', server.close);
  const everyMs = whole('every', 1) * 1_000;
  const { signal } = lifecycle;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        metrics.take(await engine.look());
      } catch (error) {
        // The chain or the node is away: nothing is moved, and what was moved expires.
        metrics.failed();
        logger.warn({ why: errorMessage(error) }, 'a look failed');
      }
      await sleep(everyMs, signal);
    }
  })();
  lifecycle.onShutdown('last look', () => running);
  ready({ metrics: server.port });
});
