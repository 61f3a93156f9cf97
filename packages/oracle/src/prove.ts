/** Reports of either form: told apart by their length, proved as the venue's verifier does. */
import { fromHex, getUint, type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { oracleDomain, oracleDomainSeparator } from './digest.ts';
import {
  decodeSignedReport,
  reportDomain,
  reportDomainSeparator,
  verifySignedReport,
} from './group.ts';
import { decodeReport, type Quorum, quoteBytes, verifyQuorum } from './report.ts';
import type { Observation } from './types.ts';

/** Address (any letter case) behind a 64-byte signature of a digest, undefined when nobody's. */
export type RecoverSigner = (digest: Uint8Array, signature: Uint8Array) => string | undefined;

/** Whose word a report is. */
export type ReportAuthority =
  | { readonly kind: 'quorum'; readonly quorum: Quorum; readonly recover: RecoverSigner }
  | {
      readonly kind: 'committee';
      /** Separator of the verifier's domain. */
      readonly separator: Uint8Array;
      /**
       * Group key in force, 33 bytes; undefined when there is none.
       * @param again the key that was given did not fit: it may have been changed
       */
      readonly key: (again: boolean) => Promise<Hex | undefined>;
    };

/** What of a venue says whose word its reports are. */
export type ReportVenue = {
  readonly chainId: number;
  readonly contracts: { readonly verifier: Hex };
  readonly reporters: { readonly k: number; readonly addresses: readonly Hex[] };
  readonly committee?: object | undefined;
};

/** The authority of a venue: its committee if it has one, else its reporters one by one. */
export function reportAuthority(
  venue: ReportVenue,
  recover: RecoverSigner,
  key: (again: boolean) => Promise<Hex | undefined>,
): ReportAuthority {
  const { chainId, contracts } = venue;
  if (venue.committee !== undefined) {
    const separator = reportDomainSeparator(reportDomain(chainId, contracts.verifier));
    return { kind: 'committee', separator, key };
  }
  return { kind: 'quorum', quorum: observationQuorum(venue), recover };
}

/** Who observes for a venue, and how many must. */
export function observationQuorum({ chainId, contracts, reporters }: ReportVenue): Quorum {
  const separator = oracleDomainSeparator(oracleDomain(chainId, contracts.verifier));
  return { k: reporters.k, signers: reporters.addresses, separator };
}

const headBytes = 10;
const groupSignatureBytes = 96;

function isSigned(bytes: Uint8Array): boolean {
  if (bytes.length < headBytes) return false;
  const end = headBytes + getUint(bytes, headBytes - 1, 1) * quoteBytes;
  // No list of observations has this length: 95 bytes are no whole number of them.
  return bytes.length === end + groupSignatureBytes;
}

/**
 * Reads a report of either form without judging medians and signatures.
 * @returns its medians, or why it is none: `ReportMalformed`, `MarketsUnordered`, `SignatureWrong`
 */
export function readReport(bytes: Uint8Array): Observation | Rejection {
  const report = isSigned(bytes) ? decodeSignedReport(bytes) : decodeReport(bytes);
  if (isRejection(report)) return report;
  const { round, time, quotes } = report;
  return { round, time, quotes };
}

/**
 * Reads a report and proves it as the chain would.
 * @returns its medians, or the chain's reason for refusing it; `CommitteeMissing` when there is no
 * key in force
 */
export async function proveReport(
  bytes: Uint8Array,
  authority: ReportAuthority,
): Promise<Observation | Rejection> {
  const unproved =
    authority.kind === 'quorum'
      ? proveQuorum(bytes, authority.quorum, authority.recover)
      : await proveSigned(bytes, authority);
  return unproved ?? readReport(bytes);
}

function proveQuorum(
  bytes: Uint8Array,
  quorum: Quorum,
  recover: RecoverSigner,
): Rejection | undefined {
  const report = decodeReport(bytes);
  return isRejection(report) ? report : verifyQuorum(report, quorum, recover);
}

async function proveSigned(
  bytes: Uint8Array,
  { separator, key }: ReportAuthority & { readonly kind: 'committee' },
): Promise<Rejection | undefined> {
  const report = decodeSignedReport(bytes);
  if (isRejection(report)) return report;
  let first: Hex | undefined;
  for (const again of [false, true]) {
    const found = await key(again);
    if (found === undefined) return reject('CommitteeMissing', 'the committee has no key in force');
    // An unchanged key gives the same answer.
    if (found === first) break;
    first = found;
    const no = verifySignedReport(report, { key: fromHex(found), separator });
    if (no === undefined) return undefined;
  }
  return reject('SignatureWrong', 'the committee did not sign this report');
}
