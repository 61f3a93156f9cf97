/** A small venue, orders by shorthand, and a seeded stream of random commands. */
import type { Order, SignedOrder } from '@holdfast/order';
import {
  accountId,
  cashQ32,
  type Epoch,
  epoch,
  type Hex,
  lane,
  lots,
  marketId,
  ppm,
  ppmPerDay,
  round,
  seconds,
  seq,
  ticks,
} from '@holdfast/units';
import { apply, createState } from '../src/index.ts';
import type { Command, CoreConfig, CoreEvent, MarketParams, State } from '../src/types.ts';

export const params: MarketParams = {
  tickValue: 100,
  initialPpm: ppm(50_000),
  maintenancePpm: ppm(30_000),
  takerFeePpm: ppm(450),
  makerFeePpm: ppm(150),
  priceAgeSecondsMax: 60,
  bandPpm: ppm(100_000),
  fillBandPpm: ppm(50_000),
  fundingRatePpmMax: ppm(120_000),
  openInterestMax: lots(100_000),
  openInterestLowPpm: ppm(1_000_000),
  openInterestHighPpm: ppm(1_000_000),
  concentrationPpm: ppm(0),
  concentrationCapPpm: ppm(0),
  isolated: 0,
  // The mark is the index, but where a test says otherwise.
  markClampPpm: ppm(0),
  fundingGapSecondsMax: 7_200,
  liquidationPartPpm: ppm(1_000_000),
  coverSharePpm: ppm(1_000_000),
  backstopLotsMax: lots(0),
};

export const config: CoreConfig = {
  book: 'ladder',
  expiryMarginSeconds: 10,
  priceAgeMarginSeconds: 5,
  reportSkewSecondsMax: 30,
  rateLimit: { burst: 1_000, perSecond: 100, quotePerToken: 1_000_000n },
  markets: [
    { id: marketId(0), params },
    {
      id: marketId(1),
      params: { ...params, initialPpm: ppm(100_000), maintenancePpm: ppm(40_000) },
    },
  ],
};

export const owner = (account: number): Hex => `0x${account.toString(16).padStart(40, '0')}`;

/** A well-formed signature that nobody made: the core takes signatures as verified. */
const signature = new Uint8Array(64).fill(1);

export type Shorthand = Partial<{
  market: number;
  size: number;
  price: number;
  tif: 0 | 1 | 2;
  reduceOnly: boolean;
  postOnly: boolean;
  expiry: number;
  lane: number;
  seq: number;
  epoch: number;
}>;

export function order(account: number, isBuy: boolean, short: Shorthand = {}): SignedOrder {
  return {
    account: accountId(account),
    market: marketId(short.market ?? 0),
    isBuy,
    size: lots(short.size ?? 10),
    price: ticks(short.price ?? 1000),
    timeInForce: short.tif ?? 0,
    reduceOnly: short.reduceOnly ?? false,
    postOnly: short.postOnly ?? false,
    expiry: seconds(short.expiry ?? 1_000_000),
    lane: lane(short.lane ?? 0),
    seq: seq(short.seq ?? 1),
    epoch: epoch(short.epoch ?? 0) as Order['epoch'] & Epoch,
    signature,
  };
}

/** Quote units as Q32. */
export const q32 = (quote: bigint | number) => cashQ32(BigInt(quote) << 32n);

export function deposit(account: number, quote: number, at: number): Command {
  return {
    type: 'external',
    at: seconds(at),
    account: accountId(account),
    cashDelta: q32(quote),
    sizes: [],
    cause: 'deposit',
    block: 1,
  };
}

export function report(
  number: number,
  prices: number[],
  at: number,
  rate = 0,
  marks = prices,
): Command {
  return {
    type: 'report',
    at: seconds(at),
    raw: '0x',
    report: {
      round: round(number),
      time: seconds(at),
      quotes: prices.map((price, id) => ({
        market: marketId(id),
        price: ticks(price),
        mark: ticks(marks[id] ?? price),
        rate: ppmPerDay(rate),
      })),
    },
  };
}

/** A venue in use: at second 1000, both prices 1000, accounts 2..2+n−1 with cash. */
export class Venue {
  readonly state: State;
  readonly log: Command[] = [];
  readonly events: CoreEvent[] = [];
  at = 1000;

  constructor(accounts = 4, cash = 1_000_000, overrides: Partial<CoreConfig> = {}) {
    this.state = createState({ ...config, ...overrides });
    for (let id = 2; id < 2 + accounts; id++) {
      this.run({ type: 'open', at: seconds(this.at), account: accountId(id), owner: owner(id) });
      this.run(deposit(id, cash, this.at));
    }
    this.run(report(1, [1000, 1000], this.at));
  }

  run(command: Command): readonly CoreEvent[] {
    this.log.push(command);
    const { events } = apply(this.state, command);
    this.events.push(...events);
    return events;
  }

  /** Places an order and returns its events. */
  place(account: number, isBuy: boolean, short: Shorthand = {}): readonly CoreEvent[] {
    return this.run({ type: 'order', at: seconds(this.at), order: order(account, isBuy, short) });
  }

  /** The code with which an order is rejected; undefined if it is not. */
  refusal(account: number, isBuy: boolean, short: Shorthand = {}): string | undefined {
    return codeOf(this.place(account, isBuy, short));
  }

  price(prices: number[], rate = 0): readonly CoreEvent[] {
    this.at += 1;
    return this.run(report(this.state.round + 1, prices, this.at, rate));
  }

  account(id: number) {
    const found = this.state.accounts.get(accountId(id));
    if (found === undefined) throw new Error(`no account ${id}`);
    return found;
  }

  size(id: number, market = 0): number {
    return this.account(id).positions.get(marketId(market)) ?? 0;
  }
}

export function codeOf(events: readonly CoreEvent[]): string | undefined {
  const found = events.find((event) => event.type === 'rejected');
  return found?.type === 'rejected' ? found.code : undefined;
}

export const typesOf = (events: readonly CoreEvent[]): string[] => events.map(({ type }) => type);

export function fillsOf(events: readonly CoreEvent[]) {
  return events.flatMap((event) => (event.type === 'fill' ? [event] : []));
}

export function cancelsOf(events: readonly CoreEvent[]) {
  return events.flatMap((event) => (event.type === 'cancelled' ? [event] : []));
}

/** A seeded source of whole numbers below a bound (mulberry32). */
export function numbers(seed: number): (bound: number) => number {
  let a = seed >>> 0;
  return (bound) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
