/** Reading frames: for recovery, for a standby that follows, for the verifier. */
import { EnvironmentError } from '@holdfast/units';
import { commandsOf, type Frame, readFrame } from '../frame.ts';
import { GENESIS } from '../segments.ts';
import type { Tip } from '../types.ts';
import * as sql from './schema.ts';
import { ask, type Server } from './server.ts';

const FRAMES_AT_ONCE = 256;

/** Where the chain stands after `index` commands; undefined unless a frame ends there. */
export async function tipAt(server: Server, index: number): Promise<Tip | undefined> {
  if (index === 0) return GENESIS;
  const { rows } = await server.again((link) => ask(link, sql.FRAME_BEFORE, [index]));
  const row = rows[0] as { first: string; count: number; head: Buffer } | undefined;
  if (row === undefined || Number(row.first) + row.count !== index) return undefined;
  return { next: index, head: row.head };
}

/**
 * The frames after `tip`, at most a few hundred, each held to the chain, with their whole bytes.
 *
 * @throws EnvironmentError JournalDamaged when they do not follow `tip`
 */
export async function framesAfter(
  server: Server,
  tip: Tip,
): Promise<{ frames: Frame[]; raw: Buffer[]; tip: Tip; bytes: number }> {
  const values = [tip.next, FRAMES_AT_ONCE];
  const { rows } = await server.again((link) => ask(link, sql.FRAMES, values));
  const frames: Frame[] = [];
  const raw: Buffer[] = [];
  let at = tip;
  let bytes = 0;
  for (const { frame } of rows as { frame: Buffer }[]) {
    const read = readFrame(frame, 0, at.head, at.next);
    if (read.kind !== 'frame' || read.end !== frame.length) {
      const reason = read.kind === 'torn' ? read.reason : 'bytes are left over';
      const text = `journal damaged: the frame of command ${at.next}: ${reason}`;
      throw new EnvironmentError('JournalDamaged', text);
    }
    frames.push(read.frame);
    raw.push(frame);
    bytes += frame.length;
    at = { next: at.next + read.frame.count, head: read.frame.head };
  }
  return { frames, raw, tip: at, bytes };
}

/** Calls `visit` for every command from `from` on, in order. @throws as {@link framesAfter} */
export async function replayFrames(
  server: Server,
  from: number,
  visit: (command: unknown, index: number) => void,
): Promise<void> {
  // Where no frame ends at `from`, the chain is walked from its beginning.
  let tip = (await tipAt(server, from)) ?? GENESIS;
  for (;;) {
    const { frames, tip: after } = await framesAfter(server, tip);
    if (frames.length === 0) return;
    tip = after;
    for (const frame of frames) {
      for (const [at, command] of commandsOf(frame).entries()) {
        if (frame.first + at >= from) visit(command, frame.first + at);
      }
    }
  }
}
