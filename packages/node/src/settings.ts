/** `node.json` in a venue's folder: what an operator sets for one node. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
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

const nodeSchema = z.strictObject({ journal: journalSchema.optional() });

/**
 * Checks a node's configuration.
 *
 * @param folder - relative paths start here
 * @param journalDir - the journal's folder unless the configuration names one
 * @throws EnvironmentError NodeConfigWrong; the message lists each field that is wrong
 */
export function parseSettings(
  value: unknown,
  { origin, folder, journalDir }: { origin: string; folder: string; journalDir: string },
): JournalSettings {
  const parsed = nodeSchema.safeParse(value);
  if (!parsed.success) {
    const text = `${origin} is wrong: ${z.prettifyError(parsed.error)}`;
    throw new EnvironmentError('NodeConfigWrong', text);
  }
  const { journal = { kind: 'local' as const } } = parsed.data;
  const from = (path: string | undefined): string | undefined => path && resolve(folder, path);
  if (journal.kind === 'local') {
    const { dir, archive, snapshotsKept } = journal;
    return { kind: 'local', dir: from(dir) ?? journalDir, archive: from(archive), snapshotsKept };
  }
  const { url: urls, passwordFile, ...rest } = journal;
  return { ...rest, urls: [urls].flat(), passwordFile: from(passwordFile) };
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
