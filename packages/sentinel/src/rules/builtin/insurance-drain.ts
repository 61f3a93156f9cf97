/** A market's fund pays out more in an hour than it could pay again. */
import type { MarketId } from '@holdfast/units';
import { fundAccount } from '@holdfast/units';
import {
  allTapes,
  type Buckets,
  buckets,
  eventsOf,
  inTokens,
  put,
  ratio,
  rule,
  type Score,
  set,
  sum,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

/** What funds have paid, by market, quote units. */
type Memory = ReadonlyMap<number, Buckets<bigint>>;

export default rule({
  id: 'insurance-drain',
  tier: 'flow',
  severity: 'high',
  title: 'A market drains its insurance',
  reads: 'resolutions, insolvency, cash of the fund of the market',
  damage: 'the same once more could not be paid, or a debt is uncovered already',
  threshold: { kind: 'level', value: 0.5, unit: 'paid in an hour per fund at its beginning' },
  settings: {},
  begin: (): Memory => new Map(),
  measure: (view, before) => {
    let memory = before;
    const { state, timestamp } = view;
    const scores: Score[] = [];
    for (const { args } of eventsOf(view, 'Resolved')) {
      const market = Number(args.market);
      const covered = args.covered as bigint;
      const paid = put(memory.get(market) ?? buckets<bigint>(3600, 60), timestamp, covered);
      memory = set(memory, market, paid);
    }
    for (const { args } of eventsOf(view, 'Resolved')) {
      const market = Number(args.market);
      const paid = sum(memory.get(market) ?? buckets<bigint>(3600, 60), timestamp, 0n);
      const cash = state.accounts.get(fundAccount(market as MarketId))?.cashQ32 ?? 0n;
      const left = cash > 0n ? cash >> 32n : 0n;
      if (paid === 0n) continue;
      scores.push({
        key: `market ${market}`,
        scope: 1 + market,
        value: ratio(paid, paid + left),
        title: `the fund of market ${market} paid ${inTokens(paid)} and has ${inTokens(left)}`,
        evidence: {
          market,
          paid: inTokens(paid),
          left: inTokens(left),
          uncovered: inTokens(state.insolvency),
        },
        damage: paid >= left || state.insolvency > 0n,
      });
    }
    return { memory, scores };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 1, holdSeconds: 1800, law: 20 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'accounts go bankrupt on purpose, one after the other, against a partner',
      venue: {
        markets: [
          { price: 650_000, insurance: 20_000 },
          { price: 300_000, insurance: 20_000 },
        ],
      },
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 30, seconds: 2 });
        const partner = tape.join(100_000);
        for (let i = 0; i < 10; i += 1) {
          const victim = tape.join(1_000);
          // Bought dear from the partner: bankrupt from the start.
          tape.trade(1, victim, partner, 700, 345_000);
          yield tape.block(2);
          tape.resolve(1, victim, crowd.keeper);
          yield* live(tape, crowd, { blocks: 1, seconds: 2, trading: 0 });
        }
      },
    },
    mutants: [
      {
        what: 'a fund that is never empty',
        from: 'damage: paid >= left || state',
        to: 'damage: paid < left && state',
      },
      { what: 'what is paid is forgotten', from: 'memory = set(memory, market, paid);', to: '' },
    ],
  },
});
