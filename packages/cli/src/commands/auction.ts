/** auction: the operator's calls, over the socket that the node has in the venue's folder. */
import { callSocket, createClock, loadVenue, venuePaths } from '@holdfast/host';
import {
  type Market,
  type MarketCall,
  marketBy,
  showCall,
  showPrice,
  showSize,
} from '@holdfast/sdk';
import { EnvironmentError, isRejection } from '@holdfast/units';
import type { Command } from 'commander';
import { Refused } from '../failure.ts';
import { type Result, table } from '../io.ts';
import { parseDuration } from '../parse.ts';
import { agreed, findVenueDir, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

type Policy = { readonly openSeconds: number; readonly reopenSeconds: number };
type Listed = {
  readonly market: string;
  readonly policy: Policy;
  readonly call: MarketCall | null;
};
type Answer = { readonly until: number; readonly price: number; readonly lots: number };

function place({ globals, io }: Session) {
  const dir = findVenueDir(globals, io.cwd);
  if (dir === undefined) {
    const message = 'no venue folder here: calls are begun on the machine of the node';
    throw new EnvironmentError('VenueUnknown', message);
  }
  const venue = loadVenue(dir);
  return { venue, clock: createClock(venue.clock), socket: venuePaths(dir).control };
}

async function ask<T>(socket: string, body?: object): Promise<T> {
  const answer = await callSocket(socket, body === undefined ? 'GET' : 'POST', '/auctions', body);
  if (answer.status !== 200 && isRejection(answer.body)) throw new Refused(answer.body);
  return answer.body as T;
}

const marketOf = (s: Session, name: string): Market =>
  agreed(marketBy(place(s).venue.markets as unknown as Market[], name));

async function call(s: Session, name: string, options: { for: string }): Promise<Result> {
  const { socket, clock } = place(s);
  const market = marketOf(s, name);
  const seconds = parseDuration(options.for);
  const data = await ask<Answer>(socket, { market: market.id, seconds });
  const left = data.until - clock.now();
  return {
    data,
    text: `${market.symbol} collects orders; the auction ends in ${left} s`,
    next: `holdfast watch ${market.symbol}`,
  };
}

async function end(s: Session, name: string): Promise<Result> {
  const market = marketOf(s, name);
  const data = await ask<Answer>(place(s).socket, { market: market.id, seconds: 0 });
  const { lots, price } = data;
  const what =
    lots === 0 ? 'nothing crossed' : `${showSize(market, lots)} at ${showPrice(market, price)}`;
  return { data, text: `${market.symbol} trades again; the auction: ${what}` };
}

async function show(s: Session): Promise<Result> {
  const { socket, clock } = place(s);
  const data = await ask<Listed[]>(socket);
  const wish = (seconds: number): string => (seconds === 0 ? 'at once' : `auction, ${seconds} s`);
  const rows = data.map(({ market, policy, call: running }) => [
    market,
    wish(policy.openSeconds),
    wish(policy.reopenSeconds),
    running === null ? 'trading' : showCall(marketOf(s, market), running, clock.now()),
  ]);
  return { data, text: table([['market', 'opens', 'reopens', 'now'], ...rows], 4) };
}

/** The `auction` commands. */
export function auctionCommands(perform: Perform): Command {
  const auction = group('auction', 'Calls of a venue that you operate', [
    'holdfast auction call BTC-USD --for 60s',
    'holdfast auction end BTC-USD',
    'holdfast auction show',
  ]);
  const market = 'symbol, such as BTC-USD';
  const begin = auction
    .command('call')
    .description('collect orders without matching, then fill what crosses at one price')
    .argument('<market>', market)
    .requiredOption('--for <time>', 'how long, venue time; again: from now on');
  finish(begin, ['holdfast auction call BTC-USD --for 60s']).action((name, options) =>
    perform(options, (s) => call(s, name, options)),
  );
  const stop = auction.command('end').description('end a call now').argument('<market>', market);
  finish(stop, ['holdfast auction end BTC-USD']).action((name, options) =>
    perform(options, (s) => end(s, name)),
  );
  const list = auction.command('show').description('which markets open and reopen by auction');
  finish(list, ['holdfast auction show --json']).action((options) => perform(options, show));
  return auction;
}
