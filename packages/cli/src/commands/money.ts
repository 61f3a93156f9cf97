/** faucet, account, deposit: what happens on chain. */
import { sleep } from '@holdfast/host';
import { type Client, showQuote } from '@holdfast/sdk';
import { EnvironmentError, firstUserAccount, formatDecimal, isRejection } from '@holdfast/units';
import { Command } from 'commander';
import { pairs, type Result, table } from '../io.ts';
import { parseAddress, parseName, parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { leverageCommand } from './leverage.ts';
import { finish, group, type Perform } from './shared.ts';

async function faucet(s: Session, amount: string): Promise<Result> {
  const client = await s.client('sign');
  const { token } = client.info;
  const done = agreed(await client.faucet(amount));
  const address = s.address();
  const held = address ? (await client.chain().balances(address)).tokens : 0n;
  const balance = `${formatDecimal(held, token.decimals)} ${token.symbol}`;
  return {
    data: { ...done, address, balance: formatDecimal(held, token.decimals) },
    text: pairs([
      ['received', `${amount} ${token.symbol} and gas`],
      ['wallet', `${balance} at ${address}`],
    ]),
    next: 'holdfast deposit 1000',
  };
}

/** Waits until the node has seen a deposit or an account; false when it takes too long. */
async function untilNode(
  client: Client,
  id: number,
  seen: (equity: bigint) => boolean,
  msMax = 15_000,
): Promise<boolean> {
  for (const end = Date.now() + msMax; Date.now() < end; await sleep(200)) {
    const view = await client.account(id).catch(() => undefined);
    if (view && !isRejection(view) && view.from === 'node' && seen(view.equity)) return true;
  }
  return false;
}

async function open(
  s: Session,
  owner: string | undefined,
  name: string | undefined,
): Promise<Result> {
  const client = await s.client('sign');
  const to = owner === undefined ? undefined : parseAddress(owner);
  if (name !== undefined) parseName(name);
  const opened = agreed(await client.openAccount(to));
  if (name !== undefined) await s.nameAccount(name, opened.account);
  // A further account is used when it is asked for, the first one at once.
  else if (to === undefined) await s.remember(opened.account);
  return {
    data: opened,
    text: pairs([
      ['account', `${opened.account}${name === undefined ? '' : ` (${name})`}`],
      ['owner', to ?? `${s.address()}`],
      ['transaction', opened.tx],
    ]),
    next: `holdfast deposit 1000${name === undefined ? '' : ` --account ${name}`}`,
  };
}

async function list(s: Session): Promise<Result> {
  const client = await s.client('read');
  const address = s.address();
  if (!address) throw new EnvironmentError('KeyMissing', `there is no key "${s.keyName}"`);
  const ids = await client.chain().accountsOf(address);
  const views = await Promise.all(ids.map((id) => client.account(id)));
  const nameOf = (id: number | undefined) =>
    Object.entries(s.accountNames()).find(([, named]) => named === id)?.[0] ?? '';
  const rows = views.map((view, i) => [
    `${ids[i]}`,
    nameOf(ids[i]),
    isRejection(view) ? '-' : showQuote(view.equity),
  ]);
  return {
    data: views.map((view, i) => ({ ...view, name: nameOf(ids[i]) })),
    text:
      ids.length === 0
        ? `${address} owns no account`
        : table([['account', 'name', 'equity'], ...rows], 2),
    next: ids.length === 0 ? 'holdfast account open' : undefined,
  };
}

/** What could leave now, by the chain; undefined without it. */
async function freeOf(client: Client, id: number) {
  try {
    return await client.chain().withdrawable(id);
  } catch {
    return undefined;
  }
}

async function show(s: Session): Promise<Result> {
  const client = await s.client('read');
  const id = await accountNumber(s, client);
  const view = agreed(await client.account(id));
  const free = await freeOf(client, id);
  const { decimals, symbol } = client.info.token;
  const units = (amount: bigint) => `${formatDecimal(amount, decimals)} ${symbol}`;
  const marketName = (market: number) =>
    client.info.markets.find((each) => each.id === market)?.symbol ?? `${market}`;
  return {
    data: { ...view, withdrawable: free },
    text: pairs([
      ['account', `${id}`],
      ['owner', view.owner],
      ['equity', showQuote(view.equity)],
      ['initial margin', showQuote(view.initial)],
      ['maintenance margin', showQuote(view.maintenance)],
      ...(free === undefined
        ? []
        : [['withdrawable', `${units(free.amount)}, ${units(free.atOnce)} at once`] as const]),
      ['positions', view.positions.map((p) => marketName(p.market)).join(', ') || 'none'],
      ['as seen by', view.from === 'node' ? 'the node' : 'the chain (the node is out of reach)'],
    ]),
  };
}

async function choose(s: Session, id: string): Promise<Result> {
  const account = s.accountNames()[id] ?? parseWhole(id, 'account', 2 ** 32 - 1);
  await s.remember(account);
  return { data: { account }, text: `account ${account} is used from now on` };
}

async function deposit(s: Session, amount: string, isPermit: boolean): Promise<Result> {
  const client = await s.client('sign');
  const { token } = client.info;
  const known = s.chosenAccount() ?? (await client.chain().accountsOf(await own(s)))[0];
  const opened = known === undefined ? agreed(await client.openAccount()).account : undefined;
  const id = known ?? (opened as number);
  // The reserved accounts can be topped up by anyone and are nobody's to use.
  if (id >= firstUserAccount) await s.remember(id);
  const before = await client.account(id).catch(() => undefined);
  const equity = before && !isRejection(before) ? before.equity : 0n;
  const how = isPermit ? 'permit' : 'approve';
  const done = agreed(await client.chain().deposit(id, amount, how));
  const isSeen = await untilNode(client, id, (now) => now !== equity);
  return {
    data: { ...done, account: id, opened: opened !== undefined, seenByNode: isSeen },
    text: pairs([
      ['account', `${id}${opened === undefined ? '' : ' (opened now)'}`],
      ['deposited', `${amount} ${token.symbol} (${allowedBy[done.how]})`],
      ['transaction', done.tx],
      ['node', isSeen ? 'has seen it' : 'has not seen it yet (the money is safe on chain)'],
    ]),
    next: 'holdfast order place BTC-USD buy 0.01 --price 100000',
  };
}

const allowedBy = {
  permit: 'by a signed permit, one transaction',
  approve: 'after an approval',
  allowance: 'by an earlier approval',
} as const;

async function own(s: Session): Promise<`0x${string}`> {
  return (await s.signer()).address;
}

function accountCommands(perform: Perform): Command {
  const account = group('account', 'Open, list and show accounts', [
    'holdfast account open',
    'holdfast account show --account 7',
  ]);
  const opening = new Command('open')
    .description('Open an account for the key')
    .option('--owner <address>', 'open it for another owner')
    .option('--name <name>', 'call it so here: --account takes the name, too');
  account.addCommand(
    finish(opening, ['holdfast account open', 'holdfast account open --name hedge']).action(
      (options) => perform(options, (s) => open(s, options.owner, options.name)),
    ),
  );
  account.addCommand(
    finish(new Command('list').description('List the accounts of the key'), [
      'holdfast account list',
    ]).action((options) => perform(options, list)),
  );
  account.addCommand(
    finish(new Command('show').description('Show an account'), [
      'holdfast account show',
      'holdfast account show --account 7 --json',
    ]).action((options) => perform(options, show)),
  );
  account.addCommand(
    finish(new Command('use').description('Use an account from now on').argument('<n>'), [
      'holdfast account use 7',
    ]).action((n, options) => perform(options, (s) => choose(s, n))),
  );
  account.addCommand(leverageCommand(perform));
  return account;
}

/** faucet, account and deposit. */
export function moneyCommands(perform: Perform): Command[] {
  const tap = new Command('faucet')
    .description('Test venues: get gas and test tokens')
    .argument('[amount]', 'tokens', '10000');
  const pay = new Command('deposit')
    .description('Deposit tokens; opens an account first when the key has none')
    .argument('<amount>', 'tokens, such as 1000 or 12.5')
    .option('--permit', 'sign the allowance where the token can do that (default)', true)
    .option('--no-permit', 'approve on chain first');
  return [
    finish(tap, ['holdfast faucet', 'holdfast faucet 500']).action((amount, options) =>
      perform(options, (s) => faucet(s, amount)),
    ),
    accountCommands(perform),
    finish(pay, [
      'holdfast deposit 1000',
      'holdfast deposit 12.5 --account 7',
      'holdfast deposit 1000 --no-permit',
    ]).action((amount, options) => perform(options, (s) => deposit(s, amount, options.permit))),
  ];
}
