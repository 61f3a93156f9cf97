/**
 * An auction of 10,000 orders. The price alone: bucket sums of the book against every tick tried
 * over the same orders. The whole: the command that ends the call, with margin, fills and events,
 * against the same orders matched one by one as they come.
 */
import { cpuUsage } from 'node:process';
import { accountId, lots, marketId, seconds } from '@holdfast/units';
import { against, type Measure, middle } from '@holdfast/units/measure';
import { indication } from '../src/auction/uncross.ts';
import { apply, createState } from '../src/index.ts';
import { marketOf } from '../src/state.ts';
import type { Command, MarketState, State } from '../src/types.ts';
import { type Bid, naiveClear } from '../test/naive-clear.ts';
import { config, deposit, numbers, order, owner, params, report } from '../test/support.ts';

const ORDERS = 10_000;
const ACCOUNTS = 2_000;
const TICKS = 400;
const INDEX = 100_000;
const REPEATS = 5;
const AT = seconds(1000);
const market = marketId(0);

function openVenue(): State {
  const wide = { ...params, openInterestMax: lots(2 ** 40 - 1) };
  const rateLimit = { burst: 2 ** 40, perSecond: 1, quotePerToken: 1_000_000n };
  const state = createState({ ...config, rateLimit, markets: [{ id: market, params: wide }] });
  for (let id = 2; id < 2 + ACCOUNTS; id += 1) {
    apply(state, { type: 'open', at: AT, account: accountId(id), owner: owner(id) });
    apply(state, deposit(id, 4e12, 1000));
  }
  apply(state, report(1, [INDEX], 1000));
  return state;
}

/** Every account is on one side; prices overlap by half of their range. */
function orders(seed: number): Command[] {
  const dice = numbers(seed);
  return Array.from({ length: ORDERS }, (_, i) => {
    const account = 2 + (i % ACCOUNTS);
    const isBuy = account % 2 === 0;
    const away = dice(TICKS) - TICKS / 4;
    const price = INDEX + (isBuy ? -away : away);
    const slot = Math.floor(i / ACCOUNTS);
    const placed = order(account, isBuy, { price, size: 1 + dice(50), lane: slot, seq: seed });
    const { lane, seq } = placed;
    return { type: 'order', at: AT, order: placed, hash: `0x${account}-${lane}-${seq}` };
  });
}

/** CPU time of a piece of work, µs. */
function cpuOf(work: () => void): number {
  const begun = cpuUsage();
  work();
  const { user, system } = cpuUsage(begun);
  return user + system;
}

type Run = { priceFast: number; priceNaive: number; whole: number; continuous: number };
type Counts = { fills: number; levels: number };

function check(book: MarketState, list: readonly Bid[]): void {
  const [fast, naive] = [indication(book), naiveClear(list, INDEX)];
  if (JSON.stringify(fast) !== JSON.stringify(naive)) throw new Error('the clearings differ');
}

function once(seed: number, counts: Counts): Run {
  const state = openVenue();
  const commands = orders(seed);
  const list: Bid[] = commands.flatMap((command) => {
    if (command.type !== 'order') return [];
    const { isBuy, price, size } = command.order;
    return [{ isBuy, price, lots: size }];
  });
  apply(state, { type: 'call', at: AT, market, seconds: 60 });
  for (const command of commands) apply(state, command);
  const book = marketOf(state, market);
  check(book, list);
  const times = 50;
  const priceFast = cpuOf(() => {
    for (let i = 0; i < times; i += 1) indication(book);
  });
  const priceNaive = cpuOf(() => void naiveClear(list, INDEX));
  counts.levels = book.book.buckets(true, 1).prices.length;
  const whole = cpuOf(() => void apply(state, { type: 'call', at: AT, market, seconds: 0 }));
  counts.fills = state.fills;
  const other = openVenue();
  const continuous = cpuOf(() => {
    for (const command of commands) apply(other, command);
  });
  return { priceFast: priceFast / times, priceNaive, whole, continuous };
}

/** What `npm run bench -- core/bench/auction` prints. */
export function bench(): Measure[] {
  const counts: Counts = { fills: 0, levels: 0 };
  once(1, counts);
  const runs = Array.from({ length: REPEATS }, (_, i) => once(2 + i, counts));
  const perSecond = (name: string, of: (run: Run) => number): Measure => {
    const values = runs.map((run) => (ORDERS / of(run)) * 1e6);
    return middle(name, 'orders/s of CPU', values);
  };
  const naive = perSecond('price of an auction, every tick tried', (run) => run.priceNaive);
  const fast = perSecond('price of an auction, bucket sums', (run) => run.priceFast);
  const each = perSecond('the same orders, matched as they come', (run) => run.continuous);
  const whole = perSecond('end of a call, fills and all', (run) => run.whole);
  const orders_ = `${ORDERS.toLocaleString('en')} orders, ${counts.levels} levels a side`;
  return [
    { ...naive, note: orders_ },
    against(fast, naive),
    each,
    { ...against(whole, each), note: `${counts.fills.toLocaleString('en')} fills` },
  ];
}
