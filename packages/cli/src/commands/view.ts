/** markets, book, fills, positions, health, status: what can be seen. */
import { health, liquidationPrice, type MarketContext, notional } from '@holdfast/risk';
import { type Client, type LiveMarket, showPrice, showQuote, showSize } from '@holdfast/sdk';
import {
  type CashQ32,
  EnvironmentError,
  type FundingIndex,
  type Lots,
  type MarketId,
  type Ppm,
  type Ticks,
} from '@holdfast/units';
import { Command } from 'commander';
import { pairs, type Result, table } from '../io.ts';
import { parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

const percent = (ppm: number, digits = 2): string => `${(ppm / 10_000).toFixed(digits)}%`;

async function markets(s: Session): Promise<Result> {
  const client = await s.client('read');
  const all = await client.markets();
  const rows = all.map((m) => [
    m.symbol,
    showPrice(m, m.indexPrice),
    percent(m.fundingRatePpmPerDay, 4),
    showSize(m, m.openInterest),
    m.tickSize,
    m.lotSize,
    percent(m.initialPpm),
    percent(m.maintenancePpm),
  ]);
  const head = ['market', 'index', 'funding/day', 'open', 'tick', 'lot', 'initial', 'maint.'];
  return { data: all, text: table([head, ...rows]) };
}

/** The two sides of a book, asks above bids, best prices in the middle. */
export function bookText(
  market: LiveMarket | Parameters<typeof showPrice>[0],
  bids: readonly (readonly number[])[],
  asks: readonly (readonly number[])[],
  depth: number,
): string {
  const rows = (side: readonly (readonly number[])[], name: string) =>
    side
      .slice(0, depth)
      .map(([price = 0, lots = 0]) => [name, showPrice(market, price), showSize(market, lots)]);
  const all = [...rows(asks, 'ask').reverse(), ...rows(bids, 'bid')];
  return all.length === 0 ? 'the book is empty' : table([['', 'price', 'size'], ...all]);
}

async function book(s: Session, name: string, depthText: string): Promise<Result> {
  const depth = parseWhole(depthText, 'depth', 500);
  const client = await s.client('read');
  const market = agreed(client.market(name));
  const { bids, asks } = await client.book(market.id, depth);
  return {
    data: { market: market.symbol, bids, asks },
    text: bookText(market, bids, asks, depth),
    next: `holdfast watch ${market.symbol}`,
  };
}

async function fills(s: Session, options: { market?: string; limit: string; all?: boolean }) {
  const limit = parseWhole(options.limit, 'limit', 1000);
  const client = await s.client('read');
  const mine = options.all ? undefined : await accountNumber(s, client);
  const market =
    options.market === undefined ? undefined : agreed(client.market(options.market)).id;
  const found = await client.fills({
    limit,
    ...(mine === undefined ? {} : { account: mine }),
    ...(market === undefined ? {} : { market }),
  });
  const rows = found.map((fill) => {
    const of = agreed(client.market(fill.market));
    const isMaker = fill.maker.account === mine;
    const side = (isMaker ? fill.maker : fill.taker).isBuy ? 'buy' : 'sell';
    const fee = isMaker ? fill.makerFee : fill.takerFee;
    return [
      `${fill.id}`,
      of.symbol,
      side,
      isMaker ? 'maker' : 'taker',
      fill.status,
      showSize(of, fill.lots),
      showPrice(of, fill.price),
      showQuote(fee),
    ];
  });
  const head = ['fill', 'market', 'side', 'role', 'status', 'size', 'price', 'fee'];
  const text = found.length === 0 ? 'no fills' : table([head, ...rows], 5);
  return { data: found, text };
}

/** Account, markets and risk together: what positions and health are made of. */
export async function riskOf(client: Client, id: number) {
  const view = agreed(await client.account(id));
  const live = await liveMarkets(client);
  const contexts = new Map<MarketId, MarketContext>();
  for (const m of live) {
    contexts.set(m.id, {
      price: Math.max(m.indexPrice, 1) as Ticks,
      index: m.fundingIndex as FundingIndex,
      tickValue: m.tickValue,
      initialPpm: m.initialPpm as Ppm,
      maintenancePpm: m.maintenancePpm as Ppm,
    });
  }
  const held = view.positions.map((p) => [p.market as MarketId, p.size as Lots] as const);
  const account = { cash: view.cashQ32 as CashQ32, positions: new Map(held) };
  const marketOf = (market: MarketId): MarketContext => {
    const found = contexts.get(market);
    if (found) return found;
    throw new EnvironmentError('MarketUnknown', `the node does not know market ${market}`);
  };
  return { view, live, account, marketOf };
}

/** Markets from the node; their prices from the chain when the node cannot be reached. */
async function liveMarkets(client: Client): Promise<LiveMarket[]> {
  try {
    return await client.markets();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const chain = client.chain();
    return Promise.all(
      client.info.markets.map(async (market) => {
        const [{ price, time }, { fundingIndex, openInterest }] = await Promise.all([
          chain.price(market.id),
          chain.market(market.id),
        ]);
        const fundingRatePpmPerDay = 0;
        const state = { indexPrice: price, priceTime: time, fundingIndex, openInterest };
        return { ...market, ...state, fundingRatePpmPerDay };
      }),
    );
  }
}

async function positions(s: Session): Promise<Result> {
  const client = await s.client('read');
  const id = await accountNumber(s, client);
  const { view, live, account, marketOf } = await riskOf(client, id);
  const data = view.positions.map(({ market: at, size }) => {
    const market = live.find((each) => each.id === at) as LiveMarket;
    const worth = notional(size, market.indexPrice as Ticks, market.tickValue);
    const price = liquidationPrice(account, market.id, marketOf);
    return {
      market: market.symbol,
      side: size > 0 ? 'long' : 'short',
      size: showSize(market, Math.abs(size)),
      index: showPrice(market, market.indexPrice),
      notional: showQuote(worth),
      liquidation: price === undefined ? '-' : showPrice(market, price),
    };
  });
  const head = ['market', 'side', 'size', 'index', 'notional', 'liquidation'];
  const text = table([head, ...data.map((row) => Object.values(row))], 2);
  return {
    data,
    text: data.length === 0 ? 'no positions' : text,
    next: data.length === 0 ? 'holdfast order place BTC-USD buy 0.01' : undefined,
  };
}

async function showHealth(s: Session): Promise<Result> {
  const client = await s.client('read');
  const id = await accountNumber(s, client);
  const { view, account, marketOf } = await riskOf(client, id);
  const { equity, initial, maintenance } = health(account, marketOf);
  const free = 'free' in view && view.free !== undefined ? view.free : equity - initial;
  const state =
    equity < maintenance ? 'LIQUIDATABLE' : equity < initial ? 'reduce only' : 'healthy';
  const used = equity > 0n ? percent(Number((maintenance * 1_000_000n) / equity)) : '-';
  return {
    data: { account: id, state, equity, initial, maintenance, free, from: view.from },
    text: pairs([
      ['account', `${id}`],
      ['state', state],
      ['equity', showQuote(equity)],
      ['initial margin', showQuote(initial)],
      ['maintenance margin', `${showQuote(maintenance)} (${used} of equity; liquidated at 100%)`],
      ['free', showQuote(free)],
    ]),
    next: equity < maintenance ? 'holdfast deposit AMOUNT' : undefined,
  };
}

async function status(s: Session): Promise<Result> {
  const client = await s.client('read');
  const info = client.info;
  const node = await client.status();
  const entries = Object.entries(node).map(
    ([name, value]) =>
      [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const,
  );
  return {
    data: node,
    text: pairs([
      ['node', info.nodeUrl],
      ['chain', `${info.chainId} at ${info.rpcUrl ?? '-'}`],
      ['clearing house', info.clearingHouse],
      ...entries,
    ]),
  };
}

/** The commands that only read. */
export function viewCommands(perform: Perform): Command[] {
  const theBook = new Command('book')
    .description('Show the order book of a market')
    .argument('<market>', 'symbol, such as BTC-USD')
    .option('--depth <n>', 'levels of each side', '10');
  const theFills = new Command('fills')
    .description('Show fills, newest first')
    .option('--market <symbol>', 'only of this market')
    .option('--limit <n>', 'at most so many', '20')
    .option('--all', 'of every account');
  return [
    finish(new Command('markets').description('List the markets'), ['holdfast markets']).action(
      (options) => perform(options, markets),
    ),
    finish(theBook, ['holdfast book BTC-USD', 'holdfast book ETH-USD --depth 5']).action(
      (market, options) => perform(options, (s) => book(s, market, options.depth)),
    ),
    finish(theFills, ['holdfast fills', 'holdfast fills --market BTC-USD --limit 5']).action(
      (options) => perform(options, (s) => fills(s, options)),
    ),
    finish(new Command('positions').description('Show the positions of the account'), [
      'holdfast positions',
      'holdfast positions --account 7 --json',
    ]).action((options) => perform(options, positions)),
    finish(new Command('health').description('Show equity and margin of the account'), [
      'holdfast health',
      'holdfast health --json',
    ]).action((options) => perform(options, showHealth)),
    finish(new Command('status').description('Show the state of the node'), [
      'holdfast status',
      'holdfast status --json',
    ]).action((options) => perform(options, status)),
  ];
}
