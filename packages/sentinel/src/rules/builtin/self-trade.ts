/** Trade between accounts of one hand: a pair is left of which one will not pay. */
import {
  allTapes,
  type Buckets,
  bearable,
  buckets,
  type Clusters,
  changesOf,
  clusters,
  follow,
  inTokens,
  membersOf,
  notionalOf,
  put,
  rootOf,
  rowsOf,
  rule,
  type Score,
  set,
  shortfall,
  sum,
  volumesOf,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

interface Memory {
  readonly clusters: Clusters;
  /** Lots of an hour by market, and of those by cluster with itself. */
  readonly all: ReadonlyMap<number, Buckets<number>>;
  readonly own: ReadonlyMap<string, Buckets<number>>;
}

const hour = () => buckets<number>(3600, 60);

export default rule({
  id: 'self-trade',
  tier: 'flow',
  severity: 'high',
  title: 'Somebody trades with itself',
  reads: 'position changes of a block by cluster of accounts, insurance, marks',
  damage: 'the pair that is left would at `gapPpm` owe more than the venue can bear',
  threshold: { kind: 'level', value: 0.3, unit: 'share of the volume of an hour' },
  settings: {
    custodianFan: { value: 50, doc: 'owners behind one address from which it is a custodian' },
    gapPpm: { value: 150_000, doc: 'move of the market that has to be borne, ppm', max: 1_000_000 },
    floorTokens: { value: 20_000, doc: 'least notional with itself in an hour, tokens' },
  },
  begin: ({ custodianFan }): Memory => ({
    clusters: clusters(custodianFan),
    all: new Map(),
    own: new Map(),
  }),
  measure: (view, before, { gapPpm, floorTokens }) => {
    const { state, timestamp } = view;
    const linked = follow(before.clusters, view);
    let { all, own } = before;
    const changes = changesOf(view);
    for (const [id, lots] of volumesOf(changes)) {
      all = set(all, id, put(all.get(id) ?? hour(), timestamp, lots));
    }
    const bought = new Map<string, number>();
    const sold = new Map<string, number>();
    for (const { account, market, before: was, after } of changes) {
      if (membersOf(linked, account).length < 2) continue;
      const [side, lots] = after > was ? [bought, after - was] : [sold, was - after];
      const key = `${rootOf(linked, account)}:${market}`;
      side.set(key, (side.get(key) ?? 0) + lots);
    }
    const scores: Score[] = [];
    for (const [key, lots] of bought) {
      const matched = Math.min(lots, sold.get(key) ?? 0);
      if (matched === 0) continue;
      own = set(own, key, put(own.get(key) ?? hour(), timestamp, matched));
      const [root, id] = key.split(':').map(Number) as [number, number];
      const market = state.markets.get(id);
      if (market === undefined) continue;
      const total = sum(own.get(key) ?? hour(), timestamp, 0);
      const notional = notionalOf(market, total);
      if (notional < BigInt(floorTokens) * 1_000_000n) continue;
      const cover = bearable(state, id);
      const owed = shortfall(state, rowsOf(linked, state, root), id, gapPpm);
      // Volume that only looks like one costs nobody anything but its fees.
      if (owed * 4n < cover) continue;
      scores.push({
        key: `cluster ${root}, market ${id}`,
        scope: 1 + id,
        value: total / Math.max(1, sum(all.get(id) ?? hour(), timestamp, 0)),
        title: `accounts of one hand traded ${inTokens(notional)} with each other`,
        evidence: {
          accounts: membersOf(linked, root).slice(0, 20).join(' '),
          market: id,
          lots: total,
          owed: inTokens(owed),
          cover: inTokens(cover),
        },
        damage: owed > cover,
      });
    }
    return { memory: { clusters: linked, all, own }, scores };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 1, holdSeconds: 900, law: 0 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'two accounts that one address has paid for cross a maximal position in a thin market',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        const from = `0x${'ab'.repeat(20)}`;
        const [long, short] = [tape.join(200_000, { from }), tape.join(200_000, { from })];
        yield tape.block(2);
        for (let i = 0; i < 8; i += 1) {
          tape.trade(3, long, short, 250_000);
          yield* live(tape, crowd, { blocks: 1, seconds: 2 });
        }
      },
    },
    mutants: [
      {
        what: 'one side is enough',
        from: 'Math.min(lots, sold.get(key) ?? 0)',
        to: 'Math.min(0, sold.get(key) ?? 0)',
      },
      {
        what: 'money links nobody',
        from: 'clusters: clusters(custodianFan)',
        to: 'clusters: clusters(0)',
      },
    ],
  },
});
