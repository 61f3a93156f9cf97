import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * One group commit on disk: `magic u32 | bodyBytes u32 | crc32(body) u32 | count u32 | first u64 |
 * head 32` and then the body, one JSON command a line. `head` is sha256(head before ‖ body): a
 * chain over all frames, so that no segment can be swapped or cut in the middle unnoticed.
 */
export const FRAME_HEADER_BYTES = 56;
const MAGIC = 0x48464a31;
/** A length above this is damage, not data. */
export const FRAME_BODY_BYTES_MAX = 256 * 1024 * 1024;

export type Frame = { first: number; count: number; head: Uint8Array; body: Uint8Array };

export type FrameRead =
  | { kind: 'frame'; frame: Frame; end: number }
  | { kind: 'end' }
  | { kind: 'torn'; reason: string };

export function chainHead(before: Uint8Array, body: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(before).update(body).digest());
}

export function encodeFrame(frame: Frame): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(frame.body.byteLength, 4);
  header.writeUInt32BE(crc32(frame.body), 8);
  header.writeUInt32BE(frame.count, 12);
  header.writeBigUInt64BE(BigInt(frame.first), 16);
  header.set(frame.head, 24);
  return Buffer.concat([header, frame.body]);
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
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset === buffer.length) return { kind: 'end' };
  if (buffer.length - offset < FRAME_HEADER_BYTES) return { kind: 'torn', reason: 'short header' };
  if (buffer.readUInt32BE(offset) !== MAGIC) return { kind: 'torn', reason: 'bad magic' };
  const size = buffer.readUInt32BE(offset + 4);
  const start = offset + FRAME_HEADER_BYTES;
  if (size > FRAME_BODY_BYTES_MAX) return { kind: 'torn', reason: 'impossible length' };
  if (buffer.length - start < size) return { kind: 'torn', reason: 'short body' };
  const body = buffer.subarray(start, start + size);
  if (crc32(body) !== buffer.readUInt32BE(offset + 8)) return { kind: 'torn', reason: 'bad crc' };
  const found = Number(buffer.readBigUInt64BE(offset + 16));
  if (found !== first) return { kind: 'torn', reason: `index ${found}, expected ${first}` };
  const head = new Uint8Array(buffer.subarray(offset + 24, offset + 56));
  if (!Buffer.from(chainHead(before, body)).equals(head)) {
    return { kind: 'torn', reason: 'hash chain broken' };
  }
  const count = buffer.readUInt32BE(offset + 12);
  return { kind: 'frame', frame: { first, count, head, body }, end: start + size };
}

/**
 * True when a whole frame (by length and crc) stands somewhere behind `offset`. The writer syncs
 * one frame before it writes the next, so a torn tail is never followed by a whole frame: if one
 * is, the disk lost something in the middle that was acknowledged.
 */
export function wholeFrameBehind(bytes: Uint8Array, offset: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(MAGIC, 0);
  let at = buffer.indexOf(magic, offset + 1);
  while (at >= 0 && buffer.length - at >= FRAME_HEADER_BYTES) {
    const size = buffer.readUInt32BE(at + 4);
    const start = at + FRAME_HEADER_BYTES;
    if (buffer.length - start >= size) {
      if (crc32(buffer.subarray(start, start + size)) === buffer.readUInt32BE(at + 8)) return true;
    }
    at = buffer.indexOf(magic, at + 1);
  }
  return false;
}
