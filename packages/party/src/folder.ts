/** A party's folder: what it is, in the open; its secrets, sealed; a socket for its operator. */
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDir, readJson, type ScryptCost, writeJsonAtomic } from '@holdfast/host';
import { noRecords } from '@holdfast/quorum';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { type Identity, makeIdentity } from './identity.ts';
import { type Invitation, makeCard } from './invitation.ts';
import { createVault, openVault, type Vault } from './vault.ts';

export const partyPaths = (dir: string) => ({
  party: join(dir, 'party.json'),
  vault: join(dir, 'vault.json'),
  roster: join(dir, 'roster.json'),
  card: join(dir, 'card.json'),
  socket: join(dir, 'control.sock'),
  passphrase: join(dir, 'passphrase'),
});

const partySchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  relay: z.string(),
  /** The founding that we were invited to, without its secret. */
  founding: z.unknown().optional(),
});
export type PartyFile = z.output<typeof partySchema>;

/** @throws EnvironmentError PartyMissing, PartyMalformed */
export function readParty(dir: string): PartyFile {
  const { party } = partyPaths(dir);
  if (!existsSync(party)) {
    const message = `${dir} holds no party: run quorum party with --invitation once`;
    throw new EnvironmentError('PartyMissing', message, { retry: false });
  }
  const parsed = partySchema.safeParse(readJson(party, 'party'));
  if (parsed.success) return parsed.data;
  const message = `${party} is malformed: ${z.prettifyError(parsed.error)}`;
  throw new EnvironmentError('PartyMalformed', message, { retry: false });
}

/** Makes a party's folder from its invitation: fresh keys, sealed under the passphrase. */
export async function foundParty(
  dir: string,
  invitation: Invitation,
  passphrase: string,
  cost?: ScryptCost,
): Promise<{ vault: Vault; identity: Identity }> {
  ensurePrivateDir(dir);
  const paths = partyPaths(dir);
  const identity = makeIdentity();
  const isFounding = invitation.kind === 'found';
  const records = isFounding
    ? noRecords
    : {
        ...noRecords,
        active: {
          roster: invitation.roster,
          certificate: invitation.certificate,
          keys: invitation.keys,
        },
      };
  const enrol = isFounding ? invitation.enrol : undefined;
  const secrets = enrol === undefined ? { identity, records } : { identity, enrol, records };
  const vault = await createVault(paths.vault, passphrase, secrets, cost);
  const { you: name, relay } = invitation;
  const { enrol: _, ...founding } = { enrol: undefined, ...invitation };
  const party = { version: 1, name, relay, ...(isFounding ? { founding } : {}) };
  await writeJsonAtomic(paths.card, makeCard(name, identity.sign, identity.seal.public), 0o644);
  await writeJsonAtomic(paths.party, party);
  return { vault, identity };
}

/**
 * Opens a party's secrets.
 * @throws EnvironmentError FileMissing, VaultMalformed, PassphraseWrong
 */
export function openParty(dir: string, passphrase: string): Promise<Vault> {
  ensurePrivateDir(dir);
  const { vault } = partyPaths(dir);
  if (existsSync(vault)) chmodSync(vault, 0o600);
  return openVault(vault, passphrase);
}
