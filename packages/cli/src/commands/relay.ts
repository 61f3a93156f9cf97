/** withdraw-sign, withdraw-relay: an owner without gas signs, anyone sends it for the fee. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Client,
  draftWithdrawal,
  readNote,
  type SignedWithdrawal,
  signWithdrawal,
  type WithdrawalNote,
  writeNote,
} from '@holdfast/sdk';
import { formatDecimal, isRejection, reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseDuration, parseWhole } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

type SignOptions = {
  readonly to?: string;
  readonly fee?: string;
  readonly expires: string;
  readonly nonce?: string;
  readonly out: string;
};

function terms(client: Client, withdrawal: SignedWithdrawal): [string, string][] {
  const { decimals, symbol } = client.info.token;
  const tokens = (units: bigint) => `${formatDecimal(units, decimals)} ${symbol}`;
  return [
    ['account', `${withdrawal.account}`],
    ['amount', `${tokens(withdrawal.amount)} to ${withdrawal.to}`],
    ['fee for the relayer', tokens(withdrawal.fee)],
    ['dead from', `${withdrawal.expiry} (venue seconds)`],
    ['nonce', `${withdrawal.nonce}`],
  ];
}

async function sign(s: Session, amount: string, options: SignOptions): Promise<Result> {
  const client = await s.client('sign');
  const signer = await s.signer();
  const nonce = options.nonce === undefined ? undefined : parseWhole(options.nonce, 'nonce');
  const withdrawal = agreed(
    draftWithdrawal(client.info, {
      account: await accountNumber(s, client),
      amount,
      to: options.to === undefined ? signer.address : parseAddress(options.to),
      fee: options.fee,
      lifeSeconds: parseDuration(options.expires),
      nonce,
    }),
  );
  const { chainId, clearingHouse } = client.info;
  const signature = await signWithdrawal(signer, client.info, withdrawal);
  const note = { chainId, clearingHouse, withdrawal, signature };
  // Whoever has the file can send it, and only it: the money goes where the owner said.
  writeFileSync(resolve(s.io.cwd, options.out), writeNote(note), { mode: 0o600 });
  return {
    data: JSON.parse(writeNote(note)),
    text: pairs([...terms(client, withdrawal), ['written to', options.out]]),
    next: `holdfast withdraw-relay ${options.out}   by anyone, before it expires`,
  };
}

/** @throws UsageError when the file holds no signed withdrawal */
function noteIn(path: string): WithdrawalNote {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const note = readNote(text);
  if (isRejection(note)) throw new UsageError(`${path}: ${note.message}`);
  return note;
}

async function relay(s: Session, path: string): Promise<Result> {
  const note = noteIn(resolve(s.io.cwd, path));
  const client = await s.client('sign');
  const { chainId, clearingHouse } = client.info;
  const isHere =
    note.chainId === chainId && note.clearingHouse.toLowerCase() === clearingHouse.toLowerCase();
  if (!isHere) {
    const where = `${note.clearingHouse} on chain ${note.chainId}`;
    throw new Refused(reject('VenueWrong', `the withdrawal is for the venue at ${where}`));
  }
  const relayer = await accountNumber(s, client);
  const report = (await client.latestReport().catch(() => undefined))?.raw;
  const { withdrawal, signature } = note;
  const done = agreed(await client.chain().relay(withdrawal, signature, relayer, report));
  const { decimals, symbol } = client.info.token;
  const paid = `${formatDecimal(done.paid, decimals)} ${symbol}`;
  return {
    data: { ...done, account: withdrawal.account, relayer },
    text: pairs([
      ...terms(client, withdrawal),
      ['paid at once', paid],
      ...(done.queued ? [['queued as number', `${done.queued.id}`] as const] : []),
      ['transaction', done.tx],
    ]),
  };
}

/** withdraw-sign and withdraw-relay. */
export function relayCommands(perform: Perform): Command[] {
  const signing = new Command('withdraw-sign')
    .description('Sign a withdrawal into a file that anyone may send, without gas of your own')
    .argument('<amount>', 'tokens, such as 100')
    .option('--to <address>', 'receiver (default: the owner)')
    .option('--fee <tokens>', 'on top, for whoever sends it; at most a tenth of the amount', '0')
    .option('--expires <duration>', 'dead after this long', '1d')
    .option('--nonce <n>', 'one-time number (default: a random one)')
    .requiredOption('--out <file>', 'where to write it');
  const sending = new Command('withdraw-relay')
    .description('Anyone: send a withdrawal that its owner signed; the fee goes to your account')
    .argument('<file>');
  return [
    finish(signing, [
      'holdfast withdraw-sign 100 --out note.json',
      'holdfast withdraw-sign 100 --fee 0.5 --expires 2h --out note.json',
    ]).action((amount, options) => perform(options, (s) => sign(s, amount, options))),
    finish(sending, ['holdfast withdraw-relay note.json --key keeper']).action((file, options) =>
      perform(options, (s) => relay(s, file)),
    ),
  ];
}
