/** order: place, replace, cancel and list. */
import { laneMax } from '@holdfast/order';
import {
  type Answer,
  type Client,
  type Market,
  type OpenOrder,
  showPrice,
  showSize,
} from '@holdfast/sdk';
import { isRejection, type Rejection, reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseDuration, parsePercent, parseSide, parseTimeInForce, parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { batchCommand } from './batch.ts';
import { conditionalCommands } from './conditional.ts';
import { finish, group, type Perform } from './shared.ts';

type PlaceOptions = {
  readonly price?: string;
  readonly slippage: string;
  readonly tif?: string;
  readonly postOnly?: boolean;
  readonly reduceOnly?: boolean;
  readonly expires: string;
  readonly lane?: string;
};

/** The answer if the node agreed, else the refusal thrown up to the command line. */
function accepted(answer: Answer | Rejection): Answer {
  if (isRejection(answer) && !('status' in answer)) throw new Refused(answer);
  const ack = answer as Answer;
  if (ack.status !== 'rejected') return ack;
  throw new Refused(reject(ack.code ?? 'Other', ack.message ?? 'the node refused'));
}

/**
 * Limit of an order without one: the best price of the other side, moved by the slippage, so that
 * it fills now or not at all.
 */
async function marketLimit(client: Client, market: Market, isBuy: boolean, slippagePpm: number) {
  const { asks, bids } = await client.book(market.id, 1);
  const best = (isBuy ? asks : bids)[0]?.[0];
  if (best === undefined) {
    const text = `nobody ${isBuy ? 'sells' : 'buys'} ${market.symbol} now; give --price`;
    throw new Refused(reject('BookEmpty', text));
  }
  const reach = Math.floor((best * slippagePpm) / 1_000_000);
  return isBuy ? best + reach : Math.max(best - reach, 1);
}

async function place(
  s: Session,
  [name, sideText, size]: readonly [string, string, string],
  options: PlaceOptions,
): Promise<Result> {
  const side = parseSide(sideText);
  const lifeSeconds = parseDuration(options.expires);
  const tif = options.tif === undefined ? undefined : parseTimeInForce(options.tif);
  const slippage = parsePercent(options.slippage);
  const lane = options.lane === undefined ? undefined : parseWhole(options.lane, 'lane', laneMax);
  const client = await s.client('sign');
  const market = agreed(client.market(name));
  const isMarket = options.price === undefined;
  if (isMarket && options.postOnly) throw new UsageError('a post-only order needs --price');
  const price = options.price ?? (await marketLimit(client, market, side === 'buy', slippage));
  const { postOnly, reduceOnly } = options;
  const timeInForce = tif ?? (isMarket ? 'IOC' : 'GTC');
  const terms = { market: market.id, side, size, price, timeInForce, lifeSeconds };
  const answer = accepted(await client.place({ ...terms, postOnly, reduceOnly, lane }));
  const filled = await outcome(client, answer);
  const shown = typeof price === 'number' ? showPrice(market, price) : price;
  return {
    data: { ...answer, market: market.symbol, side, size, price: shown, timeInForce, ...filled },
    text: pairs([
      ['order', `${side} ${size} ${market.symbol} at ${shown} ${timeInForce}`],
      ['filled', filled.filled === undefined ? 'unknown' : showSize(market, filled.filled)],
      [
        'rests',
        filled.resting ? `${showSize(market, filled.resting)} on lane ${answer.lane}` : 'no',
      ],
      ['receipt', `${answer.receipt}`],
    ]),
    next: filled.resting
      ? `holdfast order cancel ${answer.lane}   or   holdfast watch ${market.symbol}`
      : 'holdfast positions   and   holdfast health',
  };
}

/** What the node's account says of a lane right after the answer. */
async function outcome(
  client: Client,
  { lane, seq }: Answer,
): Promise<{ filled?: number; resting?: number }> {
  const view = await client.account().catch(() => undefined);
  if (!view || isRejection(view) || view.from !== 'node') return {};
  const found = view.lanes.find((each) => each.lane === lane && each.seq === seq);
  return found ? { filled: found.filled, resting: found.resting } : {};
}

async function openOrders(s: Session, client: Client): Promise<readonly OpenOrder[]> {
  return agreed(await client.orders(await accountNumber(s, client)));
}

const bySymbol = (client: Client, id: number): Market => agreed(client.market(id));

async function replace(
  s: Session,
  laneText: string,
  options: { price?: string; size?: string; expires: string },
): Promise<Result> {
  const lane = parseWhole(laneText, 'lane', laneMax);
  const lifeSeconds = parseDuration(options.expires);
  if (options.price === undefined && options.size === undefined) {
    throw new UsageError('give --price, --size or both');
  }
  const client = await s.client('sign');
  const old = (await openOrders(s, client)).find((each) => each.lane === lane);
  if (!old) throw new Refused(reject('OrderUnknown', `nothing rests on lane ${lane}`));
  const market = bySymbol(client, old.market);
  const side = old.isBuy ? 'buy' : 'sell';
  const price = options.price ?? old.price;
  const size = options.size ?? old.remaining;
  const { reduceOnly, postOnly } = old;
  const terms = {
    market: market.id,
    side,
    size,
    price,
    reduceOnly,
    postOnly,
    lifeSeconds,
  } as const;
  const answer = accepted(await client.replace(lane, terms));
  const shownPrice = options.price ?? showPrice(market, old.price);
  const shownSize = options.size ?? showSize(market, old.remaining);
  return {
    data: { ...answer, market: market.symbol, side, price: shownPrice, size: shownSize },
    text: `lane ${lane} now: ${side} ${shownSize} ${market.symbol} at ${shownPrice}`,
    next: 'holdfast order list',
  };
}

async function cancel(s: Session, laneText: string, onChain: boolean): Promise<Result> {
  const lane = parseWhole(laneText, 'lane', laneMax);
  const client = await s.client('sign');
  if (!onChain) {
    const answer = accepted(await client.cancel(lane));
    return { data: answer, text: `the order on lane ${lane} is cancelled` };
  }
  const id = await accountNumber(s, client);
  const known = await client.orders(id).catch(() => undefined);
  const rests = Array.isArray(known) ? known.find((each) => each.lane === lane) : undefined;
  const { seq } = rests ?? (await client.chain().lane(id, lane));
  const done = agreed(await client.chain().cancelLane(id, lane, seq));
  return { data: { ...done, lane, seq }, text: `lane ${lane} is dead up to seq ${seq} on chain` };
}

async function cancelAll(s: Session, onChain: boolean): Promise<Result> {
  const client = await s.client('sign');
  if (onChain) {
    const done = agreed(await client.chain().cancelAll(await accountNumber(s, client)));
    return { data: done, text: 'every order signed so far is dead on chain' };
  }
  const answer = accepted(await client.cancelAll());
  return { data: answer, text: 'every resting order is cancelled' };
}

async function list(s: Session): Promise<Result> {
  const client = await s.client('read');
  const orders = await openOrders(s, client);
  const rows = orders.map((each) => {
    const market = bySymbol(client, each.market);
    const flags = [each.postOnly ? 'post-only' : '', each.reduceOnly ? 'reduce-only' : ''];
    return [
      market.symbol,
      each.isBuy ? 'buy' : 'sell',
      flags.filter(Boolean).join(' '),
      showSize(market, each.remaining),
      showSize(market, each.size),
      showPrice(market, each.price),
      `${each.lane}`,
    ];
  });
  const head = ['market', 'side', 'flags', 'open', 'size', 'price', 'lane'];
  return {
    data: orders,
    text: orders.length === 0 ? 'no open orders' : table([head, ...rows], 3),
    next: orders.length === 0 ? 'holdfast order place BTC-USD buy 0.01 --price 100000' : undefined,
  };
}

const expires = ['--expires <time>', 'dead after this, such as 90s, 15m, 12h, 7d', '1d'] as const;

function placing(): Command {
  return new Command('place')
    .description('Place an order; without --price it fills now or not at all')
    .argument('<market>', 'symbol, such as BTC-USD')
    .argument('<side>', 'buy or sell')
    .argument('<size>', 'in base units, such as 0.01')
    .option('--price <price>', 'limit price')
    .option('--slippage <percent>', 'without --price: farthest from the best price', '1%')
    .option('--tif <name>', 'GTC, IOC or FOK (default: GTC with --price, IOC without)')
    .option('--post-only', 'refuse rather than take')
    .option('--reduce-only', 'only reduce the position')
    .option(...expires)
    .option('--lane <n>', 'lane; what rests there is replaced (default: a free one)');
}

/** The `order` group. */
export function orderCommands(perform: Perform): Command {
  const order = group('order', 'Place, replace, cancel and list orders', [
    'holdfast order place BTC-USD buy 0.01 --price 100000',
    'holdfast order list',
    'holdfast order cancel 0',
    'holdfast order stop BTC-USD sell 0.01 95000',
  ]);
  order.addCommand(
    finish(placing(), [
      'holdfast order place BTC-USD buy 0.01 --price 100000',
      'holdfast order place ETH-USD sell 0.5 --price 4000 --post-only',
      'holdfast order place BTC-USD sell 0.01 --reduce-only',
    ]).action((market, side, size, options) =>
      perform(options, (s) => place(s, [market, side, size], options)),
    ),
  );
  order.addCommand(batchCommand(perform));
  const change = new Command('replace')
    .description('Replace the order of a lane in one step')
    .argument('<lane>')
    .option('--price <price>', 'new limit price')
    .option('--size <size>', 'new size (default: what is open)')
    .option(...expires);
  order.addCommand(
    finish(change, ['holdfast order replace 0 --price 99000']).action((lane, options) =>
      perform(options, (s) => replace(s, lane, options)),
    ),
  );
  const onChain = ['--on-chain', 'by a transaction, without the node'] as const;
  const end = new Command('cancel').description('Cancel the order of a lane').argument('<lane>');
  order.addCommand(
    finish(end.option(...onChain), [
      'holdfast order cancel 0',
      'holdfast order cancel 0 --on-chain',
    ]).action((lane, options) =>
      perform(options, (s) => cancel(s, lane, Boolean(options.onChain))),
    ),
  );
  const endAll = new Command('cancel-all').description('Cancel every order').option(...onChain);
  order.addCommand(
    finish(endAll, ['holdfast order cancel-all', 'holdfast order cancel-all --on-chain']).action(
      (options) => perform(options, (s) => cancelAll(s, Boolean(options.onChain))),
    ),
  );
  order.addCommand(
    finish(new Command('list').description('List the open orders'), [
      'holdfast order list',
      'holdfast order list --json',
    ]).action((options) => perform(options, list)),
  );
  for (const each of conditionalCommands(perform)) order.addCommand(each);
  return order;
}
