/** Profit that leaves, against the hour's budget: what people put in themselves is not counted. */
import { maxBig } from '@holdfast/units';
import type { AccountView, BlockView, VenueState } from '../../rule.ts';
import {
  allTapes,
  type Buckets,
  buckets,
  deficit,
  equityOf,
  eventsOf,
  inTokens,
  isUser,
  put,
  ratio,
  rule,
  set,
  sum,
} from '../kit/builtin.ts';
import { gather, live, shift } from '../tape/crowd.ts';

interface Memory {
  /** What an account put in and has not taken out, quote units. */
  readonly principal: ReadonlyMap<number, bigint> | undefined;
  /** Profit taken out, quote units. */
  readonly profit: Buckets<bigint>;
}

/** Whoever was there before counts with what it is worth: that it had when the watch began. */
function begin({ previous }: BlockView): ReadonlyMap<number, bigint> {
  const rows = [...(previous?.accounts.values() ?? [])].filter(({ account }) => isUser(account));
  const worth = (row: AccountView) => maxBig(0n, equityOf(previous as VenueState, row));
  return new Map(rows.map((row) => [row.account, worth(row)]));
}

function onMoney(view: BlockView, { principal, profit }: Memory): Memory {
  let [left, out] = [principal ?? begin(view), profit];
  for (const { name, args } of eventsOf(view, 'Deposited', 'Withdrawn', 'Transferred')) {
    const account = Number(args.account ?? args.from);
    if (!isUser(account)) continue;
    const quote = args.quote as bigint;
    const own = left.get(account) ?? 0n;
    if (name === 'Deposited') left = set(left, account, own + quote);
    else {
      const moved = own < quote ? own : quote;
      left = set(left, account, own - moved);
      if (name === 'Withdrawn') out = put(out, view.timestamp, quote - moved);
      else left = set(left, Number(args.to), (left.get(Number(args.to)) ?? 0n) + moved);
    }
  }
  return { principal: left, profit: out };
}

export default rule({
  id: 'outflow-window',
  tier: 'flow',
  severity: 'critical',
  title: 'Profit leaves at a rate that the hour was not made for',
  reads: 'deposits, withdrawals, transfers; the hour of the vault; equity of everyone',
  damage: 'accounts owe more than they have while the profit leaves',
  threshold: { kind: 'level', value: 0.4, unit: 'profit of an hour per budget of an hour' },
  settings: {},
  begin: (): Memory => ({ principal: undefined, profit: buckets<bigint>(3600, 60) }),
  measure: (view, before) => {
    const memory = onMoney(view, before);
    const out = sum(memory.profit, view.timestamp, 0n);
    const { hourMax } = view.state.vault;
    const value = ratio(out, hourMax);
    if (value < 0.05) return { memory, scores: [] };
    const owed = deficit(view.state);
    const evidence = {
      profitOut: inTokens(out),
      hourBudget: inTokens(hourMax),
      owedByOthers: inTokens(owed),
    };
    const title = `${inTokens(out)} of profit left within an hour`;
    const damage = owed > 0n;
    return { memory, scores: [{ key: 'venue', scope: 0, value, title, evidence, damage }] };
  },
  act: () => ({ kind: 'tighten', scope: 0, level: 1, holdSeconds: 1800, law: 14 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'two accounts cross, the index is ramped, the gain leaves, the loser stays',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 30, seconds: 2 });
        const [winner, loser] = [tape.join(60_000), tape.join(60_000)];
        yield tape.block(2);
        tape.trade(3, winner, loser, 120_000);
        yield* live(tape, crowd, { blocks: 2, seconds: 2 });
        for (let i = 0; i < 12; i += 1) {
          shift(crowd, 1.09, 3);
          yield* live(tape, { ...crowd, keeper: loser }, { blocks: 1, seconds: 2, trading: 0 });
        }
        tape.withdraw(winner, 240_000);
        yield tape.block(2);
      },
    },
    mutants: [
      { what: 'own money counts too', from: 'quote - moved)', to: 'quote)' },
      { what: 'no debt counts', from: 'owed > 0n', to: 'owed < 0n' },
    ],
  },
});
