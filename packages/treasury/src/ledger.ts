/**
 * What a signer has let go in the last 24 hours, and what its operator refused, on disk before
 * anything is signed: a restart forgets nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { z } from 'zod';
import { lower } from './book.ts';
import type { Payment } from './read.ts';

const daySeconds = 86_400;

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);
const whole = z.string().regex(/^\d+$/);
const ledgerSchema = z.strictObject({
  version: z.literal(1),
  signed: z.array(
    z.strictObject({
      digest: hash,
      nonce: whole,
      expiry: z.number().int(),
      /** Second at which it was first let go. */
      at: z.number().int(),
      isAutomatic: z.boolean(),
      /** Token, amount in its smallest units. */
      paid: z.array(z.strictObject({ token: z.string(), amount: whole })),
    }),
  ),
  refused: z.array(z.strictObject({ digest: hash, expiry: z.number().int() })),
});
type Book = z.output<typeof ledgerSchema>;

/** What a signer let go of a token in 24 hours, but for one instruction. */
export type Use = { readonly all: bigint; readonly automatic: bigint };

export type Release = {
  readonly digest: Hex;
  readonly nonce: bigint;
  readonly expiry: number;
  readonly payments: readonly Payment[];
  readonly isAutomatic: boolean;
};

export interface Ledger {
  /** Use of a token before this instruction, which counts once however often it is asked for. */
  used(token: string, now: number, digest: Hex): Use;
  /** Whether another instruction of this number was let go that can still be scheduled. */
  isTaken(nonce: bigint, now: number, digest: Hex): boolean;
  isRefused(digest: Hex): boolean;
  /** Counts an instruction; it is on disk when this resolves. */
  release(release: Release, now: number): Promise<void>;
  refuse(digest: Hex, expiry: number, now: number): Promise<void>;
}

/** Where a party keeps it. */
export const ledgerPath = (dir: string): string => join(dir, 'treasury.json');

function load(path: string): Book {
  if (!existsSync(path)) return { version: 1, signed: [], refused: [] };
  const parsed = ledgerSchema.safeParse(readJson(path, 'ledger'));
  if (parsed.success) return parsed.data;
  const why = `${z.prettifyError(parsed.error)}; nothing is signed without what was signed before`;
  throw new EnvironmentError('LedgerMalformed', `${path} is malformed: ${why}`, { retry: false });
}

/**
 * Opens the ledger of the party in a folder. Times are seconds by the signer's own clock.
 * @throws EnvironmentError LedgerMalformed, FileMalformed
 */
export function openLedger(dir: string): Ledger {
  const path = ledgerPath(dir);
  let book = load(path);

  async function save(next: Book, now: number): Promise<void> {
    const signed = next.signed.filter(({ at, expiry }) => at > now - daySeconds || expiry >= now);
    const refused = next.refused.filter(({ expiry }) => expiry >= now);
    const kept = { ...next, signed, refused };
    await writeJsonAtomic(path, kept);
    book = kept;
  }

  return {
    used(token, now, digest) {
      let [all, automatic] = [0n, 0n];
      for (const each of book.signed) {
        if (each.digest === digest || each.at <= now - daySeconds) continue;
        for (const paid of each.paid) {
          if (paid.token !== lower(token)) continue;
          all += BigInt(paid.amount);
          if (each.isAutomatic) automatic += BigInt(paid.amount);
        }
      }
      return { all, automatic };
    },
    isTaken: (nonce, now, digest) =>
      book.signed.some(
        (each) => each.nonce === `${nonce}` && each.expiry >= now && each.digest !== digest,
      ),
    isRefused: (digest) => book.refused.some((each) => each.digest === digest),
    async release({ digest, nonce, expiry, payments, isAutomatic }, now) {
      if (book.signed.some((each) => each.digest === digest)) return;
      const paid = payments.map(({ token, amount }) => ({
        token: lower(token.address),
        amount: `${amount}`,
      }));
      const entry = { digest, nonce: `${nonce}`, expiry, at: now, isAutomatic, paid };
      await save({ ...book, signed: [...book.signed, entry] }, now);
    },
    async refuse(digest, expiry, now) {
      if (book.refused.some((each) => each.digest === digest)) return;
      await save({ ...book, refused: [...book.refused, { digest, expiry }] }, now);
    },
  };
}
