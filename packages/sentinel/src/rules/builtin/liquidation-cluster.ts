/**
 * Liquidations beyond what the market's move and their own contagion explain. They excite each
 * other (branching 0.64, half-life 14 s, measured on 10 October 2025), so a Poisson count is wrong.
 */

import type { VenueState } from '../../rule.ts';
import {
  allTapes,
  type Buckets,
  buckets,
  eventsOf,
  put,
  rule,
  type Score,
  sum,
} from '../kit/builtin.ts';
import { gather, live, shift } from '../tape/crowd.ts';

interface Memory {
  readonly time: number;
  /** Σ of decayed liquidations: what excites further ones. */
  readonly excited: number;
  /** Marks of five minutes ago and now, by market. */
  readonly marks: readonly (readonly [time: number, marks: ReadonlyMap<number, number>])[];
  /** Largest move that they show. */
  readonly move: number;
  /** Found and expected in the last two minutes. */
  readonly found: Buckets<number>;
  readonly expected: Buckets<number>;
}

const branching = 0.64;
const decay = Math.LN2 / 14;

/** Largest move of a mark in five minutes, as a fraction. */
function moveOf(marks: Memory['marks'], now: ReadonlyMap<number, number>): number {
  let largest = 0;
  for (const [, then] of marks) {
    for (const [market, mark] of now) {
      const before = then.get(market) ?? mark;
      if (before > 0) largest = Math.max(largest, Math.abs(mark / before - 1));
    }
  }
  return largest;
}

function holdersOf({ accounts }: VenueState): number {
  let count = 0;
  for (const { positions } of accounts.values()) if (positions.size > 0) count += 1;
  return count;
}

export default rule({
  id: 'liquidation-cluster',
  tier: 'statistical',
  severity: 'high',
  title: 'Liquidations cluster beyond contagion',
  reads: 'liquidations, sales into the book and resolutions; marks; number of holders',
  threshold: { kind: 'budget', falsePerMonth: 1, unit: 'deviations above a self-exciting process' },
  settings: {
    perHour: { value: 1, doc: 'liquidations of a calm hour' },
    perMove: { value: 6, doc: 'liquidations per holder for a move of the whole price' },
  },
  begin: (): Memory => ({
    time: 0,
    excited: 0,
    marks: [],
    move: 0,
    found: buckets<number>(120, 10),
    expected: buckets<number>(120, 10),
  }),
  measure: (view, before, { perHour, perMove }) => {
    const { timestamp, state } = view;
    const seconds = before.time === 0 ? 0 : Math.max(0, timestamp - before.time);
    const count = eventsOf(view, 'Liquidated', 'Seized', 'Resolved').length;
    const faded = before.excited * Math.exp(-decay * seconds);
    // The last look is kept however old it is: blocks may be far apart.
    let marks = before.marks.filter(
      ([time], at) => time > timestamp - 300 || at === before.marks.length - 1,
    );
    const last = marks[marks.length - 1];
    const now = new Map([...state.markets].map(([id, { mark }]) => [id, mark]));
    if (last === undefined || timestamp - last[0] >= 30) marks = [...marks, [timestamp, now]];
    // A move explains its share when it goes further; the rest is contagion and calm.
    const move = moveOf(marks, now);
    const holders = count > 0 || move > before.move ? holdersOf(state) : 0;
    const byMove = holders * perMove * Math.max(0, move - before.move);
    const byContagion = branching * (before.excited - faded);
    const expected = (perHour * seconds) / 3600 + byMove + byContagion;
    const memory: Memory = {
      time: timestamp,
      excited: faded + count,
      marks,
      move,
      found: put(before.found, timestamp, count),
      expected: put(before.expected, timestamp, expected),
    };
    const [seen, due] = [sum(memory.found, timestamp, 0), sum(memory.expected, timestamp, 0)];
    const scores: Score[] = [];
    if (seen > due) {
      const value = (seen - due) / Math.sqrt(due + 1);
      const title = `${seen} liquidations in two minutes where ${due.toFixed(1)} are explained`;
      const evidence = {
        found: seen,
        expected: Math.round(due * 10) / 10,
        holders,
      };
      scores.push({ key: 'venue', scope: 0, value, title, evidence });
    }
    return { memory, scores };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'a wick of 3 % in one market is used to take from sixty accounts within a minute',
      acts: false,
      *play(tape) {
        const crowd = gather(tape, 60);
        yield* live(tape, crowd, { blocks: 120, seconds: 2 });
        for (const taker of crowd.takers) tape.trade(0, taker, crowd.makers[0] as number, 40);
        yield tape.block(2);
        shift(crowd, 0.97, 0);
        yield* live(tape, crowd, { blocks: 1, seconds: 2, trading: 0 });
        for (let turn = 0; turn < 3; turn += 1) {
          for (const taker of crowd.takers) {
            tape.liquidate(0, taker, crowd.keeper, 10);
            if (taker % 6 === 0) yield tape.block(2);
          }
        }
        shift(crowd, 1 / 0.97, 0);
        yield* live(tape, crowd, { blocks: 20, seconds: 2 });
      },
    },
    mutants: [
      {
        what: 'contagion without an end',
        from: 'const branching = 0.64;',
        to: 'const branching = 64;',
      },
      {
        what: 'nothing is counted',
        from: "'Liquidated', 'Seized', 'Resolved'",
        to: "'Liquidation'",
      },
    ],
  },
});
