/** order stop | take-profit | trail | conditionals | trigger …: orders that wait for a price. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  conditionalHash,
  conditionalKindNames,
  type SignedConditional,
  validateConditionalShape,
} from '@holdfast/order';
import {
  type Client,
  type ConditionalInput,
  type ListedConditional,
  type Market,
  showPrice,
  showSize,
} from '@holdfast/sdk';
import { type Hex, isRejection, reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseDuration, parsePercent, parseSide, parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

type Options = {
  readonly limit?: string;
  readonly reward: string;
  readonly expires: string;
  readonly nonce?: string;
  readonly mayGrow?: boolean;
  readonly trail?: string;
  readonly from?: string;
  readonly out?: string;
};

type Kind = ConditionalInput['kind'];

const anyBuyLimit = 2 ** 32 - 1;

function inputOf(
  kind: Kind,
  [market, sideText, size, trigger]: readonly [string, string, string, string | undefined],
  options: Options,
): ConditionalInput {
  return {
    market,
    side: parseSide(sideText),
    size,
    kind,
    trigger,
    trailPpm: options.trail === undefined ? undefined : parsePercent(options.trail),
    limit: options.limit,
    rewardPpm: parsePercent(options.reward),
    reduceOnly: !options.mayGrow,
    lifeSeconds: parseDuration(options.expires),
    nonce: options.nonce === undefined ? undefined : parseWhole(options.nonce, 'nonce'),
  };
}

const marketOf = (client: Client, id: number): Market => agreed(client.market(id));

function limitText(market: Market, { isBuy, limitPrice }: SignedConditional): string {
  const any = limitPrice === (isBuy ? anyBuyLimit : 1);
  return any ? 'any near the index price' : showPrice(market, limitPrice);
}

function terms(client: Client, order: SignedConditional): [string, string][] {
  const market = marketOf(client, order.market);
  const side = order.isBuy ? 'buy' : 'sell';
  const reduces = order.reduceOnly ? ' (reduce-only)' : '';
  const trails = order.trailPpm === 0 ? '' : `, ${order.trailPpm / 10_000} % from the best`;
  const shown = `${showPrice(market, order.triggerPrice)}${trails}`;
  return [
    [
      conditionalKindNames[order.kind],
      `${side} ${showSize(market, order.size)} ${market.symbol}${reduces}`,
    ],
    [order.kind === 2 ? 'trails from' : 'triggers at', shown],
    ['worst price', limitText(market, order)],
    ['keeper gets at most', `${order.rewardPpm / 10_000} %`],
    ['dead from', `${order.expiry} (venue seconds)`],
    ['nonce', `${order.nonce}`],
    ['hash', conditionalHash(order)],
  ];
}

/** Signs; then to the node, or into a file that any keeper takes. */
async function place(s: Session, input: ConditionalInput, out?: string): Promise<Result> {
  const client = await s.client('sign');
  if (out !== undefined) {
    const order = agreed(await client.signConditional(input));
    writeFileSync(resolve(s.io.cwd, out), `${JSON.stringify(order, undefined, 2)}\n`, {
      mode: 0o600,
    });
    return {
      data: order,
      text: pairs([...terms(client, order), ['written to', out]]),
      next: `holdfast order trigger ${out}   by any keeper, with no node`,
    };
  }
  const listed = agreed(await client.conditional(input));
  return {
    data: listed,
    text: pairs([...terms(client, listed), ['listed', 'keepers trigger it on the chain’s price']]),
    next: `holdfast order conditionals   or   holdfast order cancel-conditional ${listed.hash}`,
  };
}

async function list(s: Session): Promise<Result> {
  const client = await s.client('read');
  const orders = agreed(await client.conditionals(await accountNumber(s, client)));
  const rows = orders.map((each) => {
    const market = marketOf(client, each.market);
    return [
      conditionalKindNames[each.kind],
      market.symbol,
      each.isBuy ? 'buy' : 'sell',
      showSize(market, each.size),
      showPrice(market, each.triggerPrice),
      each.trailPpm === 0 ? '-' : `${each.trailPpm / 10_000} %`,
      limitText(market, each),
      `${each.nonce}`,
      each.hash,
    ];
  });
  const head = ['kind', 'market', 'side', 'size', 'trigger', 'trail', 'limit', 'nonce', 'hash'];
  return {
    data: orders,
    text: orders.length === 0 ? 'no conditional orders' : table([head, ...rows], 3),
  };
}

async function findListed(s: Session, client: Client, hash: string): Promise<ListedConditional> {
  const orders = agreed(await client.conditionals(await accountNumber(s, client)));
  const found = orders.find((each) => each.hash.startsWith(hash.toLowerCase()));
  if (found) return found;
  throw new Refused(reject('OrderUnknown', `the node lists no conditional order ${hash}`));
}

/** The node forgets it, and the chain uses up its number: then no keeper can trigger it. */
async function cancel(
  s: Session,
  hash: string,
  options: { nonce?: string; nodeOnly?: boolean },
): Promise<Result> {
  const nonce = options.nonce === undefined ? undefined : parseWhole(options.nonce, 'nonce');
  if (nonce === undefined && !/^0x[0-9a-fA-F]{6,64}$/.test(hash)) {
    throw new UsageError('give the hash of a conditional order, or --nonce');
  }
  const client = await s.client('sign');
  if (nonce !== undefined) {
    const done = agreed(await client.cancelNonceOnChain(nonce));
    return { data: { ...done, nonce }, text: `number ${nonce} is used up on chain` };
  }
  const order = await findListed(s, client, hash);
  agreed(await client.forgetConditional(order.hash));
  if (options.nodeOnly) return { data: order, text: 'the node has forgotten it; keepers may not' };
  const done = agreed(await client.cancelNonceOnChain(order.nonce));
  return {
    data: { ...order, ...done },
    text: `forgotten by the node, and number ${order.nonce} is used up on chain`,
  };
}

/** @throws UsageError when the file holds no signed conditional order */
export function readConditional(path: string): SignedConditional {
  let order: SignedConditional;
  try {
    order = JSON.parse(readFileSync(path, 'utf8')) as SignedConditional;
  } catch (error) {
    throw new UsageError(`${path} is not a signed conditional order: ${(error as Error).message}`);
  }
  const { id: _, hash: __, at: ___, ...bare } = order as ListedConditional;
  const wrong = validateConditionalShape(bare);
  if (wrong || typeof bare.signature !== 'string') {
    throw new UsageError(`${path}: ${wrong?.message ?? 'the signature is missing'}`);
  }
  return bare;
}

/** A report by hand, else the node's newest, else the chain's own price. */
async function reportOf(client: Client, given: string | undefined): Promise<Hex> {
  if (given !== undefined) return given as Hex;
  const latest = await client.latestReport().catch(() => undefined);
  return latest?.raw ?? '0x';
}

/** What a keeper does, by hand: needs the chain alone. */
async function trigger(
  s: Session,
  path: string,
  options: { report?: string; ratchet?: boolean },
): Promise<Result> {
  const order = readConditional(resolve(s.io.cwd, path));
  const client = await s.client('sign');
  const chain = client.chain();
  const report = await reportOf(client, options.report);
  // The node's report may be known to the chain already: then the chain's own price will do.
  const attempt = async (raw: Hex) =>
    options.ratchet
      ? chain.ratchet(order, raw)
      : chain.trigger(order, await accountNumber(s, client), raw);
  const first = await attempt(report);
  const isOld = isRejection(first) && ['RoundNotNewer', 'TimeNotNewer'].includes(first.code);
  const done = agreed(isOld ? await attempt('0x') : first);
  return {
    data: { ...done, hash: conditionalHash(order) },
    text: `${options.ratchet ? 'ratcheted' : 'triggered'} in transaction ${done.tx}`,
  };
}

function common(command: Command): Command {
  return command
    .option('--limit <price>', 'worst price of the fill (default: any near the index price)')
    .option('--reward <percent>', 'most that the keeper may earn', '0.05%')
    .option('--expires <time>', 'dead after this, such as 12h or 30d', '30d')
    .option('--nonce <n>', 'one-time number; two orders with the same: one cancels the other')
    .option('--may-grow', 'not reduce-only: it may open a position')
    .option('--out <file>', 'sign into a file instead of handing it to the node');
}

function waiting(name: string, kind: Kind, what: string, perform: Perform): Command {
  const command = new Command(name)
    .description(what)
    .argument('<market>', 'symbol, such as BTC-USD')
    .argument('<side>', 'buy or sell')
    .argument('<size>', 'in base units, such as 0.01')
    .argument('<trigger>', 'index price at which it triggers');
  return finish(common(command), [
    `holdfast order ${name} BTC-USD sell 0.01 95000`,
    `holdfast order ${name} BTC-USD sell 0.01 95000 --limit 94000 --out order.json`,
  ]).action((market, side, size, at, options) =>
    perform(options, (s) =>
      place(s, inputOf(kind, [market, side, size, at], options), options.out),
    ),
  );
}

function trailing(perform: Perform): Command {
  const command = new Command('trail')
    .description('Trailing stop: triggers when the price falls back from its best by a part')
    .argument('<market>', 'symbol, such as BTC-USD')
    .argument('<side>', 'buy or sell')
    .argument('<size>', 'in base units, such as 0.01')
    .argument('<distance>', 'part of the best price, such as 2%')
    .option('--from <price>', 'price that it trails from (default: the index price now)');
  return finish(common(command), ['holdfast order trail BTC-USD sell 0.01 2%']).action(
    (market, side, size, trail, options) => {
      const all = { ...options, trail };
      const input = inputOf('trailing', [market, side, size, options.from], all);
      return perform(options, (s) => place(s, input, options.out));
    },
  );
}

/** Members of the `order` group for conditional orders. */
export function conditionalCommands(perform: Perform): Command[] {
  const ending = new Command('cancel-conditional')
    .description('Cancel a conditional order at the node and on chain')
    .argument('[hash]', 'its hash, or the beginning of it', '')
    .option('--nonce <n>', 'by its one-time number, on chain alone')
    .option('--node-only', 'do not spend gas: keepers that know it may still trigger it');
  const triggering = new Command('trigger')
    .description('Trigger a signed conditional order, as any keeper may; needs the chain alone')
    .argument('<file>', 'what --out wrote')
    .option('--report <hex>', 'a signed price report (default: the node’s newest)')
    .option('--ratchet', 'only have a trailing stop follow the price');
  return [
    waiting('stop', 'stop-loss', 'Stop-loss: sell below, or buy above, a price', perform),
    waiting('take-profit', 'take-profit', 'Take profit: sell above, or buy below', perform),
    trailing(perform),
    finish(new Command('conditionals').description('List the conditional orders'), [
      'holdfast order conditionals',
    ]).action((options) => perform(options, list)),
    finish(ending, [
      'holdfast order cancel-conditional 0x12ab34',
      'holdfast order cancel-conditional --nonce 7',
    ]).action((hash, options) => perform(options, (s) => cancel(s, hash, options))),
    finish(triggering, ['holdfast order trigger order.json --key keeper']).action((path, options) =>
      perform(options, (s) => trigger(s, path, options)),
    ),
  ];
}
