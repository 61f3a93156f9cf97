/** The keeper process. */
import { parseArgs } from 'node:util';
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  createClock,
  loadKey,
  loadVenue,
  runProcess,
  venuePaths,
} from '@holdfast/host';
import { createKeeper } from './keeper.ts';

const { values: args } = parseArgs({
  options: {
    venue: { type: 'string', default: '.holdfast' },
    key: { type: 'string', default: 'keeper' },
    /** Whole tokens of the first deposit and of each top-up. */
    funds: { type: 'string', default: '2000000' },
    /** Folder with signed conditional orders, besides those that the node lists. */
    conditionals: { type: 'string' },
  },
});

await runProcess({ name: 'keeper' }, async ({ logger, lifecycle, ready }) => {
  const venue = loadVenue(args.venue);
  const key = await loadKey(venuePaths(args.venue).keys, args.key);
  const access = chainAccess(venue);
  const keeper = await createKeeper({
    venue,
    reader: createChainReader(access),
    writer: createChainWriter(access, key),
    logger,
    clock: createClock(venue.clock),
    signal: lifecycle.signal,
    funds: BigInt(args.funds) * 10n ** BigInt(venue.token.decimals),
    folder: args.conditionals,
    everyMs: venue.blockMs,
  });
  const running = keeper.run();
  lifecycle.onShutdown('last turn', () => running);
  ready({ account: keeper.account });
});
