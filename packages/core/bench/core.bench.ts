/**
 * Orders per second of one market with 10,000 live orders, ladder beside naive: the same seeded
 * stream of replacements, cancels and takers through the whole of `apply`, margin included. With
 * `HOLDFAST_BENCH_BEFORE` the core of another checkout takes turns with this one.
 */
import { performance } from 'node:perf_hooks';
import { accountId, lane, lots, marketId, seconds, type Ticks } from '@holdfast/units';
import { against, type Measure, middle } from '@holdfast/units/measure';
import * as engine from '../src/index.ts';
import type { Command, CoreConfig, State } from '../src/types.ts';
import { config, deposit, numbers, order, owner, params, report } from '../test/support.ts';
import { before, type Cost, costOf } from './cost.ts';

type Core = Pick<typeof engine, 'apply' | 'createState' | 'stateHash'>;

const makers = 50;
/** Takers eat some of them: about 10,000 of the 12,000 lanes are live on average. */
const lanesPerMaker = 240;
const index = 100_000;
const commands = 100_000;
const warmUp = 20_000;
const naiveShare = 10;
const repeats = 3;

const benchConfig: CoreConfig = {
  ...config,
  rateLimit: { burst: 2 ** 40, perSecond: 1, quotePerToken: 1_000_000n },
  markets: [{ id: marketId(0), params: { ...params, openInterestMax: lots(2 ** 40 - 1) } }],
};

/** Price of a lane: makers sit within 2,500 ticks of the index, on both sides. */
function priceOf(slot: number, jitter: number): { isBuy: boolean; price: number } {
  const isBuy = slot % 2 === 0;
  const distance = 1 + slot * 10 + jitter;
  return { isBuy, price: isBuy ? index - distance : index + distance };
}

function openVenue({ apply, createState }: Core, book: CoreConfig['book']): State {
  const state = createState({ ...benchConfig, book });
  const at = seconds(1000);
  for (let id = 2; id < 2 + makers + 10; id++) {
    apply(state, { type: 'open', at, account: accountId(id), owner: owner(id) });
    apply(state, deposit(id, 4e15, 1000));
  }
  apply(state, report(1, [index], 1000));
  for (let slot = 0; slot < lanesPerMaker; slot++) {
    for (let maker = 0; maker < makers; maker++) apply(state, quote(maker, slot, 1, maker % 12));
  }
  return state;
}

function quote(maker: number, slot: number, seq: number, jitter: number): Command {
  const { isBuy, price } = priceOf(slot, jitter);
  const postOnly = true;
  const signed = order(2 + maker, isBuy, { price, size: 50, lane: slot, seq, postOnly });
  return { type: 'order', at: seconds(1000), order: signed, hash: '0x00' };
}

/** 80 % replacements, 10 % cancels, 10 % takers that meet about two makers. */
function traffic(count: number, seed: number, firstSeq: number): Command[] {
  const dice = numbers(seed);
  const out: Command[] = [];
  for (let i = 0; i < count; i++) {
    const kind = dice(10);
    const maker = dice(makers);
    const slot = dice(lanesPerMaker);
    const seq = firstSeq + i;
    if (kind < 8) out.push(quote(maker, slot, seq, dice(12)));
    else if (kind === 8) {
      const account = accountId(2 + maker);
      out.push({ type: 'cancel', at: seconds(1000), account, lane: lane(slot) });
      out.push(quote(maker, slot, seq, dice(12)));
    } else {
      const isBuy = dice(2) === 0;
      const price = (isBuy ? index + 3000 : index - 3000) as Ticks;
      const taker = order(2 + makers + dice(10), isBuy, { price, size: 75, tif: 1, seq });
      out.push({ type: 'order', at: seconds(1000), order: taker, hash: '0x00' });
    }
  }
  return out;
}

type Run = { rate: number; cost: Cost; state: State };

async function measure(core: Core, book: CoreConfig['book'], count: number): Promise<Run> {
  const { apply } = core;
  const state = openVenue(core, book);
  for (const command of traffic(warmUp / (book === 'naive' ? naiveShare : 1), 1, 2)) {
    apply(state, command);
  }
  const stream = traffic(count, 2, warmUp + 2);
  const cost = await costOf(() => {
    for (const command of stream) apply(state, command);
  });
  return { rate: (stream.length / cost.cpuMicros) * 1e6, cost, state };
}

/** The middle of the runs, with the extremes as the noise. */
function rate(name: string, runs: readonly Run[]): Measure {
  const { state } = runs[0] as Run;
  return {
    ...middle(
      `apply, ${name} book`,
      'commands/s',
      runs.map((run) => run.rate),
    ),
    note: `${state.markets.get(marketId(0))?.book.count} live orders, ${state.fills} fills`,
  };
}

function collector(name: string, runs: readonly Run[]): Measure {
  const count = runs.reduce((sum, { cost }) => sum + cost.collections, 0) / runs.length;
  return {
    ...middle(
      `apply, ${name} book: collector`,
      'ms',
      runs.map(({ cost }) => cost.gcMs),
    ),
    note: `${figure(count)} collections in ${figure(commands)} commands`,
  };
}

const figure = (value: number): string => Math.round(value).toLocaleString('en');

/** What `npm run bench -- core/bench/core` prints. Rates are per second of CPU time. */
export async function bench(): Promise<Measure[]> {
  const old = await before<Core>('index.ts');
  const runs = { ladder: [] as Run[], before: [] as Run[], naive: [] as Run[] };
  for (let i = 0; i < repeats; i++) {
    runs.ladder.push(await measure(engine, 'ladder', commands));
    if (old !== undefined) runs.before.push(await measure(old, 'ladder', commands));
    runs.naive.push(await measure(engine, 'naive', commands / naiveShare));
  }
  const naive = rate('naive', runs.naive);
  const ladder = rate('ladder', runs.ladder);
  const rows = [against(ladder, naive), collector('ladder', runs.ladder), naive];
  if (old !== undefined) {
    const earlier = rate('ladder before', runs.before);
    rows.push(against({ ...ladder, name: 'the same' }, earlier), earlier);
    rows.push(collector('ladder before', runs.before));
  }
  const start = performance.now();
  engine.stateHash((runs.ladder[0] as Run).state);
  rows.push({ name: 'stateHash', value: performance.now() - start, unit: 'ms' });
  return rows;
}
