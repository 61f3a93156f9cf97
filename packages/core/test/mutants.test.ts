/**
 * The guards of the engine, each taken out in a copy of the sources: the watcher, the full check or
 * the production assertions must notice. So the laws that the other tests hold are not hollow.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { seconds } from '@holdfast/units';
import type * as core from '../src/index.ts';
import * as engine from '../src/index.ts';
import type { Command } from '../src/types.ts';
import { opening, stream } from './stream.ts';
import { config, deposit, order, type Shorthand } from './support.ts';
import { Watch } from './watch.ts';

type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What the first complaint must say. */
  readonly trips: RegExp;
  /** Commands that need this guard; default: random streams meet the need soon enough. */
  readonly script?: () => Command[];
};

/** An account grows, is emptied by a withdrawal, and reduces, all within one round. */
function grownThenShort(): Command[] {
  const at = seconds(1000);
  const place = (account: number, isBuy: boolean, short: Shorthand): Command => ({
    type: 'order',
    at,
    order: order(account, isBuy, short),
  });
  return [
    ...opening(),
    place(5, false, { size: 100 }),
    place(2, true, { size: 100 }),
    { ...deposit(2, -500_000, 1000), cause: 'withdraw' } as Command,
    place(6, true, { size: 10 }),
    place(2, false, { size: 10, lane: 1 }),
  ];
}

const mutants: Mutant[] = [
  {
    name: 'the protocol sells of anybody',
    file: 'seize.ts',
    from: 'if (isRejection(terms)) return terms;',
    to: `if (isRejection(terms)) {
      if (size === 0) return terms;
      const price = (size > 0 ? 1 : 2 ** 31) as Ticks;
      const rest = { isBuy: size < 0, size: 1 as Lots, price, expiry: 2 ** 39 as Seconds };
      const seq = ((account.lanes.get(protocolLane)?.seq ?? 0) + 1) as Seq;
      const { epoch } = account;
      const all = { account: id, market: marketId, ...rest, seq, epoch };
      return { account, market, order: protocolOrder(all) };
    }`,
    trips: /not in need/,
  },
  {
    name: 'the maker is not rechecked and the taker neither',
    file: 'margin.ts',
    from: 'if (after.equity >= after.initial) return true;',
    to: 'if (after.equity > -after.initial) return true;',
    trips: /L07 fill/,
  },
  {
    name: 'healthier is enough in a round that has grown',
    file: 'margin.ts',
    from: 'if (account.grewRound === state.round) return false;',
    to: '',
    trips: /L07 over the round/,
    script: grownThenShort,
  },
  {
    name: 'any price in the book will do',
    file: 'limits.ts',
    from: 'return bandOf(price as Ticks, params.fillBandPpm);',
    to: 'return { low: 1, high: 2 ** 32 };',
    trips: /L10/,
  },
  {
    name: 'stale prices trade',
    file: 'limits.ts',
    from: 'return age <= ageMax;',
    to: 'return age <= 1e9;',
    trips: /L08/,
  },
  {
    name: 'limits do not bind',
    file: 'limits.ts',
    from: 'return isBuy ? price <= limit : price >= limit;',
    to: 'return isBuy ? price <= limit + 3 : price >= limit - 3;',
    trips: /L12/,
  },
  {
    name: 'reduce-only flips',
    file: 'match.ts',
    from: 'if (!reduceOnly && !isBanned) return wanted;',
    to: 'if (!isBanned) return wanted;',
    trips: /L13/,
  },
  {
    name: 'longs are valued above the mark',
    file: 'valuation.ts',
    from: 'price: mark as Ticks',
    to: 'price: (mark + 9) as Ticks',
    trips: /L07/,
  },
  {
    name: 'margin is kept though a position moved',
    file: 'state.ts',
    from: 'touch(account, market.id);',
    to: '',
    trips: /L07|keeps margin/,
  },
  {
    name: 'margin is kept though orders came and went',
    file: 'resting.ts',
    from: 'touch(account, market);',
    to: '',
    trips: /keeps margin/,
  },
  {
    name: 'margin is kept though prices moved',
    file: 'valuation.ts',
    from: 'if (part.isStale || part.stamp !== now.stamp)',
    to: 'if (part.isStale)',
    trips: /L07|keeps margin/,
  },
  {
    name: 'expired orders stay',
    file: 'time.ts',
    from: 'if (state.nextExpiry <= at + state.config.expiryMarginSeconds) sweepExpired(ctx);',
    to: '',
    trips: /expired order/,
  },
  {
    name: 'fees vanish',
    file: 'fill.ts',
    from: 'times * ((maker.fee + taker.fee) << q32Bits)',
    to: '0n * times',
    trips: /cash is not conserved/,
  },
  {
    name: 'only the taker gets a position',
    file: 'fill.ts',
    from: 'move(ctx, account, market, sign * delta.sizeDelta);',
    to: 'if (delta.sizeDelta > 0) move(ctx, account, market, sign * delta.sizeDelta);',
    trips: /net position/,
  },
  {
    name: 'self trades',
    file: 'match.ts',
    from: 'if (makerId === order.account)',
    to: 'if (makerId === 0)',
    trips: /cannot trade with itself/,
  },
  {
    name: 'the reduce-only rests are not trimmed',
    file: 'resting.ts',
    from: 'if (excess <= 0) return;',
    to: 'if (excess <= 1e9) return;',
    trips: /reduce-only orders beyond/,
  },
  {
    name: 'a shrunk order keeps its sums',
    file: 'resting.ts',
    from: 'addOpen(account, resting, -amount);',
    to: '',
    trips: /open sums|reserves something/,
  },
  {
    name: 'the rest of a stopped taker rests anyway',
    file: 'place.ts',
    from: "if (walked.end !== 'Uncrossed') return walked.end;",
    to: '',
    trips: /crossed/,
  },
];

const source = fileURLToPath(new URL('../src', import.meta.url));
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const commandsMax = 4000;
let folder = '';

/** The first thing that goes wrong with a variant of the core; undefined if nothing does. */
function firstBreach(
  variant: typeof core,
  script: Command[],
  next?: (state: core.State) => Command,
): string | undefined {
  const state = variant.createState(config);
  const watch = new Watch();
  for (let i = 0; i < commandsMax; i++) {
    const command = script[i] ?? next?.(state);
    if (command === undefined) return undefined;
    try {
      watch.see(state, command, variant.apply(state, command).events);
    } catch (error) {
      return String(error);
    }
    if (watch.breaches.length > 0) return watch.breaches[0];
    if (i % 20 === 0) {
      const [breach] = variant.checkLaws(state);
      if (breach !== undefined) return breach;
    }
  }
  return undefined;
}

async function load(index: number, { file, from, to }: Mutant): Promise<typeof core> {
  const target = join(folder, `m${index}`);
  cpSync(source, target, { recursive: true });
  const path = join(target, file);
  const text = readFileSync(path, 'utf8');
  assert.equal(text.split(from).length, 2, `"${from}" must stand once in ${file}`);
  writeFileSync(path, text.replace(from, to));
  return (await import(pathToFileURL(join(target, 'index.ts')).href)) as typeof core;
}

describe('mutants', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'));
    symlinkSync(modules, join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  mutants.forEach((mutant, i) => {
    it(`trip a law: ${mutant.name}`, async () => {
      const variant = await load(i, mutant);
      const { script, trips } = mutant;
      const attempts = script === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [0];
      const complaints = attempts.map(
        (seed) => () =>
          script === undefined
            ? firstBreach(variant, opening(), stream(seed))
            : firstBreach(variant, script()),
      );
      assert.ok(
        complaints.some((complain) => trips.test(complain() ?? 'nothing')),
        'nobody noticed',
      );
    });
  });

  it('need the guard: the engine itself passes the same scripts', () => {
    for (const { script } of mutants) {
      if (script !== undefined) assert.equal(firstBreach(engine, script()), undefined);
    }
  });
});
