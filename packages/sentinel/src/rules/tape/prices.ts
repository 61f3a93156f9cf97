/** Reports of a tape: accepted as the contracts accept them, and funded. */
import { acceptMark, fundingDelta } from '@holdfast/oracle';
import type { Ppm, PpmPerDay, Ticks } from '@holdfast/units';
import type { QuoteRow } from '../../rule.ts';
import { type Books, marketAt, tell } from './books.ts';
import type { Quote } from './venue.ts';

/** Writes a report. @param rounds how many rounds it lies after the last one */
export function writeReport(b: Books, wanted: ReadonlyMap<number, Quote>, rounds: number): void {
  const { state, time } = b;
  const round = state.round + rounds;
  const quotes: QuoteRow[] = [];
  for (const [id, { price, mark, rate = 0 }] of wanted) {
    const market = marketAt(b, id);
    const { params } = market;
    const before = { price: market.price as Ticks, mark: market.mark as Ticks };
    const index = Math.max(1, Math.round(price)) as Ticks;
    const near = acceptMark(Math.round(mark ?? price), before, index, params.markClampPpm as Ppm);
    const charged = Math.max(-params.fundingRatePpmMax, Math.min(rate, params.fundingRatePpmMax));
    const step = fundingDelta({
      price: index,
      rate: Math.round(charged) as PpmPerDay,
      tickValue: params.tickValue,
      fundingRatePpmMax: params.fundingRatePpmMax,
      gapSecondsMax: params.fundingGapSecondsMax,
      elapsedSeconds: market.fundingTime === 0 ? 0 : time - market.fundingTime,
    } as Parameters<typeof fundingDelta>[0]);
    const indexAfter = market.fundingIndex + step;
    const row = { market: id, price: index, mark: near, rate: Math.round(charged), indexAfter };
    quotes.push(row);
    state.markets.set(id, {
      ...market,
      price: index,
      mark: near,
      rate: row.rate,
      fundingIndex: indexAfter,
      fundingTime: time,
      priceTime: time,
      priceRound: round,
    });
  }
  state.round = round;
  state.reportTime = time;
  tell(b, { source: 'clearingHouse', name: 'Refreshed', args: { round, time }, quotes });
}
