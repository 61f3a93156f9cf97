/** Laws on what a report changes: L08, L09, L10, L19. */
import { fundingIndex } from '@holdfast/units';
import { venueRow } from '../state/tables.ts';
import { ask, marketAt, num, type Question, type Step, scopeOf } from './questions.ts';

/** Questions about a `Refreshed`. */
export function refreshedQuestions(step: Step): Question[] {
  const { event, before, after, time } = step;
  const was = venueRow(before);
  const reportTime = num(event.args.time);
  const asked: Question[] = [
    ask(
      step,
      'reportAdvances',
      {
        roundBefore: was.round,
        round: num(event.args.round),
        timeBefore: was.reportTime,
        time: reportTime,
        nowTime: time,
        skewSecondsMax: was.reportSkewSecondsMax,
      },
      0,
      `report ${num(event.args.round)}`,
    ),
  ];
  for (const { market } of event.quotes ?? []) {
    const [old, now] = [marketAt(before, market), marketAt(after, market)];
    const about = `market ${market}`;
    const { bandPpm, markClampPpm } = now.params;
    const band = (price: number, referencePrice: number, width: number) =>
      ask(step, 'withinBand', { price, referencePrice, bandPpm: width }, scopeOf(market), about);
    if (old.price !== 0) asked.push(band(now.price, old.price, bandPpm));
    asked.push(band(now.mark, now.price, markClampPpm));
    if (old.fundingTime === 0 || reportTime <= old.fundingTime) continue;
    asked.push(
      ask(
        step,
        'fundingWithin',
        {
          indexBefore: fundingIndex(old.fundingIndex),
          indexAfter: fundingIndex(now.fundingIndex),
          price: now.price,
          tickValue: now.params.tickValue,
          ratePpmMax: now.params.fundingRatePpmMax,
          elapsedSeconds: reportTime - old.fundingTime,
          gapSecondsMax: now.params.fundingGapSecondsMax,
        },
        scopeOf(market),
        about,
      ),
    );
  }
  return asked;
}

/** Law L08 of each market in which something moved. */
export function freshQuestions(step: Step, markets: Iterable<number>): Question[] {
  const { after, time } = step;
  return [...markets].map((market) => {
    const { price, priceTime, params } = marketAt(after, market);
    const skewSecondsMax = venueRow(after).reportSkewSecondsMax;
    const ageSecondsMax = params.priceAgeSecondsMax;
    const input = { price, priceTime, nowTime: time, ageSecondsMax, skewSecondsMax };
    return ask(step, 'priceValid', input, scopeOf(market), `market ${market}`);
  });
}
