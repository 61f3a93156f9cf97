import { join } from 'node:path';
import {
  ensurePrivateDir,
  type Faucet,
  gatewayKey,
  loadOrCreateKey,
  narrowKeyFiles,
  venuePaths,
} from '@holdfast/host';
import { guardianKey, sentinelPaths } from '@holdfast/sentinel';
import type { Address, LocalAccount } from 'viem';

/** Keys of a venue by role. */
export interface VenueKeys {
  deployer: LocalAccount;
  governor: LocalAccount;
  guardian: LocalAccount;
  sequencer: LocalAccount;
  node: LocalAccount;
  keeper: LocalAccount;
  steward: LocalAccount;
  /** Each in a folder of its own: see {@link sentinelFolder}. */
  sentinels: LocalAccount[];
  reporters: LocalAccount[];
  traders: LocalAccount[];
}

/** Reporters of a local venue and how many must agree. */
export const reporterCount = 5;
export const reporterQuorum = 3;

/** Signers of a local venue's treasury and how many must agree. */
export const treasuryCount = 3;
export const treasuryQuorum = 2;

/** Name of the nth (from 1) reporter's, treasury signer's or trader's key. */
export const reporterKey = (n: number): string => `reporter-${n}`;
export const treasuryKey = (n: number): string => `treasury-${n}`;
export const traderKey = (n: number): string => `trader-${n}`;

/** Name of the nth (from 1) sentinel. */
export const sentinelName = (n: number): string => `sentinel-${n}`;
/** Folder of a sentinel: its key and settings, and nothing of anybody else's. */
export const sentinelFolder = (dir: string, n: number): string =>
  join(venuePaths(dir).dir, 'sentinels', sentinelName(n));

/** Opens the keys, making those that are not there yet. @param dir folder of the venue */
export async function openKeys(
  dir: string,
  { traders, gateways, sentinels }: { traders: number; gateways: number; sentinels: number },
): Promise<VenueKeys> {
  const { keys } = venuePaths(dir);
  const open = (name: string): Promise<LocalAccount> => loadOrCreateKey(keys, name);
  const numbered = (count: number, name: (n: number) => string): Promise<LocalAccount[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => open(name(i + 1))));
  const [deployer, governor, guardian, sequencer, node, keeper, steward] = await Promise.all([
    open('deployer'),
    open('governor'),
    open('guardian'),
    open('sequencer'),
    open('node'),
    open('keeper'),
    open('steward'),
  ]);
  const reporters = await numbered(reporterCount, reporterKey);
  const traderKeys = await numbered(traders, traderKey);
  // Secrets of links: they sign nothing.
  await numbered(gateways, (n) => gatewayKey(`${n}`));
  const sentinelKeys = await Promise.all(
    Array.from({ length: sentinels }, (_, i) => openSentinelKey(sentinelFolder(dir, i + 1))),
  );
  const roles = { deployer, governor, guardian, sequencer, node, keeper, steward };
  return { ...roles, sentinels: sentinelKeys, reporters, traders: traderKeys };
}

/** The key of a sentinel in its own folder. */
async function openSentinelKey(folder: string): Promise<LocalAccount> {
  const { keys } = sentinelPaths(folder);
  ensurePrivateDir(folder);
  const account = await loadOrCreateKey(keys, guardianKey);
  narrowKeyFiles(keys);
  return account;
}

/** Gives gas to everyone who sends transactions. */
export async function fundKeys(faucet: Faucet, keys: VenueKeys): Promise<void> {
  const { deployer, governor, guardian, sequencer, keeper, steward, traders, sentinels } = keys;
  const processes = [sequencer, keeper, steward, ...sentinels];
  const senders = [deployer, governor, guardian, ...processes, ...traders];
  const addresses: Address[] = senders.map((account) => account.address);
  await Promise.all(addresses.map((address) => faucet.gas(address, 10n ** 22n)));
}
