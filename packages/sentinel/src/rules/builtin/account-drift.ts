/**
 * Low and slow: a part of the accounts changes its habits day by day while the others do not.
 * Each account's own average follows it; the gap between a fast and a slow average does not.
 */
import { allTapes, eventsOf, isUser, rule, type Score } from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

/** Averages of one habit: of three days, and of thirty. */
interface Habit {
  readonly fast: number;
  readonly slow: number;
  readonly days: number;
}
interface Memory {
  readonly day: number;
  /** Today, by account: orders, and tokens taken out. */
  readonly orders: ReadonlyMap<number, number>;
  readonly out: ReadonlyMap<number, number>;
  readonly habits: Readonly<Record<'orders' | 'out', ReadonlyMap<number, Habit>>>;
}

const [fastPart, slowPart] = [1 / 3, 1 / 30];

/** Counts of a day on a scale on which twice as much is one step. */
const scaled = (count: number): number => Math.log2(1 + count);

function step(
  habits: ReadonlyMap<number, Habit>,
  today: ReadonlyMap<number, number>,
  everyone: Iterable<number>,
) {
  const next = new Map<number, Habit>();
  for (const id of new Set([...habits.keys(), ...today.keys(), ...everyone])) {
    const value = scaled(today.get(id) ?? 0);
    const old = habits.get(id) ?? { fast: value, slow: value, days: 0 };
    next.set(id, {
      fast: old.fast + (value - old.fast) * fastPart,
      slow: old.slow + (value - old.slow) * slowPart,
      days: old.days + 1,
    });
  }
  return next;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** How many more accounts than by chance have drifted up from what the others do. */
function drifted(habits: ReadonlyMap<number, Habit>, daysMin: number) {
  const drifts = [...habits.values()]
    .filter(({ days }) => days >= daysMin)
    .map(({ fast, slow }) => fast - slow);
  if (drifts.length < 10) return { value: 0, count: 0, accounts: drifts.length };
  const middle = median(drifts);
  const spread = Math.max(0.5, 1.5 * median(drifts.map((drift) => Math.abs(drift - middle))));
  const count = drifts.filter((drift) => drift > middle + 2 * spread).length;
  const due = drifts.length * 0.02;
  return { value: (count - due) / Math.sqrt(due + 1), count, accounts: drifts.length };
}

export default rule({
  id: 'account-drift',
  tier: 'statistical',
  severity: 'medium',
  title: 'A part of the accounts drifts away',
  reads: 'orders and withdrawals of each account by day',
  threshold: {
    kind: 'budget',
    falsePerMonth: 1,
    unit: 'deviations of the number of accounts that drifted',
  },
  settings: { days: { value: 7, doc: 'days that an account must have been seen', min: 1 } },
  begin: (): Memory => {
    const none = new Map<number, number>();
    const habits = { orders: new Map<number, Habit>(), out: new Map<number, Habit>() };
    return { day: 0, orders: none, out: none, habits };
  },
  measure: (view, before, { days }) => {
    const day = Math.floor(view.timestamp / 86_400);
    let memory = before;
    const scores: Score[] = [];
    if (before.day !== 0 && day > before.day) {
      const everyone = [...view.state.accounts.keys()].filter(isUser);
      const habits = {
        orders: step(before.habits.orders, before.orders, everyone),
        out: step(before.habits.out, before.out, everyone),
      };
      for (const name of ['orders', 'out'] as const) {
        const { value, count, accounts } = drifted(habits[name], days);
        if (value <= 0) continue;
        const what =
          name === 'out' ? 'take out more than they used to' : 'order more than they used to';
        const title = `${count} of ${accounts} accounts ${what}`;
        scores.push({ key: name, scope: 0, value, title, evidence: { count, accounts } });
      }
      memory = { day, orders: new Map(), out: new Map(), habits };
    }
    const orders = view.events.flatMap(({ orders: all }) => all ?? []);
    const taken = eventsOf(view, 'Withdrawn').filter(({ args }) => isUser(Number(args.account)));
    if (orders.length + taken.length === 0 && memory.day === day) return { memory, scores };
    const counts = new Map(memory.orders);
    for (const { account } of orders) counts.set(account, (counts.get(account) ?? 0) + 1);
    const out = new Map(memory.out);
    for (const { args } of taken) {
      const [account, tokens] = [Number(args.account), Number((args.quote as bigint) / 1_000_000n)];
      out.set(account, (out.get(account) ?? 0) + tokens);
    }
    return { memory: { ...memory, day, orders: counts, out }, scores };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: '30 of 120 accounts raise their withdrawals by a little every day for three weeks',
      acts: false,
      *play(tape) {
        const crowd = gather(tape, 120);
        for (let day = 0; day < 36; day += 1) {
          const each = (block: number): void => {
            if (block !== 6) return;
            crowd.takers.slice(0, 30).forEach((account, at) => {
              const usual = at % 3 === day % 3 ? 20 : 5;
              tape.withdraw(account, Math.round(usual * 1.25 ** Math.max(0, day - 15)));
              tape.deposit(account, 2_000);
            });
          };
          yield* live(tape, crowd, { blocks: 12, seconds: 7200, noise: 0.002, each });
        }
      },
    },
    mutants: [
      { what: 'the slow average is fast too', from: '[1 / 3, 1 / 30]', to: '[1 / 3, 1 / 3]' },
      {
        what: 'down is up',
        from: 'drift > middle + 2 * spread',
        to: 'drift < middle - 2 * spread',
      },
    ],
  },
});
