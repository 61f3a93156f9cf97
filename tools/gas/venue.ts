/** The venue deployed on a fresh chain, with accounts, keys and reporters fixed by number. */

import {
  assembleReport,
  encodeReport,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
} from '@holdfast/oracle';
import {
  addressOf,
  type BatchFill,
  domain,
  domainSeparator,
  isProtocol,
  type Order,
  orderDigest,
  packFill,
  packOrder,
  signDigest,
} from '@holdfast/order';
import { concatBytes, type Hex, keccak256, toHex } from '@holdfast/units';
import { type Address, getContractAddress, zeroAddress } from 'viem';
import { artifact, type Chain, chainId, deploy, deployer, guardian, transact } from './chain.ts';
import { committeeReport, oracleId } from './committee.ts';

/** Parameters of the market that is measured. */
export const parameters = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 10 ** 9,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 900_000,
  concentrationPpm: 100_000,
  concentrationCapPpm: 200_000,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 60,
  liquidationPartPpm: 100_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 100_000,
};
/** Budget of an hour while the vault is young, quote units. */
export const hourFloorQuote = 10n ** 12n;
const windows = {
  hourFloorQuote,
  dayFloorQuote: 10n ** 13n,
  hourPpm: 10_000n,
  dayPpm: 100_000n,
};
const vaultRules = {
  reservePpm: 200_000n,
  smallPpm: 1_000n,
  smallFloorQuote: 10n ** 9n,
  largePpm: 500_000n,
  delaySeconds: 3_600n,
  vetoSeconds: 259_200n,
};
const breakerLimits = {
  haltSecondsMax: 86_400n,
  quorumMin: 2n,
  silenceSeconds: 0n,
  holdSecondsMax: 86_400n,
  clearDelaySeconds: 3_600n,
  guardianDelaySeconds: 86_400n,
};
const delaySeconds = 172_800n;
const modules = [
  'RosterModule',
  'CustodyModule',
  'LiquidationModule',
  'WaterfallModule',
  'TriggerModule',
  'ForcedModule',
  'ExitModule',
];
const forcedTerms = [3_600, 3_600, 10n ** 14n] as const;
const quorum = 3;
const reporters = 5;

/** A deployed venue; `owners` are the secret keys of account 2, 3, … */
export type Venue = {
  readonly chain: Chain;
  readonly clearingHouse: Address;
  readonly token: Address;
  readonly vault: Address;
  readonly forcedQueue: Address;
  readonly backstop: Address;
  readonly oracle: Address;
  readonly breaker: Address;
  readonly parameters: Address;
  readonly separator: Uint8Array;
  readonly oracleSeparator: Uint8Array;
  readonly reporterKeys: readonly Uint8Array[];
  readonly verifier: Address;
  /** How many. */
  readonly markets: number;
  /** Whether reports carry one signature of a committee. */
  readonly isCommittee: boolean;
  readonly keys: Map<number, Uint8Array>;
  round: number;
  number: bigint;
  head: Hex;
};

const keyOf = (name: string): Uint8Array => keccak256(new TextEncoder().encode(name));

/**
 * Deploys everything: 3 of 5 reporters, the deployer is the sequencer.
 * @param registry of the committee that signs reports instead
 */
export async function deployVenue(
  chain: Chain,
  markets: readonly (typeof parameters)[] = [parameters],
  registry?: Address,
): Promise<Venue> {
  const reporterKeys = Array.from({ length: reporters }, (_, i) => keyOf(`reporter ${i}`)).sort(
    (a, b) => (addressOf(a) < addressOf(b) ? -1 : 1),
  );
  const nonce = await chain.client.getTransactionCount({ address: deployer });
  const later = (count: number): Address =>
    getContractAddress({ from: deployer, nonce: BigInt(nonce + 7 + modules.length + count) });
  const [clearingHouse, backstop] = [later(0), later(1)];
  const token = await deploy(chain, 'TestToken', ['Test Dollar', 'TUSD', 6]);
  const venue = {
    sequencer: deployer,
    quietSeconds: 30,
    reportSkewSecondsMax: 30,
    profitHaircutPpm: 100_000,
  };
  const own = [deployer, delaySeconds, venue, markets, zeroAddress];
  const params = await deploy(chain, 'Parameters', own);
  const breaker = await deploy(chain, 'Breaker', [params, [deployer, guardian], breakerLimits]);
  const verifier =
    registry === undefined
      ? await deploy(chain, 'QuorumVerifier', [quorum, reporterKeys.map(addressOf)])
      : await deploy(chain, 'CommitteeVerifier', [registry, oracleId]);
  const vault = await deploy(chain, 'Vault', [token, clearingHouse, breaker, windows, vaultRules]);
  const oracle = await deploy(chain, 'Oracle', [clearingHouse, params, verifier, delaySeconds]);
  const forcedQueue = await deploy(chain, 'ForcedQueue', [clearingHouse, ...forcedTerms]);
  const config = { vault, oracle, breaker, parameters: params, forcedQueue };
  const parts: Address[] = [];
  for (const name of modules) {
    const own = { WaterfallModule: backstop, CustodyModule: deployer }[name];
    const more = own === undefined ? [] : [own];
    parts.push(await deploy(chain, name, [config, ...more]));
  }
  const deployed = await deploy(chain, 'ClearingHouse', [config, parts]);
  if (deployed.toLowerCase() !== clearingHouse.toLowerCase()) throw new Error('address moved');
  const arguments_ = [clearingHouse, vault, oracle, params, delaySeconds];
  const placed = await deploy(chain, 'Backstop', arguments_);
  if (placed.toLowerCase() !== backstop.toLowerCase()) throw new Error('backstop moved');
  const lower = (address: Address) => address.toLowerCase() as Hex;
  return {
    chain,
    clearingHouse,
    token,
    vault,
    forcedQueue,
    backstop,
    oracle,
    breaker,
    parameters: params,
    separator: domainSeparator(domain(chainId, lower(clearingHouse))),
    oracleSeparator: oracleDomainSeparator(oracleDomain(chainId, lower(verifier))),
    reporterKeys,
    verifier: lower(verifier),
    markets: markets.length,
    isCommittee: registry !== undefined,
    keys: new Map(),
    round: 0,
    number: 0n,
    head: `0x${'00'.repeat(32)}`,
  };
}

/** A call to the clearing house; returns its gas. */
export const call = (venue: Venue, fn: string, args: readonly unknown[], from?: Address) =>
  transact(venue.chain, { name: 'IVenue', address: venue.clearingHouse }, fn, args, from);

/** Opens the next account, owned by a key of its own or by somebody else. */
export async function openAccount(venue: Venue, owner?: Address): Promise<number> {
  const id = 2 + venue.keys.size;
  const key = keyOf(`owner ${id}`);
  venue.keys.set(id, key);
  await call(venue, 'openAccount', [owner ?? addressOf(key)]);
  return id;
}

/** Address that owns an account. */
export const ownerOf = (venue: Venue, id: number): Address =>
  addressOf(venue.keys.get(id) as Uint8Array);

/** Mints for the deployer, who approves the vault once. */
export async function fund(venue: Venue, amount: bigint): Promise<void> {
  const token = { name: 'TestToken', address: venue.token };
  await transact(venue.chain, token, 'mint', [deployer, amount]);
  await transact(venue.chain, token, 'approve', [venue.vault, amount]);
}

/**
 * The next report, observed at the time of the next block by the quorum.
 *
 * @param more marks (default: the prices) and rates of funding by market
 */
export function report(
  venue: Venue,
  prices: number | readonly number[],
  more: { readonly marks?: readonly number[]; readonly rates?: readonly number[] } = {},
): Hex {
  venue.round += 1;
  const list = typeof prices === 'number' ? [prices] : prices;
  const quotes = list.map((price, market) => {
    return {
      market,
      price,
      mark: more.marks?.[market] ?? price,
      rate: more.rates?.[market] ?? 1_234,
    };
  });
  const base = { round: venue.round, time: venue.chain.time, quotes } as never as Parameters<
    typeof observationDigest
  >[1];
  if (venue.isCommittee) return committeeReport(venue.verifier, base);
  const digest = observationDigest(venue.oracleSeparator, base);
  const signed = venue.reporterKeys.slice(0, quorum).map((key) => ({
    ...base,
    signer: addressOf(key),
    signature: signDigest(digest, key),
  }));
  const assembled = assembleReport(signed, quorum);
  if ('code' in assembled) throw new Error(assembled.message);
  return toHex(encodeReport(assembled));
}

/** A fill that names its orders. */
export type Fill = { maker: Order; taker: Order; lots: number; price: number };

/**
 * The next batch, of orders (sorted here) and fills.
 *
 * @param keyOfOrder who signs an order; by default the owner
 */
export function batchOf(
  venue: Venue,
  orders: readonly Order[],
  fills: readonly Fill[],
  more: { readonly report?: Hex; readonly keyOfOrder?: (order: Order) => Uint8Array } = {},
) {
  const { keyOfOrder = ({ account }: Order) => venue.keys.get(account) as Uint8Array } = more;
  const sorted = [...orders].sort((a, b) => a.account - b.account || a.lane - b.lane);
  const place = new Map(sorted.map((order, i) => [order, i]));
  const packed = sorted.map((order) => {
    // Nobody signs for the protocol.
    if (isProtocol(order)) return packOrder({ ...order, signature: new Uint8Array(64) });
    const digest = orderDigest(venue.separator, order);
    return packOrder({ ...order, signature: signDigest(digest, keyOfOrder(order)) });
  });
  const packedFills = fills.map(({ maker, taker, ...rest }) =>
    packFill({ ...rest, maker: place.get(maker), taker: place.get(taker) } as never as BatchFill),
  );
  return {
    number: venue.number + 1n,
    previous: venue.head,
    receipts: toHex(keyOf(`receipts ${venue.number}`)),
    report: more.report ?? ('0x' as Hex),
    orders: toHex(concatBytes(...packed)),
    fills: toHex(concatBytes(...packedFills)),
    signatures: '0x' as Hex,
  };
}

/** Settles a batch with a report of its own. @returns the gas */
export async function settle(
  venue: Venue,
  orders: readonly Order[],
  fills: readonly Fill[],
  price: number | readonly number[],
): Promise<number> {
  const gas = await call(venue, 'settle', [
    batchOf(venue, orders, fills, { report: report(venue, price) }),
  ]);
  venue.number += 1n;
  venue.head = (await venue.chain.client.readContract({
    address: venue.clearingHouse,
    abi: artifact('ClearingHouse').abi,
    functionName: 'batchHead',
  })) as Hex;
  return gas;
}
