/** Salts and blinds of an epoch, from one secret: a run that ended makes the same again. */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fieldPrime, hash2 } from '@holdfast/proof';
import { EnvironmentError } from '@holdfast/units';

const seedBytes = 32;

/** The operator's secret, made when there is none. @throws EnvironmentError `SeedMalformed` */
export function openSeed(path: string): Uint8Array {
  if (!existsSync(path)) {
    writeFileSync(path, `${randomBytes(seedBytes).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  }
  const text = readFileSync(path, 'utf8').trim();
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  throw new EnvironmentError('SeedMalformed', `${path} is no seed: 64 hexadecimal digits`);
}

/** A field element for a use. 512 bits, so that the remainder tells nothing of the whole. */
export function derived(seed: Uint8Array, use: string): bigint {
  const digest = createHmac('sha512', seed).update(use).digest('hex');
  return BigInt(`0x${digest}`) % fieldPrime;
}

/** What operator and one member share: the salts of that member's leaves come from it. */
export const sharedOf = (seed: Uint8Array, member: string): bigint =>
  derived(seed, `shared ${member.toLowerCase()}`);

/**
 * Salt of a member's leaf in an epoch; never the same in two, or equal leaves would show. The
 * member can compute it as well, so that its leaf does not depend on an operator that answers.
 */
export const saltOf = (shared: bigint, epoch: bigint): bigint => hash2(shared, epoch);

export const blindOf = (seed: Uint8Array, epoch: bigint, chunk: number): bigint =>
  derived(seed, `blind ${epoch} ${chunk}`);
