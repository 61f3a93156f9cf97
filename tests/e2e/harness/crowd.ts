/** Traders under the test's own hand: makers around the index, takers, and gamblers. */
import { setMaxListeners } from 'node:events';
import { sleep } from '@holdfast/host';
import type { Client, LiveMarket, OrderInput } from '@holdfast/sdk';
import { createRandom, type Random } from '@holdfast/trader';
import type { Member } from './herd.ts';

export type CrowdOptions = {
  readonly makers: readonly Member[];
  readonly takers: readonly Member[];
  /** Buy as much as their margin allows and hold it. */
  readonly gamblers?: readonly Member[];
  /** Orders per side and market of each maker. */
  readonly levels?: number;
  /** Quote value of one order of a maker, whole tokens. */
  readonly orderTokens?: number;
  /** Mean wall ms between turns of a member. */
  readonly everyMs: number;
  readonly seed: string;
  /** Told of every answer to an order. */
  readonly answered?: (member: Member, answer: AnswerLike) => void;
};

export type AnswerLike = Awaited<ReturnType<Client['place']>>;

export type Crowd = {
  readonly counts: { sent: number; accepted: number; failed: number };
  readonly refused: Map<string, number>;
  /** Trades until the signal aborts; then the requests under way are awaited. */
  run(signal: AbortSignal): Promise<void>;
};

type Context = Required<Omit<CrowdOptions, 'answered'>> &
  Pick<CrowdOptions, 'answered'> &
  Pick<Crowd, 'counts' | 'refused'> & { random: Random };

const lotsFor = (market: LiveMarket, tokens: number): number =>
  Math.max(1, Math.round((tokens * 1e6) / (market.indexPrice * market.tickValue)));

/** A price this many ppm away from the index. */
const away = (market: LiveMarket, ppm: number): number =>
  Math.max(1, Math.round(market.indexPrice * (1 + ppm / 1e6)));

function quotes(c: Context, market: LiveMarket, position: number): OrderInput[] {
  const orders: OrderInput[] = [];
  const lots = lotsFor(market, c.orderTokens);
  for (let level = 0; level < c.levels; level += 1) {
    for (const side of ['buy', 'sell'] as const) {
      const lane = (position * c.levels + level) * 2 + (side === 'buy' ? 0 : 1);
      const ppm = (300 + level * 250 + c.random.below(100)) * (side === 'buy' ? -1 : 1);
      const size = Math.max(1, Math.round(lots * c.random.between(0.5, 1.5)));
      const price = away(market, ppm);
      orders.push({ market: market.id, side, size, price, lane, lifeSeconds: 20_000 });
    }
  }
  return orders;
}

function take(c: Context, market: LiveMarket): OrderInput {
  const side = c.random.chance(0.5) ? 'buy' : 'sell';
  const size = Math.max(1, lotsFor(market, c.orderTokens * c.random.between(2, 6)));
  const price = away(market, side === 'buy' ? 4000 : -4000);
  const timeInForce = c.random.chance(0.1) ? 'GTC' : 'IOC';
  return { market: market.id, side, size, price, timeInForce, lifeSeconds: 20_000 };
}

async function send(c: Context, member: Member, orders: readonly OrderInput[]): Promise<void> {
  if (orders.length === 0) return;
  c.counts.sent += orders.length;
  try {
    for (const answer of await member.client.placeMany(orders)) {
      c.answered?.(member, answer);
      if ('status' in answer && answer.status === 'accepted') c.counts.accepted += 1;
      else c.refused.set(answer.code ?? '?', (c.refused.get(answer.code ?? '?') ?? 0) + 1);
    }
  } catch {
    // A node that was killed answers nobody; what was not answered promises nothing.
    c.counts.failed += orders.length;
  }
}

/** Buys until 9/10 of the margin that the account has is used. */
async function gamble(c: Context, member: Member, markets: readonly LiveMarket[]): Promise<void> {
  const view = await member.client.account(member.account).catch(() => undefined);
  if (view === undefined || !('equity' in view)) return;
  const at = c.gamblers.indexOf(member);
  const market = markets[at % markets.length];
  const room = Number(view.equity - view.initial) / 1e6;
  if (market === undefined || room * 10 < Number(view.equity) / 1e6) return;
  const size = lotsFor(market, room * 0.9 * 20 * 0.9);
  const price = away(market, 4000);
  const order = { market: market.id, side: 'buy', size, price, timeInForce: 'IOC' } as const;
  await send(c, member, [{ ...order, lifeSeconds: 20_000 }]);
}

/** One member's next turn. */
function turn(c: Context, member: Member, markets: readonly LiveMarket[]): Promise<void> {
  const at = c.makers.indexOf(member);
  if (at >= 0) {
    // Two markets each, shifted, so that all are covered.
    const own = [markets[at % markets.length], markets[(at + 1) % markets.length]];
    const orders = own.flatMap((market, position) => (market ? quotes(c, market, position) : []));
    return send(c, member, orders);
  }
  if (c.gamblers.includes(member)) return gamble(c, member, markets);
  const market = markets[c.random.below(markets.length)];
  return send(c, member, market ? [take(c, market)] : []);
}

export function createCrowd(options: CrowdOptions): Crowd {
  const counts = { sent: 0, accepted: 0, failed: 0 };
  const refused = new Map<string, number>();
  const usual = { gamblers: [], levels: 2, orderTokens: 400 };
  const random = createRandom(options.seed);
  const c: Context = { ...usual, ...options, counts, refused, random };
  return {
    counts,
    refused,
    async run(signal) {
      setMaxListeners(0, signal);
      let markets: LiveMarket[] = [];
      const looking = async (): Promise<void> => {
        const { client } = c.makers[0] as Member;
        while (!signal.aborted) {
          const found = await client.markets().catch(() => markets);
          markets = found.some((market) => market.indexPrice === 0) ? [] : found;
          await sleep(400, signal);
        }
      };
      // Everyone at a pace of its own, so that there is no quiet moment between two rounds.
      const living = async (member: Member): Promise<void> => {
        while (!signal.aborted) {
          if (markets.length > 0) await turn(c, member, markets);
          await sleep(c.everyMs * c.random.between(0.5, 1.5), signal);
        }
      };
      const members = [...c.makers, ...c.takers, ...c.gamblers];
      await Promise.all([looking(), ...members.map(living)]);
    },
  };
}
