/** EIP-712 digests of observations. */

import type { MarketId } from '@holdfast/units';
import { domainSeparator, type Hex, keccak256, putInt, typedDigest, utf8 } from '@holdfast/units';
import type { MarketValue, Observation } from './types.ts';

/** Typed-data definition in the shape that wallets take. */
export const observationTypes = {
  Observation: [
    { name: 'round', type: 'uint32' },
    { name: 'time', type: 'uint40' },
    { name: 'markets', type: 'bytes' },
    { name: 'values', type: 'bytes' },
  ],
} as const;

/** The typed-data domain in which reporters sign. */
export type OracleDomain = {
  readonly name: 'Holdfast Oracle';
  readonly version: '1';
  readonly chainId: number;
  readonly verifyingContract: Hex;
};

/** Domain of the verifier at `verifier` on `chainId`. */
export const oracleDomain = (chainId: number, verifier: Hex): OracleDomain => ({
  name: 'Holdfast Oracle',
  version: '1',
  chainId,
  verifyingContract: verifier,
});

const typeHash = keccak256(
  utf8('Observation(uint32 round,uint40 time,bytes markets,bytes values)'),
);
/** hashStruct(EIP712Domain) of the oracle, 32 bytes. */
export const oracleDomainSeparator = (of: OracleDomain): Uint8Array => domainSeparator(of);

/** Market ids, one byte each. */
export const packMarkets = (markets: readonly MarketId[]): Uint8Array => Uint8Array.from(markets);

/** Bytes of one packed value: price u32 | mark u32 | rate i32. */
export const valueBytes = 12;

/** price u32 | mark u32 | rate i32 of every value. */
export function packValues(values: readonly MarketValue[]): Uint8Array {
  const out = new Uint8Array(valueBytes * values.length);
  values.forEach((value, i) => {
    putInt(out, valueBytes * i, 4, value.price);
    putInt(out, valueBytes * i + 4, 4, value.mark);
    putInt(out, valueBytes * i + 8, 4, value.rate);
  });
  return out;
}

/** What a reporter signs, 32 bytes. Assumes markets strictly ascending. */
export const observationDigest = (separator: Uint8Array, of: Observation): Uint8Array =>
  partDigest(separator, of, of.quotes, packMarkets(of.quotes.map((quote) => quote.market)));

/** As {@link observationDigest}, from the parts that a report holds. */
export function partDigest(
  separator: Uint8Array,
  of: Pick<Observation, 'round' | 'time'>,
  values: readonly MarketValue[],
  markets: Uint8Array,
): Uint8Array {
  const words = new Uint8Array(160);
  words.set(typeHash, 0);
  putInt(words, 58, 6, of.round);
  putInt(words, 90, 6, of.time);
  words.set(keccak256(markets), 96);
  words.set(keccak256(packValues(values)), 128);
  return typedDigest(separator, keccak256(words));
}
