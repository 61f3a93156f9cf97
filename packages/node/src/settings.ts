/** `node.json` in a venue's folder: what an operator sets for one node. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type AuctionPolicy, callSecondsMax } from '@holdfast/core';
import { readJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import type { PostgresSettings } from './journal/postgres/settings.ts';

/** The journal in a folder. */
export type LocalSettings = {
  readonly kind: 'local';
  readonly dir: string;
  /** Where closed segments go; none: they stay. */
  readonly archive?: string | undefined;
  readonly snapshotsKept?: number | undefined;
};

export type JournalSettings = LocalSettings | PostgresSettings;

const url = z
  .string()
  .regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres://')
  .refine((text) => !hasPassword(text), 'must hold no password: give passwordFile');

function hasPassword(text: string): boolean {
  return /^[a-z]+:\/\/[^/@]*:[^/@]*@/.test(text) || /[?&]password=/i.test(text);
}

const wholeMs = z.number().int().max(3_600_000);

const journalSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('local'),
    dir: z.string().min(1).optional(),
    archive: z.string().min(1).optional(),
    snapshotsKept: z.number().int().min(1).max(100).optional(),
  }),
  z.strictObject({
    kind: z.literal('postgres'),
    url: z.union([url, z.array(url).min(1)]),
    passwordFile: z.string().min(1).optional(),
    name: z.string().regex(/^[A-Za-z0-9._-]{1,40}$/, 'must be 1 to 40 letters, digits, . _ -'),
    takeover: z.enum(['automatic', 'manual']).default('automatic'),
    leaseMs: wholeMs.min(500).default(5_000),
    alone: z.enum(['refuse', 'allow']).default('refuse'),
    giveUpMs: wholeMs.min(1_000).default(60_000),
  }),
]);

const callSeconds = z.number().int().min(0).max(callSecondsMax);
const policySchema = z.strictObject({
  openSeconds: callSeconds.default(0),
  reopenSeconds: callSeconds.default(0),
});

const nodeSchema = z.strictObject({
  journal: journalSchema.optional(),
  auctions: policySchema
    .extend({ markets: z.record(z.string(), policySchema).default({}) })
    .optional(),
});

/** Which markets open and reopen by auction: by symbol, and all the others. */
export type AuctionSettings = {
  readonly venue: AuctionPolicy;
  readonly markets: Readonly<Record<string, AuctionPolicy>>;
};

function checked(value: unknown, origin: string) {
  const parsed = nodeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const text = `${origin} is wrong: ${z.prettifyError(parsed.error)}`;
  throw new EnvironmentError('NodeConfigWrong', text);
}

/**
 * Checks a node's configuration and gives what it says of its journal.
 *
 * @param folder - relative paths start here
 * @param journalDir - the journal's folder unless the configuration names one
 * @throws EnvironmentError NodeConfigWrong; the message lists each field that is wrong
 */
export function parseSettings(
  value: unknown,
  { origin, folder, journalDir }: { origin: string; folder: string; journalDir: string },
): JournalSettings {
  const { journal = { kind: 'local' as const } } = checked(value, origin);
  const from = (path: string | undefined): string | undefined => path && resolve(folder, path);
  if (journal.kind === 'local') {
    const { dir, archive, snapshotsKept } = journal;
    return { kind: 'local', dir: from(dir) ?? journalDir, archive: from(archive), snapshotsKept };
  }
  const { url: urls, passwordFile, ...rest } = journal;
  return { ...rest, urls: [urls].flat(), passwordFile: from(passwordFile) };
}

/** What a node's configuration says of auctions; without a word: none. */
export function parseAuctions(value: unknown, origin: string): AuctionSettings {
  const {
    openSeconds = 0,
    reopenSeconds = 0,
    markets = {},
  } = checked(value, origin).auctions ?? {};
  return { venue: { openSeconds, reopenSeconds }, markets };
}

/** Reads what a node's configuration says of auctions, from where {@link loadSettings} reads. */
export function loadAuctions(venueDir: string, path?: string): AuctionSettings {
  const file = path ?? join(venueDir, 'node.json');
  if (path === undefined && !existsSync(file)) return parseAuctions({}, file);
  return parseAuctions(readJson(file, 'node configuration'), file);
}

/**
 * Reads a node's configuration.
 *
 * @param path - the file; default: `node.json` in the venue's folder, if there is one
 * @throws EnvironmentError FileMissing, FileMalformed, NodeConfigWrong
 */
export function loadSettings(venueDir: string, journalDir: string, path?: string): JournalSettings {
  const file = path ?? join(venueDir, 'node.json');
  if (path === undefined && !existsSync(file)) return { kind: 'local', dir: journalDir };
  const value = readJson(file, 'node configuration');
  return parseSettings(value, { origin: file, folder: dirname(resolve(file)), journalDir });
}
