/** Price reports as the reporters sign them. */
import {
  assembleReport,
  encodeReport,
  type MarketQuote,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
  type SignedObservation,
} from '@holdfast/oracle';
import { signDigest } from '@holdfast/order';
import { EnvironmentError, type Hex, isRejection, toHex } from '@holdfast/units';
import { chainId } from './chain.ts';
import type { Ground } from './ground.ts';
import { reporterNames, reportQuorum } from './stack.ts';

/** Price of each market by symbol, quote per base unit. */
export type Prices = Readonly<Record<string, number | string>>;

export interface ReportWish {
  /** Who signs; three of the five unless told. */
  readonly signers?: readonly string[];
  /** Prices that single reporters sign instead. */
  readonly lies?: Readonly<Record<string, Prices>>;
  /** Mark prices where they are not the index. */
  readonly marks?: Prices;
  /** ppm a day. */
  readonly rate?: number;
  readonly round?: number;
  readonly time?: number;
  /** Whom it is signed for, where it is not the venue's first verifier. */
  readonly verifier?: Hex;
}

function quotesOf(world: Ground, prices: Prices, marks: Prices, rate: number): MarketQuote[] {
  const quotes = Object.entries(prices).map(([symbol, price]) => ({
    market: world.market(symbol).id,
    price: world.ticks(symbol, price),
    mark: world.ticks(symbol, marks[symbol] ?? price),
    rate,
  }));
  return quotes.sort((a, b) => a.market - b.market) as unknown as MarketQuote[];
}

/** Bytes of a report of the next round. */
export function reportOf(world: Ground, prices: Prices, wish: ReportWish = {}): Hex {
  const { memory, keys, venue } = world;
  const { signers = reporterNames.slice(0, reportQuorum), lies = {}, marks = {}, rate = 0 } = wish;
  const round = wish.round ?? memory.round + 1;
  const time = wish.time ?? memory.time;
  memory.round = Math.max(memory.round, round);
  const domain = oracleDomain(chainId, wish.verifier ?? venue.contracts.verifier);
  const separator = oracleDomainSeparator(domain);
  const signed = signers.map((name) => {
    const quotes = quotesOf(world, { ...prices, ...lies[name] }, marks, rate);
    const observation = { round, time, quotes } as unknown as SignedObservation;
    const digest = observationDigest(separator, observation);
    const signature = signDigest(digest, keys.secret(name));
    return { ...observation, signer: keys.account(name).address, signature };
  });
  const report = assembleReport(signed as unknown as SignedObservation[], 1);
  if (isRejection(report)) throw new EnvironmentError('ReportBroken', report.message);
  return toHex(encodeReport(report));
}
