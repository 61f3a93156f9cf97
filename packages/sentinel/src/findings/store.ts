/**
 * Findings on disk: one line per change, only ever appended, so that a kill leaves at most a torn
 * last line. The sentinel writes findings.jsonl, operators write acknowledgements.jsonl.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDir, errorCode, errorMessage, writeFileAtomic } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import type { Change } from './ledger.ts';
import type { Acknowledgement, FindingRecord } from './record.ts';

const actionSchema = z.object({
  kind: z.literal('tighten'),
  scope: z.number(),
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  holdSeconds: z.number(),
  law: z.number(),
});
const recordSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  rule: z.string(),
  tier: z.enum(['law', 'flow', 'statistical']),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  scope: z.number(),
  key: z.string(),
  title: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number()])),
  damage: z.boolean(),
  shadow: z.boolean(),
  action: actionSchema.optional(),
  pending: z.boolean(),
  count: z.number(),
  firstBlock: z.number(),
  firstTime: z.number(),
  lastBlock: z.number(),
  lastTime: z.number(),
  openedAtMs: z.number(),
  endedTime: z.number().optional(),
  endedBy: z.enum(['quiet', 'reorganised']).optional(),
});
const ackSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  by: z.string(),
  atMs: z.number(),
  note: z.string(),
  verdict: z.enum(['true', 'false', 'undecided']),
});

const filesOf = (dir: string) => ({
  findings: join(dir, 'findings.jsonl'),
  acks: join(dir, 'acknowledgements.jsonl'),
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw new EnvironmentError('FileUnreadable', `${path}: ${errorMessage(error)}`);
  }
}

/** Whole lines of a file; what follows the last line feed was never finished. */
function linesOf<T>(path: string, schema: z.ZodType<T>): T[] {
  const text = textOf(path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line, at) => {
    if (line === '') return [];
    try {
      return [schema.parse(JSON.parse(line))];
    } catch (error) {
      throw new EnvironmentError(
        'FindingsMalformed',
        `line ${at + 1} of ${path} is none of ours: ${errorMessage(error)}; move the file away`,
      );
    }
  });
}

/**
 * Findings as the files tell them, oldest first, with what operators said.
 *
 * @throws EnvironmentError FindingsMalformed, FileUnreadable
 */
export function readFindings(dir: string): FindingRecord[] {
  const { findings, acks } = filesOf(dir);
  const found = new Map<string, FindingRecord>();
  for (const record of linesOf(findings, recordSchema))
    found.set(record.id, record as FindingRecord);
  for (const { id, ...ack } of linesOf(acks, ackSchema)) {
    const record = found.get(id);
    if (record !== undefined) found.set(id, { ...record, ack });
  }
  return [...found.values()].sort((a, b) => a.openedAtMs - b.openedAtMs);
}

/**
 * Says that somebody has seen a finding.
 *
 * @param id or its beginning, if only one finding has it
 * @throws EnvironmentError FindingUnknown
 */
export function acknowledge(dir: string, id: string, ack: Acknowledgement): FindingRecord {
  const matching = readFindings(dir).filter((each) => each.id.startsWith(id));
  const [record] = matching;
  if (record === undefined || id === '' || matching.length > 1) {
    const count = id === '' ? 0 : matching.length;
    const message = `${count === 0 ? 'no finding has' : `${count} findings have`} the id ${id}`;
    throw new EnvironmentError('FindingUnknown', message);
  }
  const line = JSON.stringify({ id: record.id, ...ack });
  appendFileSync(filesOf(dir).acks, `${line}\n`, { mode: 0o600, flush: true });
  return { ...record, ack };
}

/** A finding that goes on is written again when its count has grown by a quarter. */
const isWorth = (count: number, written: number): boolean => count >= written * 1.25;

/** A file larger than this is made smaller at the start, bytes. */
const compactBytes = 8 * 2 ** 20;

/**
 * Keeps of each finding its last line alone, if the file has grown large. A kill leaves the old
 * file or the new one. Nobody may have it open for writing.
 *
 * @throws EnvironmentError FindingsMalformed, FileUnreadable
 */
export async function compactFindings(dir: string, bytesMax = compactBytes): Promise<void> {
  const { findings } = filesOf(dir);
  if (!existsSync(findings) || statSync(findings).size <= bytesMax) return;
  const last = new Map<string, string>();
  for (const record of linesOf(findings, recordSchema)) {
    last.set(record.id, `${JSON.stringify(record)}\n`);
  }
  await writeFileAtomic(findings, [...last.values()].join(''));
}

export interface FindingStore {
  /** On disk, for good, when this returns; unless it only goes on. */
  write(changes: readonly Change[]): void;
  close(): void;
}

/** Cuts off a line that a kill has torn. */
function mend(path: string, fd: number): void {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) ftruncateSync(fd, whole);
}

/** Opens the store of one sentinel for writing. */
export function openStore(dir: string): FindingStore {
  ensurePrivateDir(dir);
  const { findings } = filesOf(dir);
  // Not in append mode: a torn line can be cut off only so.
  const fd = openSync(findings, existsSync(findings) ? 'r+' : 'w+', 0o600);
  mend(findings, fd);
  closeSync(fd);
  const out = openSync(findings, 'a', 0o600);
  const written = new Map<string, number>();
  return {
    write: (changes) => {
      const lines = changes.filter(({ kind, record }) => {
        if (kind === 'seen' && !isWorth(record.count, written.get(record.id) ?? 0)) return false;
        if (kind === 'ended') written.delete(record.id);
        else written.set(record.id, record.count);
        return true;
      });
      if (lines.length === 0) return;
      const text = lines.map(({ record }) => JSON.stringify(record)).join('\n');
      writeSync(out, `${text}\n`);
      if (lines.some(({ kind }) => kind !== 'seen')) fdatasyncSync(out);
    },
    close: () => closeSync(out),
  };
}
