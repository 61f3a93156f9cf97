import type { Venue } from '@holdfast/host';
import {
  clampToBand,
  type MarketQuote,
  type Observation,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
  type SignedObservation,
} from '@holdfast/oracle';
import {
  fromHex,
  type Hex,
  isRejection,
  marketId,
  ppm,
  type Rejection,
  reject,
  round,
  seconds,
  type Ticks,
  ticks,
  toHex,
  tryFromHex,
  tryMarketId,
  tryPpmPerDay,
  tryRound,
  trySeconds,
  tryTicks,
} from '@holdfast/units';
import {
  compactSignatureToSignature,
  type LocalAccount,
  parseCompactSignature,
  parseSignature,
  recoverAddress,
  serializeCompactSignature,
  signatureToCompactSignature,
} from 'viem';
import { z } from 'zod';
import type { BookQuote, Sense } from './sense.ts';
import { gaussian, seedOf } from './sources/noise.ts';
import { type SourcePrice, toTicks } from './sources/source.ts';

/** Last accepted price by market id. */
export type Reference = ReadonlyMap<number, Ticks>;

/** Venue seconds per round when the venue file does not say. */
export const defaultRoundSeconds = 2;

/**
 * The round that is due at a venue time. Its number is its time, so that rounds never fall when
 * the interval is changed.
 */
export function roundAt(time: number, roundSeconds: number): number {
  return Math.floor(time / roundSeconds) * roundSeconds;
}

/** Separator of the domain in which a venue's reporters sign. */
export function reporterSeparator(venue: Venue): Uint8Array {
  return oracleDomainSeparator(oracleDomain(venue.chainId, venue.contracts.verifier));
}

/**
 * One reporter's observation of a round, within the band around the reference. Honest reporters
 * differ by a hair, as real ones do: up to about `noisePpm`, from the signer and the round.
 *
 * @param sense what this reporter remembers; it takes the round in
 * @param books the venue's own book by market id; a market may be absent
 * @returns undefined unless every market has a price: a report covers all of them
 */
export function observe(
  venue: Venue,
  at: number,
  prices: ReadonlyMap<string, SourcePrice>,
  reference: Reference,
  noise: { signer: string; noisePpm: number },
  sense: Sense,
  books: ReadonlyMap<number, BookQuote> = new Map(),
): Observation | undefined {
  const quotes: MarketQuote[] = [];
  const time = seconds(at);
  if (venue.markets.some(({ symbol }) => !prices.has(symbol))) return undefined;
  const seed = seedOf(noise.signer.toLowerCase());
  for (const market of [...venue.markets].sort((a, b) => a.id - b.id)) {
    const seen = prices.get(market.symbol);
    if (seen === undefined) continue;
    const wobble = 1 + (gaussian(seed, at, market.id) * noise.noisePpm) / 3e6;
    const wanted = ticks(Math.min(toTicks(seen.price8 * wobble, market), 2 ** 32 - 1));
    const price = clampToBand(wanted, reference.get(market.id), ppm(market.bandPpm));
    const perps = seen.perps8.map((each) => ticks(Math.min(toTicks(each, market), 2 ** 32 - 1)));
    const book = books.get(market.id);
    const { mark, rate } = sense.take(market, { time, index: price, book, perps });
    quotes.push({ market: marketId(market.id), price, mark, rate });
  }
  return { round: round(at), time, quotes };
}

/** Signs an observation: 64 bytes EIP-2098. */
export async function signObservation(
  account: LocalAccount,
  separator: Uint8Array,
  observation: Observation,
): Promise<SignedObservation> {
  const hash = toHex(observationDigest(separator, observation));
  if (account.sign === undefined) throw new Error('a reporter needs a key that signs hashes');
  const full = parseSignature(await account.sign({ hash }));
  const signature = fromHex(serializeCompactSignature(signatureToCompactSignature(full)));
  return { ...observation, signer: account.address, signature };
}

/** Address that signed an observation, lower case; undefined when the signature is no signature. */
export async function recoverObserver(
  separator: Uint8Array,
  observation: SignedObservation,
): Promise<Hex | undefined> {
  const hash = toHex(observationDigest(separator, observation));
  try {
    const compact = parseCompactSignature(toHex(observation.signature));
    const signature = compactSignatureToSignature(compact);
    const address = await recoverAddress({ hash, signature });
    return address.toLowerCase() as Hex;
  } catch {
    return undefined;
  }
}

const observationSchema = z.strictObject({
  round: z.number(),
  time: z.number(),
  quotes: z
    .array(
      z.strictObject({
        market: z.number(),
        price: z.number(),
        mark: z.number(),
        rate: z.number(),
      }),
    )
    .min(1)
    .max(256),
  signer: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  signature: z.string().regex(/^0x[0-9a-fA-F]{128}$/),
});

type WireQuote = { market: number; price: number; mark: number; rate: number };

function readQuotes(quotes: readonly WireQuote[]): MarketQuote[] | Rejection {
  const read: MarketQuote[] = [];
  for (const quote of quotes) {
    const market = tryMarketId(quote.market);
    const price = tryTicks(quote.price);
    const mark = tryTicks(quote.mark);
    const rate = tryPpmPerDay(quote.rate);
    const after = read.at(-1)?.market ?? -1;
    const known = market !== undefined && price !== undefined && mark !== undefined;
    if (!known || rate === undefined || market <= after) {
      return reject('ObservationMalformed', 'markets must ascend; prices and rate be in range');
    }
    read.push({ market, price, mark, rate });
  }
  return read;
}

/** Reads an observation that came over the wire; the signature is not judged here. */
export function readObservation(value: unknown): SignedObservation | Rejection {
  const parsed = observationSchema.safeParse(value);
  if (!parsed.success) {
    return reject('ObservationMalformed', z.prettifyError(parsed.error));
  }
  const { signer, ...rest } = parsed.data;
  const number = tryRound(rest.round);
  const time = trySeconds(rest.time);
  const signature = tryFromHex(rest.signature);
  if (number === undefined || time === undefined || signature === undefined) {
    return reject('ObservationMalformed', 'round, time or signature is out of range');
  }
  const quotes = readQuotes(rest.quotes);
  if (isRejection(quotes)) return quotes;
  return { round: number, time, quotes, signer: signer as Hex, signature };
}

/** An observation as it travels. */
export function writeObservation(observation: SignedObservation): object {
  return { ...observation, signature: toHex(observation.signature) };
}
