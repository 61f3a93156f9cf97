/**
 * The guards of auctions, each taken out in a copy of the sources: what judges auctions over random
 * commands must notice.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as core from '../src/index.ts';
import { play } from './auction-play.ts';

type Mutant = { name: string; file: string; from: string; to: string; trips: RegExp };

const mutants: Mutant[] = [
  {
    name: 'the price is the middle',
    file: 'clear.ts',
    from: 'const price = Math.min(Math.max(reference, from), end);',
    to: 'const price = (low + high) >>> 1;',
    trips: /it should be/,
  },
  {
    name: 'the first price that crosses will do',
    file: 'clear.ts',
    from: 'if (a.lots !== b.lots) return a.lots > b.lots;',
    to: 'if (a.lots !== b.lots) return false;',
    trips: /it should be/,
  },
  {
    name: 'what is left over does not matter',
    file: 'clear.ts',
    from: 'if (over !== 0) return over < 0;',
    to: '',
    trips: /it should be/,
  },
  {
    name: 'bids at the lowest offer do not count',
    file: 'clear.ts',
    from: '(bids.prices[lowestBid] ?? 0) >= low',
    to: '(bids.prices[lowestBid] ?? 0) > low',
    trips: /it should be|filled/,
  },
  {
    name: 'each pair has a price of its own',
    file: 'uncross.ts',
    from: "wanted, price as Resting['order']['price'])",
    to: 'wanted)',
    trips: /price of its own/,
  },
  {
    name: 'reduce-only orders wait their turn',
    file: 'uncross.ts',
    from: 'Number(b.resting.order.reduceOnly) - Number(a.resting.order.reduceOnly)',
    to: 'Number(a === b)',
    trips: /L13|filled/,
  },
  {
    name: 'lots go to those at the price itself first',
    file: 'uncross.ts',
    from: 'next: market.book.best(isBuy) };',
    to: 'next: market.book.next(market.book.best(isBuy) as Resting) ?? market.book.best(isBuy) };',
    trips: /passed over|filled/,
  },
  {
    name: 'whoever came later is the maker',
    file: 'uncross.ts',
    from: 'buy.resting.placed < sell.resting.placed',
    to: 'buy.resting.placed > sell.resting.placed',
    trips: /a post-only order takes/,
  },
  {
    name: 'what may not stand is not taken back',
    file: 'uncross.ts',
    from: 'for (const { terms } of round.fills.reverse()) reverseFill(ctx, market, terms);',
    to: '',
    trips: /./,
  },
  {
    name: 'a refused order is passed over in silence',
    file: 'uncross.ts',
    from: 'dropped.set(maker, met.drop as string);',
    to: '',
    trips: /filled|passed over/,
  },
  {
    name: 'an account may cross itself',
    file: '../place.ts',
    from: "cancel(ctx, old, 'SelfTrade');",
    to: "if (account === undefined) cancel(ctx, old, 'SelfTrade');",
    trips: /cannot trade with itself/,
  },
  {
    name: 'orders match while they are collected',
    file: '../place.ts',
    from: 'market.call === undefined\n      ? walk(',
    to: 'market.call?.until !== 0\n      ? walk(',
    trips: /a call filled/,
  },
  {
    name: 'a call ends though a breaker is in force',
    file: 'call.ts',
    from: 'if (level === 0) return undefined;',
    to: 'if (level >= 0) return undefined;',
    trips: /breaker/,
  },
  {
    name: 'a call ends though the price is old',
    file: 'call.ts',
    from: 'if (!isFresh(state, market)) {',
    to: 'if (market.price === 0) {',
    trips: /L08|PriceStale|old/,
  },
  {
    name: 'a call never ends',
    file: 'call.ts',
    from: 'if (blockedBy(state, market) === undefined) endCall(ctx, market);',
    to: '',
    trips: /overdue/,
  },
];

const source = fileURLToPath(new URL('../src', import.meta.url));
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
let folder = '';

async function load(index: number, { file, from, to }: Mutant): Promise<typeof core> {
  const target = join(folder, `m${index}`);
  cpSync(source, target, { recursive: true });
  const path = join(target, 'auction', file);
  const text = readFileSync(path, 'utf8');
  assert.equal(text.split(from).length, 2, `"${from}" must stand once in ${file}`);
  writeFileSync(path, text.replace(from, to));
  return (await import(pathToFileURL(join(target, 'index.ts')).href)) as typeof core;
}

describe('mutants of auctions', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'));
    symlinkSync(modules, join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  mutants.forEach((mutant, i) => {
    it(`are noticed: ${mutant.name}`, async () => {
      const variant = await load(i, mutant);
      const seeds = [1, 2, 3, 4];
      const found = seeds.map((seed) => () => play(variant, seed).breach ?? 'nothing');
      assert.ok(
        found.some((complain) => mutant.trips.test(complain())),
        'nobody noticed',
      );
    });
  });
});
