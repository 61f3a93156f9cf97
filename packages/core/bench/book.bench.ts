/**
 * The book alone, without accounts and margin: a market of 10,000 live orders in which each step
 * takes one out, puts it back at another price and asks for the best and the next of it. With
 * `HOLDFAST_BENCH_BEFORE` the book of another checkout takes turns with it.
 */

import { against, type Measure, middle } from '@holdfast/units/measure';
import type { Book, Resting } from '../src/book/book.ts';
import { LadderBook } from '../src/book/ladder.ts';
import { numbers, order } from '../test/support.ts';
import { before, type Cost, costOf } from './cost.ts';

const LIVE = 10_000;
const STEPS = 400_000;
const REPEATS = 5;
const INDEX = 100_000;
/** Sparse prices make a level of nearly every order, dense ones share 100 levels. */
const SPREADS = { 'a level an order': 20_000, '100 levels': 50 } as const;

function restingAt(placed: number, isBuy: boolean, away: number): Resting {
  const price = isBuy ? INDEX - away : INDEX + away;
  const mine = { order: order(2, isBuy, { price }), placed, remaining: 10, adverse: 0 };
  return { ...mine, reserve: 0n, hash: undefined, slot: -1 };
}

/** The pool of orders is made ahead: what is allocated in a run, the book allocates. */
async function run(book: Book, spread: number, seed: number): Promise<Cost> {
  const dice = numbers(seed);
  const pool = Array.from({ length: 2 * LIVE }, (_, i) =>
    restingAt(i, i % 2 === 0, 1 + dice(spread)),
  );
  const live = pool.slice(0, LIVE);
  const idle = pool.slice(LIVE);
  for (const each of live) book.insert(each);
  const picks = Uint16Array.from({ length: 2 * STEPS }, () => dice(LIVE));
  let seen = 0;
  const cost = await costOf(() => {
    for (let i = 0; i < STEPS; i++) {
      const from = picks[2 * i] as number;
      const to = picks[2 * i + 1] as number;
      const [out, into] = [live[from] as Resting, idle[to] as Resting];
      book.remove(out);
      book.insert(into);
      live[from] = into;
      idle[to] = out;
      const best = book.best(i % 2 === 0);
      if (best !== undefined && book.next(best) !== undefined) seen += 1;
    }
  });
  if (seen < STEPS / 2) throw new Error('the book lost its orders');
  return cost;
}

type Named = { readonly name: string; readonly make: () => Book };

function rows(spread: string, { name }: Named, costs: readonly Cost[]): [Measure, Measure] {
  const per = costs.map(({ cpuMicros }) => cpuMicros / STEPS);
  const collections = costs.reduce((sum, cost) => sum + cost.collections, 0) / costs.length;
  return [
    middle(`${name}, ${spread}: a step`, 'µs CPU', per),
    {
      ...middle(
        `${name}, ${spread}: collector`,
        'ms',
        costs.map(({ gcMs }) => gcMs),
      ),
      note: `${collections} collections in ${STEPS.toLocaleString('en')} steps`,
    },
  ];
}

/** What `npm run bench -- core/bench/book` prints. */
export async function bench(): Promise<Measure[]> {
  const old = await before<{ LadderBook: new () => Book }>('book/ladder.ts');
  const books: Named[] = [{ name: 'book', make: () => new LadderBook() }];
  if (old !== undefined) books.push({ name: 'book before', make: () => new old.LadderBook() });
  const out: Measure[] = [];
  for (const [spread, width] of Object.entries(SPREADS)) {
    const costs: Cost[][] = books.map(() => []);
    for (const { make } of books) await run(make(), width, 1);
    for (let i = 0; i < REPEATS; i++) {
      for (const [at, { make }] of books.entries()) {
        (costs[at] as Cost[]).push(await run(make(), width, 2 + i));
      }
    }
    const [mine, theirs] = books.map((book, at) => rows(spread, book, costs[at] as Cost[]));
    if (mine === undefined) continue;
    if (theirs === undefined) out.push(...mine);
    else out.push(against(mine[0], theirs[0]), mine[1], ...theirs);
  }
  return out;
}
