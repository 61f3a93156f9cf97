/** The same through many accounts of one hand: owner, money and openings say whose they are. */
import {
  allTapes,
  bearable,
  type Clusters,
  changesOf,
  clusters,
  follow,
  inTokens,
  membersOf,
  notionalOf,
  rootOf,
  rowsOf,
  rule,
  type Score,
  shortfall,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

export default rule({
  id: 'concentration-cluster',
  tier: 'flow',
  severity: 'high',
  title: 'A cluster of accounts is most of a market',
  reads: 'owners, money in and out, openings, positions, insurance, marks',
  damage: 'a move of `gapPpm` would leave a debt that the venue cannot bear',
  threshold: { kind: 'level', value: 0.35, unit: 'share of the open interest' },
  settings: {
    custodianFan: { value: 50, doc: 'owners behind one address from which it is a custodian' },
    gapPpm: { value: 150_000, doc: 'move of the market that has to be borne, ppm', max: 1_000_000 },
  },
  begin: ({ custodianFan }): Clusters => clusters(custodianFan),
  measure: (view, before, { gapPpm }) => {
    const memory = follow(before, view);
    const scores = new Map<string, Score>();
    for (const { account, market: id } of changesOf(view)) {
      const market = view.state.markets.get(id);
      const all = membersOf(memory, account);
      const key = `cluster ${rootOf(memory, account)}, market ${id}`;
      if (market === undefined || all.length < 2 || scores.has(key)) continue;
      const rows = rowsOf(memory, view.state, account);
      const [longs, shorts] = [1, -1].map((side) =>
        rows.reduce((sum, row) => sum + Math.max(0, side * (row.positions.get(id) ?? 0)), 0),
      ) as [number, number];
      const lots = Math.max(longs, shorts);
      const cover = bearable(view.state, id);
      const notional = notionalOf(market, lots);
      if (notional <= cover) continue;
      const owed = shortfall(view.state, rows, id, gapPpm);
      if (owed * 4n < cover) continue;
      scores.set(key, {
        key,
        scope: 1 + id,
        value: lots / Math.max(1, market.openInterest),
        title: `${all.length} accounts of one hand hold ${inTokens(notional)} of market ${id}`,
        evidence: {
          accounts: all.slice(0, 20).join(' '),
          market: id,
          longs,
          shorts,
          openInterest: market.openInterest,
          owed: inTokens(owed),
          cover: inTokens(cover),
        },
        damage: owed > cover,
      });
    }
    return { memory, scores: [...scores.values()] };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 1, holdSeconds: 900, law: 6 }),
  trial: {
    silent: allTapes,
    attack: {
      what: '19 wallets, opened in one block with the same money, take one side of a thin market',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        const wallets = Array.from({ length: 19 }, () => tape.join(15_000));
        yield tape.block(2);
        for (let i = 0; i < 10; i += 1) {
          wallets.forEach((wallet, at) => {
            tape.trade(3, wallet, crowd.makers[at % 6] as number, 12_000);
          });
          yield* live(tape, crowd, { blocks: 1, seconds: 2 });
        }
      },
    },
    mutants: [
      { what: 'each account stands for itself', from: 'all.length < 2', to: 'all.length < 100' },
      { what: 'both sides together', from: 'Math.max(longs, shorts)', to: 'longs - longs' },
    ],
  },
});
