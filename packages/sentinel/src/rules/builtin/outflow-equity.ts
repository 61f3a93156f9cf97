/** Who takes out in an hour several times what it was worth an hour ago. */
import type { BlockView, VenueState } from '../../rule.ts';
import {
  allTapes,
  type Buckets,
  buckets,
  type Clusters,
  clusters,
  deficit,
  equityOf,
  eventsOf,
  follow,
  inTokens,
  isUser,
  membersOf,
  put,
  ratio,
  rootOf,
  rule,
  type Score,
  set,
  sum,
} from '../kit/builtin.ts';
import { gather, live, shift } from '../tape/crowd.ts';

type Equities = ReadonlyMap<number, bigint>;
type Flows = ReadonlyMap<number, Buckets<bigint>>;
interface Memory {
  readonly clusters: Clusters;
  /** Equity of all at some times of the last hour, oldest first. */
  readonly seen: readonly (readonly [time: number, equities: Equities])[];
  /** By account. */
  readonly out: Flows;
  readonly into: Flows;
}

const everySeconds = 600;
const hour = () => buckets<bigint>(3600, 60);

function equities(state: VenueState): Equities {
  const rows = [...state.accounts.values()].filter(({ account }) => isUser(account));
  return new Map(rows.map((row) => [row.account, equityOf(state, row)]));
}

function look({ state, timestamp }: BlockView, seen: Memory['seen']): Memory['seen'] {
  const last = seen[seen.length - 1];
  if (last !== undefined && timestamp - last[0] < everySeconds) return seen;
  const recent = seen.filter(([time]) => time > timestamp - 3600 - everySeconds);
  return [...recent, [timestamp, equities(state)]];
}

const add = (flows: Flows, account: number, time: number, quote: bigint): Flows =>
  set(flows, account, put(flows.get(account) ?? hour(), time, quote));

export default rule({
  id: 'outflow-equity',
  tier: 'flow',
  severity: 'critical',
  title: 'Somebody takes out several times what it had',
  reads: 'deposits and withdrawals by cluster of accounts; equity of everyone',
  damage: 'somebody else owes more than it has',
  threshold: {
    kind: 'level',
    value: 2.5,
    unit: 'outflow of an hour per equity before and money put in',
  },
  settings: {
    custodianFan: { value: 50, doc: 'owners behind one address from which it is a custodian' },
    floorPpm: { value: 50_000, doc: 'least outflow, ppm of the budget of an hour', max: 1_000_000 },
  },
  begin: ({ custodianFan }): Memory => ({
    clusters: clusters(custodianFan),
    seen: [],
    out: new Map(),
    into: new Map(),
  }),
  measure: (view, before, { floorPpm }) => {
    let { out, into } = before;
    const gone = new Set<number>();
    for (const { name, args } of eventsOf(view, 'Deposited', 'Withdrawn')) {
      const account = Number(args.account);
      if (!isUser(account)) continue;
      if (name === 'Deposited') into = add(into, account, view.timestamp, args.quote as bigint);
      else {
        out = add(out, account, view.timestamp, args.quote as bigint);
        gone.add(account);
      }
    }
    const linked = follow(before.clusters, view);
    const memory = { clusters: linked, seen: look(view, before.seen), out, into };
    const scores: Score[] = [];
    for (const root of new Set([...gone].map((account) => rootOf(linked, account)))) {
      const all = membersOf(linked, root);
      const total = (flows: Flows) =>
        all.reduce((sumOf, id) => sumOf + sum(flows.get(id) ?? hour(), view.timestamp, 0n), 0n);
      const then = before.seen[0]?.[1];
      const had = all.reduce((sumOf, id) => sumOf + (then?.get(id) ?? 0n), 0n) + total(into);
      const left = total(out);
      if (left * 1_000_000n < view.state.vault.hourMax * BigInt(floorPpm)) continue;
      const owed = deficit(view.state);
      scores.push({
        key: `account ${root}`,
        scope: 0,
        value: ratio(left, had > 1_000_000n ? had : 1_000_000n),
        title: `${inTokens(left)} left where ${inTokens(had)} was`,
        evidence: {
          accounts: all.length,
          out: inTokens(left),
          had: inTokens(had),
          owed: inTokens(owed),
        },
        damage: owed > 0n,
      });
    }
    return { memory, scores };
  },
  act: () => ({ kind: 'tighten', scope: 0, level: 1, holdSeconds: 1800, law: 0 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'somebody squeezes a thin market against itself and takes out four times its money',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 30, seconds: 2 });
        const [winner, loser] = [tape.join(15_000), tape.join(15_000)];
        yield tape.block(2);
        tape.trade(3, winner, loser, 30_000);
        yield* live(tape, crowd, { blocks: 2, seconds: 2 });
        for (let i = 0; i < 12; i += 1) {
          shift(crowd, 1.09, 3);
          yield* live(tape, { ...crowd, keeper: loser }, { blocks: 1, seconds: 2, trading: 0 });
        }
        tape.withdraw(winner, 80_000);
        yield tape.block(2);
      },
    },
    mutants: [
      { what: 'money put in is left out', from: '+ total(into);', to: ';' },
      { what: 'nobody is looked at', from: 'gone.add(account);', to: '' },
    ],
  },
});
