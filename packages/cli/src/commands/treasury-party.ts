/** treasury init, party, show, approve, refuse, sign: what an operator does at its signer. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createLogger, loadVenue, readJson, writeJsonAtomic } from '@holdfast/host';
import { openParty, passphraseFrom, readParty } from '@holdfast/party';
import {
  bookOf,
  callText,
  defaultPolicy,
  encodeInstruction,
  fileOf,
  type Item,
  instructionDigest,
  loadPolicy,
  policyPath,
  readCalls,
  readInstructionFile,
  runSigner,
} from '@holdfast/treasury';
import { type Hex, reject, toHex } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { agreed, type Session } from '../session.ts';
import { askParty, homeOf, passphraseSource, type SecretOptions } from './quorum-shared.ts';
import { finish, type Perform } from './shared.ts';

type DirOptions = { readonly dir: string };

/** Reads an instruction's file for the treasury of this venue. @throws Refused */
export function openFile(s: Session, file: string) {
  const venue = loadVenue(s.dir);
  const book = bookOf(venue);
  const path = resolve(s.io.cwd, file);
  return { ...agreed(readInstructionFile(readJson(path, 'instruction'), book)), book, path };
}

/** Asks the running party, which must be a signer of the treasury. */
async function askSigner<T>(dir: string, path: string, body?: unknown): Promise<T> {
  try {
    return await askParty<T>(dir, path, body);
  } catch (error) {
    if (!(error instanceof Refused) || error.rejection.code !== 'NotFound') throw error;
    const message = `the party in ${dir} does not read instructions: stop it and start it by`;
    throw new Refused(reject('SignerWrong', `${message} holdfast treasury party --dir ${dir}`));
  }
}

/** An instruction as its signer found it. */
function itemText({ state, from, shown, seen, refusals, doubts }: Item): string {
  const list = (name: string, all: readonly string[]): [string, string][] =>
    all.map((each, i) => [i === 0 ? name : '', each]);
  return pairs([
    ['instruction', `${shown.nonce} (digest ${shown.digest})`],
    ['brought here by', from],
    ['can be brought', `until ${shown.expiry}`],
    ['delay', shown.delay],
    ...list(
      'calls',
      shown.calls.map((each, i) => `${i + 1}. ${each}`),
    ),
    ...list('would change', shown.effects.length === 0 ? ['nothing'] : shown.effects),
    ['state', state],
    ...list(
      'refused',
      refusals.map(({ code, message }) => `${code}: ${message}`),
    ),
    ...list(
      'a person decides',
      doubts.map(({ code, message }) => `${code}: ${message}`),
    ),
    ['seen', seen],
  ]);
}

const nextOf = (items: readonly Item[], dir: string): string | undefined => {
  const [waits] = items.filter(({ state }) => state === 'waits for a person');
  if (waits === undefined) return undefined;
  const command = `holdfast treasury approve ${waits.seen} --dir ${dir}`;
  return `if that is what you want, and nothing else:\n      ${command}`;
};

async function show(s: Session, file: string | undefined, options: Partial<DirOptions>) {
  const { dir } = options;
  if (file === undefined && dir === undefined)
    throw new UsageError('give a FILE, or --dir, or both');
  if (dir !== undefined) {
    const home = homeOf(s, { dir });
    const items =
      file === undefined
        ? (await askSigner<{ items: Item[] }>(home, '/treasury')).items
        : [await askSigner<Item>(home, '/treasury/show', { message: messageOf(s, file) })];
    const text = items.length === 0 ? 'nothing lies here' : items.map(itemText).join('\n\n');
    return { data: file === undefined ? items : items[0], text, next: nextOf(items, dir) };
  }
  const { instruction, signature, book } = openFile(s, file as string);
  const calls = agreed(readCalls(book, instruction)).map((call) => callText(book, call));
  const digest = instructionDigest(book, instruction);
  const { nonce, expiry } = instruction;
  const text = pairs([
    ['instruction', `${nonce} (digest ${digest})`],
    ['can be brought', `until ${new Date(expiry * 1000).toISOString()} (${expiry})`],
    ...calls.map((each, i): [string, string] => [i === 0 ? 'calls' : '', `${i + 1}. ${each}`]),
    ['signed', signature === undefined ? 'no' : 'yes'],
  ]);
  const next = signature === undefined ? `holdfast treasury sign ${file} --dir DIR` : undefined;
  return { data: { digest, nonce, expiry, calls, signature }, text, next };
}

const messageOf = (s: Session, file: string): Hex =>
  toHex(encodeInstruction(openFile(s, file).instruction));

const hash32 = /^0x[0-9a-f]{64}$/;

async function approve(s: Session, seen: string, options: DirOptions): Promise<Result> {
  if (!hash32.test(seen)) throw new UsageError(`"${seen}" is not what "treasury show" printed`);
  const item = await askSigner<Item>(homeOf(s, options), '/treasury/approve', { seen });
  return { data: item, text: `approved here for an hour:\n${itemText(item)}` };
}

async function refuse(s: Session, digest: string, options: DirOptions): Promise<Result> {
  if (!hash32.test(digest)) throw new UsageError(`"${digest}" is not a digest`);
  await askSigner(homeOf(s, options), '/treasury/refuse', { digest });
  return { data: { digest }, text: `${digest} is never signed here` };
}

async function sign(s: Session, file: string, options: DirOptions): Promise<Result> {
  const { instruction, book, path } = openFile(s, file);
  const message = toHex(encodeInstruction(instruction));
  const dir = homeOf(s, options);
  type Signed = { signature: Hex; signers: number[] };
  const { signature, signers } = await askSigner<Signed>(dir, '/treasury/sign', { message });
  await writeJsonAtomic(path, fileOf(book, instruction, signature), 0o644);
  const digest = instructionDigest(book, instruction);
  return {
    data: { digest, signature, signers, file: path },
    text: pairs([
      ['signed', digest],
      ['by parties', signers.join(', ')],
      ['signature', `${signature}, in ${file}`],
    ]),
    next: `holdfast treasury submit ${file}`,
  };
}

async function init(s: Session, options: DirOptions): Promise<Result> {
  const dir = homeOf(s, options);
  readParty(dir);
  const path = policyPath(dir);
  if (existsSync(path)) throw new Refused(reject('PolicyExists', `${path} exists; edit it`));
  const venue = loadVenue(s.dir);
  const { rpc } = s.globals;
  if (rpc === undefined) throw new UsageError('give --rpc: the address of your own node');
  const policy = defaultPolicy(venue, rpc);
  await writeJsonAtomic(path, policy);
  const text = `${path}: everything needs a person until you write what does not`;
  return { data: { path, policy }, text, next: `holdfast treasury party --dir ${options.dir}` };
}

type PartyOptions = SecretOptions & { readonly relay?: string };

async function party(s: Session, options: PartyOptions): Promise<undefined> {
  const dir = homeOf(s, options);
  const venue = loadVenue(s.dir);
  // Said before anybody is asked for a passphrase.
  readParty(dir);
  loadPolicy(dir, venue);
  const vault = await openParty(dir, await passphraseFrom(passphraseSource(s.io, dir, options)));
  const logger = createLogger('treasury', { destination: { write: (line) => s.io.out(line) } });
  const signer = await runSigner({ dir, vault, logger, relay: options.relay });
  try {
    signer.open(venue);
    logger.info({ name: signer.party.name, key: signer.party.key, dir }, 'ready');
    if (!s.io.signal.aborted) {
      await new Promise<void>((done) =>
        s.io.signal.addEventListener('abort', () => done(), { once: true }),
      );
    }
  } finally {
    await signer.close();
  }
  return undefined;
}

const withDir = (command: Command, isNeeded = true): Command =>
  isNeeded
    ? command.option('--dir <dir>', 'folder of the party', 'party')
    : command.option('--dir <dir>', 'folder of a party that runs: ask it');

/** The commands at a party. */
export function treasuryPartyCommands(perform: Perform): Command[] {
  const start = new Command('init').description('Write a policy that signs nothing by itself');
  const run = new Command('party')
    .description('Run a signer until Ctrl-C: it reads, simulates and judges before it signs')
    .option('--passphrase-command <words...>', 'program and arguments that print the passphrase')
    .option('--relay <url>', 'another relay than that of the invitation');
  const look = new Command('show')
    .description('What an instruction does; with --dir as that party decodes and simulates it')
    .argument('[file]', 'instruction; without it, all that lie at the party');
  const yes = new Command('approve')
    .description('A person’s yes at a party, to exactly what was shown')
    .argument('<seen>', 'what "treasury show" printed last');
  const no = new Command('refuse')
    .description('A person’s no at a party, for good')
    .argument('<digest>', 'digest of the instruction');
  const collect = new Command('sign')
    .description('Have the committee sign; the party in --dir asks the others')
    .argument('<file>', 'instruction; its signature is written into it');
  return [
    finish(withDir(start), ['holdfast treasury init --dir ann --rpc http://127.0.0.1:8545']).action(
      (options) => perform(options, (s) => init(s, options)),
    ),
    finish(withDir(run), [
      'holdfast treasury party --dir ann',
      'holdfast treasury party --dir ann --passphrase-file /run/secrets/ann',
    ]).action((options) => perform(options, (s) => party(s, options))),
    finish(withDir(look, false), [
      'holdfast treasury show instruction-0.json --dir ann',
      'holdfast treasury show --dir ann',
    ]).action((file, options) => perform(options, (s) => show(s, file, options))),
    finish(withDir(yes), [`holdfast treasury approve 0x${'ab'.repeat(4)}… --dir ann`]).action(
      (seen, options) => perform(options, (s) => approve(s, seen, options)),
    ),
    finish(withDir(no), [`holdfast treasury refuse 0x${'cd'.repeat(4)}… --dir ann`]).action(
      (digest, options) => perform(options, (s) => refuse(s, digest, options)),
    ),
    finish(withDir(collect), ['holdfast treasury sign instruction-0.json --dir ann']).action(
      (file, options) => perform(options, (s) => sign(s, file, options)),
    ),
  ];
}
