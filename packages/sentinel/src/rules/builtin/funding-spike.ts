/** Funding far beyond what recorded markets have charged over an hour. */
import {
  allTapes,
  type Buckets,
  buckets,
  put,
  reportsOf,
  rule,
  type Score,
  set,
  sum,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

interface Paid {
  readonly rate: number;
  readonly time: number;
  /** Σ rate · seconds, and Σ seconds, of the last hours. */
  readonly weighed: Buckets<number>;
  readonly seconds: Buckets<number>;
}
type Memory = ReadonlyMap<number, Paid>;

const hour = () => buckets<number>(3600, 300);

export default rule({
  id: 'funding-spike',
  tier: 'statistical',
  severity: 'medium',
  title: 'Funding beyond what markets charge',
  reads: 'rates of reports',
  threshold: {
    kind: 'budget',
    falsePerMonth: 0.1,
    unit: 'ppm per day, average of an hour, either sign',
  },
  settings: {
    leastSeconds: { value: 1200, doc: 'shortest time that makes an average, seconds' },
  },
  begin: (): Memory => new Map(),
  measure: (view, before, { leastSeconds }) => {
    let memory = before;
    const scores: Score[] = [];
    for (const { quotes, time } of reportsOf(view)) {
      for (const { market, rate } of quotes) {
        const last = memory.get(market);
        const span = last === undefined ? 0 : Math.max(0, Math.min(time - last.time, 3600));
        const weighed = put(last?.weighed ?? hour(), time, (last?.rate ?? 0) * span);
        const seconds = put(last?.seconds ?? hour(), time, span);
        memory = set(memory, market, { rate, time, weighed, seconds });
        const total = sum(seconds, time, 0);
        if (total < leastSeconds) continue;
        const average = sum(weighed, time, 0) / total;
        scores.push({
          key: `market ${market}`,
          scope: 1 + market,
          value: Math.abs(average),
          title: `funding of ${Math.round(average)} ppm a day over an hour`,
          evidence: { market, ratePpmPerDay: rate, averagePpmPerDay: Math.round(average) },
        });
      }
    }
    return { memory, scores };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'the book is held far below the index, so that longs are paid at the cap for an hour',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 12 });
        yield* live(tape, crowd, {
          blocks: 300,
          seconds: 12,
          quotes: (quotes) => {
            const own = quotes.get(1);
            if (own !== undefined)
              quotes.set(1, { ...own, mark: own.price * 0.981, rate: -120_000 });
          },
        });
      },
    },
    mutants: [
      { what: 'only longs can be charged', from: 'Math.abs(average)', to: 'average' },
      {
        what: 'the other market is looked at',
        from: 'const last = memory.get(market);',
        to: 'const last = memory.get(-1);',
      },
    ],
  },
});
