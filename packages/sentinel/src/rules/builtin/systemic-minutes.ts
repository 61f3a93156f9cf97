/** Two of the great markets fall by many deviations in a quarter of an hour (RISK). */
import {
  allTapes,
  type Moments,
  noMoments,
  observe,
  reportsOf,
  rule,
  type Score,
  set,
} from '../kit/builtin.ts';
import { gather, live, shift } from '../tape/crowd.ts';

interface Bar {
  /** Number of the quarter hour. */
  readonly bar: number;
  readonly open: number;
  readonly last: number;
  /** Squared returns of bars. */
  readonly squares: Moments;
}
type Memory = ReadonlyMap<number, Bar>;

const barSeconds = 900;
/** Half of the past is forgotten in about a day. */
const keep = 0.9928;

function follow(bar: Bar | undefined, price: number, time: number): Bar {
  const number = Math.floor(time / barSeconds);
  if (bar === undefined) return { bar: number, open: price, last: price, squares: noMoments };
  if (number === bar.bar) return { ...bar, last: price };
  const move = bar.last / bar.open - 1;
  return {
    bar: number,
    open: bar.last,
    last: price,
    squares: observe(bar.squares, move * move, keep),
  };
}

export default rule({
  id: 'systemic-minutes',
  tier: 'statistical',
  severity: 'high',
  title: 'The great markets fall together',
  reads: 'index prices of the markets named, in bars of fifteen minutes',
  threshold: { kind: 'budget', falsePerMonth: 2, unit: 'deviations of the second worst market' },
  settings: {
    markets: { value: '0,1,2', doc: 'ids of the great markets, such as BTC, ETH and SOL' },
    bars: { value: 30, doc: 'bars that must have been seen', min: 1 },
    floorPpm: { value: 500, doc: 'least deviation of a bar, ppm' },
  },
  begin: (): Memory => new Map(),
  measure: (view, before, { markets, bars, floorPpm }) => {
    const great = markets.split(',').map(Number);
    let memory = before;
    const falls: [market: number, deviations: number][] = [];
    for (const { quotes, time } of reportsOf(view)) {
      for (const { market, price } of quotes) {
        if (great.includes(market))
          memory = set(memory, market, follow(memory.get(market), price, time));
      }
    }
    if (memory === before) return { memory, scores: [] as Score[] };
    for (const [market, { open, last, squares }] of memory) {
      if (squares.weight < bars * 0.9) continue;
      const deviation = Math.max(Math.sqrt(squares.mean), floorPpm / 1e6);
      falls.push([market, (1 - last / open) / deviation]);
    }
    const [worst, second] = falls.sort((a, b) => b[1] - a[1]);
    if (worst === undefined || second === undefined || second[1] <= 0)
      return { memory, scores: [] };
    const rounded = falls.map(([market, z]) => `${market}: ${Math.round(z * 10) / 10}`);
    const far = Math.round(second[1]);
    const title = `markets ${worst[0]} and ${second[0]} fall by ${far} deviations`;
    const evidence = { falls: rounded.join(', ') };
    return { memory, scores: [{ key: 'venue', scope: 0, value: second[1], title, evidence }] };
  },
  trial: {
    silent: allTapes.filter((name) => name !== '20 % gap'),
    speaks: { '20 % gap': 'this is what it tells of; it never acts' },
    attack: {
      what: 'a cascade begins: all fall by 6 % within a quarter of an hour, after a calm day',
      acts: false,
      *play(tape) {
        const crowd = gather(tape, 10);
        yield* live(tape, crowd, { blocks: 288, seconds: 300, trading: 0.05 });
        for (let i = 0; i < 3; i += 1) {
          shift(crowd, 0.98);
          yield* live(tape, crowd, { blocks: 1, seconds: 300, trading: 0 });
        }
      },
    },
    calm: [
      {
        what: 'one of them falls by 12 % alone',
        *play(tape) {
          const crowd = gather(tape, 10);
          yield* live(tape, crowd, { blocks: 288, seconds: 300, trading: 0.05 });
          shift(crowd, 0.88, 1);
          yield* live(tape, crowd, { blocks: 6, seconds: 300, trading: 0 });
        },
      },
    ],
    mutants: [
      { what: 'up is down', from: '(1 - last / open)', to: '(last / open - 1)' },
      { what: 'one is enough', from: 'value: second[1], title', to: 'value: worst[1], title' },
      { what: 'no market is great', from: 'great.includes(market)', to: '!great.includes(market)' },
    ],
  },
});
