/**
 * A party's secrets on disk: identity and key shares in one file, scrypt and AES-256-GCM, replaced
 * as a whole and synced, so that a crash at any moment leaves the old or the new one.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readJson, type ScryptCost, scryptForPeople, writeJsonAtomic } from '@holdfast/host';
import { noRecords, type Records } from '@holdfast/quorum';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { type Identity, identitySchema, type KeyPair, keyPairSchema } from './identity.ts';

const hexText = z.string().regex(/^[0-9a-f]+$/);
const whole = (min: number, max: number) => z.number().int().min(min).max(max);

const fileSchema = z.strictObject({
  version: z.literal(1),
  kdf: z.literal('scrypt'),
  n: whole(2, 2 ** 20),
  r: whole(1, 32),
  p: whole(1, 16),
  salt: hexText,
  cipher: z.literal('aes-256-gcm'),
  nonce: hexText,
  tag: hexText,
  data: hexText,
});

const secretsSchema = z.strictObject({
  identity: identitySchema,
  /** Signs the enrolment of a committee that is being founded. */
  enrol: keyPairSchema.optional(),
  records: z.custom<Records>((value) => typeof value === 'object' && value !== null),
});

export type Secrets = {
  readonly identity: Identity;
  readonly enrol?: KeyPair | undefined;
  readonly records: Records;
};

export type Vault = {
  readonly secrets: Secrets;
  /** Durable when it resolves. One call at a time. */
  save(records: Records): Promise<void>;
};

type Kdf = ScryptCost & { readonly salt: string };

function derive(passphrase: string, { n: N, r, p, salt }: Kdf): Promise<Buffer> {
  const options = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, Buffer.from(salt, 'hex'), 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** What stands in the open beside the ciphertext is bound to it. */
const aad = ({ n, r, p, salt }: Kdf): Buffer =>
  Buffer.from(`holdfast quorum vault 1 scrypt ${n} ${r} ${p} ${salt}`);

function vaultOf(path: string, key: Buffer, kdf: Kdf, secrets: Secrets): Vault {
  let now = secrets;
  const write = async (): Promise<void> => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(aad(kdf));
    const data = Buffer.concat([cipher.update(JSON.stringify(now), 'utf8'), cipher.final()]);
    await writeJsonAtomic(path, {
      version: 1,
      kdf: 'scrypt',
      ...kdf,
      cipher: 'aes-256-gcm',
      nonce: nonce.toString('hex'),
      tag: cipher.getAuthTag().toString('hex'),
      data: data.toString('hex'),
    });
  };
  return {
    get secrets() {
      return now;
    },
    async save(records) {
      now = { ...now, records };
      await write();
    },
  };
}

/**
 * Makes a vault with a party's first secrets.
 * @throws EnvironmentError VaultExists
 */
export async function createVault(
  path: string,
  passphrase: string,
  secrets: Omit<Secrets, 'records'> & { readonly records?: Records },
  cost: ScryptCost = scryptForPeople,
): Promise<Vault> {
  if (existsSync(path)) {
    const message = `${path} exists: a party's secrets are never overwritten`;
    throw new EnvironmentError('VaultExists', message, { retry: false });
  }
  const kdf = { n: cost.n, r: cost.r, p: cost.p, salt: randomBytes(32).toString('hex') };
  const key = await derive(passphrase, kdf);
  const vault = vaultOf(path, key, kdf, { records: noRecords, ...secrets });
  await vault.save(vault.secrets.records);
  return vault;
}

/**
 * Opens a vault.
 * @throws EnvironmentError FileMissing, VaultMalformed, PassphraseWrong
 */
export async function openVault(path: string, passphrase: string): Promise<Vault> {
  const parsed = fileSchema.safeParse(readJson(path, 'vault'));
  const malformed = (why: string): EnvironmentError =>
    new EnvironmentError('VaultMalformed', `vault ${path} is malformed: ${why}`, { retry: false });
  if (!parsed.success) throw malformed(z.prettifyError(parsed.error));
  const { n, r, p, salt, nonce, tag, data } = parsed.data;
  const kdf = { n, r, p, salt };
  const key = await derive(passphrase, kdf);
  let text: string;
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'hex'), {
      authTagLength: 16,
    });
    cipher.setAAD(aad(kdf));
    cipher.setAuthTag(Buffer.from(tag, 'hex'));
    const bytes = [cipher.update(Buffer.from(data, 'hex')), cipher.final()];
    text = Buffer.concat(bytes).toString('utf8');
  } catch (error) {
    const message = `passphrase does not open ${path}, or the file was changed`;
    throw new EnvironmentError('PassphraseWrong', message, { retry: false, cause: error });
  }
  const secrets = secretsSchema.safeParse(JSON.parse(text));
  if (!secrets.success) throw malformed('its content is not a party');
  return vaultOf(path, key, kdf, secrets.data);
}
