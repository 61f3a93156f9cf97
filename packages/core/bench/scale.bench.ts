/**
 * How cost grows: an order's CPU time, the heap of an account and of a live order, snapshot and
 * hash of the whole state, as accounts and markets become more. `HOLDFAST_BENCH_ACCOUNTS` names
 * the largest number of accounts (default 100,000; a million needs 4 GB).
 */
import { cpuUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { accountId, lots, marketId, seconds } from '@holdfast/units';
import type { Measure } from '@holdfast/units/measure';
import { apply, createState, restore, snapshot, stateHash } from '../src/index.ts';
import type { CoreConfig, State } from '../src/types.ts';
import { config, deposit, numbers, order, owner, params, report } from '../test/support.ts';

const ACCOUNTS_MAX = Number(process.env.HOLDFAST_BENCH_ACCOUNTS ?? 100_000);
const ORDERS = 20_000;
const INDEX = 100_000;
const AT = seconds(1000);
/** One byte of an order is its market. */
const MARKETS_MAX = 256;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}

function configOf(markets: number): CoreConfig {
  const wide = { ...params, openInterestMax: lots(2 ** 40 - 1) };
  return {
    ...config,
    rateLimit: { burst: 2 ** 40, perSecond: 1, quotePerToken: 1_000_000n },
    markets: Array.from({ length: markets }, (_, id) => ({ id: marketId(id), params: wide })),
  };
}

function openVenue(accounts: number, markets: number): State {
  const state = createState(configOf(markets));
  for (let id = 2; id < 2 + accounts; id += 1) {
    apply(state, { type: 'open', at: AT, account: accountId(id), owner: owner(id) });
    apply(state, deposit(id, 4e12, 1000));
  }
  apply(state, report(1, Array(markets).fill(INDEX), 1000));
  return state;
}

/** Quotes that rest, one lane each, and every tenth an order that takes. */
function trade(state: State, accounts: number, markets: number, from: number, count: number): void {
  const dice = numbers(from + 1);
  for (let i = 0; i < count; i += 1) {
    const isBuy = dice(2) === 0;
    const takes = i % 10 === 9;
    const away = takes ? -300 : 1 + dice(2000);
    const price = isBuy ? INDEX - away : INDEX + away;
    const account = 2 + dice(accounts);
    const seq = 1 + from + i;
    // An account may be in sixteen markets at the most.
    const market = (account + dice(Math.min(8, markets))) % markets;
    const short = { price, size: takes ? 5 : 10, lane: dice(20), seq, market };
    const signed = order(account, isBuy, takes ? { ...short, tif: 1 } : short);
    // As over the wire: every order has bytes of its own.
    apply(state, {
      type: 'order',
      at: AT,
      order: { ...signed, signature: new Uint8Array(64).fill(i) },
      // The hash of a filled order costs the same however large the venue is: left out.
      hash: '0x00',
      clientId: '1',
    });
  }
}

function cpuMs(work: () => void): number {
  const begun = cpuUsage();
  work();
  const { user, system } = cpuUsage(begun);
  return (user + system) / 1000;
}

const liveOrders = (state: State): number =>
  [...state.markets.values()].reduce((sum, { book }) => sum + book.count, 0);

function ofAccounts(accounts: number): Measure[] {
  const empty = heapBytes();
  const state = openVenue(accounts, 1);
  const opened = heapBytes();
  trade(state, accounts, 1, 0, ORDERS);
  const note = `${liveOrders(state)} live orders, ${state.fills} fills`;
  const traded = heapBytes();
  let least = Number.POSITIVE_INFINITY;
  for (let run = 1; run <= 3; run += 1) {
    least = Math.min(
      least,
      cpuMs(() => trade(state, accounts, 1, run * ORDERS, ORDERS)),
    );
  }
  const reported = cpuMs(() => apply(state, report(2, [INDEX + 1], 1001)));
  // One order that dies by its time: whatever looks for the dead is in it.
  const brief = order(2, true, { price: INDEX - 3000, lane: 30, expiry: 1020 });
  apply(state, { type: 'order', at: seconds(1001), order: brief, hash: '0x00' });
  const expired = cpuMs(() => apply(state, { type: 'tick', at: seconds(1010) }));
  let bytes: Uint8Array = new Uint8Array();
  const packed = cpuMs(() => {
    bytes = snapshot(state);
  });
  const hashed = cpuMs(() => stateHash(state));
  const restored = cpuMs(() => restore(bytes));
  const name = (what: string): string => `${accounts.toLocaleString('en')} accounts: ${what}`;
  return [
    { name: name('an order'), value: (least * 1000) / ORDERS, unit: 'µs CPU', note },
    { name: name('heap of an account'), value: (opened - empty) / accounts, unit: 'B' },
    {
      name: name('heap that orders add, per live order'),
      value: (traded - opened) / Math.max(liveOrders(state), 1),
      unit: 'B',
    },
    { name: name('a report'), value: reported, unit: 'ms CPU' },
    { name: name('an order expires'), value: expired, unit: 'ms CPU' },
    { name: name('snapshot'), value: packed, unit: 'ms CPU', note: `${bytes.length} bytes` },
    { name: name('hash, portable'), value: hashed, unit: 'ms CPU' },
    { name: name('restore'), value: restored, unit: 'ms CPU' },
  ];
}

function ofMarkets(markets: number): Measure[] {
  const accounts = 1000;
  const state = openVenue(accounts, markets);
  trade(state, accounts, markets, 0, ORDERS);
  let least = Number.POSITIVE_INFINITY;
  for (let run = 1; run <= 3; run += 1) {
    least = Math.min(
      least,
      cpuMs(() => trade(state, accounts, markets, run * ORDERS, ORDERS)),
    );
  }
  const reported = cpuMs(() => apply(state, report(2, Array(markets).fill(INDEX), 1001)));
  const name = (what: string): string => `${markets} markets: ${what}`;
  return [
    {
      name: name('an order'),
      value: (least * 1000) / ORDERS,
      unit: 'µs CPU',
      note: `${accounts} accounts, ${liveOrders(state)} live orders`,
    },
    { name: name('a report'), value: reported, unit: 'ms CPU' },
  ];
}

/** What `npm run bench` prints. */
export function bench(): Measure[] {
  const measures: Measure[] = [];
  ofAccounts(100);
  for (let accounts = 100; accounts <= ACCOUNTS_MAX; accounts *= 10) {
    measures.push(...ofAccounts(accounts));
  }
  for (const markets of [1, 16, 64, MARKETS_MAX]) measures.push(...ofMarkets(markets));
  return measures;
}
