/** exit: leave the venue with nothing but the chain and the owner's key. */
import { createExit, type Exit, type ExitResult, type ExitStatus, runExit } from '@holdfast/sdk';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { clockTime, type Result, table } from '../io.ts';
import { parseAddress } from '../parse.ts';
import { findVenueDir, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

type Options = { readonly clearingHouse?: string; readonly to?: string };

/** By address and RPC alone where both are given; else by the venue's folder, without its node. */
async function exitOf(s: Session, options: Options, signs: boolean): Promise<Exit> {
  const signer = signs ? await s.signer() : undefined;
  const { rpc } = s.globals;
  if (options.clearingHouse !== undefined) {
    const clearingHouse = parseAddress(options.clearingHouse);
    if (rpc === undefined) throw new UsageError('--clearing-house needs --rpc as well');
    return createExit({ rpcUrl: rpc, clearingHouse }, signer);
  }
  if (findVenueDir(s.globals, s.io.cwd) === undefined) {
    throw new EnvironmentError('VenueUnknown', 'no venue: give --rpc and --clearing-house');
  }
  return createExit(await s.info(), signer);
}

function ownerOf(s: Session): Hex {
  const address = s.address();
  if (address !== undefined) return address;
  throw new EnvironmentError('KeyMissing', `there is no key "${s.keyName}" in ${s.keysDir}`);
}

async function accountsOf(s: Session, exit: Exit, owner: Hex): Promise<number[]> {
  const { account } = s.globals;
  if (account === undefined) {
    const found = await exit.accountsOf(owner);
    if (found.length > 0) return found;
    throw new EnvironmentError('AccountMissing', `${owner} owns no account at this venue`);
  }
  const id = Number(account);
  if (!Number.isSafeInteger(id)) throw new UsageError(`"${account}" is not an account number`);
  return [id];
}

function tokens(quote: bigint): string {
  const sign = quote < 0n ? '-' : '';
  const size = quote < 0n ? -quote : quote;
  return `${sign}${size / 1_000_000n}.${`${size % 1_000_000n}`.padStart(6, '0')}`;
}

function describe(result: ExitResult): string {
  const what = {
    cancelOrders: () => 'all orders cancelled',
    queueClose: () => {
      const { market, isLong } = result as Extract<ExitResult, { do: 'queueClose' }>;
      return `close of the ${isLong ? 'long' : 'short'} in market ${market} queued`;
    },
    queueWithdraw: () => 'withdrawal of everything queued',
    withdraw: () =>
      `${tokens((result as Extract<ExitResult, { do: 'withdraw' }>).quote)} withdrawn`,
    execute: () => `overdue request ${(result as { number: number }).number} executed`,
    setAside: () => `request ${(result as { number: number }).number} set aside, without a price`,
    freeze: () => 'venue frozen for ever',
    reckon: () => 'accounts reckoned',
    exit: () => 'left with all that it is owed',
    refund: () => `fee of request ${(result as { number: number }).number} refunded`,
    collect: () => 'fees collected',
  }[result.do]();
  const whose = 'account' in result ? `account ${result.account}: ` : '';
  const { refused } = result;
  return refused === undefined
    ? `${whose}${what} (${result.tx})`
    : `${whose}not yet: ${what}; ${refused.code}: ${refused.message}`;
}

function situation(status: ExitStatus): string[] {
  const { frozenTime, reckoning, queue, waiting, aside, freezeFrom } = status;
  if (frozenTime !== 0) {
    const state = reckoning.done
      ? `claims share ${tokens(reckoning.pool)}`
      : `${reckoning.next} of ${reckoning.count} accounts reckoned`;
    return [`frozen at ${clockTime(frozenTime)}; ${state}`];
  }
  const lines = [`${waiting.length} requests wait; the next is number ${queue.next}`];
  const next = waiting[0];
  if (next !== undefined) lines.push(`anyone executes it after ${clockTime(next.deadline)}`);
  if (aside.length > 0) lines.push(`${aside.length} wait aside for a price: anyone executes them`);
  if (freezeFrom !== undefined) {
    const when = freezeFrom <= status.time ? 'now' : `from ${clockTime(freezeFrom)}`;
    lines.push(`anyone may freeze the venue ${when}, if it is not served before`);
  }
  return lines;
}

function showStatus(status: ExitStatus): string {
  const ids = new Set(status.accounts.map(({ account }) => account));
  const rows = status.accounts.map(({ account, equity, positions, claim }) => [
    `${account}`,
    tokens(equity),
    `${positions.length}`,
    `${claim}`,
  ]);
  const own = [...status.aside, ...status.waiting].filter(({ account }) => ids.has(account));
  const requests = own.map((each) => [
    `${each.number}`,
    `${each.account}`,
    each.kind,
    each.kind === 'close' ? `market ${each.market}` : '',
    clockTime(each.deadline),
  ]);
  const parts = [
    situation(status).join('\n'),
    table([['account', 'equity', 'positions', 'payable units'], ...rows]),
  ];
  const head = ['request', 'account', 'kind', 'of', 'deadline (UTC)'];
  if (requests.length > 0) parts.push(table([head, ...requests]));
  return parts.join('\n\n');
}

/** What to do after this run; undefined: it is over. */
function nextOf(status: ExitStatus): string | undefined {
  const left = status.accounts.filter(({ cashQ32, positions, claim }) =>
    status.frozenTime === 0 ? positions.length > 0 || cashQ32 >> 32n > 0n : claim > 0n,
  );
  if (left.length === 0) return undefined;
  const { waiting, freezeFrom } = status;
  const moments = [waiting[0] && waiting[0].deadline + 1, freezeFrom];
  const ahead = moments.filter((each): each is number => each !== undefined && each > status.time);
  if (ahead.length === 0) return 'run it again';
  return `run it again after ${clockTime(Math.min(...ahead))} UTC of the chain's time`;
}

async function showIt(s: Session, options: Options): Promise<Result> {
  const exit = await exitOf(s, options, false);
  const owner = ownerOf(s);
  const status = await exit.status(owner, await accountsOf(s, exit, owner));
  return { data: status, text: showStatus(status), next: 'holdfast exit' };
}

async function leave(s: Session, options: Options): Promise<Result> {
  const exit = await exitOf(s, options, true);
  const owner = ownerOf(s);
  const to = options.to === undefined ? owner : parseAddress(options.to);
  const accounts = await accountsOf(s, exit, owner);
  const { results, status } = await runExit(exit, owner, accounts, to, (result) => {
    if (s.globals.json !== true) s.io.out(`${describe(result)}\n`);
  });
  const refused = results.find((result) => result.refused !== undefined)?.refused;
  if (refused !== undefined && results.every((each) => each.refused !== undefined)) {
    throw new Refused(refused);
  }
  return { data: { results, status }, text: `\n${showStatus(status)}`, next: nextOf(status) };
}

function withPlace(command: Command): Command {
  return command.option(
    '--clearing-house <address>',
    'the venue, where its folder is not at hand (with --rpc)',
  );
}

/** The `exit` command and `exit status`. */
export function exitCommand(perform: Perform): Command {
  const exit = withPlace(new Command('exit'))
    .description('Leave the venue without its operator; run again until done')
    .option('--to <address>', 'receiver (default: the owner)');
  finish(exit, [
    'holdfast exit',
    'holdfast exit --rpc http://localhost:8545 --clearing-house 0x…',
    'holdfast exit --account 7 --to 0x… --json',
  ]).action((options) => perform(options, (s) => leave(s, options)));
  const status = withPlace(new Command('status')).description(
    'Deadlines, the state of the queue and what is owed; sends nothing',
  );
  finish(status, [
    'holdfast exit status',
    'holdfast exit status --rpc http://localhost:8545 --clearing-house 0x… --json',
  ]).action((_options, command) => {
    const options = command.optsWithGlobals();
    return perform(options, (s) => showIt(s, options));
  });
  exit.addCommand(status);
  return exit;
}
