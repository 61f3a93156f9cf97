/**
 * Reports under one group signature, the twin of CommitteeVerifier. As bytes, big endian: round u32
 * | time u40 | m u8 | m × (market u8, price u32, mark u32, rate i32) | rx 32 | ry 32 | z 32.
 */

import {
  concatBytes,
  domainSeparator,
  type Hex,
  isRejection,
  keccak256,
  putInt,
  type Rejection,
  reject,
  typedDigest,
  utf8,
} from '@holdfast/units';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import { ascending, malformed, packHead, quoteBytes, readHead } from './report.ts';
import type { Observation } from './types.ts';

/** Typed-data definition in the shape that wallets take. */
export const reportTypes = {
  Report: [
    { name: 'round', type: 'uint32' },
    { name: 'time', type: 'uint40' },
    { name: 'quotes', type: 'bytes' },
  ],
} as const;

/** The typed-data domain in which a committee signs reports. */
export type ReportDomain = {
  readonly name: 'Holdfast Reports';
  readonly version: '1';
  readonly chainId: number;
  readonly verifyingContract: Hex;
};

/** Domain of the CommitteeVerifier at `verifier` on `chainId`. */
export const reportDomain = (chainId: number, verifier: Hex): ReportDomain => ({
  name: 'Holdfast Reports',
  version: '1',
  chainId,
  verifyingContract: verifier,
});

/** hashStruct(EIP712Domain) of signed reports, 32 bytes. */
export const reportDomainSeparator = (of: ReportDomain): Uint8Array => domainSeparator(of);

/** Medians under a group signature; `signature` is 65 bytes: R compressed, z (RFC 9591). */
export type SignedReport = Observation & { readonly signature: Uint8Array };

const typeHash = keccak256(utf8('Report(uint32 round,uint40 time,bytes quotes)'));
const headBytes = 10;
const signatureBytes = 96;
const { Point } = secp256k1;

/** What a committee signs, 32 bytes. Assumes markets strictly ascending. */
export function reportDigest(separator: Uint8Array, of: Observation): Uint8Array {
  const words = new Uint8Array(128);
  words.set(typeHash, 0);
  putInt(words, 58, 6, of.round);
  putInt(words, 90, 6, of.time);
  words.set(keccak256(packHead(of).subarray(headBytes)), 96);
  return typedDigest(separator, keccak256(words));
}

/**
 * A group signature as contracts take it, 96 bytes: R with both coordinates, then z.
 * @returns a rejection `SignatureWrong` unless it has 65 bytes and R is a point.
 */
export function expandSignature(signature: Uint8Array): Uint8Array | Rejection {
  try {
    const point = Point.fromBytes(signature.subarray(0, 33)).toBytes(false);
    if (signature.length === 65) return concatBytes(point.subarray(1), signature.subarray(33));
  } catch {
    // Not a point: said below.
  }
  return reject('SignatureWrong', 'a group signature is a compressed point and 32 bytes');
}

/**
 * The report as bytes.
 * @returns a rejection `MarketsUnordered` or `SignatureWrong` when the parts are no report.
 */
export function encodeSignedReport(report: SignedReport): Uint8Array | Rejection {
  if (!ascending(report.quotes.map(({ market }) => market))) {
    return reject('MarketsUnordered', 'markets of a report must ascend');
  }
  const signature = expandSignature(report.signature);
  return isRejection(signature) ? signature : concatBytes(packHead(report), signature);
}

/**
 * Reads a signed report; no byte may be left over. The signature is not judged, see
 * {@link verifySignedReport}.
 * @returns the report, or a rejection `ReportMalformed(found, required)`, `MarketsUnordered` or
 * `SignatureWrong` (R is not on the curve).
 */
export function decodeSignedReport(bytes: Uint8Array): SignedReport | Rejection {
  if (bytes.length < headBytes) return malformed(bytes.length, headBytes);
  const count = bytes[headBytes - 1]!;
  if (count === 0) return malformed(bytes.length, headBytes + quoteBytes);
  const end = headBytes + count * quoteBytes;
  if (bytes.length !== end + signatureBytes) return malformed(bytes.length, end + signatureBytes);
  const head = readHead(bytes, count);
  if (!ascending(head.quotes.map(({ market }) => market))) {
    return reject('MarketsUnordered', 'markets of a report must ascend');
  }
  try {
    const point = Point.fromBytes(concatBytes(Uint8Array.of(4), bytes.subarray(end, end + 64)));
    const signature = concatBytes(point.toBytes(true), bytes.subarray(end + 64));
    return { ...head, signature };
  } catch {
    return reject('SignatureWrong', 'the first half of the signature is no point of the curve');
  }
}

/** Whose signature a report needs. */
export type ReportGroup = {
  /** Group key, 33 bytes compressed. */
  readonly key: Uint8Array;
  /** {@link reportDomainSeparator} of the verifier. */
  readonly separator: Uint8Array;
};

/**
 * Judges the signature exactly as CommitteeVerifier does.
 * @returns undefined when the group signed the report, otherwise a rejection `SignatureWrong`.
 */
export function verifySignedReport(
  report: SignedReport,
  { key, separator }: ReportGroup,
): Rejection | undefined {
  try {
    const digest = reportDigest(separator, report);
    if (secp256k1_FROST.verify(report.signature, digest, key)) return undefined;
  } catch {
    // Bytes that are no scalar or no point: the library throws, and nothing is signed.
  }
  return reject('SignatureWrong', 'the committee did not sign this report');
}
