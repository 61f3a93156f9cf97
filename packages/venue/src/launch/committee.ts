/** The founding of the oracle's committee: folders for its parties, then their ceremony. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort, scryptForRandom, venuePaths, writeFileAtomic } from '@holdfast/host';
import {
  type Candidate,
  foundParty,
  type GroupSignature,
  groupSignature,
  invite,
  partyPaths,
} from '@holdfast/party';
import { EnvironmentError, type Hex, invariant, isRejection } from '@holdfast/units';
import type { Address } from 'viem';
import { reporterCount, reporterKey, reporterQuorum } from './keys.ts';
import type { KeptOptions } from './plan.ts';
import type { ServiceSpec } from './service.ts';
import * as specs from './services.ts';

const loopback = '127.0.0.1';

/** A committee that has made its key and shown that it lives, for a registry yet to be deployed. */
export interface FoundedCommittee {
  registry: Address;
  candidate: Candidate;
  life: GroupSignature;
  /** Group key, 33 bytes. */
  key: Hex;
  relay: { host: string; port: number };
}

export interface FoundingPlan {
  dir: string;
  kept: KeptOptions;
  chainId: number;
  /** Where the registry will be. */
  registry: Address;
  start(spec: ServiceSpec): Promise<Record<string, unknown>>;
}

/** A folder for each party: fresh keys, sealed under a passphrase beside them. */
async function makeParties(plan: FoundingPlan, port: number): Promise<void> {
  const { parties } = venuePaths(plan.dir);
  // Without a venue nothing depends on a committee that was made here before.
  rmSync(parties, { recursive: true, force: true });
  const invitations = invite({
    name: 'oracle',
    chainId: plan.chainId,
    contract: plan.registry.toLowerCase() as Hex,
    threshold: reporterQuorum,
    parties: Array.from({ length: reporterCount }, (_, i) => reporterKey(i + 1)),
    relay: `ws://${loopback}:${port}`,
  });
  invariant(!isRejection(invitations), 'the committee of a local venue can be founded');
  for (const invitation of invitations) {
    const dir = join(parties, invitation.you);
    const passphrase = randomBytes(32).toString('hex');
    await foundParty(dir, invitation, passphrase, scryptForRandom);
    await writeFileAtomic(partyPaths(dir).passphrase, `${passphrase}\n`);
  }
}

/**
 * Starts relay and reporters, which make the committee's key among themselves; the launcher never
 * sees a part of it.
 *
 * @throws EnvironmentError ServiceFailed, telling which party failed and why; CeremonyFailed
 */
export async function foundCommittee(plan: FoundingPlan): Promise<FoundedCommittee> {
  const port = await findFreePort();
  await makeParties(plan, port);
  const parties = { port };
  const [, ...told] = await Promise.all([
    plan.start(specs.relaySpec(plan.dir, undefined, parties)),
    ...specs.reporterSpecs(plan.dir, plan.kept, parties).map(plan.start),
  ]);
  const [first] = told;
  const same = told.every(({ groupKey }) => groupKey === first?.groupKey);
  const life = told.find((each) => each.life !== undefined)?.life;
  if (first === undefined || !same || life === undefined) {
    const message = 'the reporters did not come to one key; start again with --fresh';
    throw new EnvironmentError('CeremonyFailed', message, { retry: true });
  }
  const key = first.groupKey as Hex;
  return {
    registry: plan.registry,
    candidate: {
      x: BigInt(`0x${key.slice(4)}`),
      isOdd: key.startsWith('0x03'),
      threshold: Number(first.threshold),
      size: Number(first.size),
      roster: first.roster as Hex,
    },
    life: groupSignature(life as Hex),
    key,
    relay: { host: loopback, port },
  };
}
