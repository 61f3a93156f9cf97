/** Steps just under the band, one after the other: each is lawful, the way is not a market's. */
import type { QuoteRow } from '../../rule.ts';
import {
  type Aged,
  age,
  agedPrice,
  allTapes,
  harmOf,
  reportsOf,
  rule,
  type Score,
  set,
} from '../kit/builtin.ts';
import { gather, live, shift } from '../tape/crowd.ts';

interface Run {
  readonly price: number;
  readonly time: number;
  /** Signs of large steps among the last reports: 1, -1, or 0 for a small one. */
  readonly steps: readonly number[];
}
interface Memory {
  readonly aged: ReadonlyMap<number, Aged>;
  readonly runs: ReadonlyMap<number, Run>;
}

const reportsKept = 30;

/** Moves of a report, ppm, by market. */
const movesOf = (quotes: readonly QuoteRow[], runs: Memory['runs']): ReadonlyMap<number, number> =>
  new Map(
    quotes.map(({ market, price }) => {
      const last = runs.get(market)?.price ?? price;
      return [market, ((price - last) * 1_000_000) / last];
    }),
  );

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

export default rule({
  id: 'price-creep',
  tier: 'flow',
  severity: 'high',
  title: 'The index creeps below its band',
  reads: 'reports and the band; the aged price; liquidations and withdrawals',
  damage: 'an account was liquidated or paid out that would not have been at the aged price',
  threshold: {
    kind: 'level',
    value: 6,
    unit: 'large steps one way, less those back, of 30 reports',
  },
  settings: {
    partPpm: { value: 200_000, doc: 'part of the band from which a step is large, ppm' },
    gapSeconds: { value: 10, doc: 'longest time between reports that makes a step' },
  },
  begin: (): Memory => ({ aged: new Map(), runs: new Map() }),
  measure: (view, before, { partPpm, gapSeconds }) => {
    let { aged, runs } = before;
    for (const { quotes, time } of reportsOf(view)) {
      const moves = movesOf(quotes, runs);
      for (const { market, price } of quotes) {
        aged = age(aged, market, price, time);
        const band = view.state.markets.get(market)?.params.bandPpm ?? 0;
        const last = runs.get(market);
        const move = moves.get(market) ?? 0;
        // What all markets do is a market's way, however far it goes.
        const common = middle([...moves].filter(([id]) => id !== market).map(([, each]) => each));
        const isOwn = Math.abs(move) > 4 * Math.max(0, common * Math.sign(move));
        const isLarge = isOwn && Math.abs(move) * 1_000_000 >= band * partPpm;
        const isNear = last !== undefined && time - last.time <= gapSeconds;
        const step = isLarge && isNear ? Math.sign(move) : 0;
        const steps = [...(last?.steps ?? []), step].slice(-reportsKept);
        runs = set(runs, market, { price, time, steps });
      }
    }
    const scores: Score[] = [];
    for (const [market, { price, steps }] of runs) {
      const value = Math.abs(steps.reduce((sum, step) => sum + step, 0));
      if (value === 0) continue;
      const other = agedPrice(aged, market);
      const harm = harmOf(view, market, other);
      scores.push({
        key: `market ${market}`,
        scope: 1 + market,
        value,
        title: `${value} of the last ${steps.length} reports moved far the same way`,
        evidence: { market, index: price, aged: other, harm: harm ?? 'none' },
        damage: harm !== undefined,
      });
    }
    return { memory: { aged, runs }, scores };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 2, holdSeconds: 1800, law: 10 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'nine tenths of the band per report, until somebody healthy is liquidated',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        tape.trade(2, crowd.takers[0] as number, crowd.makers[0] as number, 600);
        yield tape.block(2);
        for (let i = 0; i < 16; i += 1) {
          shift(crowd, 0.91, 2);
          yield* live(tape, crowd, { blocks: 1, seconds: 2, trading: 0 });
        }
      },
    },
    mutants: [
      { what: 'every step is small', from: 'Math.sign(move) : 0', to: '0 : 0' },
      {
        what: 'every step is large',
        from: 'isOwn && Math.abs(move) * 1_000_000 >= band * partPpm',
        to: 'band >= 0',
      },
    ],
  },
});
