/** treasury: what the venue earned, and how it is paid out. */
import { resolve } from 'node:path';
import { clearingHouseAbi, treasuryAbi } from '@holdfast/abi';
import { createChainReader, loadVenue, writeJsonAtomic } from '@holdfast/host';
import { groupSignature } from '@holdfast/party';
import {
  addressFor,
  type Book,
  bookOf,
  type Call,
  callText,
  fileOf,
  lists,
  named,
  readCalls,
  scheduledCalls,
  type TreasuryStatus,
  tokenFor,
  treasuryOf,
  treasuryStatus,
} from '@holdfast/treasury';
import {
  EnvironmentError,
  feeAccount,
  formatDecimal,
  type Hex,
  parseDecimal,
} from '@holdfast/units';
import { Command } from 'commander';
import {
  type Abi,
  type Address,
  encodeFunctionData,
  erc20Abi,
  isAddress,
  toFunctionSelector,
} from 'viem';
import { UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseDuration, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';
import { openFile, treasuryPartyCommands } from './treasury-party.ts';

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** The treasury's surroundings, without a key. @throws EnvironmentError TreasuryMissing */
export function deskOf(s: Pick<Session, 'dir' | 'globals'>) {
  const venue = loadVenue(s.dir);
  const rpcUrl = s.globals.rpc ?? venue.rpcUrl;
  const reader = createChainReader({ rpcUrl, chainId: venue.chainId, blockMs: venue.blockMs });
  return { venue, book: bookOf(venue), reader, fromBlock: BigInt(venue.deployBlock) };
}

/** What was thrown by the chain, as the other commands tell it. */
async function fromChain<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const text = (cause as { shortMessage?: string }).shortMessage ?? String(cause);
    throw new EnvironmentError('ChainFailed', text, { retry: true, cause });
  }
}

function statusText(
  book: Book,
  of: TreasuryStatus,
  account: number | undefined,
  fees: bigint,
): string {
  const { committee, tokens, waiting } = of;
  const { collateral } = book;
  const { key, generation, threshold, size } = committee;
  const head = pairs([
    ['treasury', named(book, of.address)],
    ['committee', `${threshold} of ${size}, generation ${generation}`],
    ['key', key ?? 'none in force: revoked'],
    ['delays', `short ${of.smallDelaySeconds} s, long ${of.largeDelaySeconds} s`],
    ['next instruction', `${of.nextNonce}`],
    ...(account === undefined ? [] : ([['account', `${account} of the clearing house`]] as const)),
    ['fees to take', `${formatDecimal(fees, collateral.decimals)} ${collateral.symbol}`],
  ]);
  const amount = (value: bigint, decimals: number) => formatDecimal(value, decimals);
  const rows = tokens.map((each) => [
    each.symbol,
    amount(each.held, each.decimals),
    `${amount(each.smallUsed, each.decimals)} of ${amount(each.small, each.decimals)}`,
    `${amount(each.dayUsed, each.decimals)} of ${amount(each.day, each.decimals)}`,
  ]);
  const lines = waiting.map(({ nonce, state, readyAt, text }) => {
    const calls = text.map((each) => `  ${each}`).join('\n');
    return `instruction ${nonce}: ${state}, from ${iso(readyAt)}\n${calls}`;
  });
  return [
    head,
    rows.length === 0
      ? 'no token has a limit: nothing can be paid'
      : table([['token', 'holds', 'quick in 24 h', 'in 24 h'], ...rows]),
    lines.length === 0 ? 'nothing waits' : lines.join('\n'),
  ].join('\n\n');
}

async function status(s: Session): Promise<Result> {
  const { venue, book, reader, fromBlock } = deskOf(s);
  const of = await fromChain(() => treasuryStatus(reader, book, fromBlock));
  const { account } = treasuryOf(venue);
  const address = venue.contracts.clearingHouse;
  const args = [feeAccount] as const;
  const call = { address, abi: clearingHouseAbi, functionName: 'withdrawable' as const, args };
  const [fees] = await fromChain(() => reader.readContract(call));
  const ready = of.waiting.find(({ state }) => state === 'ready');
  const next = ready && `holdfast treasury execute ${ready.nonce}`;
  return { data: { ...of, account, fees }, text: statusText(book, of, account, fees), next };
}

type ProposeOptions = {
  readonly pay: readonly string[];
  readonly withdraw?: string;
  readonly fees?: string;
  readonly call: readonly string[];
  readonly expires: string;
  readonly nonce?: string;
  readonly out?: string;
};

/** An address, or a contract of the venue by its name. @throws UsageError */
function addressOf(book: Book, text: string): Address {
  const found = addressFor(book, text);
  if (found !== undefined && (!isAddress(text, { strict: false }) || isAddress(text))) return found;
  const why = found === undefined ? 'neither an address nor a contract of the venue' : 'misspelt';
  throw new UsageError(`"${text}" is ${why}`);
}

/** `to=amount` or `to=amount:token`. @throws UsageError */
function payment(book: Book, text: string): Call {
  const [, to = '', amount = '', symbol = book.collateral.symbol] =
    /^([^=]+)=([^:]+)(?::(.+))?$/.exec(text) ?? [];
  const token = tokenFor(book, symbol);
  if (to === '' || token === undefined) {
    const known = [...book.tokens.values()].map((each) => each.symbol).join(', ');
    throw new UsageError(`"${text}" is not TO=AMOUNT or TO=AMOUNT:TOKEN (tokens: ${known})`);
  }
  const units = agreed(parseDecimal(amount, token.decimals));
  if (units <= 0n) throw new UsageError(`"${amount}" is no amount above zero`);
  const args = [addressOf(book, to), units] as const;
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args });
  return { target: token.address, data };
}

/** From an account of the clearing house to the treasury. @throws UsageError */
function withdrawal(book: Book, account: number | undefined, text: string): Call {
  if (account === undefined) throw new UsageError('the treasury has no account at this venue');
  const units = agreed(parseDecimal(text, book.collateral.decimals));
  const target = addressOf(book, 'clearingHouse');
  const abi = book.abis.get(target.toLowerCase()) as Abi;
  const args = [account, units, book.treasury, '0x'];
  return { target, data: encodeFunctionData({ abi, functionName: 'withdraw', args }) };
}

/** `target=0x…`. @throws UsageError */
function otherCall(book: Book, text: string): Call {
  const [, target = '', data = ''] = /^([^=]+)=(0x(?:[0-9a-fA-F]{2})+)$/.exec(text) ?? [];
  if (data === '') throw new UsageError(`"${text}" is not TARGET=0xDATA`);
  return { target: addressOf(book, target), data: data.toLowerCase() as Hex };
}

async function propose(s: Session, options: ProposeOptions): Promise<Result> {
  const { venue, book, reader } = deskOf(s);
  const { account } = treasuryOf(venue);
  const calls = [
    ...options.pay.map((text) => payment(book, text)),
    ...(options.withdraw === undefined ? [] : [withdrawal(book, account, options.withdraw)]),
    ...(options.fees === undefined ? [] : [withdrawal(book, feeAccount, options.fees)]),
    ...options.call.map((text) => otherCall(book, text)),
  ];
  if (calls.length === 0) {
    throw new UsageError('give at least one of --pay, --withdraw, --fees and --call');
  }
  const [next, head] = await fromChain(() =>
    Promise.all([
      reader.readContract({ address: book.treasury, abi: treasuryAbi, functionName: 'nextNonce' }),
      reader.getBlock(),
    ]),
  );
  const nonce = options.nonce === undefined ? next : BigInt(parseWhole(options.nonce, 'nonce'));
  const expiry = Number(head.timestamp) + parseDuration(options.expires);
  const instruction = { nonce, expiry, calls };
  const read = agreed(readCalls(book, instruction));
  const out = options.out ?? `instruction-${nonce}.json`;
  await writeJsonAtomic(resolve(s.io.cwd, out), fileOf(book, instruction), 0o644);
  const texts = read.map((call) => callText(book, call));
  return {
    data: { file: out, nonce, expiry, calls: texts },
    text: pairs([
      ['instruction', `${nonce}`],
      ['can be brought', `until ${iso(expiry)}`],
      ...texts.map((each, i): [string, string] => [i === 0 ? 'calls' : '', `${i + 1}. ${each}`]),
      ['file', out],
    ]),
    next: `holdfast treasury sign ${out} --dir DIR`,
  };
}

/** Calls the treasury with the session's key. */
async function send(s: Session, functionName: string, args: readonly unknown[]) {
  const { address } = treasuryOf(loadVenue(s.dir));
  const chain = (await s.client('sign')).chain();
  return agreed(await chain.call({ address, abi: treasuryAbi as Abi, functionName, args }));
}

async function submit(s: Session, file: string): Promise<Result> {
  const { instruction, signature } = openFile(s, file);
  if (signature === undefined) throw new UsageError(`${file} is not signed yet`);
  const { targets, data } = lists(instruction);
  const { nonce, expiry } = instruction;
  const done = await send(s, 'schedule', [nonce, expiry, targets, data, groupSignature(signature)]);
  const { reader, book } = deskOf(s);
  const [, readyAt] = await fromChain(() =>
    reader.readContract({
      address: book.treasury,
      abi: treasuryAbi,
      functionName: 'waiting',
      args: [nonce],
    }),
  );
  const text = `instruction ${nonce} waits until ${iso(readyAt)}; transaction ${done.tx}`;
  const next =
    `holdfast treasury execute ${nonce}   after that; until then a guardian can drop it:\n` +
    `      holdfast treasury veto ${nonce}`;
  return { data: { ...done, nonce, readyAt }, text, next };
}

async function execute(s: Session, text: string): Promise<Result> {
  const nonce = BigInt(parseWhole(text, 'nonce'));
  const { book, reader, fromBlock } = deskOf(s);
  const found = await fromChain(() => scheduledCalls(reader, book, fromBlock, nonce));
  const { targets, data } = lists({ calls: agreed(found) });
  const done = await send(s, 'execute', [nonce, targets, data]);
  return { data: { ...done, nonce }, text: `carried out ${nonce}; transaction ${done.tx}` };
}

async function veto(s: Session, text: string): Promise<Result> {
  const nonce = BigInt(parseWhole(text, 'nonce'));
  const done = await send(s, 'veto', [nonce]);
  return { data: { ...done, nonce }, text: `dropped ${nonce}; transaction ${done.tx}` };
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function chainCommands(perform: Perform): Command[] {
  const make = new Command('propose')
    .description('Write an instruction for the committee to sign')
    .option(
      '--pay <to=amount>',
      'transfer; TO=AMOUNT:TOKEN for another token; repeatable',
      collect,
      [],
    )
    .option('--withdraw <amount>', 'from its account of the clearing house to the treasury')
    .option('--fees <amount>', 'from the trading fees that the clearing house keeps')
    .option('--call <target=data>', 'any other call; repeatable', collect, [])
    .option('--expires <time>', 'how long it can be brought', '12h')
    .option('--nonce <n>', 'its number (default: the next)')
    .option('--out <file>', 'where to write it (default: instruction-N.json)');
  const bring = new Command('submit')
    .description('Anyone: bring a signed instruction; its delay begins')
    .argument('<file>', 'signed instruction');
  const run = new Command('execute')
    .description('Anyone: carry an instruction out when its delay is over')
    .argument('<nonce>', 'its number');
  const drop = new Command('veto')
    .description('Governor or guardian: drop an instruction that waits')
    .argument('<nonce>', 'its number');
  const look = new Command('status').description('What it holds, may pay, and what waits');
  const someone = `0x${'5'.repeat(40)}`;
  return [
    finish(look, ['holdfast treasury status', 'holdfast treasury status --json']).action(
      (options) => perform(options, status),
    ),
    finish(make, [
      `holdfast treasury propose --pay ${someone}=50`,
      `holdfast treasury propose --pay ${someone}=50:tUSD --withdraw 1000 --expires 6h`,
      'holdfast treasury propose --fees 250',
    ]).action((options) => perform(options, (s) => propose(s, options))),
    finish(bring, ['holdfast treasury submit instruction-0.json --key keeper']).action(
      (file, options) => perform(options, (s) => submit(s, file)),
    ),
    finish(run, ['holdfast treasury execute 0 --key keeper']).action((nonce, options) =>
      perform(options, (s) => execute(s, nonce)),
    ),
    finish(drop, ['holdfast treasury veto 0 --key guardian']).action((nonce, options) =>
      perform(options, (s) => veto(s, nonce)),
    ),
  ];
}

async function limit(s: Session, verb: string, symbol: string, options: Record<string, string>) {
  const { book } = deskOf(s);
  const token = tokenFor(book, symbol);
  const at = token?.address ?? addressOf(book, symbol);
  const units = (text: string | undefined): bigint => {
    const decimals = token?.decimals ?? parseWhole(options.decimals ?? '', 'decimals', 36);
    return agreed(parseDecimal(text ?? '', decimals));
  };
  const args = verb === 'propose' ? [at, units(options.small), units(options.day)] : [at];
  const done = await send(s, `${verb}Limit`, args);
  const text = `${verb} limit of ${token?.symbol ?? at}: transaction ${done.tx}`;
  return { data: done, text, next: 'holdfast treasury status' };
}

/** A function of a contract as its selector: its name where the interface is known, or 4 bytes. */
function selectorOf(book: Book, target: Address, name: string): Hex {
  if (/^0x[0-9a-fA-F]{8}$/.test(name)) return name as Hex;
  const abi = book.abis.get(target.toLowerCase()) ?? [];
  const item = abi.find((each) => each.type === 'function' && each.name === name);
  if (item?.type === 'function') return toFunctionSelector(item);
  throw new UsageError(`${named(book, target)} has no function "${name}"; give its four bytes`);
}

async function call(s: Session, verb: string, on: string, name: string): Promise<Result> {
  const { book } = deskOf(s);
  const target = addressOf(book, on);
  const selector = selectorOf(book, target, name);
  const done = await send(s, `${verb}Call`, [target, selector]);
  return { data: done, text: `${verb} call ${on}.${name} (${selector}): transaction ${done.tx}` };
}

function ruleCommands(perform: Perform): Command[] {
  const limits = (['propose', 'apply', 'cancel'] as const).map((verb) => {
    const who = verb === 'apply' ? 'Anyone, after the delay' : 'Governor';
    const command = new Command(`${verb}-limit`)
      .description(`${who}: ${verb} the limits of a token`)
      .argument('<token>', 'symbol or address');
    const more = verb === 'propose' ? ' --small 500 --day 20000' : '';
    if (verb === 'propose') {
      command
        .requiredOption('--small <amount>', 'what may leave in 24 hours after the short delay')
        .requiredOption('--day <amount>', 'what may leave in 24 hours at all')
        .option('--decimals <n>', 'of a token that the venue file does not name');
    }
    const key = verb === 'apply' ? 'keeper' : 'governor';
    return finish(command, [`holdfast treasury ${verb}-limit tUSD${more} --key ${key}`]).action(
      (token, options) => perform(options, (s) => limit(s, verb, token, options)),
    );
  });
  const calls = (['propose', 'apply', 'remove'] as const).map((verb) => {
    const who = verb === 'apply' ? 'Anyone, after the delay' : 'Governor';
    const command = new Command(`${verb}-call`)
      .description(`${who}: ${verb} a call that the committee may sign`)
      .argument('<target>', 'contract of the venue by name, or an address')
      .argument('<function>', 'its name, or its selector (4 bytes)');
    const key = verb === 'apply' ? 'keeper' : 'governor';
    const example = `holdfast treasury ${verb}-call clearingHouse withdraw --key ${key}`;
    return finish(command, [example]).action((target, name, options) =>
      perform(options, (s) => call(s, verb, target, name)),
    );
  });
  return [...limits, ...calls];
}

/** The `treasury` group. */
export function treasuryCommands(perform: Perform): Command {
  const treasury = group('treasury', 'What the venue earned, paid by a committee’s signature', [
    'holdfast treasury status',
    `holdfast treasury propose --pay 0x${'5'.repeat(40)}=50`,
    'holdfast treasury sign instruction-0.json --dir ann',
    'holdfast treasury submit instruction-0.json --key keeper',
  ]);
  const all = [
    ...chainCommands(perform),
    ...treasuryPartyCommands(perform),
    ...ruleCommands(perform),
  ];
  for (const each of all) treasury.addCommand(each);
  return treasury;
}
