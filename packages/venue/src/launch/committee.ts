/** The founding of a venue's committees: folders for their parties, then their ceremonies. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  findFreePort,
  scryptForRandom,
  type Venue,
  venuePaths,
  writeFileAtomic,
  writeJsonAtomic,
} from '@holdfast/host';
import {
  type Candidate,
  committeeIds,
  foundParty,
  type GroupSignature,
  groupSignature,
  invite,
  partyPaths,
} from '@holdfast/party';
import { defaultPolicy, policyPath } from '@holdfast/treasury';
import { EnvironmentError, type Hex, invariant, isRejection } from '@holdfast/units';
import type { Address } from 'viem';
import { demoToken } from '../terms.ts';
import {
  reporterCount,
  reporterKey,
  reporterQuorum,
  treasuryCount,
  treasuryKey,
  treasuryQuorum,
} from './keys.ts';
import type { KeptOptions } from './plan.ts';
import type { ServiceSpec } from './service.ts';
import * as specs from './services.ts';

const loopback = '127.0.0.1';

/** A committee that has made its key and shown that it lives, for a registry yet to be deployed. */
export interface FoundedCommittee {
  candidate: Candidate;
  life: GroupSignature;
  /** Group key, 33 bytes. */
  key: Hex;
}

export interface FoundedCommittees {
  registry: Address;
  oracle: FoundedCommittee;
  treasury: FoundedCommittee;
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

type Terms = { name: string; threshold: number; parties: string[] };

const numbered = (count: number, name: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => name(i + 1));

const terms = {
  oracle: {
    name: 'oracle',
    threshold: reporterQuorum,
    parties: numbered(reporterCount, reporterKey),
  },
  treasury: {
    name: 'treasury',
    threshold: treasuryQuorum,
    parties: numbered(treasuryCount, treasuryKey),
  },
} satisfies Record<string, Terms>;

/** A folder for each party: fresh keys, sealed under a passphrase beside them. */
async function makeParties(plan: FoundingPlan, port: number, of: Terms): Promise<void> {
  const { parties } = venuePaths(plan.dir);
  const invitations = invite({
    ...of,
    chainId: plan.chainId,
    contract: plan.registry.toLowerCase() as Hex,
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

/** What a signer of a demonstration lets go by itself: little. All else needs a person. */
function demoPolicy() {
  const automatic = { instructionMax: '100', dayMax: '300' };
  const venue = { token: demoToken };
  const base = defaultPolicy(venue);
  return { ...base, tokens: { [demoToken.symbol]: { automatic } } };
}

/** Gives each signer of the treasury its policy. */
export async function writePolicies(dir: string): Promise<void> {
  for (const party of terms.treasury.parties) {
    await writeJsonAtomic(policyPath(join(venuePaths(dir).parties, party)), demoPolicy());
  }
}

/** What the venue's file says of its treasury. */
export function treasuryOf(
  { registry, treasury, relay }: FoundedCommittees,
  address: Address,
  account: number | undefined,
): Venue['treasury'] {
  const { candidate, key } = treasury;
  const { threshold, roster } = candidate;
  const id = committeeIds.treasury;
  return { address, registry, id, threshold, key, roster, relay, ...(account ? { account } : {}) };
}

/** What the parties told of their committee. @throws EnvironmentError CeremonyFailed */
function agreedOn(name: string, told: readonly Record<string, unknown>[]): FoundedCommittee {
  const [first] = told;
  const same = told.every(({ groupKey }) => groupKey === first?.groupKey);
  const life = told.find((each) => each.life !== undefined)?.life;
  if (first === undefined || !same || life === undefined) {
    const message = `the parties of the ${name} did not come to one key; start again with --fresh`;
    throw new EnvironmentError('CeremonyFailed', message, { retry: true });
  }
  const key = first.groupKey as Hex;
  return {
    candidate: {
      x: BigInt(`0x${key.slice(4)}`),
      isOdd: key.startsWith('0x03'),
      threshold: Number(first.threshold),
      size: Number(first.size),
      roster: first.roster as Hex,
    },
    life: groupSignature(life as Hex),
    key,
  };
}

/**
 * Starts relay, reporters and the treasury's signers, who make their committees' keys among
 * themselves; the launcher never sees a part of one.
 *
 * @throws EnvironmentError ServiceFailed, telling which party failed and why; CeremonyFailed
 */
export async function foundCommittees(plan: FoundingPlan): Promise<FoundedCommittees> {
  const { dir, start, registry } = plan;
  const port = await findFreePort();
  // Without a venue nothing depends on a committee that was made here before.
  rmSync(venuePaths(dir).parties, { recursive: true, force: true });
  await Promise.all([
    makeParties(plan, port, terms.oracle),
    makeParties(plan, port, terms.treasury),
  ]);
  const parties = { port };
  const [, reporters, signers] = await Promise.all([
    start(specs.relaySpec(dir, undefined, parties)),
    Promise.all(specs.reporterSpecs(dir, plan.kept, parties).map(start)),
    Promise.all(specs.treasurySpecs(dir, parties).map(start)),
  ]);
  return {
    registry,
    oracle: agreedOn('oracle', reporters),
    treasury: agreedOn('treasury', signers),
    relay: { host: loopback, port },
  };
}
