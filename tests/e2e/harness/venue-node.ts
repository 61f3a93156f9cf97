/**
 * A node as a process of its own for tests of standbys: the whole of it, with two funded accounts
 * and prices, over a chain that is never reached. Argument: JSON of {@link VenueNodeArgs}.
 */
import { chainAccess, createChainReader, createClock, createLogger } from '@holdfast/host';
import { parseSettings, startNode } from '@holdfast/node';
import { accountId, type Hex, toHex, toQ32 } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import { createDigestSigner } from '../../../packages/node/src/verify/sign.ts';
import {
  alice,
  bob,
  venue as fixture,
  keyOf,
  makeReport,
} from '../../../packages/node/test/fixture.ts';

export type VenueNodeArgs = {
  readonly port: number;
  /** Wall ms at which the venue's time began. */
  readonly began: number;
  readonly journal: object;
};

/** The venue that every such node serves. */
export function venueOf({ port, began }: Pick<VenueNodeArgs, 'port' | 'began'>): typeof fixture {
  const clock = { ...fixture.clock, wallEpochMs: began };
  // A price counts for an hour: nobody reports while the venue is down.
  const markets = fixture.markets.map((market) => ({ ...market, priceAgeSecondsMax: 3600 }));
  return { ...fixture, clock, markets, gateway: { host: '127.0.0.1', port } };
}

async function main(args: VenueNodeArgs): Promise<void> {
  const venue = venueOf(args);
  const logger = createLogger('node');
  const place = { origin: 'the test', folder: '/', journalDir: '/nowhere' };
  const clock = createClock(venue.clock);
  const node = await startNode({
    venue,
    clock,
    logger,
    key: createDigestSigner(toHex(keyOf('node').secret)),
    sequencer: privateKeyToAccount(toHex(keyOf('sequencer').secret)),
    client: createChainReader(chainAccess(venue)),
    options: {
      journalDir: '/nowhere',
      journal: parseSettings({ journal: args.journal }, place),
      threads: 1,
      verifier: 'native',
      snapshotEvery: 200,
    },
    onFatal(error) {
      logger.fatal({ code: (error as { code?: string }).code }, error.message);
      process.exit(1);
    },
  });
  const { engine } = node.parts;
  if (!engine.state.accounts.has(accountId(2))) {
    for (const [at, { address }] of [alice, bob].entries()) {
      const account = accountId(2 + at);
      const cashDelta = toQ32(10_000_000_000n as never);
      const owner = address.toLowerCase() as Hex;
      await engine.submit([
        { type: 'open', account, owner },
        { type: 'external', account, cashDelta, sizes: [], cause: 'deposit', block: 1 },
      ]);
    }
  }
  const report = toHex(makeReport(clock.now(), 1_000_000));
  await fetch(`${node.url}/v1/reports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ report }),
  });
  process.once('SIGTERM', () => void node.stop().then(() => process.exit(0)));
  process.send?.({ ready: true, applied: engine.applied() });
}

if (process.argv[2]?.startsWith('{')) await main(JSON.parse(process.argv[2]) as VenueNodeArgs);
