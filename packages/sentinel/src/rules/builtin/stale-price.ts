/** L08 on what happened: no operation stands on a price that was too old when it ran. */
import { priceValid } from '@holdfast/laws';
import type { BlockView, VenueEvent } from '../../rule.ts';
import { allTapes, rule, type Score } from '../kit/builtin.ts';
import { gather, live, shift } from '../tape/crowd.ts';

/** Markets whose price an operation stood on. */
function marketsOf(event: VenueEvent, view: BlockView): readonly number[] {
  if (event.name === 'Settled') {
    return (event.accounts ?? []).flatMap(({ sizes }) => sizes.map(([market]) => market));
  }
  if (['Liquidated', 'Resolved', 'Seized', 'Triggered', 'Unwound'].includes(event.name)) {
    return [Number(event.args.market)];
  }
  if (event.name !== 'Withdrawn') return [];
  return [...(view.state.accounts.get(Number(event.args.account))?.positions.keys() ?? [])];
}

/** Times of the prices before the block. */
function timesBefore({ previous }: BlockView): Map<number, number> {
  const times = new Map<number, number>();
  for (const { market, priceTime } of previous?.markets.values() ?? [])
    times.set(market, priceTime);
  return times;
}

export default rule({
  id: 'stale-price',
  tier: 'law',
  severity: 'critical',
  title: 'An operation stood on a stale price',
  reads: 'settlements, liquidations, triggers and withdrawals; times of reports',
  threshold: { kind: 'any' },
  settings: {},
  begin: () => undefined,
  measure: (view, memory) => {
    const scores = new Map<number, Score>();
    const times = timesBefore(view);
    for (const event of view.events) {
      for (const { market } of event.quotes ?? []) times.set(market, Number(event.args.time));
      for (const market of marketsOf(event, view)) {
        const params = view.state.markets.get(market)?.params;
        const priceTime = times.get(market) ?? 0;
        if (params === undefined || view.previous === undefined) continue;
        const holds = priceValid({
          price: 1,
          priceTime,
          nowTime: view.timestamp,
          ageSecondsMax: params.priceAgeSecondsMax,
          skewSecondsMax: view.state.reportSkewSecondsMax,
        });
        if (holds) continue;
        const ageSeconds = view.timestamp - priceTime;
        scores.set(market, {
          key: `market ${market}`,
          scope: 1 + market,
          value: 1,
          title: `${event.name} used a price ${ageSeconds} s old`,
          evidence: { market, ageSeconds, ageSecondsMax: params.priceAgeSecondsMax },
          damage: true,
        });
      }
    }
    return { memory, scores: [...scores.values()] };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 2, holdSeconds: 900, law: 8 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'reports stop for ten minutes, the market falls by 8 %, a batch sells at the old price',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        yield tape.block(600);
        shift(crowd, 0.92);
        tape.trade(0, crowd.makers[0] as number, crowd.takers[0] as number, 50);
        // The report comes in the same block, but not for what was before it.
        yield tape.block(2);
        yield* live(tape, crowd, { blocks: 5, seconds: 2 });
      },
    },
    mutants: [
      {
        what: 'the age is not taken from the block',
        from: 'nowTime: view.timestamp,',
        to: 'nowTime: priceTime,',
      },
      { what: 'batches are left out', from: "event.name === 'Settled'", to: 'event.name === ""' },
    ],
  },
});
