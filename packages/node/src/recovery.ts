import { createHash } from 'node:crypto';
import {
  apply,
  type Command,
  type CoreConfig,
  createState,
  restore,
  type State,
  snapshot,
} from '@holdfast/core';
import type { Logger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { type Acks, createAcks } from './acks.ts';
import { decodeValue, encodeValue } from './journal/codec.ts';
import type { Journal } from './journal/types.ts';
import { type Reports, rememberReport } from './reports.ts';
import { createTape, type Tape } from './tape.ts';

/** Everything that the journal's commands make: what a node knows when it starts. */
export type Recovered = {
  readonly state: State;
  readonly acks: Acks;
  readonly tape: Tape;
  readonly reports: Reports;
  /** Commands applied after the snapshot. */
  readonly replayed: number;
};

/** What a snapshot keeps beside the core's own bytes. */
type Saved = {
  /** sha256 of the core's bytes: the state's hash. */
  readonly hash: Hex;
  readonly acks: unknown;
  readonly tape: unknown;
  readonly reports: Reports;
};

/**
 * `HFS2 | coreBytes u64 | core | JSON of Saved`. A snapshot that is all JSON, with the core's
 * bytes in hexadecimal, is of an older node and still opens.
 */
const MAGIC = 'HFS2';
const CORE_AT = 12;

const sha256 = (bytes: Uint8Array): Hex => `0x${createHash('sha256').update(bytes).digest('hex')}`;

/** Everything that a node knows, as one snapshot. One pass over the state gives bytes and hash. */
export function packRecovered(from: Omit<Recovered, 'replayed'>): Buffer {
  const core = snapshot(from.state);
  const { acks, tape, reports } = from;
  const saved: Saved = { hash: sha256(core), acks: acks.export(), tape: tape.export(), reports };
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(core.length));
  return Buffer.concat([Buffer.from(MAGIC), length, core, Buffer.from(encodeValue(saved))]);
}

function unpack(bytes: Uint8Array): Saved & { readonly core: Uint8Array } {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (all.toString('latin1', 0, 4) !== MAGIC) {
    return decodeValue(all.toString()) as Saved & { core: Uint8Array };
  }
  const end = CORE_AT + Number(all.readBigUInt64BE(4));
  const saved = decodeValue(all.toString('utf8', end)) as Saved;
  return { ...saved, core: all.subarray(CORE_AT, end) };
}

/** Stores a snapshot of everything that the first `index` commands made. */
export async function saveRecovered(
  journal: Pick<Journal, 'saveSnapshot'>,
  index: number,
  from: Omit<Recovered, 'replayed'>,
): Promise<void> {
  await journal.saveSnapshot(index, packRecovered(from));
}

/**
 * The contents of a snapshot, or undefined if its state does not have the hash that it had. The
 * hash is taken of the restored state, not of the bytes: it proves the restoring as well.
 */
export function unpackRecovered(
  bytes: Uint8Array,
  logger: Logger,
): Omit<Recovered, 'replayed'> | undefined {
  const saved = unpack(bytes);
  const state = restore(saved.core);
  const found = sha256(snapshot(state));
  if (found !== saved.hash) {
    logger.warn({ found, required: saved.hash }, 'snapshot hash differs; replaying everything');
    return undefined;
  }
  const { acks, tape, reports } = saved;
  return { state, acks: createAcks(acks), tape: createTape(tape), reports };
}

/**
 * Rebuilds the node's state from the newest good snapshot and the commands after it. The same
 * journal always gives the same state hash, whichever snapshot it started from.
 */
export async function recover(
  journal: Journal,
  config: CoreConfig,
  logger: Logger,
): Promise<Recovered> {
  const stored = await journal.loadSnapshot();
  const base = stored && unpackRecovered(stored.bytes, logger);
  const known = base ?? newborn(config);
  let replayed = 0;
  await journal.replay(base === undefined ? 0 : (stored?.index ?? 0), (value) => {
    follow(known, value as Command);
    replayed += 1;
  });
  return { ...known, replayed };
}

/** What a node knows before its first command. */
export function newborn(config: CoreConfig): Omit<Recovered, 'replayed'> {
  const state = createState(config);
  return { state, acks: createAcks(), tape: createTape(), reports: new Map() };
}

/** Applies one command of the journal. */
export function follow(
  { state, acks, tape, reports }: Omit<Recovered, 'replayed'>,
  command: Command,
): void {
  const { events } = apply(state, command);
  acks.take(command, events);
  tape.take(events);
  rememberReport(reports, command, events);
}
