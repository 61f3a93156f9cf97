/**
 * What the operator alone knows: members' orders, and on which lane each went. One line of JSON an
 * entry, on disk before anybody is told, so that a process that is killed has lost nothing that it
 * acknowledged. The book itself is the chain's and needs no journal.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { EnvironmentError, isRejection, type Rejection, reject } from '@holdfast/units';
import { z } from 'zod';
import { hex, memberOrder, whole } from './schemas.ts';

const answer = z.looseObject({
  status: z.enum(['accepted', 'rejected', 'cancelled']),
  lane: whole,
  seq: whole,
});

/** An order of the operator for a member: at once or not at all, and of none of its numbers. */
const closingOrder = memberOrder.extend({
  timeInForce: z.literal(1),
  postOnly: z.literal(false),
  nonce: z.literal(0),
});

/** Why the operator closed: what the member was after a block, by the operator's book. */
const closingWhy = z.strictObject({
  /** When it was decided, venue seconds. */
  at: whole,
  block: whole,
  mark: whole,
  /** Lots of the position, signed. */
  size: z.int(),
  /** Quote units, decimal text. */
  equity: z.string().regex(/^-?\d+$/),
  maintenance: z.string().regex(/^\d+$/),
});

/**
 * An entry: an order was taken or a closing decided, put on a lane, answered by the venue, or is
 * over. An order has its member's signature, a closing says why it has none.
 */
const entrySchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('order'), id: whole, order: memberOrder, signature: hex }),
  z.strictObject({ type: z.literal('closing'), id: whole, order: closingOrder, why: closingWhy }),
  z.strictObject({ type: z.literal('lane'), id: whole, lane: whole, seq: whole }),
  z.strictObject({ type: z.literal('answer'), id: whole, answer }),
  /** `filled` at most, and when that was known. */
  z.strictObject({
    type: z.literal('ended'),
    id: whole,
    filled: whole,
    at: whole.optional(),
  }),
]);

export type Entry = z.infer<typeof entrySchema>;
export type ClosingWhy = z.infer<typeof closingWhy>;

/** Entries of a text; a last line that is torn was never acknowledged, any other is a fault. */
export function readEntries(text: string): { entries: Entry[]; bytes: number } | Rejection {
  const end = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, end).split('\n').slice(0, -1);
  const entries: Entry[] = [];
  for (const [i, line] of lines.entries()) {
    try {
      entries.push(entrySchema.parse(JSON.parse(line)));
    } catch {
      return reject('JournalMalformed', `line ${i + 1} of the journal is none of ours`);
    }
  }
  return { entries, bytes: Buffer.byteLength(text.slice(0, end)) };
}

export type Journal = {
  readonly entries: readonly Entry[];
  /** Writes entries; they are on disk when this returns. */
  append(...entries: readonly Entry[]): void;
  close(): void;
};

/** Opens a journal, or begins one. @throws EnvironmentError `JournalMalformed` */
export function openJournal(path: string): Journal {
  const found = readEntries(existsSync(path) ? readFileSync(path, 'utf8') : '');
  if (isRejection(found)) throw new EnvironmentError(found.code, `${path}: ${found.message}`);
  const file = openSync(path, 'a', 0o600);
  truncateSync(path, found.bytes);
  const entries = [...found.entries];
  return {
    entries,
    append(...added) {
      const bytes = Buffer.from(added.map((each) => `${JSON.stringify(each)}\n`).join(''));
      let at = 0;
      while (at < bytes.length) at += writeSync(file, bytes, at);
      fdatasyncSync(file);
      entries.push(...added);
    },
    close: () => closeSync(file),
  };
}
