/**
 * What an order costs as its account has more positions, more open orders and more markets around
 * it: margin is judged with all of them before the match. Each stream is nine replacements of a
 * quote and one order that takes lots of another account. With `HOLDFAST_BENCH_BEFORE` the core
 * of another checkout takes turns with this one.
 */
import { accountId, lots, marketId, seconds } from '@holdfast/units';
import { against, type Measure, middle } from '@holdfast/units/measure';
import * as engine from '../src/index.ts';
import type { Command, CoreConfig, State } from '../src/types.ts';
import { config, deposit, order, owner, params, report } from '../test/support.ts';
import { before, costOf } from './cost.ts';

const ORDERS = 20_000;
const REPEATS = 3;
const INDEX = 100_000;
const AT = seconds(1000);
const [MAKER, TAKER] = [2, 3];

type Shape = { readonly positions: number; readonly markets: number; readonly open: number };
const PLAIN: Shape = { positions: 1, markets: 1, open: 1 };
/** Sixteen positions are the most that an account may have, on chain too. */
const SHAPES: readonly (readonly [name: string, shape: Shape])[] = [
  ['1 position, 1 market, 1 open order', PLAIN],
  ['4 positions', { ...PLAIN, positions: 4, markets: 16 }],
  ['16 positions', { ...PLAIN, positions: 16, markets: 16 }],
  ['256 markets', { ...PLAIN, markets: 256 }],
  ['100 open orders', { ...PLAIN, open: 100 }],
  ['1,000 open orders', { ...PLAIN, open: 1000 }],
  ['10,000 open orders', { ...PLAIN, open: 10_000 }],
  ['16 positions, 256 markets, 10,000 open orders', { positions: 16, markets: 256, open: 10_000 }],
];

/** Margin that grows with open interest and with a position's share of it: every term counts. */
const wide = {
  ...params,
  openInterestMax: lots(2 ** 40 - 1),
  openInterestLowPpm: 100_000,
  openInterestHighPpm: 900_000,
  concentrationPpm: 30_000,
  concentrationCapPpm: 200_000,
} as typeof params;

const configOf = (markets: number): CoreConfig => ({
  ...config,
  rateLimit: { burst: 2 ** 40, perSecond: 1, quotePerToken: 1_000_000n },
  markets: Array.from({ length: markets }, (_, id) => ({ id: marketId(id), params: wide })),
});

type Short = Parameters<typeof order>[2];
/** As over the wire: every order has bytes of its own. */
const placed = (account: number, isBuy: boolean, short: Short): Command => ({
  type: 'order',
  at: AT,
  order: { ...order(account, isBuy, short), signature: new Uint8Array(64).fill(1) },
  hash: '0x00',
});

function openVenue({ apply, createState }: typeof engine, shape: Shape): State {
  const state = createState(configOf(shape.markets));
  for (const id of [MAKER, TAKER]) {
    apply(state, { type: 'open', at: AT, account: accountId(id), owner: owner(id) });
    apply(state, deposit(id, 4e15, 1000));
  }
  apply(state, report(1, Array(shape.markets).fill(INDEX), 1000));
  for (let market = 0; market < shape.positions; market += 1) {
    apply(state, placed(MAKER, false, { market, price: INDEX, size: 1000, lane: market }));
    apply(state, placed(TAKER, true, { market, price: INDEX, size: 1000, lane: market, tif: 1 }));
  }
  for (let i = 0; i < shape.open; i += 1) {
    const market = i % shape.positions;
    const price = INDEX - 2000 + (i % 500);
    apply(state, placed(MAKER, true, { market, price, lane: 100 + i }));
  }
  return state;
}

function stream(first: number): Command[] {
  return Array.from({ length: ORDERS }, (_, i) => {
    const seq = first + i;
    const isBuy = i % 20 < 10;
    if (i % 10 < 9) {
      const price = isBuy ? INDEX - 10 - (i % 7) : INDEX + 10 + (i % 7);
      return placed(MAKER, isBuy, { price, lane: i % 20, seq, size: 10 });
    }
    const price = isBuy ? INDEX - 100 : INDEX + 100;
    return placed(TAKER, !isBuy, { price, lane: 50, seq, size: 5, tif: 1 });
  });
}

/** µs of CPU time for an order. */
async function run(core: typeof engine, shape: Shape): Promise<number> {
  const state = openVenue(core, shape);
  const streams = [stream(2), stream(2 + ORDERS)];
  for (const command of streams[0] ?? []) core.apply(state, command);
  const { fills } = state;
  const { cpuMicros } = await costOf(() => {
    for (const command of streams[1] ?? []) core.apply(state, command);
  });
  if (state.fills - fills < ORDERS / 20) throw new Error('the orders of the bench did not trade');
  return cpuMicros / ORDERS;
}

/** What `npm run bench -- core/bench/risk` prints. */
export async function bench(): Promise<Measure[]> {
  const old = await before<typeof engine>('index.ts');
  const cores = [engine, ...(old === undefined ? [] : [old])];
  const out: Measure[] = [];
  for (const core of cores) await run(core, PLAIN);
  for (const [name, shape] of SHAPES) {
    const costs: number[][] = cores.map(() => []);
    for (let i = 0; i < REPEATS; i += 1) {
      for (const [at, core] of cores.entries()) {
        (costs[at] as number[]).push(await run(core, shape));
      }
    }
    const [mine, theirs] = costs.map((each, at) =>
      middle(`an order${at === 0 ? '' : ' before'}: ${name}`, 'µs CPU', each),
    );
    if (mine === undefined) continue;
    if (theirs !== undefined) out.push(against(mine, theirs), theirs);
    else out.push(out[0] === undefined ? mine : against(mine, out[0]));
  }
  return out;
}
