/** What a reporter remembers of each market: the basis of its book and a sample a minute. */
import { errorMessage, fetchJson, type Venue, type VenueMarket } from '@holdfast/host';
import {
  addSample,
  averagePremium,
  type Basis,
  basisStep,
  fundingRate,
  observeMark,
  type PremiumSample,
  premiumPpb,
} from '@holdfast/oracle';
import { type PpmPerDay, ppm, type Seconds, type Ticks, tryTicks } from '@holdfast/units';
import { z } from 'zod';

const secondsPerMinute = 60;

/** The venue's own book as the node's page `/v1/markets/:m/impact` has it, ticks. */
export interface BookQuote {
  bid?: Ticks | undefined;
  ask?: Ticks | undefined;
  /** Last trade. */
  last?: Ticks | undefined;
  impactBid?: Ticks | undefined;
  impactAsk?: Ticks | undefined;
}

const price = z.number().transform(tryTicks).optional();
const quoteSchema = z.object({
  bid: price,
  ask: price,
  last: price,
  impactBid: price,
  impactAsk: price,
});

/** Reads a page of the node; undefined for anything that is none. */
export function readBookQuote(body: unknown): BookQuote | undefined {
  return quoteSchema.safeParse(body).data;
}

/** The books of all markets; one that cannot be had is absent, and the rest still counts. */
export async function fetchBooks(
  venue: Venue,
  onTrouble: (problem: string) => void,
): Promise<ReadonlyMap<number, BookQuote>> {
  const { host, port } = venue.gateway;
  const books = new Map<number, BookQuote>();
  let problem = '';
  await Promise.all(
    venue.markets.map(async ({ id }) => {
      try {
        const url = `http://${host}:${port}/v1/markets/${id}/impact`;
        const { status, body } = await fetchJson(url, { timeoutMs: 1500 });
        const quote = status === 200 ? readBookQuote(body) : undefined;
        if (quote === undefined) problem = `the node answered ${status}`;
        else books.set(id, quote);
      } catch (error) {
        problem = errorMessage(error);
      }
    }),
  );
  onTrouble(problem);
  return books;
}

/** What one market says at one moment. */
export interface Sight {
  time: Seconds;
  index: Ticks;
  /** Undefined: the node did not answer. */
  book: BookQuote | undefined;
  /** Prices of the same perpetual elsewhere. */
  perps: readonly Ticks[];
}

/** Turns what is seen, round by round, into marks and rates. */
export interface Sense {
  take(market: VenueMarket, sight: Sight): { mark: Ticks; rate: PpmPerDay };
}

interface Memory {
  basis: Basis | undefined;
  samples: readonly PremiumSample[];
  /** The last minute that was looked at, with or without a sample. */
  minute: number;
  average: number | undefined;
}

/** The premium is sampled at the first look of each minute; no look, no sample. */
function samplePremium(memory: Memory, { time, index, book }: Sight): void {
  const minute = Math.floor(time / secondsPerMinute);
  if (minute <= memory.minute) return;
  if (book !== undefined) {
    memory.minute = minute;
    const ppb = premiumPpb(index, { bid: book.impactBid, ask: book.impactAsk });
    if (ppb !== undefined) memory.samples = addSample(memory.samples, { minute, ppb });
  }
  memory.average = averagePremium(memory.samples, minute);
}

/** A reporter's senses; they live as long as its process and begin with an empty memory. */
export function createSense(): Sense {
  const memories = new Map<number, Memory>();
  return {
    take(market, sight) {
      const empty: Memory = { basis: undefined, samples: [], minute: -1, average: undefined };
      const memory = memories.get(market.id) ?? empty;
      memories.set(market.id, memory);
      const { time, index, book = {}, perps } = sight;
      memory.basis = basisStep(memory.basis, index, book, time);
      samplePremium(memory, sight);
      const rate = fundingRate(memory.average, {
        initialPpm: ppm(market.initialPpm),
        maintenancePpm: ppm(market.maintenancePpm),
        fundingRatePpmMax: ppm(market.fundingRatePpmMax),
      });
      return { mark: observeMark({ index, basis: memory.basis, book, perps }), rate };
    },
  };
}
