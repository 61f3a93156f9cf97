/**
 * The index leaves both second references that the chain has: its own aged price, and the mark,
 * which book and other venues' perpetuals make and which stays pinned at its clamp.
 */
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

interface Memory {
  readonly aged: ReadonlyMap<number, Aged>;
  /** Reports on end in which the mark stood at its clamp on the aged side. */
  readonly pinned: ReadonlyMap<number, number>;
}

export default rule({
  id: 'price-reference',
  tier: 'flow',
  severity: 'critical',
  title: 'The index price left both references',
  reads: 'reports: index, mark and clamp; the aged price; liquidations and withdrawals',
  damage: 'an account was liquidated or paid out that would not have been at the aged price',
  threshold: {
    kind: 'level',
    value: 8,
    unit: 'reports on end with the mark pinned toward the aged price',
  },
  settings: {
    awayPpm: { value: 30_000, doc: 'least distance of the index from the aged price, ppm' },
  },
  begin: (): Memory => ({ aged: new Map(), pinned: new Map() }),
  measure: (view, before, { awayPpm }) => {
    let { aged, pinned } = before;
    const seen = new Set<number>();
    for (const { quotes, time } of reportsOf(view)) {
      for (const { market, price, mark } of quotes) {
        seen.add(market);
        aged = age(aged, market, price, time);
        const clamp = view.state.markets.get(market)?.params.markClampPpm ?? 0;
        const other = agedPrice(aged, market);
        const basis = ((mark - price) * 1_000_000) / price;
        const away = ((other - price) * 1_000_000) / price;
        const isPinned =
          Math.abs(away) >= awayPpm && basis * away > 0 && Math.abs(basis) >= clamp * 0.95;
        pinned = set(pinned, market, isPinned ? (pinned.get(market) ?? 0) + 1 : 0);
      }
    }
    const scores: Score[] = [];
    for (const [market, run] of pinned) {
      const row = view.state.markets.get(market);
      if (run === 0 || row === undefined) continue;
      const other = agedPrice(aged, market);
      const harm = harmOf(view, market, other);
      if (!seen.has(market) && harm === undefined) continue;
      scores.push({
        key: `market ${market}`,
        scope: 1 + market,
        value: run,
        title: `index ${row.price}, mark ${row.mark}, aged ${other} for ${run} reports`,
        evidence: { market, index: row.price, mark: row.mark, aged: other, harm: harm ?? 'none' },
        damage: harm !== undefined,
      });
    }
    return { memory: { aged, pinned }, scores };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 2, holdSeconds: 1800, law: 10 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'stolen reporters lie: the index rises by 80 %, nothing follows, the gain is paid out',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 240, seconds: 2 });
        const thief = tape.join(100_000);
        yield tape.block(2);
        tape.trade(1, thief, crowd.makers[0] as number, 20_000);
        const real = crowd.prices.get(1) as number;
        for (let i = 0; i < 24; i += 1) {
          if (i < 7) shift(crowd, 1.09, 1);
          const quotes = (all: Map<number, { price: number }>) => {
            all.set(1, { ...(all.get(1) as { price: number }), mark: real } as { price: number });
          };
          yield* live(tape, crowd, { blocks: 1, seconds: 2, trading: 0, noise: 0, quotes });
        }
        tape.withdraw(thief, 200_000);
        yield tape.block(2);
      },
    },
    mutants: [
      { what: 'the mark on the far side', from: 'basis * away > 0', to: 'basis * away < 0' },
      { what: 'a pin that is never over', from: '(pinned.get(market) ?? 0) + 1 : 0', to: '1 : 0' },
    ],
  },
});
