/** What a command works with: the venue, the key, the account and a client. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  createKey,
  ensurePrivateDir,
  listKeys,
  loadKey,
  readJson,
  venuePaths,
  writeJsonAtomic,
} from '@holdfast/host';
import { type Client, connect, findVenue, type VenueInfo } from '@holdfast/sdk';
import { EnvironmentError, isRejection, type Rejection } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import { Refused, UsageError } from './failure.ts';
import type { Io } from './io.ts';

/** Options of every command. */
export type Globals = {
  readonly venue?: string;
  readonly url?: string;
  readonly rpc?: string;
  readonly key?: string;
  readonly account?: string;
  readonly passphraseFile?: string;
  readonly timeout?: string;
  readonly json?: boolean;
};

/** Choices that are remembered beside the venue, in cli.json. */
export type Choices = {
  readonly key: string;
  /** Account by address of the key. */
  readonly accounts: Readonly<Record<string, number>>;
  /** What accounts are called here. */
  readonly names?: Readonly<Record<string, number>>;
};

function isNumbers(value: unknown): value is Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((id) => Number.isSafeInteger(id));
}

/** Reads choices from what a file held; undefined when it is none of ours. */
function choicesFrom(value: unknown): Choices | undefined {
  type Loose = { key?: unknown; accounts?: unknown; names?: unknown };
  const { key, accounts, names = {} } = (value ?? {}) as Loose;
  if (typeof key !== 'string' || !isNumbers(accounts) || !isNumbers(names)) return undefined;
  return { key, accounts, names };
}

/** Folder of the venue: as told, else the nearest `.holdfast` upwards; undefined: none. */
export function findVenueDir(globals: Globals, cwd: string): string | undefined {
  if (globals.venue !== undefined) return globals.venue;
  for (let at = cwd; ; at = dirname(at)) {
    const dir = join(at, '.holdfast');
    if (existsSync(join(dir, 'venue.json'))) return dir;
    if (dirname(at) === at) return undefined;
  }
}

/** Folder of keys and choices: the venue's own, or the user's for a venue given by url alone. */
export function homeDir(globals: Globals, io: Pick<Io, 'cwd' | 'home'>): string {
  const dir = findVenueDir(globals, io.cwd);
  return dir ?? join(io.home, '.holdfast');
}

export function readChoices(dir: string): Choices {
  const path = join(dir, 'cli.json');
  if (!existsSync(path)) return { key: 'default', accounts: {} };
  const choices = choicesFrom(readJson(path, 'choices'));
  if (choices) return choices;
  throw new EnvironmentError('FileMalformed', `${path} is malformed; delete it to start anew`);
}

export async function saveChoices(dir: string, choices: Choices): Promise<void> {
  ensurePrivateDir(dir);
  await writeJsonAtomic(join(dir, 'cli.json'), choices);
}

const isLoopback = (url: string): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);

/** Whether everything of the venue is on this machine: only there is a key without a person's
 * passphrase sensible. */
export function isLocalDemo(info: Pick<VenueInfo, 'rpcUrl' | 'nodeUrl'>): boolean {
  return isLoopback(info.nodeUrl) && (info.rpcUrl === undefined || isLoopback(info.rpcUrl));
}

/** One run of the command line. */
export type Session = {
  readonly io: Io;
  readonly globals: Globals;
  /** Where keys and choices are. */
  readonly dir: string;
  readonly keysDir: string;
  readonly keyName: string;
  info(): Promise<VenueInfo>;
  /** Address of the chosen key, without opening it. */
  address(): `0x${string}` | undefined;
  /** Opens the chosen key. */
  signer(): Promise<LocalAccount>;
  makeKey(name: string, privateKey?: `0x${string}`): Promise<LocalAccount>;
  /** A client with the key (trading, money) or without (reading). */
  client(how: 'sign' | 'read'): Promise<Client>;
  /** The account number that was chosen or remembered. */
  chosenAccount(): number | undefined;
  remember(account: number): Promise<void>;
  /** What accounts are called here. */
  accountNames(): Readonly<Record<string, number>>;
  nameAccount(name: string, account: number): Promise<void>;
  close(): void;
};

async function passphraseOf(s: { io: Io; globals: Globals }, question: string) {
  const { passphraseFile } = s.globals;
  if (passphraseFile !== undefined) return { passphraseFile };
  const passphrase = await s.io.askSecret(question);
  if (passphrase) return { passphrase };
  const message = 'the key needs a passphrase and nobody is here to type it';
  throw new EnvironmentError('PassphraseMissing', message);
}

async function openKey(
  io: Io,
  globals: Globals,
  dir: string,
  keysDir: string,
  name: string,
): Promise<LocalAccount> {
  if (!existsSync(join(keysDir, `${name}.json`))) {
    throw new EnvironmentError('KeyMissing', `there is no key "${name}" in ${keysDir}`);
  }
  const isBeside = existsSync(join(keysDir, `${name}.pass`));
  if (isBeside && globals.passphraseFile === undefined) return loadKey(keysDir, name);
  const how = await passphraseOf({ io, globals }, `Passphrase of key "${name}" (${dir}): `);
  return loadKey(keysDir, name, how);
}

const wholeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

/** An account by number or by its name here. @throws UsageError */
function accountOf(text: string | undefined, choices: Choices): number | undefined {
  if (text === undefined) return undefined;
  const named = choices.names?.[text];
  if (named !== undefined) return named;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const known = Object.keys(choices.names ?? {}).join(', ') || 'none';
  throw new UsageError(`account "${text}" is neither a number nor a name (names here: ${known})`);
}

export function createSession(io: Io, globals: Globals): Session {
  const dir = homeDir(globals, io);
  const { keys: keysDir } = venuePaths(dir);
  const choices = readChoices(dir);
  const keyName = globals.key ?? choices.key;
  let found: Promise<VenueInfo> | undefined;
  const clients: Client[] = [];

  const source = () => {
    const venue = findVenueDir(globals, io.cwd);
    const isUrlOnly = globals.url !== undefined && globals.venue === undefined && !venue;
    const where = isUrlOnly ? {} : { venue: venue ?? join(io.cwd, '.holdfast') };
    return { ...where, url: globals.url, rpcUrl: globals.rpc };
  };
  const info = () => {
    found ??= findVenue(source());
    return found;
  };
  const address = () => listKeys(keysDir).find((key) => key.name === keyName)?.address;
  const chosenAccount = () => {
    const own = address()?.toLowerCase();
    return (
      accountOf(globals.account, choices) ?? (own === undefined ? undefined : choices.accounts[own])
    );
  };
  return {
    io,
    globals,
    dir,
    keysDir,
    keyName,
    info,
    address,
    chosenAccount,
    signer: () => openKey(io, globals, dir, keysDir, keyName),
    async makeKey(name, privateKey) {
      const imported = privateKey === undefined ? {} : { privateKey };
      const isDemo = await info().then(isLocalDemo, () => false);
      const { passphraseFile } = globals;
      if (isDemo && passphraseFile === undefined) return createKey(keysDir, name, imported);
      const how = await passphraseOf({ io, globals }, `Passphrase for the new key "${name}": `);
      return createKey(keysDir, name, { ...how, ...imported });
    },
    async client(how) {
      await info();
      const signer = how === 'sign' ? await openKey(io, globals, dir, keysDir, keyName) : undefined;
      const client = await connect({
        ...source(),
        signer,
        account: chosenAccount(),
        timeoutMs: wholeOf(globals.timeout),
      });
      clients.push(client);
      return client;
    },
    async remember(account) {
      const own = address()?.toLowerCase();
      if (own === undefined) return;
      const accounts = { ...choices.accounts, [own]: account };
      await saveChoices(dir, { ...choices, accounts });
    },
    accountNames: () => choices.names ?? {},
    async nameAccount(name, account) {
      const names = { ...choices.names, [name]: account };
      await saveChoices(dir, { ...choices, names });
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}

/** The value, or the refusal thrown up to the command line. */
export function agreed<T>(value: T | Rejection): T {
  if (isRejection(value)) throw new Refused(value);
  return value;
}

/** The account of this run: chosen, remembered, or the first that the key owns. */
export async function accountNumber(session: Session, client: Client): Promise<number> {
  const chosen = session.chosenAccount();
  if (chosen !== undefined) return chosen;
  const own = session.address();
  if (own === undefined) {
    throw new EnvironmentError('KeyMissing', 'give --account N, or create a key first');
  }
  const [first] = await client.chain().accountsOf(own);
  if (first === undefined) {
    throw new EnvironmentError('AccountMissing', `${own} owns no account at this venue yet`);
  }
  await session.remember(first);
  return first;
}
