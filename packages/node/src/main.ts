import { parseArgs } from 'node:util';
import {
  chainAccess,
  createChainReader,
  createClock,
  loadKey,
  loadPrivateKey,
  loadVenue,
  runProcess,
  venuePaths,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { nodeDefaults } from './config.ts';
import { parseAddress } from './edge/address.ts';
import { loadSecrets } from './edge/secret.ts';
import { startNode } from './node.ts';
import { loadAuctions, loadSettings } from './settings.ts';
import { createDigestSigner } from './verify/sign.ts';

const HELP = `The venue node: gateway, journal, core and settlement in one process.

  --venue DIR        folder with venue.json, keys and journal (default ./.holdfast)
  --config FILE      configuration of this node (default node.json in the venue's folder,
                     if there is one): where the journal is kept, which
                     markets open and reopen by auction
  --journal DIR      another folder for a journal on this machine
  --threads N        signature verifier threads (default ${nodeDefaults.threads})
  --verifier KIND    native or portable (default native)
  --gateways HOST:PORT
                     take gateways there (packages/node/src/edge/main.ts)
  --gateway NAME     a gateway that may come, by the key keys/gateway-NAME.json; may be repeated
  --forced-taker N   account that takes over the positions of forced closes: the
                     sequencer's own, or one with a session for its key
  --help

Example: node --import tsx packages/node/src/main.ts --venue ./.holdfast`;

function usage(message: string): EnvironmentError {
  return new EnvironmentError('Usage', `${message}; --help shows what there is`);
}

function readOptions() {
  const text = { type: 'string' } as const;
  const options = {
    venue: text,
    journal: text,
    config: text,
    threads: text,
    verifier: text,
    'forced-taker': text,
    gateways: text,
    gateway: { type: 'string', multiple: true },
  } as const;
  const help = { help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options: { ...options, ...help } });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    process.exit(0);
  }
  const threads = Number(values.threads ?? nodeDefaults.threads);
  if (!Number.isInteger(threads) || threads < 1) throw usage('--threads is a whole number from 1');
  const verifier = values.verifier ?? nodeDefaults.verifier;
  if (verifier !== 'native' && verifier !== 'portable') {
    throw usage('--verifier is native or portable');
  }
  const taker = values['forced-taker'];
  if (taker !== undefined && !/^\d{1,9}$/.test(taker)) {
    throw usage('--forced-taker is an account number');
  }
  const { gateways, gateway: names = [] } = values;
  if (gateways === undefined && names.length > 0) throw usage('--gateway needs --gateways');
  if (gateways !== undefined && names.length === 0) throw usage('--gateways needs --gateway NAME');
  const hub = gateways === undefined ? undefined : parseAddress('--gateways', gateways);
  return {
    hub,
    names,
    venue: values.venue ?? '.holdfast',
    journal: values.journal,
    config: values.config,
    forcedTaker: taker === undefined ? undefined : Number(taker),
    threads,
    verifier,
  } as const;
}

await runProcess({ name: 'node', closerMsMax: 30_000 }, async ({ logger, lifecycle, ready }) => {
  const { venue: dir, journal, config, hub, names, ...rest } = readOptions();
  const venue = loadVenue(dir);
  const paths = venuePaths(dir);
  const journalDir = journal ?? paths.journal;
  const settings = loadSettings(paths.dir, journalDir, config);
  if (journal !== undefined && settings.kind !== 'local') {
    throw usage('--journal names a folder, but node.json keeps the journal in PostgreSQL');
  }
  const secrets = await loadSecrets(paths.keys, names);
  const gateways = hub && { ...hub, secrets };
  const auctions = loadAuctions(paths.dir, config);
  const { control } = paths;
  const options = { ...rest, journalDir, journal: settings, gateways, auctions, control };
  const { signal } = lifecycle;
  const deps = {
    venue,
    clock: createClock(venue.clock),
    logger,
    key: createDigestSigner(await loadPrivateKey(paths.keys, 'node'), rest.verifier),
    sequencer: await loadKey(paths.keys, 'sequencer'),
    client: createChainReader(chainAccess(venue)),
    options: { ...nodeDefaults, ...options },
    signal,
    onFatal(error: Error) {
      logger.fatal({ error }, 'the node cannot go on');
      void lifecycle.shutdown('fatal error').then(() => process.exit(1));
    },
  };
  const node = await startNode(deps).catch((error) => {
    // A standby that is told to stop has done nothing wrong.
    if (signal.aborted) return undefined;
    throw error;
  });
  if (node === undefined) return;
  lifecycle.onShutdown('node', () => node.stop());
  ready({ url: node.url });
});
