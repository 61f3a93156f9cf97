/** markets, book, fills, positions, health, status: what can be seen. */
import { isProtocol } from '@holdfast/order';
import {
  type LiveMarket,
  type PositionHealth,
  showCall,
  showPrice,
  showQuote,
  showSize,
} from '@holdfast/sdk';
import { Command } from 'commander';
import { pairs, type Result, table } from '../io.ts';
import { parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { oracleView } from './oracle.ts';
import { finish, type Perform } from './shared.ts';
import { treasuryView } from './treasury-view.ts';

const percent = (ppm: number, digits = 2): string => `${(ppm / 10_000).toFixed(digits)}%`;

async function markets(s: Session): Promise<Result> {
  const client = await s.client('read');
  const all = await client.markets();
  const rows = all.map((m) => [
    m.symbol,
    showPrice(m, m.indexPrice),
    showPrice(m, m.markPrice),
    percent(m.fundingRatePpmPerDay, 4),
    showSize(m, m.openInterest),
    m.call === undefined ? 'trading' : 'auction',
    m.tickSize,
    m.lotSize,
    percent(m.initialPpm),
    percent(m.maintenancePpm),
  ]);
  const head = [
    'market',
    'index',
    'mark',
    'funding/day',
    'open',
    'phase',
    'tick',
    'lot',
    'initial',
    'maint.',
  ];
  const now = client.info.clock.now();
  const calls = all.flatMap((m) =>
    m.call === undefined ? [] : [`${m.symbol}: ${showCall(m, m.call, now)}`],
  );
  return { data: all, text: [table([head, ...rows]), ...calls].join('\n') };
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
  const { call } = (await client.markets()).find(({ id }) => id === market.id) ?? {};
  const phase = call && `\n${showCall(market, call, client.info.clock.now())}`;
  return {
    data: { market: market.symbol, bids, asks, ...(call === undefined ? {} : { call }) },
    text: `${bookText(market, bids, asks, depth)}${phase ?? ''}`,
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
    const own = isMaker ? fill.maker : fill.taker;
    const side = own.isBuy ? 'buy' : 'sell';
    const fee = isMaker ? fill.makerFee : fill.takerFee;
    return [
      `${fill.id}`,
      of.symbol,
      side,
      isProtocol(own) ? 'liquidation' : isMaker ? 'maker' : 'taker',
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

async function positions(s: Session): Promise<Result> {
  const client = await s.client('read');
  const id = await accountNumber(s, client);
  const { positions: held } = agreed(await client.health(id));
  const data = held.map(({ market, size, notional: worth, liquidationPrice: price }) => ({
    market: market.symbol,
    side: size > 0 ? 'long' : 'short',
    size: showSize(market, Math.abs(size)),
    mark: showPrice(market, market.markPrice),
    notional: showQuote(worth),
    liquidation: price === undefined ? '-' : showPrice(market, price),
  }));
  const head = ['market', 'side', 'size', 'mark', 'notional', 'liquidation'];
  const text = table([head, ...data.map((row) => Object.values(row))], 2);
  return {
    data,
    text: data.length === 0 ? 'no positions' : text,
    next: data.length === 0 ? 'holdfast order place BTC-USD buy 0.01' : undefined,
  };
}

const termNames = {
  base: 'base',
  user: 'own leverage',
  openInterest: 'open interest',
  concentration: 'concentration',
} as const;

/** What each position needs, its four terms, and which of them decides. */
function termsTable(positions: readonly PositionHealth[]): string {
  const rows = positions.map(({ market, initial, maintenance, terms }) => [
    market.symbol,
    showQuote(initial),
    showQuote(maintenance),
    percent(terms.base),
    percent(terms.user),
    percent(terms.openInterest),
    percent(terms.concentration),
    termNames[terms.binding],
  ]);
  const head = ['market', 'initial', 'maint.', 'base', 'own', 'open int.', 'concentr.', 'decides'];
  return table([head, ...rows]);
}

async function showHealth(s: Session): Promise<Result> {
  const client = await s.client('read');
  const id = await accountNumber(s, client);
  const view = agreed(await client.health(id));
  const { equity, initial, maintenance, closeOut, free, standing, positions: held } = view;
  const used = equity > 0n ? percent(Number((maintenance * 1_000_000n) / equity)) : '-';
  const sums = pairs([
    ['account', `${id}`],
    ['state', standing],
    ['equity', showQuote(equity)],
    ['initial margin', showQuote(initial)],
    ['maintenance margin', `${showQuote(maintenance)} (${used} of equity; liquidated at 100%)`],
    ['close-out margin', showQuote(closeOut)],
    ['free', showQuote(free)],
  ]);
  const data = held.map(({ market, ...rest }) => ({ ...rest, market: market.symbol }));
  return {
    data: { ...view, state: standing, positions: data },
    text: held.length === 0 ? sums : `${sums}\n\n${termsTable(held)}`,
    next: equity < maintenance ? 'holdfast deposit AMOUNT' : undefined,
  };
}

async function status(s: Session): Promise<Result> {
  const client = await s.client('read');
  const info = client.info;
  const [node, oracle, treasury] = await Promise.all([
    client.status(),
    oracleView(s),
    treasuryView(s),
  ]);
  const entries = Object.entries(node).map(
    ([name, value]) =>
      [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const,
  );
  return {
    data: {
      ...node,
      ...(oracle && { oracle: oracle.data }),
      ...(treasury && { treasury: treasury.data }),
    },
    text: pairs([
      ['node', info.nodeUrl],
      ['chain', `${info.chainId} at ${info.rpcUrl ?? '-'}`],
      ['clearing house', info.clearingHouse],
      ...(oracle?.lines ?? []),
      ...(treasury?.lines ?? []),
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
    finish(
      new Command('status').description('Show the node, who signs its prices, and the treasury'),
      ['holdfast status', 'holdfast status --json'],
    ).action((options) => perform(options, status)),
  ];
}
