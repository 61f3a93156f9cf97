/** watch: the live market and the account, redrawn in place or as lines. */
import { sleep } from '@holdfast/host';
import { isProtocol, type ServerFrame } from '@holdfast/order';
import { type Client, type Market, showCall, showPrice, showQuote, showSize } from '@holdfast/sdk';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import type { Io, Result } from '../io.ts';
import { pairs, table } from '../io.ts';
import { parseDuration } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';
import { bookText } from './view.ts';

type Levels = Map<number, number>;

/** What is on the screen. */
export type Screen = {
  readonly market: Market;
  readonly bids: Levels;
  readonly asks: Levels;
  /** Last trades and own fills, newest first. */
  readonly lines: string[];
  account: Extract<ServerFrame, { op: 'account' }> | undefined;
  /** The call that runs, in words. */
  call: string | undefined;
  connection: string;
};

const linesMax = 8;
const depth = 8;
const redrawMs = 250;

export const createScreen = (market: Market): Screen => ({
  market,
  bids: new Map(),
  asks: new Map(),
  lines: [],
  account: undefined,
  call: undefined,
  connection: 'connecting',
});

function applyLevels(levels: Levels, changes: readonly (readonly [number, number])[]): void {
  for (const [price, lots] of changes) {
    if (lots === 0) levels.delete(price);
    else levels.set(price, lots);
  }
}

/** Applies a frame; gives the line to print where there is no screen to redraw. */
export function applyFrame(screen: Screen, frame: ServerFrame): string | undefined {
  const { market } = screen;
  if (frame.op === 'book' && frame.market === market.id) {
    screen.bids.clear();
    screen.asks.clear();
  }
  if ((frame.op === 'book' || frame.op === 'bookDiff') && frame.market === market.id) {
    applyLevels(screen.bids, frame.bids);
    applyLevels(screen.asks, frame.asks);
    return undefined;
  }
  if (frame.op === 'account') {
    screen.account = frame;
    return frame.equity === undefined ? undefined : `account equity ${quoteOf(frame.equity)}`;
  }
  if (frame.op === 'auction' && frame.market === market.id) return applyAuction(screen, frame);
  const line = lineOf(market, frame);
  if (line === undefined) return undefined;
  screen.lines.unshift(line);
  screen.lines.length = Math.min(screen.lines.length, linesMax);
  return line;
}

/** In a call every change is shown in its place; its end is a line like any trade. */
function applyAuction(
  screen: Screen,
  frame: Extract<ServerFrame, { op: 'auction' }>,
): string | undefined {
  const { market } = screen;
  if (frame.phase === 'call') {
    screen.call = showCall(market, { ...frame, until: frame.until ?? frame.at }, frame.at);
    return screen.call;
  }
  const ended = screen.call !== undefined;
  screen.call = undefined;
  if (!ended) return undefined;
  const { lots, price } = frame;
  const what = lots === 0 ? 'nothing' : `${showSize(market, lots)} at ${showPrice(market, price)}`;
  const line = `auction ended: ${what}`;
  screen.lines.unshift(line);
  screen.lines.length = Math.min(screen.lines.length, linesMax);
  return line;
}

const quoteOf = (amount: string | undefined): string =>
  amount === undefined ? '-' : showQuote(BigInt(amount));

function lineOf(market: Market, frame: ServerFrame): string | undefined {
  if (frame.op === 'trade' && frame.market === market.id) {
    const { lots, price, takerIsBuy } = frame;
    const what = `${showSize(market, lots)} at ${showPrice(market, price)}`;
    return `trade ${takerIsBuy ? 'buy ' : 'sell'} ${what}`;
  }
  if (frame.op === 'fill' && frame.market === market.id) {
    const { lots, price, isBuy, fee, role } = frame;
    const what = `${showSize(market, lots)} at ${showPrice(market, price)}`;
    const as = isProtocol(frame) ? 'LIQUIDATION' : role;
    return `FILL  ${isBuy ? 'buy ' : 'sell'} ${what} ${as} fee ${quoteOf(fee)}`;
  }
  if (frame.op === 'order' && frame.market === market.id) {
    const { lane, status, filled, size } = frame;
    return `order lane ${lane} ${status} ${showSize(market, filled)}/${showSize(market, size)}`;
  }
  if (frame.op === 'settled')
    return `settled ${frame.fillIds.length} fills in batch ${frame.batch}`;
  if (frame.op === 'unwound') return `UNWOUND ${frame.fillIds.length} fills: ${frame.reason}`;
  return undefined;
}

const sorted = (levels: Levels, down: boolean): [number, number][] =>
  [...levels].sort(([a], [b]) => (down ? b - a : a - b));

/** The whole screen as text. */
export function render(screen: Screen, name: (market: number) => Market | undefined): string {
  const { market, account } = screen;
  const parts = [
    `${market.symbol}  ${screen.connection}`,
    ...(screen.call === undefined ? [] : [screen.call]),
    bookText(market, sorted(screen.bids, true), sorted(screen.asks, false), depth),
  ];
  if (account) {
    const { equity, initial, maintenance } = account;
    const sums = [
      ['equity', quoteOf(equity)],
      ['initial', quoteOf(initial)],
      ['maintenance', quoteOf(maintenance)],
    ] as const;
    parts.push(pairs(sums));
    const rows = account.positions.map(({ market: id, size }) => {
      const of = name(id);
      return [of?.symbol ?? `${id}`, of ? showSize(of, size) : `${size} lots`];
    });
    parts.push(rows.length === 0 ? 'no positions' : table([['position', 'size'], ...rows]));
  }
  if (screen.lines.length > 0) parts.push(screen.lines.join('\n'));
  return parts.join('\n\n');
}

async function channelsOf(s: Session, client: Client, market: Market): Promise<string[]> {
  const channels = [`book:${market.id}`, `trades:${market.id}`, `auction:${market.id}`];
  if (s.address() === undefined) return channels;
  try {
    return [...channels, `account:${await accountNumber(s, client)}`];
  } catch (error) {
    // A key without an account can still look at the market.
    if (error instanceof EnvironmentError && error.code === 'AccountMissing') return channels;
    throw error;
  }
}

function draw(io: Io, text: string): void {
  const lines = text.split('\n').map((line) => line.slice(0, io.columns));
  io.out(`\u001b[H\u001b[2J${lines.join('\n')}\n\n(Ctrl-C ends)\n`);
}

async function watch(
  s: Session,
  name: string,
  options: { seconds?: string },
): Promise<Result | undefined> {
  const { io } = s;
  const client = await s.client(s.address() === undefined ? 'read' : 'sign');
  const market = agreed(client.market(name));
  const screen = createScreen(market);
  const seconds = options.seconds === undefined ? undefined : parseDuration(options.seconds);
  const redraws = io.isTty && s.globals.json !== true;
  const stopState = client.onState((state, reason) => {
    screen.connection = state === 'up' ? 'live' : `not connected (${reason})`;
    if (!redraws) io.err(`${screen.connection}\n`);
  });
  const stop = await client.watch(await channelsOf(s, client, market), (frame) => {
    const line = applyFrame(screen, frame);
    if (s.globals.json === true) io.out(`${JSON.stringify(frame, bytesAsHex)}\n`);
    else if (!redraws && line !== undefined) io.out(`${line}\n`);
  });
  screen.connection = 'live';
  const byId = (id: number) => client.info.markets.find((each) => each.id === id);
  const end = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
  while (!io.signal.aborted && Date.now() < end) {
    if (redraws) draw(io, render(screen, byId));
    await sleep(Math.min(redrawMs, Math.max(end - Date.now(), 1)), io.signal);
  }
  stopState();
  await stop();
  if (s.globals.json === true) return undefined;
  return { data: {}, text: redraws ? '' : render(screen, byId) };
}

const bytesAsHex = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : value;

/** The `watch` command. */
export function watchCommand(perform: Perform): Command {
  const command = new Command('watch')
    .description('Watch a market and the account live; lines when there is no terminal')
    .argument('[market]', 'symbol, such as BTC-USD', 'BTC-USD')
    .option('--seconds <time>', 'end by itself after this');
  return finish(command, [
    'holdfast watch BTC-USD',
    'holdfast watch ETH-USD --seconds 30',
    'holdfast watch BTC-USD --json | head',
  ]).action((market, options) => perform(options, (s) => watch(s, market, options)));
}
