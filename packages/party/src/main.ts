/** Processes of a committee: `relay`, or `party`. The holdfast command starts them too. */
import { parseArgs } from 'node:util';
import { runProcess } from '@holdfast/host';
import { defaultTiming } from '@holdfast/quorum';
import { openParty, partyPaths } from './folder.ts';
import { runParty } from './party.ts';
import { passphraseFrom } from './passphrase.ts';
import { serveRelay } from './relay.ts';

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string', default: 'party' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '7450' },
    relay: { type: 'string' },
    rpc: { type: 'string' },
    policy: { type: 'string', default: 'listed' },
    'passphrase-file': { type: 'string' },
    'trust-roster': { type: 'boolean', default: false },
    'phase-ms': { type: 'string' },
  },
});
const role = positionals[0] ?? 'party';

await runProcess({ name: role }, async ({ logger, lifecycle, ready }) => {
  if (role === 'relay') {
    const relay = await serveRelay({ host: args.host, port: Number(args.port), logger });
    lifecycle.onShutdown('relay', () => relay.close());
    ready({ port: relay.port });
    return;
  }
  const file = args['passphrase-file'] ?? partyPaths(args.dir).passphrase;
  const vault = await openParty(args.dir, await passphraseFrom({ file }));
  const phaseMs = Number(args['phase-ms'] ?? defaultTiming.phaseMs);
  const party = await runParty({
    dir: args.dir,
    vault,
    logger,
    policy: args.policy === 'open' ? 'open' : 'listed',
    trustRoster: args['trust-roster'],
    relay: args.relay,
    rpcUrl: () => args.rpc,
    timing: { ...defaultTiming, phaseMs },
  });
  lifecycle.onShutdown('party', () => party.close());
  ready({ name: party.name, key: party.key });
});
