/**
 * Sources die one by one, and what is left is still called a median. On chain it shows as rounds
 * that nobody could sign, markets that reports leave out, and prices that stand as others move.
 */
import { allTapes, reportsOf, rule, type Score, set } from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';
import type { Quote } from '../tape/venue.ts';

/** How far apart the rounds of two reports usually are, and of how many that is known. */
interface Usual {
  readonly step: number;
  readonly count: number;
}
interface Memory {
  readonly round: number;
  /** Part of the rounds that were lost, lately. */
  readonly lost: number;
  readonly usual: Usual;
  /** Reports on end in which a market stood still while most others moved, or was left out. */
  readonly still: ReadonlyMap<number, number>;
  readonly prices: ReadonlyMap<number, number>;
}

/** Rounds after which half of the past is forgotten: one in 30 counts for a fortieth. */
const keep = 0.977;

/** Reports that teach what is usual before any round counts as lost. */
const learned = 50;

/** One step cannot move what is usual by much. */
function follow({ step, count }: Usual, found: number): Usual {
  const part = Math.max(0.002, 1 / (count + 1));
  const near = count === 0 ? found : Math.min(found, 2 * step);
  return { step: step + (near - step) * part, count: count + 1 };
}

export default rule({
  id: 'source-attrition',
  tier: 'statistical',
  severity: 'medium',
  title: 'Price sources are dying',
  reads: 'round numbers, markets and prices of reports',
  threshold: {
    kind: 'budget',
    falsePerMonth: 1,
    unit: 'share of lost rounds, or 1 for 30 still reports',
  },
  settings: {},
  begin: (): Memory => ({
    round: 0,
    lost: 0,
    usual: { step: 0, count: 0 },
    still: new Map(),
    prices: new Map(),
  }),
  measure: (view, before) => {
    let { round, lost, usual, still, prices } = before;
    const scores: Score[] = [];
    const reports = view.events.filter(({ name }) => name === 'Refreshed');
    if (reports.length === 0) return { memory: before, scores };
    for (const { args } of reports) {
      const now = Number(args.round);
      const step = round === 0 ? 0 : Math.max(0, now - round);
      round = now;
      if (step === 0) continue;
      // Not every round has to reach the chain: what counts is the step that it usually takes.
      const gone = usual.count < learned ? 0 : Math.round(step / usual.step) - 1;
      for (let i = 0; i < Math.min(200, gone); i += 1) lost = lost * keep + (1 - keep);
      lost *= keep;
      usual = follow(usual, step);
    }
    for (const { quotes } of reportsOf(view)) {
      const moved = quotes.filter(({ market, price }) => prices.get(market) !== price);
      const others = (market: number) => moved.filter((each) => each.market !== market).length;
      const told = new Map(quotes.map((each) => [each.market, each.price]));
      for (const market of view.state.markets.keys()) {
        const price = told.get(market);
        const stands = price === undefined || price === prices.get(market);
        const isAlone = others(market) * 2 > view.state.markets.size - 1;
        const run = stands && isAlone ? (still.get(market) ?? 0) + 1 : 0;
        if (run !== (still.get(market) ?? 0)) still = set(still, market, run);
        if (price !== undefined && !stands) prices = set(prices, market, price);
      }
    }
    const evidence = { round, lostPpm: Math.round(lost * 1e6) };
    const title = `${Math.round(lost * 100)} % of the last rounds were lost`;
    scores.push({ key: 'rounds', scope: 0, value: lost, title, evidence });
    for (const [market, run] of still) {
      if (run === 0) continue;
      const key = `market ${market}`;
      const text = `market ${market} stood still for ${run} reports while others moved`;
      scores.push({
        key,
        scope: 1 + market,
        value: run / 30,
        title: text,
        evidence: { market, run },
      });
    }
    return { memory: { round, lost, usual, still, prices }, scores };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'three of five sources die in silence: six rounds in ten are lost',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 120, seconds: 2 });
        yield* live(tape, crowd, { blocks: 120, seconds: 2, missing: 0.6 });
      },
    },
    further: [
      {
        what: 'what feeds one market is dead, and its last price goes on',
        acts: false,
        *play(tape) {
          const crowd = gather(tape);
          yield* live(tape, crowd, { blocks: 60, seconds: 2 });
          const fixed = crowd.prices.get(3) as number;
          const quotes = (all: Map<number, Quote>): void => {
            all.set(3, { price: Math.round(fixed) });
          };
          yield* live(tape, crowd, { blocks: 200, seconds: 2, quotes });
        },
      },
      {
        what: 'reports leave a market out',
        acts: false,
        *play(tape) {
          const crowd = gather(tape);
          yield* live(tape, crowd, { blocks: 60, seconds: 2 });
          const quotes = (all: Map<number, Quote>): void => {
            all.delete(3);
          };
          yield* live(tape, crowd, { blocks: 200, seconds: 2, quotes, trading: 0 });
        },
      },
    ],
    mutants: [
      { what: 'a lost round is none', from: 'Math.round(step / usual.step) - 1', to: '0' },
      {
        what: 'who stands is not looked at',
        from: 'stands && isAlone ?',
        to: 'stands && !isAlone ?',
      },
    ],
  },
});
