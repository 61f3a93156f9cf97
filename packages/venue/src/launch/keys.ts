import { type Faucet, gatewayKey, loadOrCreateKey } from '@holdfast/host';
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

/** Opens the keys, making those that are not there yet. */
export async function openKeys(dir: string, traders: number, gateways = 0): Promise<VenueKeys> {
  const open = (name: string): Promise<LocalAccount> => loadOrCreateKey(dir, name);
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
  const own = { deployer, governor, guardian, sequencer, node, keeper, steward };
  return { ...own, reporters, traders: traderKeys };
}

/** Gives gas to everyone who sends transactions. */
export async function fundKeys(faucet: Faucet, keys: VenueKeys): Promise<void> {
  const { deployer, governor, guardian, sequencer, keeper, steward, traders } = keys;
  const senders = [deployer, governor, guardian, sequencer, keeper, steward, ...traders];
  const addresses: Address[] = senders.map((account) => account.address);
  await Promise.all(addresses.map((address) => faucet.gas(address, 10n ** 22n)));
}
