import { scrypt as nativeScrypt, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import * as Keystore from 'ox/Keystore';
import type { Address, Hex, LocalAccount } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { z } from 'zod';
import { ensurePrivateDir, errorMessage, readJson, writeFileAtomic } from './files.ts';

/** scrypt cost. A passphrase of 32 random bytes needs no stretching, one typed by a person does. */
export interface ScryptCost {
  n: number;
  r: number;
  p: number;
}

/** For passphrases that a person chose (about 0.4 s and 128 MB per key). */
export const scryptForPeople: ScryptCost = { n: 2 ** 17, r: 8, p: 1 };
/** For passphrases of 32 random bytes, as the local venue makes them. */
export const scryptForRandom: ScryptCost = { n: 2 ** 13, r: 8, p: 1 };

/** A key as listed: never the key itself. */
export interface KeyInfo {
  name: string;
  address: Address;
  path: string;
}

export interface CreateKeyOptions {
  /** Passphrase text, or else `passphraseFile`; without both a random one is written beside. */
  passphrase?: string | undefined;
  passphraseFile?: string | undefined;
  /** Import this key instead of making one. */
  privateKey?: Hex | undefined;
  cost?: ScryptCost | undefined;
}

const hexText = z.string().regex(/^[0-9a-f]+$/);
const keyFileSchema = z.object({
  version: z.literal(3),
  id: z.string(),
  address: z.string().regex(/^[0-9a-fA-F]{40}$/),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    ciphertext: hexText,
    cipherparams: z.object({ iv: hexText }),
    kdf: z.literal('scrypt'),
    kdfparams: z.object({
      dklen: z.literal(32),
      n: z
        .number()
        .int()
        .min(2)
        .max(2 ** 20),
      r: z.number().int().min(1).max(32),
      p: z.number().int().min(1).max(16),
      salt: hexText,
    }),
    mac: hexText,
  }),
});

const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

function keyPath(dir: string, name: string): string {
  if (!namePattern.test(name)) {
    const message = `key name "${name}" may only use letters, digits, - and _ (at most 64)`;
    throw new EnvironmentError('KeyNameWrong', message, { retry: false });
  }
  return join(dir, `${name}.json`);
}

function passPath(dir: string, name: string): string {
  return join(dir, `${name}.pass`);
}

function derive(passphrase: string, salt: Buffer, cost: ScryptCost): Promise<Hex> {
  const { n: N, r, p } = cost;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, key: Buffer): void =>
      error ? reject(error) : resolve(`0x${key.toString('hex')}`);
    nativeScrypt(passphrase, salt, 32, { N, r, p, maxmem: 256 * N * r }, done);
  });
}

/**
 * Reads a passphrase file: its content without the final newline.
 *
 * @throws EnvironmentError PassphraseMissing, or PassphraseExposed when others can read the file
 */
export function readPassphrase(path: string): string {
  let mode: number;
  let text: string;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const message = `passphrase file ${path}: ${errorMessage(error)}`;
    throw new EnvironmentError('PassphraseMissing', message, { retry: false, cause: error });
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const message = `passphrase file ${path} can be read by others; run: chmod 600 ${path}`;
    throw new EnvironmentError('PassphraseExposed', message, { retry: false });
  }
  if (text.length === 0) {
    throw new EnvironmentError('PassphraseMissing', `passphrase file ${path} is empty`, {
      retry: false,
    });
  }
  return text;
}

/**
 * Makes (or imports) a key and stores it as a Web3 Secret Storage v3 file `dir/name.json`, 0600.
 * Without a passphrase, 32 random bytes are written to `dir/name.pass`, 0600: right for a local
 * demonstration, where key and passphrase share one disk; give your own for anything else.
 *
 * @throws EnvironmentError KeyExists
 */
export async function createKey(
  dir: string,
  name: string,
  options: CreateKeyOptions = {},
): Promise<LocalAccount> {
  ensurePrivateDir(dir);
  const path = keyPath(dir, name);
  if (existsSync(path)) {
    throw new EnvironmentError('KeyExists', `key ${path} already exists`, { retry: false });
  }
  let passphrase = options.passphrase;
  let cost = options.cost ?? scryptForPeople;
  if (passphrase === undefined && options.passphraseFile !== undefined) {
    passphrase = readPassphrase(options.passphraseFile);
  }
  if (passphrase === undefined) {
    passphrase = randomBytes(32).toString('hex');
    cost = options.cost ?? scryptForRandom;
    await writeFileAtomic(passPath(dir, name), `${passphrase}\n`);
  }
  const privateKey = options.privateKey ?? generatePrivateKey();
  const account = privateKeyToAccount(privateKey);
  const salt = randomBytes(32);
  // The library's scrypt is JavaScript and takes seconds, so the derivation is native.
  const key = await derive(passphrase, salt, cost);
  const store = Keystore.encrypt(privateKey, key, {
    kdf: 'scrypt',
    kdfparams: { dklen: 32, ...cost, salt: salt.toString('hex') },
    iv: new Uint8Array(randomBytes(16)),
  });
  const file = { ...store, address: account.address.slice(2).toLowerCase() };
  await writeFileAtomic(path, `${JSON.stringify(file, null, 2)}\n`);
  return account;
}

export type LoadKeyOptions = {
  readonly passphrase?: string | undefined;
  readonly passphraseFile?: string | undefined;
};

/**
 * Opens `dir/name.json`. The passphrase comes from the options or from `dir/name.pass`, never from
 * the command line or the environment.
 *
 * @throws EnvironmentError FileMissing, KeyMalformed, PassphraseMissing, PassphraseExposed,
 * PassphraseWrong
 */
export async function loadKey(
  dir: string,
  name: string,
  options: LoadKeyOptions = {},
): Promise<LocalAccount> {
  return privateKeyToAccount(await loadPrivateKey(dir, name, options));
}

/** As {@link loadKey}, the secret itself: for a signer that viem has not. */
export async function loadPrivateKey(
  dir: string,
  name: string,
  options: LoadKeyOptions = {},
): Promise<Hex> {
  const path = keyPath(dir, name);
  const parsed = keyFileSchema.safeParse(readJson(path, 'key'));
  if (!parsed.success) {
    const message = `key ${path} is malformed: ${z.prettifyError(parsed.error)}`;
    throw new EnvironmentError('KeyMalformed', message, { retry: false });
  }
  const file = parsed.data;
  const passphrase =
    options.passphrase ?? readPassphrase(options.passphraseFile ?? passPath(dir, name));
  const { salt, n, r, p } = file.crypto.kdfparams;
  const key = await derive(passphrase, Buffer.from(salt, 'hex'), { n, r, p });
  let secret: Hex;
  try {
    secret = Keystore.decrypt(file, key);
  } catch (error) {
    const message = `passphrase does not open ${path}`;
    throw new EnvironmentError('PassphraseWrong', message, { retry: false, cause: error });
  }
  const account = privateKeyToAccount(secret);
  if (account.address.slice(2).toLowerCase() !== file.address.toLowerCase()) {
    const message = `key ${path} says address 0x${file.address} but holds ${account.address}`;
    throw new EnvironmentError('KeyMalformed', message, { retry: false });
  }
  return secret;
}

/** Name of the key of a gateway's link. */
export const gatewayKey = (name: string): string => `gateway-${name}`;

/** Opens the key, making it first when the file is absent. */
export async function loadOrCreateKey(dir: string, name: string): Promise<LocalAccount> {
  return existsSync(keyPath(dir, name)) ? loadKey(dir, name) : createKey(dir, name);
}

/** Names and addresses of the keys in a folder, sorted by name; other files are skipped. */
export function listKeys(dir: string): KeyInfo[] {
  if (!existsSync(dir)) return [];
  const found: KeyInfo[] = [];
  for (const entry of readdirSync(dir).sort()) {
    if (!entry.endsWith('.json')) continue;
    const path = join(dir, entry);
    const parsed = keyFileSchema.safeParse(readJson(path, 'key'));
    if (!parsed.success) continue;
    const address = privateAddress(parsed.data.address);
    found.push({ name: entry.slice(0, -'.json'.length), address, path });
  }
  return found;
}

function privateAddress(hex: string): Address {
  return `0x${hex.toLowerCase()}`;
}

/** Narrows the permissions of a folder's key and passphrase files to their owner. */
export function narrowKeyFiles(dir: string): void {
  ensurePrivateDir(dir);
  for (const entry of readdirSync(dir)) {
    if (entry.endsWith('.json') || entry.endsWith('.pass')) chmodSync(join(dir, entry), 0o600);
  }
}
