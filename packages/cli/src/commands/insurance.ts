/** insurance, backstop: what stands behind the venue, and standing there oneself. */
import { type Client, createInsurance, showQuote } from '@holdfast/sdk';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import { pairs, type Result, table } from '../io.ts';
import { parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

const of = (client: Client) => createInsurance(client.info, client.chain());

async function insurance(s: Session): Promise<Result> {
  const view = await of(await s.client('read')).view();
  const rows = view.funds.map((fund) => [
    fund.symbol,
    showQuote(fund.equity),
    `${fund.size}`,
    showQuote(fund.levyPerLotQ32 >> 32n),
  ]);
  const pools = view.pools.map(({ pool, account, equity, shares }) => [
    `${pool}`,
    `${account}`,
    showQuote(equity),
    `${shares}`,
  ]);
  const parts = [
    pairs([['shared fund', showQuote(view.shared)]]),
    table([['market', 'fund', 'lots held', 'levied per lot'], ...rows]),
    pools.length === 0
      ? 'there is no backstop'
      : table([['pool', 'account', 'net asset value', 'shares'], ...pools]),
  ];
  return { data: view, text: parts.join('\n\n') };
}

type PoolOption = { readonly pool: string };
const poolOf = ({ pool }: PoolOption): number => parseWhole(pool, 'pool', 256);

async function holding(s: Session, options: PoolOption): Promise<Result> {
  const client = await s.client('read');
  const address = s.address();
  if (!address) throw new EnvironmentError('KeyMissing', `there is no key "${s.keyName}"`);
  const view = await of(client).holding(poolOf(options), address);
  const ready = view.readyAt === 0 ? '-' : new Date(view.readyAt * 1_000).toISOString();
  return {
    data: view,
    text: pairs([
      ['shares', `${view.shares}`],
      ['leaving', `${view.leaving}`],
      ['payable from', ready],
    ]),
  };
}

async function deposit(s: Session, amount: string, options: PoolOption): Promise<Result> {
  const client = await s.client('sign');
  const done = agreed(await of(client).deposit(poolOf(options), amount));
  return {
    data: done,
    text: pairs([
      ['deposited', `${amount} ${client.info.token.symbol}`],
      ['transaction', done.tx],
    ]),
    next: 'holdfast backstop show',
  };
}

/** Without shares: pays out what was requested; with shares: requests them. */
async function withdraw(
  s: Session,
  shares: string | undefined,
  options: PoolOption,
): Promise<Result> {
  const client = await s.client('sign');
  const pool = poolOf(options);
  const wanted = shares === undefined ? undefined : BigInt(parseWhole(shares, 'shares'));
  const backstop = of(client);
  const done = agreed(
    await (wanted === undefined ? backstop.withdraw(pool) : backstop.request(pool, wanted)),
  );
  return {
    data: done,
    text: pairs([
      [wanted === undefined ? 'paid out' : 'requested', wanted === undefined ? 'yes' : `${wanted}`],
      ['transaction', done.tx],
    ]),
    next: wanted === undefined ? undefined : 'holdfast backstop show',
  };
}

/** After a freeze: has the pool leave when nobody has, and takes what there is of one's part. */
async function leave(s: Session, options: PoolOption): Promise<Result> {
  const client = await s.client('sign');
  const done = agreed(await of(client).leave(poolOf(options)));
  return {
    data: done,
    text: pairs([
      ['collected', 'what has arrived'],
      ['transaction', done.tx],
    ]),
    next: 'holdfast backstop leave',
  };
}

/** The commands of this file. */
export function insuranceCommands(perform: Perform): Command[] {
  const show = new Command('insurance')
    .description('funds, levies and the backstop, from the chain alone')
    .action((options) => perform(options, insurance));
  finish(show, ['holdfast insurance', 'holdfast insurance --json']);
  const backstop = group('backstop', 'stand behind the venue and share what comes of it', [
    'holdfast backstop deposit 1000',
    'holdfast backstop show',
    'holdfast backstop withdraw 500000000000000',
  ]);
  const pool = ['--pool <n>', '0: ordinary markets; 1 + market: an isolated one', '0'] as const;
  const put = new Command('deposit')
    .description('buy shares of a pool')
    .argument('<amount>', 'tokens')
    .option(...pool)
    .action((amount, options) => perform(options, (s) => deposit(s, amount, options)));
  const take = new Command('withdraw')
    .description('request shares out, or, without a number, pay out what was requested')
    .argument('[shares]', 'shares to request')
    .option(...pool)
    .action((shares, options) => perform(options, (s) => withdraw(s, shares, options)));
  const mine = new Command('show')
    .description('your shares')
    .option(...pool)
    .action((options) => perform(options, (s) => holding(s, options)));
  backstop.addCommand(finish(put, ['holdfast backstop deposit 1000']));
  backstop.addCommand(
    finish(take, ['holdfast backstop withdraw 500000000000000', 'holdfast backstop withdraw']),
  );
  backstop.addCommand(finish(mine, ['holdfast backstop show']));
  const out = new Command('leave')
    .description('after a freeze: collect your part, again when the vault has paid more')
    .option(...pool)
    .action((options) => perform(options, (s) => leave(s, options)));
  backstop.addCommand(finish(out, ['holdfast backstop leave']));
  return [show, backstop];
}
