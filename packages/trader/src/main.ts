/** A process of simulated traders. */
import { parseArgs } from 'node:util';
import { createClock, loadKey, loadVenue, runProcess, venuePaths } from '@holdfast/host';
import { createTraders } from './traders.ts';

const { values: args } = parseArgs({
  options: {
    venue: { type: 'string', default: '.holdfast' },
    key: { type: 'string', default: 'trader-1' },
    accounts: { type: 'string', default: '12' },
    seed: { type: 'string', default: 'holdfast' },
    /** Orders per wall second. */
    orders: { type: 'string', default: '20' },
    whale: { type: 'boolean', default: false },
  },
});

await runProcess({ name: args.key }, async ({ logger, lifecycle, ready }) => {
  const venue = loadVenue(args.venue);
  const traders = await createTraders({
    venue,
    key: await loadKey(venuePaths(args.venue).keys, args.key),
    clock: createClock(venue.clock),
    logger,
    accounts: Number(args.accounts),
    seed: args.seed,
    ordersPerSecond: Number(args.orders),
    whale: args.whale,
  });
  const running = traders.run(lifecycle.signal);
  lifecycle.onShutdown('orders', () => traders.close());
  lifecycle.onShutdown('last turn', () => running);
  ready({ accounts: traders.accounts.length });
});
