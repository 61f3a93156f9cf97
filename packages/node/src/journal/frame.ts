import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeValue } from './codec.ts';
import { readRecords } from './record.ts';

/**
 * One group commit: `magic u32 | bodyBytes u32 | crc32(body) u32 | count u32 | first u64 | head 32`
 * and then the body. `head` is a chain over all frames, so that no segment can be swapped or cut
 * in the middle unnoticed. Two versions, told apart by the magic:
 *
 *   HFJ1  body: JSON lines;             head = sha256(head before ‖ body)
 *   HFJ2  body: records of record.ts;   head = sha256(head before ‖ the 24 bytes in front ‖ body)
 *
 * New frames are HFJ2; a journal may hold both.
 */
export const FRAME_HEADER_BYTES = 56;
const HEAD_AT = 24;
const MAGIC_LINES = 0x48464a31;
const MAGIC_RECORDS = 0x48464a32;
/** A length above this is damage, not data. */
export const FRAME_BODY_BYTES_MAX = 256 * 1024 * 1024;

export type Frame = {
  /** Whether the body holds records (HFJ2) or lines (HFJ1). */
  readonly records: boolean;
  readonly first: number;
  readonly count: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
};

export type FrameRead =
  | { kind: 'frame'; frame: Frame; end: number }
  | { kind: 'end' }
  | { kind: 'torn'; reason: string };

/** A view, not a copy. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** sha256 over the parts. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/**
 * Fills in the header of a frame whose body stands behind `FRAME_HEADER_BYTES` of space.
 *
 * @returns the new head of the chain
 */
export function sealFrame(
  frame: Buffer,
  { first, count, before }: { first: number; count: number; before: Uint8Array },
): Uint8Array {
  const body = frame.subarray(FRAME_HEADER_BYTES);
  frame.writeUInt32BE(MAGIC_RECORDS, 0);
  frame.writeUInt32BE(body.byteLength, 4);
  frame.writeUInt32BE(crc32(body), 8);
  frame.writeUInt32BE(count, 12);
  frame.writeBigUInt64BE(BigInt(first), 16);
  const head = sha256(before, frame.subarray(0, HEAD_AT), body);
  frame.set(head, HEAD_AT);
  return head;
}

/** What the header at `offset` says, if it can be one. */
function readHeader(buffer: Buffer, offset: number) {
  if (buffer.length - offset < FRAME_HEADER_BYTES) return 'short header';
  const magic = buffer.readUInt32BE(offset);
  if (magic !== MAGIC_LINES && magic !== MAGIC_RECORDS) return 'bad magic';
  const size = buffer.readUInt32BE(offset + 4);
  if (size > FRAME_BODY_BYTES_MAX) return 'impossible length';
  return {
    records: magic === MAGIC_RECORDS,
    size,
    crc: buffer.readUInt32BE(offset + 8),
    count: buffer.readUInt32BE(offset + 12),
    first: Number(buffer.readBigUInt64BE(offset + 16)),
    head: new Uint8Array(buffer.subarray(offset + HEAD_AT, offset + FRAME_HEADER_BYTES)),
  };
}

/**
 * Reads the frame at `offset`. `before` is the head of the frame in front of it and `first` the
 * index that has to come next. What does not fit is `torn`: the writer never acknowledged it, or
 * the disk lost it; the caller decides which by where it stands.
 */
export function readFrame(
  bytes: Uint8Array,
  offset: number,
  before: Uint8Array,
  first: number,
): FrameRead {
  const buffer = bufferOf(bytes);
  const torn = (reason: string): FrameRead => ({ kind: 'torn', reason });
  if (offset === buffer.length) return { kind: 'end' };
  const header = readHeader(buffer, offset);
  if (typeof header === 'string') return torn(header);
  const { records, size, count, head } = header;
  const start = offset + FRAME_HEADER_BYTES;
  if (buffer.length - start < size) return torn('short body');
  const body = buffer.subarray(start, start + size);
  if (crc32(body) !== header.crc) return torn('bad crc');
  if (header.first !== first) return torn(`index ${header.first}, expected ${first}`);
  const sealed = records
    ? [before, buffer.subarray(offset, offset + HEAD_AT), body]
    : [before, body];
  if (!bufferOf(sha256(...sealed)).equals(head)) return torn('hash chain broken');
  return { kind: 'frame', frame: { records, first, count, head, body }, end: start + size };
}

/** The commands of a frame, in order. @throws EnvironmentError JournalDamaged */
export function commandsOf({ records, count, body }: Frame): unknown[] {
  if (records) return readRecords(body, count);
  return bufferOf(body).toString().split('\n').map(decodeValue);
}

/** Whether only zeros stand from `offset` on: space that was made ahead and never used. */
export function isBlank(bytes: Uint8Array, offset: number): boolean {
  const rest = bufferOf(bytes).subarray(offset);
  return rest.every((byte) => byte === 0);
}

/**
 * True when a whole frame (by length and crc) with an index past `first` stands somewhere behind
 * `offset`. The writer syncs one frame before it writes the next, so a torn tail is never followed
 * by a whole frame: if one is, the disk lost something in the middle that was acknowledged.
 */
export function wholeFrameBehind(bytes: Uint8Array, offset: number, first: number): boolean {
  const buffer = bufferOf(bytes);
  for (let at = buffer.indexOf('HFJ', offset + 1); at >= 0; at = buffer.indexOf('HFJ', at + 1)) {
    const header = readHeader(buffer, at);
    if (typeof header === 'string' || header.first <= first) continue;
    const start = at + FRAME_HEADER_BYTES;
    const body = buffer.subarray(start, start + header.size);
    if (body.length === header.size && crc32(body) === header.crc) return true;
  }
  return false;
}
