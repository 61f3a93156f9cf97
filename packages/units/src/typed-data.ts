/** EIP-712: the two hashes that every typed message of this project shares. */
import { concatBytes, fromHex, type Hex, keccak256, putBig } from './bytes.ts';

/** A typed-data domain without a salt. */
export type TypedDomain = {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Hex;
};

/** Text as UTF-8 bytes. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const domainTypeHash = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
);

/** hashStruct(EIP712Domain), 32 bytes. */
export function domainSeparator(of: TypedDomain): Uint8Array {
  const words = new Uint8Array(160);
  words.set(domainTypeHash, 0);
  words.set(keccak256(utf8(of.name)), 32);
  words.set(keccak256(utf8(of.version)), 64);
  putBig(words, 96, 32, BigInt(of.chainId));
  words.set(fromHex(of.verifyingContract), 140);
  return keccak256(words);
}

/** keccak(0x1901 ‖ separator ‖ structHash), 32 bytes. */
export function typedDigest(separator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak256(concatBytes(Uint8Array.of(0x19, 0x01), separator, structHash));
}
