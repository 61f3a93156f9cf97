/** Logs as events of the venue, their packed bytes opened. Pure. */
import {
  backstopAbi,
  breakerAbi,
  clearingHouseAbi,
  committeesAbi,
  forcedQueueAbi,
  oracleAbi,
  parametersAbi,
  stewardAbi,
  vaultAbi,
  venueAccessAbi,
  venueGovernorAbi,
} from '@holdfast/abi';
import {
  EnvironmentError,
  fromHex,
  getInt,
  getSignedBig,
  getUint,
  type Hex,
} from '@holdfast/units';
import { type Abi, decodeEventLog } from 'viem';
import type { RawLog } from '../chain/wire.ts';
import type { QuoteRow, SettledOrder, Source, TouchedAccount, VenueEvent } from '../rule.ts';

const abis: Readonly<Record<Source, Abi>> = {
  clearingHouse: clearingHouseAbi as Abi,
  vault: vaultAbi as Abi,
  breaker: breakerAbi as Abi,
  parameters: parametersAbi as Abi,
  steward: stewardAbi as Abi,
  oracle: oracleAbi as Abi,
  forcedQueue: forcedQueueAbi as Abi,
  backstop: backstopAbi as Abi,
  committees: committeesAbi as Abi,
  votes: venueGovernorAbi as Abi,
  access: venueAccessAbi as Abi,
};

/** Contracts by their address, lower case. */
export type Sources = ReadonlyMap<Hex, Source>;

const headBytes = 21;
const sizeBytes = 8;
const quoteBytes = 25;
const orderBytes = 15;

/** id u32 | count u8 | cash i128 | count × (market u8, size i56) */
export function openAccounts(hex: string): TouchedAccount[] {
  const data = fromHex(hex);
  const rows: TouchedAccount[] = [];
  let at = 0;
  while (at < data.length) {
    const count = getUint(data, at + 4, 1);
    const account = getUint(data, at, 4);
    const cashAfter = getSignedBig(data, at + 5, 16);
    at += headBytes;
    const sizes: [number, number][] = [];
    for (let i = 0; i < count; i += 1, at += sizeBytes) {
      sizes.push([getUint(data, at, 1), Number(getSignedBig(data, at + 1, 7))]);
    }
    rows.push({ account, cashAfter, sizes });
  }
  return rows;
}

/** market u8 | price u32 | mark u32 | rate i32 | index i96 */
export function openQuotes(hex: string): QuoteRow[] {
  const data = fromHex(hex);
  const rows: QuoteRow[] = [];
  for (let at = 0; at < data.length; at += quoteBytes) {
    rows.push({
      market: getUint(data, at, 1),
      price: getUint(data, at + 1, 4),
      mark: getUint(data, at + 5, 4),
      rate: getInt(data, at + 9, 4),
      indexAfter: getSignedBig(data, at + 13, 12),
    });
  }
  return rows;
}

/** account u32 | lane u16 | seq u32 | filled after u40 */
export function openOrders(hex: string): SettledOrder[] {
  const data = fromHex(hex);
  const rows: SettledOrder[] = [];
  for (let at = 0; at < data.length; at += orderBytes) {
    rows.push({
      account: getUint(data, at, 4),
      lane: getUint(data, at + 4, 2),
      seq: getUint(data, at + 6, 4),
      filledAfter: getUint(data, at + 10, 5),
    });
  }
  return rows;
}

const addressPattern = /^0x[0-9a-fA-F]{40}$/;

/** Addresses in lower case, inside lists and records too. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return addressPattern.test(value) ? value.toLowerCase() : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function opened(name: string, args: Readonly<Record<string, unknown>>): Partial<VenueEvent> {
  if (name === 'Refreshed') return { quotes: openQuotes(args.quotes as string) };
  if (name === 'Touched') return { accounts: openAccounts(args.accounts as string) };
  if (name !== 'Settled') return {};
  const accounts = openAccounts(args.accounts as string);
  return { accounts, orders: openOrders(args.orders as string) };
}

/**
 * The event of a log; undefined when no interface of its contract knows it.
 *
 * @throws EnvironmentError LogMalformed when packed bytes do not open: another version, or a lie
 */
export function decodeLog(sources: Sources, log: RawLog): VenueEvent | undefined {
  const source = sources.get(log.address);
  if (source === undefined) return undefined;
  let name: string;
  let args: Readonly<Record<string, unknown>>;
  try {
    const topics = log.topics as [Hex, ...Hex[]];
    const decoded = decodeEventLog({ abi: abis[source], data: log.data, topics });
    name = String(decoded.eventName);
    args = plain(decoded.args ?? {}) as typeof args;
  } catch {
    return undefined;
  }
  try {
    const place = { txHash: log.transactionHash, logIndex: log.logIndex };
    return { source, name, args, ...place, ...opened(name, args) };
  } catch (cause) {
    const text = `${name} in ${log.transactionHash} does not open: other contracts`;
    throw new EnvironmentError('LogMalformed', text, { cause });
  }
}
