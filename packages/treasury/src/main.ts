/**
 * A signer of a venue's treasury as a process. Where there is no venue yet, it helps to make the
 * committee's key first and reads instructions when the venue is there.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadVenue, runProcess, sleep, venuePaths } from '@holdfast/host';
import {
  committeeIds,
  foundCommittee,
  invitedWith,
  openParty,
  partyPaths,
  passphraseFrom,
} from '@holdfast/party';
import { runSigner } from './signer.ts';

const { values: args } = parseArgs({
  options: {
    venue: { type: 'string', default: '.holdfast' },
    party: { type: 'string', default: 'party' },
    'parties-relay': { type: 'string' },
  },
});
const venueEveryMs = 500;

await runProcess({ name: 'treasury' }, async ({ logger, lifecycle, ready, progress }) => {
  const { file } = venuePaths(args.venue);
  const isFounding = !existsSync(file);
  const known = isFounding ? undefined : loadVenue(args.venue).treasury?.relay;
  const relay = known === undefined ? args['parties-relay'] : `ws://${known.host}:${known.port}`;
  const dir = args.party;
  const vault = await openParty(dir, await passphraseFrom({ file: partyPaths(dir).passphrase }));
  const holdersMin = isFounding ? invitedWith(dir).length : undefined;
  const signer = await runSigner({ dir, vault, logger, relay, trustRoster: true, holdersMin });
  lifecycle.onShutdown('signer', () => signer.close());
  if (isFounding) {
    ready(await foundCommittee(signer.party, { dir, id: committeeIds.treasury, progress }));
  }
  while (!existsSync(file) && !lifecycle.signal.aborted) {
    await sleep(venueEveryMs, lifecycle.signal);
  }
  if (lifecycle.signal.aborted) return;
  signer.open(loadVenue(args.venue));
  logger.info('reads instructions');
  if (!isFounding) ready({ name: signer.party.name });
});
