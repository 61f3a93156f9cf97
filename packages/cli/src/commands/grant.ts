/** session: keys that may trade and nothing else. */
import { marketBits, type SessionScope, wholeScope } from '@holdfast/order';
import { type Client, type Market, sizeToLots } from '@holdfast/sdk';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseDuration } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

type AddOptions = {
  readonly for: string;
  readonly markets?: string;
  readonly sizeMax?: string;
  readonly reduceOnly?: boolean;
};

/** The markets of `BTC-USD,ETH-USD`; all of them without a list. */
function marketsOf(client: Client, list: string | undefined): readonly Market[] | undefined {
  return list?.split(',').map((name) => agreed(client.market(name.trim())));
}

/** A size is in base units, so it needs one market whose lots it counts. */
function scopeOf(client: Client, options: AddOptions): SessionScope {
  const markets = marketsOf(client, options.markets);
  const bits = markets && marketBits(markets.map(({ id }) => id));
  if (markets && bits === undefined) {
    throw new UsageError('a session key can be held to markets 0 to 127 only');
  }
  const { sizeMax } = options;
  const lots =
    sizeMax === undefined ? undefined : agreed(sizeToLots(markets?.[0] as Market, sizeMax));
  return {
    markets: bits ?? wholeScope.markets,
    orderLotsMax: lots ?? wholeScope.orderLotsMax,
    reduceOnly: options.reduceOnly ?? false,
  };
}

function limitsText(options: AddOptions): string {
  const limits = [
    options.markets === undefined ? '' : `in ${options.markets}`,
    options.sizeMax === undefined ? '' : `at most ${options.sizeMax} an order`,
    options.reduceOnly ? 'reduce-only' : '',
  ].filter(Boolean);
  return limits.length === 0 ? 'no limit: every market and size' : limits.join(', ');
}

async function add(s: Session, keyText: string, options: AddOptions): Promise<Result> {
  const key = parseAddress(keyText);
  const seconds = parseDuration(options.for);
  if (options.sizeMax !== undefined && options.markets?.split(',').length !== 1) {
    throw new UsageError('--size-max needs --markets with exactly one market');
  }
  const client = await s.client('sign');
  const id = await accountNumber(s, client);
  const expiry = client.info.clock.now() + seconds;
  const scope = scopeOf(client, options);
  const done = agreed(await client.chain().setSession(id, key, expiry, scope));
  return {
    data: { ...done, account: id, key, expiry, scope },
    text: pairs([
      ['session key', key],
      ['account', `${id}`],
      ['trades', limitsText(options)],
      ['until', `${expiry} (venue seconds)`],
      ['transaction', done.tx],
    ]),
    next: `holdfast order list --account ${id} --key NAME   with that key`,
  };
}

async function revoke(s: Session, keyText: string): Promise<Result> {
  const key = parseAddress(keyText);
  const client = await s.client('sign');
  const id = await accountNumber(s, client);
  const done = agreed(await client.chain().setSession(id, key, 0));
  return { data: { ...done, account: id, key }, text: `${key} may no longer trade for ${id}` };
}

/** The `session` group. */
export function sessionCommands(perform: Perform): Command {
  const session = group('session', 'Let another key trade (never withdraw)', [
    'holdfast session add 0x… --for 7d --markets BTC-USD --reduce-only',
    'holdfast session revoke 0x…',
  ]);
  const adding = new Command('add')
    .description('Let a key trade for the account')
    .argument('<address>', 'address of the session key')
    .option('--for <time>', 'how long, such as 12h or 7d', '7d')
    .option('--markets <list>', 'only these, such as BTC-USD,ETH-USD (default: all)')
    .option('--size-max <size>', 'largest order, base units; with one market in --markets')
    .option('--reduce-only', 'only orders that reduce a position');
  session.addCommand(
    finish(adding, [
      'holdfast session add 0x… --for 12h',
      'holdfast session add 0x… --markets BTC-USD --size-max 0.5 --reduce-only',
    ]).action((address, options) => perform(options, (s) => add(s, address, options))),
  );
  const ending = new Command('revoke')
    .description('Take the permission back at once')
    .argument('<address>', 'address of the session key');
  session.addCommand(
    finish(ending, ['holdfast session revoke 0x…']).action((address, options) =>
      perform(options, (s) => revoke(s, address)),
    ),
  );
  return session;
}
