/** Open interest against depth and insurance: what trades in an hour, and what could pay. */
import {
  allTapes,
  type Buckets,
  backstopOf,
  buckets,
  changesOf,
  coverOf,
  inTokens,
  notionalOf,
  put,
  ratio,
  rule,
  type Score,
  set,
  shortfall,
  sum,
  volumesOf,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

/** Lots traded in the last hour, by market. */
type Memory = ReadonlyMap<number, Buckets<number>>;

export default rule({
  id: 'interest-cover',
  tier: 'flow',
  severity: 'high',
  title: 'Open interest outgrows depth and insurance',
  reads: 'open interest, lots traded in an hour, insurance, backstop, equity of holders',
  damage: 'a move of `gapPpm` would leave debts that insurance and backstop cannot pay',
  threshold: {
    kind: 'level',
    value: 4,
    unit: 'open interest per volume of an hour, insurance and backstop',
  },
  settings: {
    gapPpm: { value: 150_000, doc: 'move of the market that has to be borne, ppm', max: 1_000_000 },
  },
  begin: (): Memory => new Map(),
  measure: (view, before, { gapPpm }) => {
    let memory: Memory = before;
    const scores: Score[] = [];
    const { state, timestamp } = view;
    for (const [id, lots] of volumesOf(changesOf(view))) {
      const market = state.markets.get(id);
      if (market === undefined) continue;
      const volume = put(memory.get(id) ?? buckets<number>(3600, 300), timestamp, lots);
      memory = set(memory, id, volume);
      const open = notionalOf(market, market.openInterest);
      const cover = coverOf(state, id) + backstopOf(state);
      // What was opened itself is no depth: half of the volume went the other way at best.
      const depth = notionalOf(market, sum(volume, timestamp, 0)) / 2n;
      const value = ratio(open, cover + depth + 1n);
      if (value < 0.5) continue;
      const owed = shortfall(state, state.accounts.values(), id, gapPpm);
      scores.push({
        key: `market ${id}`,
        scope: 1 + id,
        value,
        title: `${inTokens(open)} open in market ${id} before ${inTokens(cover)} of cover`,
        evidence: {
          market: id,
          open: inTokens(open),
          depth: inTokens(depth),
          cover: inTokens(cover),
          owed: inTokens(owed),
        },
        damage: owed > cover,
      });
    }
    return { memory, scores };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 1, holdSeconds: 900, law: 6 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'a cap was lifted: open interest grows by small steps over hours far beyond all cover',
      venue: { backstop: 100_000, insurance: 50_000 },
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        const many = Array.from({ length: 30 }, () => tape.join(10_000));
        for (let i = 0; i < 60; i += 1) {
          const [buyer, seller] = [many[i % 15], many[15 + (i % 15)]] as [number, number];
          tape.trade(3, buyer, seller, 24_000);
          yield* live(tape, crowd, { blocks: 1, seconds: 300 });
        }
      },
    },
    mutants: [
      {
        what: 'a gap of nothing',
        from: 'state.accounts.values(), id, gapPpm',
        to: 'state.accounts.values(), id, 0',
      },
      {
        what: 'depth counts for ever',
        from: 'buckets<number>(3600, 300)',
        to: 'buckets<number>(3600000, 300)',
      },
    ],
  },
});
