/**
 * Orders per second of one market with 10,000 live orders, ladder beside naive: the same seeded
 * stream of replacements, cancels and takers through the whole of `apply`, margin included.
 */
import { performance } from 'node:perf_hooks';
import { cpuUsage } from 'node:process';
import { accountId, lane, lots, marketId, seconds, type Ticks } from '@holdfast/units';
import { apply, createState, stateHash } from '../src/index.ts';
import type { Command, CoreConfig, State } from '../src/types.ts';
import { config, deposit, numbers, order, owner, params, report } from '../test/support.ts';

type Measure = {
  name: string;
  value: number;
  unit: string;
  note?: string;
  band?: readonly [number, number];
  reference?: string;
  ratio?: number;
};

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

function openVenue(book: CoreConfig['book']): State {
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

function measure(book: CoreConfig['book'], count: number): { rate: number; state: State } {
  const state = openVenue(book);
  for (const command of traffic(warmUp / (book === 'naive' ? naiveShare : 1), 1, 2)) {
    apply(state, command);
  }
  const stream = traffic(count, 2, warmUp + 2);
  const begun = cpuUsage();
  for (const command of stream) apply(state, command);
  const { user, system } = cpuUsage(begun);
  return { rate: (stream.length / (user + system)) * 1e6, state };
}

type Run = ReturnType<typeof measure>;

/** The middle of the runs, with the extremes as the noise. */
function rate(name: string, runs: readonly Run[]): Measure {
  const sorted = runs.map(({ rate }) => rate).sort((a, b) => a - b);
  const { state } = runs[0] as Run;
  return {
    name: `apply, ${name} book`,
    value: sorted[Math.floor(sorted.length / 2)] as number,
    unit: 'commands/s',
    band: [sorted[0] as number, sorted.at(-1) as number],
    note: `${state.markets.get(marketId(0))?.book.count} live orders, ${state.fills} fills`,
  };
}

/** What `npm run bench` prints. Rates are per second of CPU time. */
export function bench(): Measure[] {
  const ladders: Run[] = [];
  const naives: Run[] = [];
  for (let i = 0; i < repeats; i++) {
    ladders.push(measure('ladder', commands));
    naives.push(measure('naive', commands / naiveShare));
  }
  const naive = rate('naive', naives);
  const ladder = rate('ladder', ladders);
  const start = performance.now();
  stateHash((ladders[0] as Run).state);
  const value = performance.now() - start;
  return [
    { ...ladder, reference: naive.name, ratio: ladder.value / naive.value },
    naive,
    { name: 'stateHash', value, unit: 'ms' },
  ];
}
