import { parseArgs } from 'node:util';
import { loadVenue, runProcess, venuePaths } from '@holdfast/host';
import { domain, domainSeparator } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import { nodeDefaults } from '../config.ts';
import { parseAddress } from './address.ts';
import { startGateway } from './gateway.ts';
import { loadSecret } from './secret.ts';

const HELP = `A gateway of a venue: takes clients' connections, verifies their orders and
passes them on to the sequencer. Any number of them may run, on other machines too; each has a
key of its own that the node knows: keys/gateway-NAME.json and its .pass, copied from the node's
folder of keys.

  --venue DIR        folder with venue.json and the key (default ./.holdfast)
  --name NAME        name of this gateway
  --node HOST:PORT   where the node takes gateways (its --gateways); may be given more than once,
                     for a primary and its standby
  --listen HOST:PORT where clients come (default 127.0.0.1:8788; port 0: any)
  --threads N        signature verifier threads (default ${nodeDefaults.threads})
  --verifier KIND    native or portable (default native)
  --help

Example: node --import tsx packages/node/src/edge/main.ts --name 1 --node 10.0.0.5:8790`;

function usage(message: string): EnvironmentError {
  return new EnvironmentError('Usage', `${message}; --help shows what there is`);
}

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      venue: text,
      name: text,
      node: { type: 'string', multiple: true },
      listen: text,
      threads: text,
      verifier: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    process.exit(0);
  }
  const { name, node = [], listen = '127.0.0.1:8788', verifier = 'native' } = values;
  if (name === undefined) throw usage('--name is missing');
  if (node.length === 0) throw usage('--node HOST:PORT is missing');
  const threads = Number(values.threads ?? nodeDefaults.threads);
  if (!Number.isInteger(threads) || threads < 1) throw usage('--threads is a whole number from 1');
  if (verifier !== 'native' && verifier !== 'portable') {
    throw usage('--verifier is native or portable');
  }
  const targets = node.map((text_) => parseAddress('--node', text_));
  const at = parseAddress('--listen', listen);
  return { dir: values.venue ?? '.holdfast', name, targets, ...at, threads, verifier } as const;
}

await runProcess({ name: 'gateway' }, async ({ logger, lifecycle, ready }) => {
  const { dir, ...options } = readOptions();
  const venue = loadVenue(dir);
  const secret = await loadSecret(venuePaths(dir).keys, options.name);
  const separator = domainSeparator(domain(venue.chainId, venue.contracts.clearingHouse));
  const gateway = await startGateway({ ...options, separator, secret, logger });
  lifecycle.onShutdown('gateway', () => gateway.close());
  ready({ url: gateway.url });
});
