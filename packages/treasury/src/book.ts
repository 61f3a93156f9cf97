/** What a signer knows by itself: names, tokens and interfaces of the contracts it may meet. */
import {
  backstopAbi,
  breakerAbi,
  clearingHouseAbi,
  oracleAbi,
  parametersAbi,
  vaultAbi,
} from '@holdfast/abi';
import type { Venue } from '@holdfast/host';
import { EnvironmentError, formatDecimal } from '@holdfast/units';
import type { Abi, Address } from 'viem';
import type { Domain } from './instruction.ts';

export type Token = {
  readonly address: Address;
  readonly symbol: string;
  readonly decimals: number;
};

/** Everything by address in lower case. */
export type Book = Domain & {
  readonly registry: Address;
  readonly names: ReadonlyMap<string, string>;
  readonly tokens: ReadonlyMap<string, Token>;
  /** What accounts of the clearing house hold. */
  readonly collateral: Token;
  /** Interfaces by which calls are read. */
  readonly abis: ReadonlyMap<string, Abi>;
};

export type TreasuryOfVenue = NonNullable<Venue['treasury']>;

const abisOfVenue: Partial<Record<keyof Venue['contracts'], Abi>> = {
  clearingHouse: clearingHouseAbi as Abi,
  vault: vaultAbi as Abi,
  oracle: oracleAbi as Abi,
  breaker: breakerAbi as Abi,
  parameters: parametersAbi as Abi,
  backstop: backstopAbi as Abi,
};

export const lower = (address: string): string => address.toLowerCase();

/** The treasury of a venue. @throws EnvironmentError TreasuryMissing */
export function treasuryOf(venue: Venue): TreasuryOfVenue {
  if (venue.treasury !== undefined) return venue.treasury;
  const message = 'this venue has no treasury; its venue.json names none';
  throw new EnvironmentError('TreasuryMissing', message, { retry: false });
}

/**
 * What the venue file says, and what the signer adds.
 * @param names further addresses by name; a name that is taken stays what it was
 * @throws EnvironmentError TreasuryMissing
 */
export function bookOf(
  venue: Venue,
  names: Readonly<Record<string, Address>> = {},
  tokens: readonly Token[] = [],
): Book {
  const treasury = treasuryOf(venue);
  const known: [string, Address][] = [
    ...Object.entries(venue.contracts).filter(([, at]) => at !== undefined),
    ['sequencer', venue.sequencer],
    [venue.token.symbol, venue.contracts.token],
    ['treasury', treasury.address],
    ['committees', treasury.registry],
  ] as [string, Address][];
  const taken = new Set(known.map(([name]) => name));
  const more = Object.entries(names).filter(([name]) => !taken.has(name));
  const collateral = { address: venue.contracts.token, ...venue.token };
  const all = [...tokens, collateral];
  const abis = Object.entries(abisOfVenue).flatMap(([name, abi]) => {
    const at = venue.contracts[name as keyof Venue['contracts']];
    return at === undefined ? [] : [[lower(at), abi] as const];
  });
  return {
    chainId: venue.chainId,
    treasury: treasury.address,
    registry: treasury.registry,
    names: new Map([...more, ...known].map(([name, at]) => [lower(at), name])),
    tokens: new Map(all.map((each) => [lower(each.address), each])),
    collateral,
    abis: new Map(abis),
  };
}

/** Address of a name, or the address itself; undefined when it is neither. */
export function addressFor(book: Book, nameOrAddress: string): Address | undefined {
  if (/^0x[0-9a-fA-F]{40}$/.test(nameOrAddress)) return nameOrAddress as Address;
  for (const [at, name] of book.names) if (name === nameOrAddress) return at as Address;
  return undefined;
}

/** Token of a symbol or an address. */
export function tokenFor(book: Book, symbolOrAddress: string): Token | undefined {
  const wanted = symbolOrAddress.toLowerCase();
  const all = [...book.tokens.values()];
  return book.tokens.get(wanted) ?? all.find(({ symbol }) => symbol.toLowerCase() === wanted);
}

/** An address with its name where it has one. */
export function named(book: Book, address: string): string {
  const name = book.names.get(lower(address));
  return name === undefined ? address : `${name} (${address})`;
}

/** An amount with its symbol, and in the token's smallest units. */
export function shownAmount({ symbol, decimals }: Token, amount: bigint): string {
  return `${formatDecimal(amount, decimals)} ${symbol} (${amount} units)`;
}
