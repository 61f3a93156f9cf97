/** Thousands of tiny operations: cheap ones hope that something rounds their way. */
import {
  allTapes,
  type Buckets,
  buckets,
  eventsOf,
  inTokens,
  isUser,
  put,
  rule,
  type Score,
  sum,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

interface Memory {
  readonly tiny: Buckets<number>;
  /** Orders that were filled in batches which took no fee. */
  readonly free: Buckets<number>;
}

const feeAccount = 1;
/** Moves of money below one token are tiny. */
const tinyQuote = 1_000_000n;

export default rule({
  id: 'rounding-churn',
  tier: 'flow',
  severity: 'high',
  title: 'Many tiny operations',
  reads: 'orders of batches, fees taken, small deposits and withdrawals',
  damage: 'orders were filled and no fee was taken (L21)',
  threshold: { kind: 'level', value: 2000, unit: 'tiny operations in an hour' },
  settings: {
    feeQuote: { value: 300, doc: 'fee of an order below which it is tiny, quote units' },
  },
  begin: (): Memory => ({ tiny: buckets<number>(3600, 60), free: buckets<number>(3600, 60) }),
  measure: (view, before, { feeQuote }) => {
    let [tiny, free] = [0, 0];
    const counts = new Map<number, number>();
    const fees = (state = view.previous) => (state?.accounts.get(feeAccount)?.cashQ32 ?? 0n) >> 32n;
    const orders = view.events.flatMap(({ orders: all }) => all ?? []);
    if (orders.length > 0 && view.previous !== undefined) {
      const paid = fees(view.state) - fees();
      if (paid < BigInt(orders.length * feeQuote)) tiny += orders.length;
      if (paid <= 0n) free += orders.length;
      for (const { account } of orders) counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    for (const { args } of eventsOf(view, 'Deposited', 'Withdrawn', 'Transferred')) {
      const account = Number(args.account ?? args.from);
      if (!isUser(account) || (args.quote as bigint) >= tinyQuote) continue;
      tiny += 1;
      counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    if (tiny === 0) return { memory: before, scores: [] as Score[] };
    const now = view.timestamp;
    const memory = { tiny: put(before.tiny, now, tiny), free: put(before.free, now, free) };
    const [value, unpaid] = [sum(memory.tiny, now, 0), sum(memory.free, now, 0)];
    const [most] = [...counts].sort((a, b) => b[1] - a[1]);
    const title = `${value} tiny operations in an hour, ${unpaid} of them free`;
    const evidence = {
      tiny: value,
      free: unpaid,
      mostBy: most?.[0] ?? 0,
      fees: inTokens(fees(view.state)),
    };
    const damage = unpaid > 0;
    return { memory, scores: [{ key: 'venue', scope: 0, value, title, evidence, damage }] };
  },
  act: () => ({ kind: 'tighten', scope: 0, level: 1, holdSeconds: 900, law: 21 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'ten thousand trades of one lot between two accounts, each too small for a fee',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 30, seconds: 2 });
        const [a, b] = [tape.join(1_000), tape.join(1_000)];
        yield tape.block(2);
        for (let i = 0; i < 100; i += 1) {
          for (let k = 0; k < 50; k += 1) {
            const [buyer, seller] = k % 2 === 0 ? [a, b] : [b, a];
            tape.tradeFree(3, buyer, seller, 1);
          }
          yield tape.block(2);
        }
      },
    },
    mutants: [
      { what: 'fees are never missed', from: 'paid <= 0n', to: 'paid < 0n' },
      { what: 'every order is tiny but the tiny', from: 'paid < BigInt(', to: 'paid > BigInt(' },
    ],
  },
});
