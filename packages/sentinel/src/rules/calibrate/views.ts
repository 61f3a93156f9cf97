/** Long stretches of benign blocks, with only what one kind of rule reads. */
import type { BlockView, QuoteRow, TxView, VenueEvent, VenueState } from '../../rule.ts';
import { selectorOf } from '../kit/selectors.ts';
import { randomOf } from '../tape/random.ts';
import { addressOf, createTape, hashOf, places } from '../tape/venue.ts';

export const month = 30 * 86_400;

/** A block with nothing in it, at a time. */
export function blockOf(
  state: VenueState,
  number: number,
  timestamp: number,
  more: { events?: readonly VenueEvent[]; txs?: readonly TxView[] },
): BlockView {
  const { events = [], txs = [] } = more;
  return {
    number,
    hash: hashOf(number),
    parentHash: hashOf(number - 1),
    timestamp,
    baseFee: 1n,
    events,
    state,
    previous: state,
    touched: new Set(),
    pending: false,
    txs,
  };
}

const empty = (): VenueState => createTape().state();

const at = { txHash: hashOf(1), logIndex: 0 };

/** Reports of rounds of two seconds: lost at times, with coarse ticks, a source replaced. */
export function* rounds(months: number, seed: string): Generator<BlockView> {
  const random = randomOf(seed);
  const state = empty();
  const prices = [650_000, 300_000, 150_000, 20_000];
  // 60 % a year; the last market's tick is five parts in a hundred thousand of its price.
  const deviation = 0.6 * Math.sqrt(2 / (365 * 86_400));
  let round = 1;
  const count = (months * month) / 2;
  for (let i = 0; i < count; i += 1) {
    round += 1;
    // Every week a source is replaced, and for a quarter of an hour a round in twelve is lost.
    const isReplacing = i % 302_400 < 450;
    if (random.next() < (isReplacing ? 0.083 : 0.003)) continue;
    const common = random.normal();
    const quotes: QuoteRow[] = prices.map((price, market) => {
      const move = deviation * (0.8 * common + 0.6 * random.normal());
      prices[market] = price * (1 + move);
      const ticks = Math.round(prices[market] as number);
      return { market, price: ticks, mark: ticks, rate: 0, indexAfter: 0n };
    });
    const time = 1_800_000_000 + i * 2;
    const args = { round, time };
    const event = { source: 'clearingHouse', name: 'Refreshed', args, quotes, ...at } as const;
    yield blockOf(state, i, time, { events: [event] });
  }
}

/** Calls of honest people: what reverts for lack of margin, and a wrong contract at times. */
export function* calls(months: number, seed: string): Generator<BlockView> {
  const random = randomOf(seed);
  const state = empty();
  const honest = ['withdraw', 'deposit', 'liquidate', 'trigger'].map(selectorOf);
  const count = months * 30 * 144;
  for (let i = 0; i < count; i += 1) {
    const txs: TxView[] = [];
    const call = (selector: string, from: string): void => {
      const to = places.clearingHouse;
      txs.push({
        hash: hashOf(i),
        from,
        to,
        selector: selector as TxView['selector'],
        status: 'reverted',
      });
    };
    // Three an hour revert; in one of a hundred hours a hundred do, and once in three days
    // somebody calls a function that is not there.
    const isBad = i % 600 < 3;
    const reverts = isBad ? 15 : random.next() < 0.5 ? 1 : 0;
    for (let k = 0; k < reverts; k += 1) {
      call(honest[random.below(4)] as string, addressOf(random.below(500)));
    }
    if (random.next() < 1 / 432) call('0x12345678', addressOf(random.below(500)));
    if (txs.length > 0) yield blockOf(state, i, 1_800_000_000 + i * 600, { txs });
  }
}

interface Person {
  orders: number;
  out: number;
}

/** Days of 120 accounts: busy weeks, holidays, people who change their habits one by one. */
export function* days(months: number, seed: string): Generator<BlockView> {
  const random = randomOf(seed);
  const state = empty();
  const fresh = (): Person => ({
    orders: 2 ** (3 * random.next() + 1),
    out: 2 ** (6 * random.next()),
  });
  const people = Array.from({ length: 120 }, fresh);
  let busy = 0;
  for (let day = 0; day < months * 30; day += 1) {
    busy = busy * 0.9 + random.normal() * 0.3;
    const level = 2 ** (busy + (day % 7 > 4 ? -0.7 : 0));
    const events: VenueEvent[] = [];
    people.forEach((person, index) => {
      if (random.next() < 0.005) people[index] = fresh();
      const account = 3 + index;
      const count = Math.floor(person.orders * level * (0.5 + random.next()));
      const orders = Array.from({ length: count }, (_, seq) => ({
        account,
        lane: 0,
        seq,
        filledAfter: 1,
      }));
      events.push({ source: 'clearingHouse', name: 'Settled', args: {}, orders, ...at });
      if (random.next() > 0.3) return;
      const tokens = Math.floor(person.out * level * (0.5 + random.next()));
      const args = { account, quote: BigInt(tokens) * 1_000_000n };
      events.push({ source: 'clearingHouse', name: 'Withdrawn', args, ...at });
    });
    yield blockOf(state, day, 1_800_000_000 + day * 86_400, { events });
  }
}
