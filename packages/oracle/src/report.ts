/**
 * Reports as bytes, big endian: round u32 | time u40 | m u8 | m × (market u8, then the medians of
 * price u32, mark u32, rate i32) | n u8 | n × ( m × (price u32, mark u32, rate i32), r 32, vs 32 ).
 */
import {
  concatBytes,
  getInt,
  getUint,
  type Hex,
  invariant,
  type MarketId,
  type PpmPerDay,
  putInt,
  type Rejection,
  type Round,
  reject,
  type Seconds,
  type Ticks,
} from '@holdfast/units';
import { packMarkets, packValues, partDigest, valueBytes } from './digest.ts';
import type {
  DecodedReport,
  MarketQuote,
  MarketValue,
  Observation,
  ReportPart,
  SignedObservation,
} from './types.ts';

const headBytes = 10;
/** market u8 | price u32 | mark u32 | rate i32. */
export const quoteBytes = 13;
const signatureBytes = 64;

/** Element (n - 1) / 2, rounded down, of the ascending order. Assumes at least one value. */
export function lowerMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1];
  invariant(median !== undefined, 'a median needs a value');
  return median;
}

/** Lower medians of each field on its own, per market. Assumes the same markets in every part. */
function medians(markets: readonly MarketId[], parts: readonly ReportPart[]): MarketQuote[] {
  return markets.map((market, i) => {
    const column = (field: keyof MarketValue) =>
      lowerMedian(parts.map((part) => part.values[i]?.[field] as number));
    const [price, mark] = [column('price') as Ticks, column('mark') as Ticks];
    return { market, price, mark, rate: column('rate') as PpmPerDay };
  });
}

/**
 * Assembles a report of every observation given: sorted by signer, medians computed.
 * @param k observations that a quorum needs.
 * @returns the report, or a rejection `QuorumShort` (fewer than k different signers) or
 * `ReportMalformed` (rounds, times or markets differ) or `MarketsUnordered`.
 */
export function assembleReport(
  observations: readonly SignedObservation[],
  k: number,
): DecodedReport | Rejection {
  const bySigner = new Map(observations.map((each) => [each.signer.toLowerCase(), each]));
  const sorted = [...bySigner.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, o]) => o);
  const first = sorted[0];
  if (first === undefined || sorted.length < k) {
    return reject('QuorumShort', `${sorted.length} of ${k} reporters have spoken`, {
      found: sorted.length,
      required: k,
    });
  }
  const markets = first.quotes.map((quote) => quote.market);
  const marketsOf = (of: SignedObservation) => of.quotes.map((quote) => quote.market).join();
  for (const each of sorted) {
    const same =
      each.round === first.round && each.time === first.time && marketsOf(each) === markets.join();
    if (!same) return reject('ReportMalformed', 'observations of different rounds do not mix');
  }
  if (!ascending(markets)) return reject('MarketsUnordered', 'markets must ascend');
  const parts = sorted.map(({ quotes, signature }) => ({
    values: quotes.map(({ price, mark, rate }) => ({ price, mark, rate })),
    signature,
  }));
  return {
    round: first.round,
    time: first.time,
    quotes: medians(markets, parts),
    observations: parts,
  };
}

/** At least one, each once, from low to high. */
export const ascending = (markets: readonly number[]): boolean =>
  markets.length > 0 && markets.every((m, i) => i === 0 || m > (markets[i - 1] as number));

/** round u32 | time u40 | m u8 | m × (market u8, price u32, mark u32, rate i32). */
export function packHead(of: Observation): Uint8Array {
  const head = new Uint8Array(headBytes + of.quotes.length * quoteBytes);
  putInt(head, 0, 4, of.round);
  putInt(head, 4, 5, of.time);
  putInt(head, 9, 1, of.quotes.length);
  of.quotes.forEach((quote, i) => {
    const at = headBytes + i * quoteBytes;
    putInt(head, at, 1, quote.market);
    putInt(head, at + 1, 4, quote.price);
    putInt(head, at + 5, 4, quote.mark);
    putInt(head, at + 9, 4, quote.rate);
  });
  return head;
}

/** Twin of {@link packHead}. Assumes that so many quotes are there. */
export const readHead = (bytes: Uint8Array, count: number): Observation => ({
  round: getUint(bytes, 0, 4) as Round,
  time: getUint(bytes, 4, 5) as Seconds,
  quotes: Array.from({ length: count }, (_, i) => {
    const at = headBytes + i * quoteBytes;
    return { market: getUint(bytes, at, 1) as MarketId, ...readValue(bytes, at + 1) };
  }),
});

/** The report as bytes. Assumes a report of {@link assembleReport} or {@link decodeReport}. */
export function encodeReport(report: DecodedReport): Uint8Array {
  const parts = report.observations.flatMap((part) => [packValues(part.values), part.signature]);
  return concatBytes(packHead(report), Uint8Array.of(report.observations.length), ...parts);
}

/**
 * Reads a report; no byte may be left over.
 * @returns the report, or a rejection `ReportMalformed(found, required)` or `MarketsUnordered`.
 * Medians and signatures are not judged here, see {@link verifyQuorum}.
 */
export function decodeReport(bytes: Uint8Array): DecodedReport | Rejection {
  if (bytes.length <= headBytes) return malformed(bytes.length, headBytes + quoteBytes + 1);
  const count = getUint(bytes, 9, 1);
  const head = headBytes + count * quoteBytes;
  if (count === 0 || bytes.length <= head) return malformed(bytes.length, head + quoteBytes);
  const stride = count * valueBytes + signatureBytes;
  const signers = getUint(bytes, head, 1);
  const required = head + 1 + signers * stride;
  if (bytes.length !== required) return malformed(bytes.length, required);
  const first = readHead(bytes, count);
  const { quotes } = first;
  if (!ascending(quotes.map((quote) => quote.market))) {
    return reject('MarketsUnordered', 'markets of a report must ascend');
  }
  const observations = Array.from({ length: signers }, (_, i) => {
    const at = head + 1 + i * stride;
    const end = at + count * valueBytes;
    return {
      values: quotes.map((_quote, m) => readValue(bytes, at + m * valueBytes)),
      signature: bytes.slice(end, end + signatureBytes),
    };
  });
  return { ...first, observations };
}

const readValue = (bytes: Uint8Array, at: number): MarketValue => ({
  price: getUint(bytes, at, 4) as Ticks,
  mark: getUint(bytes, at + 4, 4) as Ticks,
  rate: getInt(bytes, at + 8, 4) as PpmPerDay,
});

/** The rejection of bytes that have another length than their header says. */
export const malformed = (found: number, required: number): Rejection =>
  reject('ReportMalformed', `the report has ${found} bytes where ${required} belong`, {
    found,
    required,
  });

/** Who may report: the twin of QuorumVerifier's constructor arguments. */
export type Quorum = {
  readonly k: number;
  /** Addresses, any letter case, any order. */
  readonly signers: readonly Hex[];
  /** {@link oracleDomainSeparator} of the verifier. */
  readonly separator: Uint8Array;
};

/**
 * Judges signatures and medians exactly as QuorumVerifier does.
 * @param recover address (any letter case) behind a 64-byte signature, undefined when none.
 * @returns undefined when the report is proved, otherwise a rejection `QuorumShort`,
 * `SignersUnordered`, `SignerUnknown`, `SignatureWrong` or `MedianWrong`.
 */
export function verifyQuorum(
  report: DecodedReport,
  quorum: Quorum,
  recover: (digest: Uint8Array, signature: Uint8Array) => string | undefined,
): Rejection | undefined {
  const { observations, quotes } = report;
  if (observations.length < quorum.k) {
    return reject('QuorumShort', `${observations.length} of ${quorum.k} reporters have signed`, {
      found: observations.length,
      required: quorum.k,
    });
  }
  const known = new Set(quorum.signers.map((signer) => signer.toLowerCase()));
  const markets = packMarkets(quotes.map((quote) => quote.market));
  let previous = '';
  for (const part of observations) {
    const digest = partDigest(quorum.separator, report, part.values, markets);
    const signer = recover(digest, part.signature)?.toLowerCase();
    if (signer === undefined) return reject('SignatureWrong', 'a signature recovers to no one');
    if (signer <= previous) {
      return reject('SignersUnordered', 'signers must ascend, each once', { found: signer });
    }
    if (!known.has(signer)) {
      return reject('SignerUnknown', `${signer} is not a reporter`, { found: signer });
    }
    previous = signer;
  }
  return wrongMedian(report);
}

function wrongMedian({ quotes, observations }: DecodedReport): Rejection | undefined {
  const right = medians(
    quotes.map((quote) => quote.market),
    observations,
  );
  const fields = ['price', 'mark', 'rate'] as const;
  const wrong = right.find((quote, i) =>
    fields.some((field) => quote[field] !== quotes[i]?.[field]),
  );
  return (
    wrong &&
    reject('MedianWrong', `market ${wrong.market} is not at its lower median`, {
      market: wrong.market,
    })
  );
}
