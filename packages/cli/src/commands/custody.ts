/** withdraw, withdrawals, transfer, cover: money out, what waits, and between own accounts. */
import type { Client, QueuedWithdrawal } from '@holdfast/sdk';
import { formatDecimal } from '@holdfast/units';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseAddress, parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

/** Token units as text with the token's symbol. */
const shown = (client: Client, units: bigint): string =>
  `${formatDecimal(units, client.info.token.decimals)} ${client.info.token.symbol}`;

/** A moment of the venue, and how far it is away. */
export function when(second: number, now: number): string {
  if (second === 0) return 'more than 14 days from now';
  const minutes = Math.max(0, Math.ceil((second - now) / 60));
  const left =
    minutes < 120
      ? `${minutes} min`
      : minutes < 2880
        ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
        : `${Math.floor(minutes / 1440)} days`;
  return minutes === 0 ? 'now' : `in ${left} (second ${second})`;
}

function place(client: Client, row: QueuedWithdrawal): [string, string][] {
  const now = client.info.clock.now();
  if (row.state === 'vetoed') return [['stopped until', when(row.until, now)]];
  if (row.state === 'undelivered') return [['undelivered', 'the token refuses the receiver']];
  return [
    ['ahead of it', `${row.ahead} withdrawals, ${shown(client, row.amountAhead)}`],
    ['earliest', when(row.earliest, now)],
  ];
}

async function withdraw(s: Session, amount: string, to: string | undefined): Promise<Result> {
  const client = await s.client('sign');
  const id = await accountNumber(s, client);
  // Without the node the chain's own prices must do; positions then need a fresh one.
  const report = (await client.latestReport().catch(() => undefined))?.raw;
  const target = to === undefined ? {} : { to: parseAddress(to) };
  const done = agreed(await client.chain().withdraw(id, amount, { ...target, report }));
  const { queued } = done;
  const waits: [string, string][] = queued
    ? [
        ['queued', `${shown(client, queued.amount)} as number ${queued.id} (${queued.line})`],
        ...place(client, queued),
      ]
    : [];
  return {
    data: { ...done, account: id },
    text: pairs([
      ['account', `${id}`],
      ['paid', `${shown(client, done.paid)} to ${to ?? s.address()}`],
      ...waits,
      ['transaction', done.tx],
    ]),
    next: queued ? 'holdfast withdrawals   (later: holdfast withdrawals --release)' : undefined,
  };
}

type ListOptions = { all?: boolean; release?: boolean | string; reclaim?: string };

async function released(s: Session, count: string | boolean): Promise<Result> {
  const client = await s.client('sign');
  const most = typeof count === 'string' ? parseWhole(count, 'count', 200) : 10;
  const done = agreed(await client.chain().release(most));
  const text =
    done.released.length === 0
      ? 'nothing fits the windows now'
      : `paid ${shown(client, done.paid)} to ${done.released.length} queued withdrawals`;
  return { data: done, text };
}

async function reclaimed(s: Session, number: string): Promise<Result> {
  const id = BigInt(parseWhole(number, 'withdrawal'));
  const client = await s.client('sign');
  const before = await client.chain().withdrawal(id);
  const done = agreed(await client.chain().reclaim(id));
  const what = before ? `${shown(client, before.amount)} of account ${before.account}` : `${id}`;
  return { data: { ...done, id }, text: `${what} is back; transaction ${done.tx}` };
}

async function list(s: Session, options: ListOptions): Promise<Result> {
  const { release, reclaim } = options;
  if (release !== undefined && reclaim !== undefined) {
    throw new UsageError('give --release or --reclaim, not both');
  }
  if (release !== undefined) return released(s, release);
  if (reclaim !== undefined) return reclaimed(s, reclaim);
  const client = await s.client('read');
  const id = options.all ? undefined : await accountNumber(s, client);
  const rows = await client.chain().withdrawals(id);
  const now = client.info.clock.now();
  const cells = rows.map((row) => [
    `${row.id}`,
    `${row.account}`,
    row.state === 'waiting' ? row.line : row.state,
    formatDecimal(row.amount, client.info.token.decimals),
    row.state === 'waiting' ? `${row.ahead}` : '-',
    row.state === 'waiting' ? when(row.earliest, now) : when(row.until || now, now),
  ]);
  const head = ['number', 'account', 'line', client.info.token.symbol, 'ahead', 'earliest'];
  const who = id === undefined ? 'nothing' : `nothing of account ${id}`;
  return {
    data: rows,
    text: rows.length === 0 ? `${who} waits in the vault` : table([head, ...cells], 6),
    next: rows.length === 0 ? undefined : 'holdfast withdrawals --release',
  };
}

async function transfer(s: Session, amount: string, to: string): Promise<Result> {
  const client = await s.client('sign');
  const from = await accountNumber(s, client);
  const target = s.accountNames()[to] ?? parseWhole(to, 'account', 2 ** 32 - 1);
  const report = (await client.latestReport().catch(() => undefined))?.raw;
  const done = agreed(await client.chain().transfer(from, target, amount, report));
  return {
    data: { ...done, from, to: target },
    text: pairs([
      ['moved', `${amount} ${client.info.token.symbol}`],
      ['from, to', `account ${from}, account ${target}`],
      ['transaction', done.tx],
    ]),
  };
}

async function cover(s: Session, number: string): Promise<Result> {
  const id = parseWhole(number, 'account', 2 ** 32 - 1);
  const done = agreed(await (await s.client('sign')).chain().cover(id));
  const text = `account ${id} was paid from the insurance fund; transaction ${done.tx}`;
  return { data: { ...done, account: id }, text };
}

/** withdraw, withdrawals, transfer and cover. */
export function custodyCommands(perform: Perform): Command[] {
  const take = new Command('withdraw')
    .description('Withdraw tokens; what the vault cannot pay now waits. Works without the node')
    .argument('<amount>', 'tokens, such as 100')
    .option('--to <address>', 'receiver (default: the owner)');
  const queue = new Command('withdrawals')
    .description('What waits in the vault, with its place and earliest time')
    .option('--all', 'of every account')
    .option('--release [count]', 'anyone: pay what fits now, at most so many (default 10)')
    .option('--reclaim <number>', 'put a queued or stopped withdrawal back into its account');
  const move = new Command('transfer')
    .description('Move tokens to another account of the same owner')
    .argument('<amount>', 'tokens, such as 100')
    .requiredOption('--to-account <n>', 'number or name of the account that receives');
  const covering = new Command('cover')
    .description('Anyone: pay what a closed account owes from the insurance fund')
    .argument('<n>', 'account number');
  return [
    finish(covering, ['holdfast cover 9 --key keeper']).action((n, options) =>
      perform(options, (s) => cover(s, n)),
    ),
    finish(take, ['holdfast withdraw 100', 'holdfast withdraw 100 --to 0x… --json']).action(
      (amount, options) => perform(options, (s) => withdraw(s, amount, options.to)),
    ),
    finish(queue, [
      'holdfast withdrawals',
      'holdfast withdrawals --all --json',
      'holdfast withdrawals --release',
      'holdfast withdrawals --reclaim 5',
    ]).action((options) => perform(options, (s) => list(s, options))),
    finish(move, [
      'holdfast transfer 100 --to-account 8',
      'holdfast transfer 100 --account 7 --to-account hedge',
    ]).action((amount, options) => perform(options, (s) => transfer(s, amount, options.toAccount))),
  ];
}
